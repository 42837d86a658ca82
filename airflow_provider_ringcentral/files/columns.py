"""Records with nested objects as flat rows, for formats that have columns. Nothing is lost: see `OTHER`."""

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
"""The last column: everything of the record that has no column of its own, as a JSON object; empty when all had one."""

Row = list[Any]

_DIGITS = 18
"""Of an integer that surely has 64 bits or fewer."""


class ColumnType(Enum):
    """What a cell holds; a value of another type stays in `OTHER`."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    TIME = "time"
    """ISO 8601 text, kept as it came; Parquet makes a UTC timestamp in microseconds of it."""


@dataclass(frozen=True, slots=True)
class Column:
    """`name` of the column, and the `path` of keys, one or two, that leads to its value."""

    name: str
    path: tuple[str, ...]
    kind: ColumnType = ColumnType.TEXT


Converter = Callable[[Any], Any]
"""A value as a cell, or None when it is of another type."""


def _text(value: Any) -> Any:
    if isinstance(value, str):
        return value
    # Ids are numbers here and text there (`extension.id`, `from.extensionId`): one type, so that they join.
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
    """A time as the text that RingCentral sent."""
    return value if isinstance(value, str) else None


def to_utc_time(value: Any) -> datetime | None:
    """A time as a datetime in UTC, one without zone as UTC; None for what is no ISO 8601 or not of years 1 to 9999."""
    moment = iso_time(value, zone=UTC)
    try:
        return moment and moment.astimezone(UTC)
    except OverflowError:
        return None


def converters(time: Converter) -> dict[ColumnType, Converter]:
    """What makes a cell of each kind; `time` makes those of times."""
    return {
        ColumnType.TEXT: _text,
        ColumnType.INTEGER: _integer,
        ColumnType.NUMBER: _number,
        ColumnType.FLAG: _flag,
        ColumnType.TIME: time,
    }


class Flattener:
    """Rows of `columns` and `OTHER` from NDJSON; null counts as absent, `time` makes the cells of times."""

    def __init__(self, columns: Sequence[Column], *, time: Converter = keep_time_text) -> None:
        fits = converters(time)
        self._width = len(columns) + 1
        self._top: dict[str, tuple[int, Converter]] = {}
        self._nested: dict[str, dict[str, tuple[int, Converter]]] = {}
        for at, column in enumerate(columns):
            *above, key = column.path
            level = self._nested.setdefault(above[0], {}) if above else self._top
            level[key] = at, fits[column.kind]
        self._decode_lines = msgspec.json.Decoder(dict[str, Any]).decode_lines
        self._encode = msgspec.json.Encoder().encode

    def rows(self, chunk: bytes) -> Iterator[Row]:
        """One row a line of `chunk`. Raises `BadArgument` for a record that no text of columns can hold."""
        try:
            records = self._decode_lines(chunk)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            records = [_decoded_loosely(line) for line in chunk.split(b"\n") if line]
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


def _decoded_loosely(line: bytes) -> dict[str, Any]:
    """A record with numbers that Python has no type for, which stay as they are written, or texts that are no UTF-8."""

    def number(text: str) -> Any:
        return float(text) if isfinite(float(text)) else msgspec.Raw(text.encode())

    def integer(text: str) -> Any:
        return int(text) if len(text) <= _DIGITS else msgspec.Raw(text.encode())

    try:
        record: dict[str, Any] = json.loads(line.decode(errors="replace"), parse_float=number, parse_int=integer)
    except (ValueError, RecursionError):
        # Not chained: the error may quote the record.
        raise BadArgument(
            "A record of RingCentral's answer is nested too deeply for the columns of CSV and Parquet. Use the format "
            "ndjson, which keeps records as they come.",
            parameter="file_format",
        ) from None
    return record


def _fill(row: Row, values: dict[str, Any], targets: dict[str, tuple[int, Converter]]) -> dict[str, Any]:
    """Put into `row` what has a cell; returns what has none."""
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
    """The header: column names, `OTHER` last."""
    return [*(column.name for column in columns), OTHER]
