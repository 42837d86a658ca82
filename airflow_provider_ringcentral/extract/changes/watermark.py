"""The watermark of a change sync: up to where RingCentral's changes are in files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_ringcentral.arguments import iso_time, to_utc
from airflow_provider_ringcentral.files.receipt import stamp, utc_text


@dataclass(frozen=True, slots=True)
class Watermark:
    """All changes up to `time` (kept in UTC) are in files; `cursor` is the sync token of the next request.

    Without a cursor nothing is in files yet, and `time` is where the first run begins. The token is opaque, and useless
    without the credentials.
    """

    time: datetime
    cursor: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", to_utc("time", self.time))

    def as_dict(self, series: str) -> dict[str, Any]:
        """Return the watermark of `series` as JSON values."""
        # Not "sync_token": Airflow masks the values of keys that contain "token", and people wind a sync back by
        # copying the extra of an older event into a new event.
        return {"series": series, "sync_time": utc_text(self.time), "cursor": self.cursor}

    @classmethod
    def of_dict(cls, value: Any, series: str) -> Watermark | None:
        """Return the watermark that `as_dict` made for this series; None for anything else."""
        if not isinstance(value, dict) or value.get("series") != series:
            return None
        time, cursor = iso_time(value.get("sync_time")), value.get("cursor")
        return cls(time, cursor) if time and cursor and isinstance(cursor, str) else None

    @property
    def stamp(self) -> str:
        """`time` for names of files, such as `20260601T000000.000Z`. Names sort by time."""
        return stamp(self.time)
