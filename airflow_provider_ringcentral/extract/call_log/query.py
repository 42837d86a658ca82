"""The query of a call-log window, and guards for windows that RingCentral cannot answer completely.

A new filter of the call log is added here, in `call_log_query`, and as a parameter of the operator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from airflow_provider_ringcentral.arguments import is_unset, parse_choice, parse_choices, parse_internal_id, to_utc
from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.endpoints import READ_COMPANY_CALL_LOG, READ_USER_CALL_LOG
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.files.receipt import fingerprint_of, utc_text

if TYPE_CHECKING:
    from airflow_provider_ringcentral.extract.call_log.cursor import Cursor

PER_PAGE: Final[Mapping[str, int]] = {"Simple": READ_COMPANY_CALL_LOG.page_size, "Detailed": 250}
"""Rows per page by view: the most that any version of the specification allows."""

DIRECTIONS: Final = ("Inbound", "Outbound")
CALL_TYPES: Final = ("Voice", "Fax")
RECORDING_TYPES: Final = ("Automatic", "OnDemand", "All")
SCOPES: Final = ("account", "extension")

_RESERVED = frozenset({"dateFrom", "dateTo", "view", "page", "perPage"})
_LAYOUT_VERSION = 1
"""Increased when the chunks of a query change, so that chunks of an older version are discarded, not resumed."""


@dataclass(frozen=True, slots=True)
class CallLogQuery:
    """The calls of `start <= startTime < end` (aware, kept in UTC) under `path`.

    `path` is that of readCompanyCallLog or readUserCallLog, such as `/restapi/v1.0/account/~/call-log`. `filters` are
    its other query parameters (`type`, `direction`, `recordingType`, …), a list for repeated keys, None for unset.
    `owner` distinguishes credentials for which one path (with `~`) means different logs; only its hash is used.
    Raises `BadArgument`.
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
                    f"{name} {moment.isoformat()} has no time zone; add one, such as Z for UTC.", parameter=name
                )
            object.__setattr__(self, name, to_utc(name, moment))
        if self.start == self.end:
            raise BadArgument(f"start and end are both {self.start.isoformat()}: the window is empty.", parameter="end")
        if self.start > self.end:
            raise BadArgument(f"start {self.start.isoformat()} is after end {self.end.isoformat()}.", parameter="start")
        parse_choice("view", self.view, tuple(PER_PAGE))
        if taken := sorted(_RESERVED & set(self.filters)):
            raise BadArgument(f"{', '.join(taken)} cannot be a filter, because the window sets it.", parameter=taken[0])

    def params(self, date_from: int, cursor: Cursor) -> dict[str, str | int | list[str]]:
        """Return the query parameters of one request, always with both dates: RingCentral's defaults move with time."""
        from airflow_provider_ringcentral.extract.call_log.cursor import request_time

        return {
            **self._set_filters(),
            "view": self.view,
            "dateFrom": request_time(date_from),
            "dateTo": request_time(cursor.date_to),
            "perPage": PER_PAGE[self.view],
            "page": cursor.page,
        }

    @property
    def whole_account(self) -> bool:
        """Whether the query asks for every call of the account: no filter is set, and the log is not an extension's."""
        return not self._set_filters() and "/extension/" not in self.path

    @property
    def fingerprint(self) -> str:
        """A hash (16 hexadecimal digits) of everything that shapes the output."""
        window = [moment.isoformat() for moment in (self.start, self.end)]
        filters = sorted(self._set_filters().items())
        return fingerprint_of(_LAYOUT_VERSION, self.owner, self.path, *window, self.view, filters)

    def _set_filters(self) -> dict[str, str | int | list[str]]:
        """The filters that have a value; repeated values are sorted, since their order must not change the hash."""
        return {
            name: value if isinstance(value, str) else sorted(value)
            for name, value in self.filters.items()
            if value is not None and len(value)
        }


