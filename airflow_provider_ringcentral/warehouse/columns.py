"""The columns of the tables: those of CSV and Parquet, named as SQL is written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from airflow_provider_ringcentral.extract.call_log.columns import CALL_COLUMNS, LEG_COLUMNS
from airflow_provider_ringcentral.files.columns import Column, to_utc_time

DELETED: Final = "deleted"

CALLS: Final[Sequence[Column]] = tuple(column for column in CALL_COLUMNS if column.name != DELETED)
"""Deleted calls leave the table, so that nothing has to ask for those that are not."""

LEGS: Final[Sequence[Column]] = LEG_COLUMNS

DETAILED_ONLY: Final = ("last_modified_time", "billing_cost_included", "billing_cost_purchased")
"""What only the view Detailed has, besides legs (FACTS 6.2)."""


KEYS: Final = ("id", "telephonySessionId")
"""Stand in an index."""

KEY_LENGTH: Final = 128
"""Characters that such a text may have: indexes have bounds."""


def sql_name(name: str) -> str:
    """`fromPhoneNumber` as `from_phone_number`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def time_as_text(value: Any) -> str | None:
    """A time as text that PostgreSQL reads: as RingCentral writes it, or ISO 8601 with its offset."""
    moment = to_utc_time(value)
    if moment is None:
        return None
    # Its usual form, 2026-01-02T03:04:05.678Z. ISO 8601 has others, which Python reads and PostgreSQL does not.
    usual = len(value) == 24 and value[-1] == "Z" and value[19] == "." and value[10] == "T" and value[7] == "-"
    return value if usual else moment.isoformat()


def time_without_zone(value: Any) -> Any:
    """A time as a datetime in UTC that does not say so, for databases whose times have no zone."""
    moment = to_utc_time(value)
    return None if moment is None else moment.replace(tzinfo=None)
