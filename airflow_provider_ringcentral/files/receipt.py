"""What a finished file holds, in a form for XCom and asset events.

What tells one job's state from that of another.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec


def fingerprint_of(*parts: Any) -> str:
    """16 hexadecimal digits over `parts` (JSON values) in their order."""
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One published file.

    `destination` is None when a window was empty and nothing was to be written. `format` is a name of FORMATS or a
    content type, `records` counts lines, rows or calls (the same here; None for media), `bytes` and `sha256`
    (hexadecimal) are of the file as it lies there. `requests` counts HTTP requests of this run, logins and repeats
    included; `seconds_waited` is what was waited for quota and between repeats.

    Of a window of calls also (times are ISO 8601 in UTC): `first_start_time` and `last_start_time`, the oldest and the
    newest call (None without calls), and the window itself, `window_start <= t < window_end`, in `view`.
    `complete_as_of` is a moment before the first request: every call of the account that began in the window, was in
    the log then and is not deleted since is in the file. None when calls were filtered or are of one extension.
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
        """All fields as JSON values, under 2 KB for destinations of up to 1 KB."""
        return asdict(self)


def utc_text(moment: datetime) -> str:
    """`moment` (aware) as `2026-01-02T03:04:05.678000Z`; fractions appear only when there are any."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def stamp(moment: datetime) -> str:
    """`moment` (aware) for names of files, such as `20260601T000000.000Z`: as text in the order of time."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03d}Z"


def microseconds(moment: datetime) -> int:
    """Epoch microseconds of `moment` (aware)."""
    return (moment - _EPOCH) // _MICROSECOND


def microsecond_text(moment: int | None) -> str | None:
    """Epoch microseconds as `utc_text` writes them; None stays None."""
    return None if moment is None else utc_text(_EPOCH + timedelta(microseconds=moment))
