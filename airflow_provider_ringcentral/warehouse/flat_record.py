"""Rows of Parquet as the records they were made from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from airflow_provider_ringcentral.extract.call_log.columns import CALL_COLUMNS
from airflow_provider_ringcentral.files.columns import OTHER

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class FlatRecords:
    """Rows of a file with the columns `names`.

    Raises `ValueError` for columns that are not those of calls; older files may have fewer.
    """

    def __init__(self, names: Iterable[str]) -> None:
        paths = {column.name: column.path for column in CALL_COLUMNS}
        strange = sorted(set(names) - set(paths) - {OTHER})
        missing = sorted({"id", OTHER} - set(names))
        if strange or missing:
            told = [f"unknown columns {', '.join(strange)}"] if strange else []
            told += [f"no column {', '.join(missing)}"] if missing else []
            raise ValueError("it has " + " and ".join(told))
        self._paths = [(name, paths[name]) for name in names if name != OTHER]

    def record(self, row: dict[str, Any]) -> dict[str, Any]:
        """The record: its key order and the writing of its times may differ from what RingCentral sent."""
        record: dict[str, Any] = {}
        for name, path in self._paths:
            value = row[name]
            if value is None:
                continue
            *above, key = path
            level = record.setdefault(above[0], {}) if above else record
            level[key] = _as_sent(path, value)
        return _merged(record, _decode(row[OTHER])) if row[OTHER] else record


def _as_sent(path: tuple[str, ...], value: Any) -> Any:
    if isinstance(value, datetime):
        precision = "microseconds" if value.microsecond % 1000 else "milliseconds"
        return value.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")
    # The one id that RingCentral sends as a number (FACTS 6.6).
    return int(value) if path == ("extension", "id") and value.isdecimal() else value


def _merged(record: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(record.get(key), dict):
            record[key] |= value
        else:
            record[key] = value
    return record
