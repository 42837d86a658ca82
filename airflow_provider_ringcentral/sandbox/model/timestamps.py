"""Moments as milliseconds since 1970 in UTC, and as RingCentral writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000

_SHAPE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)\Z")
_SECONDS = [b"%02d." % second for second in range(60)]
_MILLISECONDS = [b"%03dZ" % millisecond for millisecond in range(1000)]


def parse(text: str) -> int:
    """Milliseconds of an ISO 8601 date-time with a zone (`docs/basics/formats`); anything else is a ValueError."""
    if not _SHAPE.match(text):
        raise ValueError(f"not an ISO 8601 date-time with a zone: {text!r}")
    moment = datetime.fromisoformat(text.replace(",", "."))
    return round(moment.timestamp() * 1000)


@lru_cache(maxsize=4096)
def _minute(minute: int) -> bytes:
    return datetime.fromtimestamp(minute * 60, UTC).strftime("%Y-%m-%dT%H:%M:").encode()


def stamp(milliseconds: int) -> bytes:
    """`b"2026-08-13T09:30:00.000Z"`: always 24 bytes, which is what makes rows patchable."""
    minute, rest = divmod(milliseconds, MINUTE)
    second, millisecond = divmod(rest, SECOND)
    return _minute(minute) + _SECONDS[second] + _MILLISECONDS[millisecond]


def text(milliseconds: int) -> str:
    """As `stamp`, as text."""
    return stamp(milliseconds).decode()


def now() -> int:
    """This moment by the machine's clock."""
    return int(datetime.now(UTC).timestamp() * 1000)
