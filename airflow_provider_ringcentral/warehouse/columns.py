"""The columns of the tables: those of CSV and Parquet, in snake_case."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from airflow_provider_ringcentral.extract.call_log.columns import CALL_COLUMNS, LEG_COLUMNS
from airflow_provider_ringcentral.files.columns import Column, to_utc_time

DELETED: Final = "deleted"

CALLS: Final[Sequence[Column]] = tuple(column for column in CALL_COLUMNS if column.name != DELETED)
"""Without `deleted`: deleted calls are removed from the table."""

LEGS: Final[Sequence[Column]] = LEG_COLUMNS

DETAILED_ONLY: Final = ("last_modified_time", "billing_cost_included", "billing_cost_purchased")
"""Columns that only the view Detailed fills, besides legs (operationId readCompanyCallLog, parameter view)."""


KEYS: Final = ("id", "telephonySessionId")
"""Columns of an index."""

KEY_LENGTH: Final = 128
"""Most characters of a value in an index: databases limit the size of index entries."""


def sql_name(name: str) -> str:
    """Turn `fromPhoneNumber` into `from_phone_number`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def time_as_text(value: Any) -> str | None:
    """Return a time as text for PostgreSQL: unchanged in RingCentral's form, else as ISO 8601 with its offset."""
    moment = to_utc_time(value)
    if moment is None:
        return None
    # RingCentral's form is 2026-01-02T03:04:05.678Z. Python reads more forms of ISO 8601 than PostgreSQL does.
    usual = len(value) == 24 and value[-1] == "Z" and value[19] == "." and value[10] == "T" and value[7] == "-"
    return value if usual else moment.isoformat()


def time_without_zone(value: Any) -> Any:
    """Return a time as a naive datetime in UTC, for databases whose times have no zone."""
    moment = to_utc_time(value)
    return None if moment is None else moment.replace(tzinfo=None)