def call_log_query(
    credentials: Credentials,
    start: datetime,
    end: datetime,
    *,
    view: str,
    scope: str,
    extension_id: str | int | None,
    direction: str | Sequence[str] | None,
    call_type: str | Sequence[str] | None,
    recording_type: str | None,
) -> CallLogQuery:
    """Make the query of an operator's arguments. Raises `BadArgument` naming the argument and its valid values."""
    parse_choice("scope", scope, SCOPES)
    if scope == "extension":
        own = credentials.extension_id if is_unset(extension_id) else parse_internal_id("extension_id", extension_id)
        path = READ_USER_CALL_LOG.at(accountId=credentials.account_id, extensionId=own)
    elif not is_unset(extension_id):
        raise BadArgument("extension_id is given; set scope='extension' with it.", parameter="extension_id")
    else:
        path = READ_COMPANY_CALL_LOG.at(accountId=credentials.account_id)
    filters = {
        "direction": parse_choices("direction", direction, DIRECTIONS),
        "type": parse_choices("call_type", call_type, CALL_TYPES),
        "recordingType": recording_type and parse_choice("recording_type", recording_type, RECORDING_TYPES),
    }
    return CallLogQuery(path, start, end, view, filters, owner=credentials.session_key)


RETENTION_TOLERANCE: Final = timedelta(hours=1)
"""A window that starts at "now minus retention" is older when it is checked, and still complete."""


WARN_OR_FAIL: Final = ("warn", "fail")

CLOCK_TOLERANCE: Final = timedelta(minutes=1)
"""How far this clock may be behind the one that made a window ending now."""


class WindowInFuture(BadArgument):
    """The window ends in the future, and `if_future` is "fail"."""


class RetentionExceeded(BadArgument):
    """The window begins before the calls that RingCentral keeps, and `if_expired` is "fail"."""


def check_retention(
    start: datetime, now: datetime, retention: timedelta | None, if_expired: str = "warn", *, name: str = "start"
) -> str | None:
    """Return a warning when `start` (aware) is more than `retention` before `now`, else None.

    A `retention` of None or zero turns the guard off. `if_expired` is "warn" or "fail"; `name` is the argument that
    `start` comes from. Raises `RetentionExceeded` for "fail", `BadArgument` for a negative `retention`.
    """
    parse_choice("if_expired", if_expired, WARN_OR_FAIL)
    if retention is not None and retention < timedelta():
        raise BadArgument(f"retention {retention} is negative; 0 turns the guard off.", parameter="retention")
    if not retention or start >= now - retention - RETENTION_TOLERANCE:
        return None
    oldest = (now - retention).replace(microsecond=0)
    duration = str(retention).removesuffix(", 0:00:00")
    text = (
        f"{name} {utc_text(start)} is before {utc_text(oldest)}, the oldest time that RingCentral still keeps when "
        f"retention is {duration}: older calls may be missing from the file. Begin later, or set retention to what "
        "your account keeps (0 turns this check off)"
    )
    if if_expired == "fail":
        raise RetentionExceeded(f"{text}, or set if_expired='warn' to get the calls that are left.", parameter=name)
    return f"{text}."


def check_future(end: datetime, now: datetime, if_future: str = "warn") -> str | None:
    """Return a warning when `end` (aware) is after `now`, else None.

    `if_future` is "warn" or "fail". Raises `WindowInFuture` for "fail".
    """
    parse_choice("if_future", if_future, WARN_OR_FAIL)
    if end <= now + CLOCK_TOLERANCE:
        return None
    text = (
        f"end {utc_text(end)} is in the future (now is {utc_text(now.replace(microsecond=0))}): calls that begin "
        "until then will be missing. Run the task after end, or give an earlier end"
    )
    if if_future == "fail":
        raise WindowInFuture(f"{text}, or set if_future='warn' to get the calls so far.", parameter="end")
    return f"{text}."
