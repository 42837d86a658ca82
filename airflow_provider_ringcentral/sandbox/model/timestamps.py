"""Times as milliseconds since 1970 in UTC, and as text in RingCentral's format."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000

_SHAPE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)\Z")
_SECONDS = [b"%02d." % second for second in range(60)]
_MILLISECONDS = [b"%03dZ" % millisecond for millisecond in range(1000)]


def parse(text: str) -> int:
    """Return the ms of an ISO 8601 date-time with a zone (guide page basics/formats); ValueError for other text."""
    if not _SHAPE.match(text):
        raise ValueError(f"{text!r} is not an ISO 8601 date-time with a zone, such as 2026-08-13T09:30:00Z")
    return round(datetime.fromisoformat(text.replace(",", ".")).timestamp() * 1000)


@lru_cache(maxsize=4096)
def _minute(minute: int) -> bytes:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:").encode()


def stamp(milliseconds: int) -> bytes:
    """Return `b"2026-08-13T09:30:00.000Z"`, always 24 bytes, so that it can be written over another timestamp."""
    minute, rest = divmod(milliseconds, MINUTE)
    second, millisecond = divmod(rest, SECOND)
    return _minute(minute) + _SECONDS[second] + _MILLISECONDS[millisecond]


def text(milliseconds: int) -> str:
    """Return what `stamp` returns, as text."""
    return stamp(milliseconds).decode()


def now() -> int:
    """Return the current time of the machine's clock (ms)."""
    return int(datetime.now(UTC).timestamp() * 1000)
