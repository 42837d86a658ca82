"""Flat rows of nested records, for formats with columns. Values without a column are kept in `OTHER`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from math import isfinite
from typing import Any

import msgspec

from airflow_provider_ringcentral.arguments import iso_time
from airflow_provider_ringcentral.client.errors.arguments import BadArgument

OTHER = "other"
"""The last column: a JSON object of the record's values without a column of their own; empty when there are none."""

Row = list[Any]

_MAX_DIGITS = 18
"""An integer of so many digits certainly fits in 64 bits."""


class ColumnType(Enum):
    """The type of a column's cells. A value of another type stays in `OTHER`."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    TIME = "time"
    """ISO 8601 text as RingCentral sent it; in Parquet, a UTC timestamp in microseconds."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column called `name`; `path` has the one or two keys that lead to its value in a record."""

    name: str
    path: tuple[str, ...]
    kind: ColumnType = ColumnType.TEXT


Converter = Callable[[Any], Any]
"""Converts a value to a cell; None when it has another type."""


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    # RingCentral sends ids as numbers (`extension.id`) and as texts (`from.extensionId`). As texts all can be joined.
    return str(value) if type(value) is int else None


def _integer(value: Any) -> Any:
    return value if type(value) is int and -(2**63) <= value < 2**63 else None


def _number(value: Any) -> Any:
    try:
        number = float(value) if type(value) is float or type(value) is int else None
    except OverflowError:  # an int of hundreds of digits
        return None
    return number if number is None or isfinite(number) else None


def _flag(value: Any) -> Any:
    return value if type(value) is bool else None


def keep_time_text(value: Any) -> Any:
    """Return the text of a time as RingCentral sent it."""
    return value if isinstance(value, str) else None


def to_utc_time(value: Any) -> datetime | None:
    """Return an ISO 8601 time in UTC (also without zone); None for other values, and outside the years 1 to 9999."""
    moment = iso_time(value, zone=UTC)
    try:
        return moment and moment.astimezone(UTC)
    except OverflowError:
        return None


def converters(time: Converter) -> dict[ColumnType, Converter]:
    """Return the converters of all column types; `time` is that of times."""
    return {
        ColumnType.TEXT: _text,
        ColumnType.INTEGER: _integer,
        ColumnType.NUMBER: _number,
        ColumnType.FLAG: _flag,
        ColumnType.TIME: time,
    }


CellIndex = dict[str, tuple[int, Converter]]
"""By key of a record: the index of the cell in the row, and the converter of the value."""


def column_index(
    columns: Sequence[Column], convert: Callable[[Column], Converter]
) -> tuple[CellIndex, dict[str, CellIndex]]:
    """Index columns by the keys of a record; the second value has the keys of nested objects, by the outer key."""
    top: CellIndex = {}
    nested: dict[str, CellIndex] = {}
    for index, column in enumerate(columns):
        *outer, key = column.path
        level = nested.setdefault(outer[0], {}) if outer else top
        level[key] = index, convert(column)
    return top, nested


class Flattener:
    """Makes rows of `columns` and `OTHER` from NDJSON. Null counts as missing; `time` converts times."""

    def __init__(self, columns: Sequence[Column], *, time: Converter = keep_time_text) -> None:
        by_type = converters(time)
        self._width = len(columns) + 1
        self._top, self._nested = column_index(columns, lambda column: by_type[column.kind])
        self._decode_lines = msgspec.json.Decoder(dict[str, Any]).decode_lines
        self._encode = msgspec.json.Encoder().encode

    def rows(self, chunk: bytes) -> Iterator[Row]:
        """Yield one row per line of `chunk`. Raises `BadArgument` for a record that is nested too deeply."""
        try:
            records = self._decode_lines(chunk)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            records = [_decode_leniently(line) for line in chunk.split(b"\n") if line]
        for record in records:
            yield self._row(record)

    def _row(self, record: dict[str, Any]) -> Row:
        row: Row = [None] * self._width
        rest = _fill(row, record, self._top)
        for key, targets in self._nested.items():
            inner = rest.get(key)
            if isinstance(inner, dict):
                left = _fill(row, inner, targets)
                if left:
                    rest[key] = left
                else:
                    del rest[key]
        if rest:
            row[-1] = self._encode(rest).decode()
        return row


def _decode_leniently(line: bytes) -> dict[str, Any]:
    """Decode a record with texts that are not UTF-8, or numbers beyond Python's types, which are kept as written."""

    def number(text: str) -> Any:
        return float(text) if isfinite(float(text)) else msgspec.Raw(text.encode())

    def integer(text: str) -> Any:
        return int(text) if len(text) <= _MAX_DIGITS else msgspec.Raw(text.encode())

    try:
        record: dict[str, Any] = json.loads(line.decode(errors="replace"), parse_float=number, parse_int=integer)
    except (ValueError, RecursionError):
        # `from None`, because the error may quote the record.
        raise BadArgument(
            "A record of RingCentral's answer is nested too deeply for the columns of CSV and Parquet. Use the format "
            "ndjson, which keeps records as they come.",
            parameter="file_format",
        ) from None
    return record


def _fill(row: Row, values: dict[str, Any], targets: CellIndex) -> dict[str, Any]:
    """Put the values that have a cell into `row`, and return the others."""
    rest = {}
    for key, value in values.items():
        target = targets.get(key)
        if target is None:
            rest[key] = value
        elif value is not None:
            cell = target[1](value)
            if cell is None:
                rest[key] = value
            else:
                row[target[0]] = cell
    return rest


def column_names(columns: Iterable[Column]) -> list[str]:
    """Return the header: the names of the columns, then `OTHER`."""
    return [*(column.name for column in columns), OTHER]
