"""How far a change sync has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_ringcentral.arguments import iso_time, to_utc
from airflow_provider_ringcentral.files.receipt import stamp, utc_text


@dataclass(frozen=True, slots=True)
class Watermark:
    """Everything that RingCentral knew at `time` (kept in UTC) is in files; `cursor` is the sync token to go on from.

    Without a cursor nothing is in files yet, and `time` is where to begin. The token is opaque, and worth nothing to
    anybody without the credentials.
    """

    time: datetime
    cursor: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", to_utc("time", self.time))

    def as_dict(self, series: str) -> dict[str, Any]:
        """As JSON values; `series` says whose watermark it is."""
        # Not "sync_token": Airflow shows the values of keys that contain "token" as ***, and copying an older event's
        # extra into a new event is how a person winds a sync back.
        return {"series": series, "sync_time": utc_text(self.time), "cursor": self.cursor}

    @classmethod
    def of_dict(cls, value: Any, series: str) -> Watermark | None:
        """The watermark that `as_dict` wrote for this series; None for anything else."""
        if not isinstance(value, dict) or value.get("series") != series:
            return None
        time, cursor = iso_time(value.get("sync_time")), value.get("cursor")
        return cls(time, cursor) if time and cursor and isinstance(cursor, str) else None

    @property
    def stamp(self) -> str:
        """`time` for names of files, such as `20260601T000000.000Z`: as text in the order of time."""
        return stamp(self.time)
