"""Which calls are asked for.

What RingCentral does not have, no longer or not yet: a window that reaches there is told of before it is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from airflow_provider_ringcentral.arguments import parse_choice, to_utc
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.call_log.cursor import Cursor, second_text
from airflow_provider_ringcentral.files.receipt import fingerprint_of, utc_text

PER_PAGE: Final[Mapping[str, int]] = {"Simple": 1000, "Detailed": 250}
"""Rows a page by view: the most that one spec version or another allows (FACTS 6.2)."""

DIRECTIONS: Final = ("Inbound", "Outbound")
CALL_TYPES: Final = ("Voice", "Fax")

_OURS = frozenset({"dateFrom", "dateTo", "view", "page", "perPage"})
_LAYOUT = 1
"""Raised when what is written for a query changes, so that parts of an older version are not gone on with."""


@dataclass(frozen=True, slots=True)
class CallLogQuery:
    """The calls of `start <= startTime < end` (aware, kept in UTC) under `path`.

    `path` is that of readCompanyCallLog or readUserCallLog, such as `/restapi/v1.0/account/~/call-log`. `filters` are
    its other query parameters (`type`, `direction`, `recordingType`, …), a list for repeated keys, None for unset.
    `owner` tells credentials apart for which the same path names different logs (`~`); it is only hashed.
    Raises `BadArgument` naming the parameter.
    """

    path: str
    start: datetime
    end: datetime
    view: str = "Simple"
    filters: Mapping[str, str | Sequence[str] | None] = field(default_factory=dict)
    owner: str = ""

    def __post_init__(self) -> None:
        for name, moment in (("start", self.start), ("end", self.end)):
            if moment.tzinfo is None or moment.utcoffset() is None:
                raise BadArgument(
                    f"{name} {moment.isoformat()} has no time zone; write one, such as Z.", parameter=name
                )
            object.__setattr__(self, name, to_utc(name, moment))
        if self.start == self.end:
            raise BadArgument(f"start and end are both {self.start.isoformat()}: the window is empty.", parameter="end")
        if self.start > self.end:
            raise BadArgument(
                f"start {self.start.isoformat()} lies after end {self.end.isoformat()}.", parameter="start"
            )
        parse_choice("view", self.view, tuple(PER_PAGE))
        if taken := sorted(_OURS & set(self.filters)):
            raise BadArgument(f"{', '.join(taken)} cannot be a filter: the window sets it.", parameter=taken[0])

    def params(self, date_from: int, cursor: Cursor) -> dict[str, str | int | list[str]]:
        """Query parameters of one request. Both dates always: RingCentral's defaults move with the clock."""
        return {
            **self._set_filters(),
            "view": self.view,
            "dateFrom": second_text(date_from),
            "dateTo": second_text(cursor.date_to),
            "perPage": PER_PAGE[self.view],
            "page": cursor.page,
        }

    @property
    def whole_account(self) -> bool:
        """Whether every call of the account is asked for: no filter is set and the log isn't an extension's."""
        return not self._set_filters() and "/extension/" not in self.path

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits over everything that shapes the output."""
        window = [moment.isoformat() for moment in (self.start, self.end)]
        filters = sorted(self._set_filters().items())
        return fingerprint_of(_LAYOUT, self.owner, self.path, *window, self.view, filters)

    def _set_filters(self) -> dict[str, str | int | list[str]]:
        """Filters that are set; the order of repeated values carries no meaning and must not shape the fingerprint."""
        return {
            name: value if isinstance(value, str) else sorted(value)
            for name, value in self.filters.items()
            if value is not None and len(value)
        }


KEPT: Final = timedelta(days=90)
"""How long rows of the call log are there, as users observe; RingCentral does not publish it (FACTS 6.2), so it can be
set. Recordings go after 90 days or 100 000 files, whichever comes first, and after 30 days under HIPAA (guide "Call
recordings", FACTS 6.8)."""

GRACE: Final = timedelta(hours=1)
"""A window asked for as "now minus what is kept" is older by the time it is looked at, and no less complete."""


WARN_OR_FAIL: Final = ("warn", "fail")

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
    parse_choice("if_expired", if_expired, WARN_OR_FAIL)
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
    parse_choice("if_future", if_future, WARN_OR_FAIL)
    if end <= now + SKEW:
        return None
    text = (
        f"end {utc_text(end)} lies in the future, it is {utc_text(now.replace(microsecond=0))}: calls that begin until "
        "then are missing. Run the task after end, or give an earlier end"
    )
    if if_future == "fail":
        raise WindowInFuture(f"{text}, or take what is there with if_future='warn'.", parameter="end")
    return f"{text}."
