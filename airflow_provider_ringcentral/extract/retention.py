"""What RingCentral no longer keeps: a window that reaches back further is told before anything is asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from airflow_provider_ringcentral.extract.errors import BadArgument
from airflow_provider_ringcentral.extract.receipt import utc_text

KEPT: Final = timedelta(days=90)
"""How long rows of the call log are there, as users observe; RingCentral does not publish it (FACTS 6.2), so it can be
set. Recordings go after 90 days or 100 000 files, whichever comes first, and after 30 days under HIPAA (guide "Call
recordings", FACTS 6.8)."""

GRACE: Final = timedelta(hours=1)
"""A window asked for as "now minus what is kept" is older by the time it is looked at, and no less complete."""


class RetentionExceeded(BadArgument):
    """The window begins before what RingCentral keeps, and the caller asked to fail then."""


def check_retention(
    start: datetime, now: datetime, kept: timedelta | None, if_expired: str = "warn", *, name: str = "start"
) -> str | None:
    """What to warn of when `start` (aware) lies more than `kept` before `now`; None when all may still be there.

    `kept` of None or zero turns the guard off. `if_expired` is "warn" or "fail"; `name` is the argument to blame.
    Raises `RetentionExceeded` for "fail", `BadArgument` for a negative `kept` or an unknown `if_expired`.
    """
    if if_expired not in ("warn", "fail"):
        raise BadArgument(f"if_expired {if_expired!r} is unknown; it is 'warn' or 'fail'.", parameter="if_expired")
    if kept is not None and kept < timedelta():
        raise BadArgument(f"retention {kept} is negative; 0 turns the guard off.", parameter="retention")
    if not kept or start >= now - kept - GRACE:
        return None
    oldest = (now - kept).replace(microsecond=0)
    span = str(kept).removesuffix(", 0:00:00")
    text = (
        f"{name} {utc_text(start)} lies before {utc_text(oldest)}, the oldest moment that RingCentral still keeps when "
        f"retention is {span}: what is older may be missing without a sign. Begin later, or set retention to what "
        "your account keeps (0 turns this off)"
    )
    if if_expired == "fail":
        raise RetentionExceeded(f"{text}, or take what is there with if_expired='warn'.", parameter=name)
    return f"{text}."
