"""Keep XCom values small: at most 48 KB, for references and small answers, not for data."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Any

import msgspec

log = logging.getLogger(__name__)

XCOM_LIMIT_BYTES = 48 * 1024


def fits(value: Any) -> bool:
    """Whether `value` takes at most 48 KB as JSON. True for a value that is not JSON, which Airflow judges."""
    try:
        return len(msgspec.json.encode(value)) <= XCOM_LIMIT_BYTES
    except (TypeError, ValueError):
        return True


def first_that_fit(values: list[Any]) -> list[Any]:
    """The first values, as many as take at most 48 KB together as JSON."""
    left, count = XCOM_LIMIT_BYTES - 2, 0
    for value in values:
        left -= len(msgspec.json.encode(value)) + 1
        if left < 0:
            break
        count += 1
    return values[:count]


def bounded(values: Sequence[dict[str, Any]], keep: Collection[str]) -> list[dict[str, Any]]:
    """Return all values if they take at most 48 KB together as JSON.

    Otherwise each keeps only the keys in `keep`, only the first that fit are returned, and a warning says so.
    """
    if fits(values):
        return list(values)
    short = [{name: value for name, value in one.items() if name in keep} for one in values]
    some = first_that_fit(short)
    log.warning(
        "The result exceeds the %d KB that XCom may hold: it contains only %s of %s.",
        XCOM_LIMIT_BYTES // 1024,
        " and ".join(keep),
        f"all {len(values)}" if len(some) == len(values) else f"the first {len(some)} of {len(values)}",
    )
    return some
