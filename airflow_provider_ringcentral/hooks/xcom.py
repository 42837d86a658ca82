"""What may go through XCom: references and small answers, no data."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Any

import msgspec

log = logging.getLogger(__name__)

XCOM_LIMIT_BYTES = 48 * 1024


def fits(value: Any) -> bool:
    """Whether `value` takes at most 48 KB as JSON. What is no JSON value is Airflow's to judge."""
    try:
        return len(msgspec.json.encode(value)) <= XCOM_LIMIT_BYTES
    except (TypeError, ValueError):
        return True


def first_that_fit(values: list[Any]) -> list[Any]:
    """The first of these JSON values that together take at most 48 KB."""
    left, count = XCOM_LIMIT_BYTES - 2, 0
    for value in values:
        left -= len(msgspec.json.encode(value)) + 1
        if left < 0:
            break
        count += 1
    return values[:count]


def bounded(values: Sequence[dict[str, Any]], keep: Collection[str]) -> list[dict[str, Any]]:
    """These dicts, when they together take at most 48 KB as JSON.

    Else each with the keys of `keep` only, and of those the first that fit; a warning says so.
    """
    if fits(values):
        return list(values)
    short = [{name: value for name, value in one.items() if name in keep} for one in values]
    some = first_that_fit(short)
    log.warning(
        "The result is more than the %d KB that may go to XCom: it has only %s of %s.",
        XCOM_LIMIT_BYTES // 1024,
        " and ".join(keep),
        f"all {len(values)}" if len(some) == len(values) else f"the first {len(some)} of {len(values)}",
    )
    return some
