"""What may go through XCom: references and small answers, no data."""

from __future__ import annotations

from typing import Any

import msgspec

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
