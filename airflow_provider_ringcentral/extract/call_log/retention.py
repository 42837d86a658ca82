"""What RingCentral does not have, no longer or not yet: a window that reaches there is told of before it is read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.files.receipt import utc_text

KEPT: Final = timedelta(days=90)
"""How long rows of the call log are there, as users observe; RingCentral does not publish it (FACTS 6.2), so it can be
set. Recordings go after 90 days or 100 000 files, whichever comes first, and after 30 days under HIPAA (guide "Call
recordings", FACTS 6.8)."""

GRACE: Final = timedelta(hours=1)
"""A window asked for as "now minus what is kept" is older by the time it is looked at, and no less complete."""


SKEW: Final = timedelta(minutes=1)
"""By which a clock may be behind that of whoever made a window that ends now."""


class WindowInFuture(BadArgument):
    """The window ends in the future, and the caller asked to fail then."""


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


def check_future(end: datetime, now: datetime, if_future: str = "warn") -> str | None:
    """What to warn of when `end` (aware) lies after `now`; None when the window is over.

    `if_future` is "warn" or "fail". Raises `WindowInFuture` for "fail", `BadArgument` for anything else.
    """
    if if_future not in ("warn", "fail"):
        raise BadArgument(f"if_future {if_future!r} is unknown; it is 'warn' or 'fail'.", parameter="if_future")
    if end <= now + SKEW:
        return None
    text = (
        f"end {utc_text(end)} lies in the future, it is {utc_text(now.replace(microsecond=0))}: calls that begin until "
        "then are missing. Run the task after end, or give an earlier end"
    )
    if if_future == "fail":
        raise WindowInFuture(f"{text}, or take what is there with if_future='warn'.", parameter="end")
    return f"{text}."
