"""Receipts of finished files, for XCom and asset events, and the texts of times and fingerprints in them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec


def fingerprint_of(*parts: Any) -> str:
    """Return a hash (16 hexadecimal digits) of `parts`, JSON values in this order."""
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One finished file.

    `destination` is None when a window was empty and no file was written. `format` is a name of FORMATS or a content
    type, `records` counts lines or rows (None for media), `bytes` and `sha256` (hexadecimal) are those of the file.
    `requests` counts the HTTP requests of this run, logins and repetitions included; `seconds_waited` is the time spent
    waiting for quota and between repetitions.

    For a window of calls (times are ISO 8601 in UTC): `first_start_time` and `last_start_time` of the oldest and newest
    call (None without calls), and the window, `window_start <= t < window_end`, in `view`. The file holds every call of
    the window that was in the log at `complete_as_of` and has not been deleted since; None when calls were filtered or
    belong to one extension.
    """

    destination: str | None
    format: str
    records: int | None
    bytes: int
    sha256: str | None
    requests: int
    seconds_waited: float
    first_start_time: str | None = None
    last_start_time: str | None = None
    window_start: str | None = None
    window_end: str | None = None
    view: str | None = None
    complete_as_of: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as JSON values, under 2 KB for destinations of up to 1 KB."""
        return asdict(self)


def utc_text(moment: datetime) -> str:
    """Format `moment` (aware) as `2026-01-02T03:04:05.678000Z`, without the fraction when it is zero."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def stamp(moment: datetime) -> str:
    """Format `moment` (aware) for names of files, such as `20260601T000000.000Z`. Names sort by time."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03d}Z"


def microseconds(moment: datetime) -> int:
    """Return the epoch microseconds of `moment` (aware)."""
    return (moment - _EPOCH) // _MICROSECOND


def microsecond_text(moment: int | None) -> str | None:
    """Format epoch microseconds as `utc_text` does; None stays None."""
    return None if moment is None else utc_text(_EPOCH + timedelta(microseconds=moment))
