"""Which calls are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from airflow_provider_ringcentral.arguments import in_utc
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.call_log.cursor import Cursor, second_text
from airflow_provider_ringcentral.files.fingerprint import fingerprint_of

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
            object.__setattr__(self, name, in_utc(name, moment))
        if self.start == self.end:
            raise BadArgument(f"start and end are both {self.start.isoformat()}: the window is empty.", parameter="end")
        if self.start > self.end:
            raise BadArgument(
                f"start {self.start.isoformat()} lies after end {self.end.isoformat()}.", parameter="start"
            )
        if self.view not in PER_PAGE:
            right = next((view for view in PER_PAGE if view.lower() == str(self.view).strip().lower()), None)
            hint = f"did you mean {right!r}?" if right else f"it is one of {', '.join(map(repr, PER_PAGE))}."
            raise BadArgument(f"view {self.view!r} is unknown; {hint}", parameter="view")
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
