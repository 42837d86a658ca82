"""A window of calls that a file covers completely, so that a call which the file lacks was deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.files.columns import to_utc_time

_TIME_TO_SHOW = timedelta(hours=1)
_CLOCKS_DIFFER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """`start <= start_time < end`, complete as of `complete_as_of` (aware), in a file of `records` rows."""

    start: datetime
    end: datetime
    complete_as_of: datetime
    records: int

    @classmethod
    def of(cls, receipt: Mapping[str, Any]) -> Window:
        """Read the window of a receipt. Raises `BadArgument` if the file does not cover a whole window."""
        start, end, moment = (to_utc_time(receipt.get(key)) for key in ("window_start", "window_end", "complete_as_of"))
        records = receipt.get("records")
        if start is None or end is None or moment is None or not isinstance(records, int):
            raise BadArgument(
                "delete_missing needs a receipt of RingCentralExtractCallLogOperator with complete_as_of, which an "
                "extract of the whole account without direction, call_type and recording_type has. The file of this "
                "receipt may lack calls that exist.",
                parameter="delete_missing",
            )
        return cls(start, end, moment, records)

    def missing(self, calls: sa.Table, staged: sa.Table, moment: Callable[[datetime], datetime]) -> Any:
        """Select stored calls of the window that the file lacks and that changed well before `complete_as_of`.

        "Well before" is an hour for calls with lastModifiedTime, and a day for others, whose age is known only from
        the clock of the machine that loaded them. Each id comes with the time up to which its versions count as older.
        `moment` converts a time for the database.
        """
        type_ = calls.c.start_time.type
        start, end, known = (sa.literal(moment(each), type_) for each in (self.start, self.end, self.complete_as_of))
        # RingCentral shows a change some time after its lastModifiedTime, and clocks differ.
        settled, loaded = (
            sa.literal(moment(self.complete_as_of - margin), type_) for margin in (_TIME_TO_SHOW, _CLOCKS_DIFFER)
        )
        # A row of the view Simple has no time of change, but it changed before it was loaded.
        changed = calls.c.last_modified_time
        before = sa.or_(changed < settled, sa.and_(changed.is_(None), calls.c.loaded_at < loaded))
        return sa.select(calls.c.id, sa.func.coalesce(changed, known)).where(
            calls.c.start_time >= start,
            calls.c.start_time < end,
            before,
            calls.c.id.not_in(sa.select(staged.c.id)),
        )
