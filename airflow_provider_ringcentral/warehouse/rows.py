"""Turn a record into rows of the temporary tables: one for the call, one for each leg.

Nearly all records decode straight into typed cells, in a third of the time; `Cells` takes the others.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Annotated, Any

import msgspec

from airflow_provider_ringcentral.client.surrogates import SURROGATE_ESCAPE, map_strings, replace_surrogates_in_text
from airflow_provider_ringcentral.files.columns import (
    CellIndex,
    Column,
    ColumnType,
    Converter,
    Row,
    column_index,
    converters,
)
from airflow_provider_ringcentral.warehouse.columns import CALLS, DELETED, KEY_LENGTH, KEYS, LEGS, sql_name

_Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_Key = Annotated[str, msgspec.Meta(max_length=KEY_LENGTH)]

_TYPES: dict[ColumnType, Any] = {
    ColumnType.TEXT: str | None,
    ColumnType.INTEGER: _Integer | None,
    ColumnType.NUMBER: float | None,
    ColumnType.FLAG: bool | None,
    ColumnType.TIME: str | None,
}


def struct_of(name: str, columns: Sequence[Column], *more: tuple[str, Any, Any]) -> type[msgspec.Struct]:
    """Make a class with the fields that `columns` come from, and `more` fields: name, type and default.

    A record with a value of the wrong type or out of range does not decode into it; `Cells` takes such records.
    """
    top: list[tuple[str, Any, Any]] = [
        (column.path[0], _type(column), None) for column in columns if not column.path[1:]
    ]
    for outer in dict.fromkeys(column.path[0] for column in columns if column.path[1:]):
        inner = [(column.path[1], _type(column), None) for column in columns if column.path[:1] == (outer,)]
        nested = _define(f"{name}_{outer}", inner)
        top.append((outer, nested, nested()))
    return _define(name, [*top, *more])


def cells_of(columns: Sequence[Column]) -> attrgetter[Any]:
    """Return a function that takes the cells of `columns` from an object of their class, as a tuple."""
    return attrgetter(*(".".join(map(sql_name, map(_field, column.path))) for column in columns))


def name_of(key: str) -> attrgetter[Any]:
    """Return a function that takes the value of a key of the record."""
    return attrgetter(sql_name(_field(key)))


def _type(column: Column) -> Any:
    if column.name in KEYS:
        return _Key | _Integer | None
    # RingCentral sends some ids as numbers and others as strings.
    is_id = column.kind is ColumnType.TEXT and column.name.lower().endswith("id")
    return str | _Integer | None if is_id else _TYPES[column.kind]


def _define(name: str, fields: list[tuple[str, Any, Any]]) -> type[msgspec.Struct]:
    named = [(sql_name(_field(key)), kind, default) for key, kind, default in fields]
    keys = {field[0]: key for field, (key, _, _) in zip(named, fields, strict=True)}
    # gc=False: thousands of these at a time would keep the garbage collector busy, and they form no cycles.
    return msgspec.defstruct(name, named, rename=keys.get, frozen=True, gc=False)


def _field(key: str) -> str:
    return f"{key}_"  # `from` is a keyword of Python


@dataclass(frozen=True, slots=True)
class Cells:
    """Makes rows of `columns`; a value of the wrong type or out of range becomes None."""

    width: int
    top: CellIndex
    nested: dict[str, CellIndex]

    @classmethod
    def of(cls, columns: Sequence[Column], time: Converter) -> Cells:
        """Prepare for `columns`; `time` converts times."""
        by_type = converters(time)

        def convert(column: Column) -> Converter:
            return _short(by_type[column.kind]) if column.name in KEYS else by_type[column.kind]

        return cls(len(columns), *column_index(columns, convert))

    def row(self, record: dict[str, Any]) -> Row:
        """Return the cells of one record."""
        row: Row = [None] * self.width
        _fill(row, record, self.top)
        for key, targets in self.nested.items():
            if isinstance(record.get(key), dict):
                _fill(row, record[key], targets)
        return row


def _short(fit: Converter) -> Converter:
    def short(value: Any) -> Any:
        cell = fit(value)
        return cell if cell is None or len(cell) <= KEY_LENGTH else None

    return short


def _fill(row: Row, values: dict[str, Any], targets: CellIndex) -> None:
    for key, (at, fit) in targets.items():
        if key in values:
            row[at] = fit(values[key])


_LEG = struct_of("Leg", LEGS)
_CALL = struct_of("Call", CALLS, ("legs", list[_LEG] | None, None), (DELETED, bool | None, None))  # type: ignore[valid-type]

_decode_typed = msgspec.json.Decoder(_CALL).decode
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_cells_of_call, _cells_of_leg = cells_of(CALLS), cells_of(LEGS)
_legs_of, _deleted_of, _modified_of = name_of("legs"), name_of(DELETED), name_of("lastModifiedTime")


_NUL = b"\\u0000"
_NO_OBJECT = "is not a JSON object"


class NotACall(ValueError):
    """A record is not a call; the message says why without quoting it."""


class Rows:
    """Makes rows; `time` converts times for the database."""

    def __init__(self, time: Converter) -> None:
        self._time = time
        self._call_fixes, self._leg_fixes = _fixes(CALLS, time), _fixes(LEGS, time)
        self._calls, self._legs = Cells.of(CALLS, time), Cells.of(LEGS, time)

    def of(self, place: int, line: bytes) -> tuple[Row, list[Row]]:
        """Return the row of the call in line `place` and the rows of its legs. Raises `NotACall`."""
        if b"\\" in line and (_NUL in line or SURROGATE_ESCAPE.search(line)):
            line = _cleaned(line)
        try:
            call = _decode_typed(line)
        except msgspec.ValidationError:
            return self._odd(place, line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._odd(place, line)
        cells = _cells_of_call(call)
        if not cells[0]:
            raise NotACall("has no id")
        legs = _legs_of(call)
        detailed = legs is not None or _modified_of(call) is not None
        row = [place, detailed, _deleted_of(call) is True, *_fixed(cells, self._call_fixes), _text(line)]
        numbered = enumerate(legs or (), 1)
        return row, [[place, at, *_fixed(_cells_of_leg(leg), self._leg_fixes)] for at, leg in numbered]

    def _odd(self, place: int, line: bytes) -> tuple[Row, list[Row]]:
        """Return the rows of a call that has a value of the wrong type or out of range."""
        record = _record(line)
        cells = self._calls.row(record)
        if not cells[0]:
            raise NotACall(f"has no id of up to {KEY_LENGTH} characters")
        found = record.get("legs")
        legs = [leg for leg in found if isinstance(leg, dict)] if isinstance(found, list) else []
        detailed = found is not None or record.get("lastModifiedTime") is not None
        row = [place, detailed, record.get(DELETED) is True, *cells, _text(line)]
        return row, [[place, at, *self._legs.row(leg)] for at, leg in enumerate(legs, 1)]


def _record(line: bytes) -> dict[str, Any]:
    try:
        return _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # msgspec rejects numbers too large for a double; the standard library accepts them.
        record = _decoded_slowly(line)
    if not isinstance(record, dict):
        raise NotACall(_NO_OBJECT)
    return record


def _decoded_slowly(line: bytes) -> Any:
    text = _text(line)
    # Errors are not chained, because they may quote the record.
    try:
        return json.loads(text, parse_constant=_refuse)
    except ValueError:
        raise NotACall(_NO_OBJECT) from None
    except RecursionError:
        raise NotACall("is nested too deeply") from None


def _refuse(name: str) -> None:
    raise ValueError(name)


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise NotACall("has bytes that are not UTF-8") from None


def _cleaned(line: bytes) -> bytes:
    """Replace NUL, which SQL text cannot hold, and lone surrogates, which JSONB cannot hold, by U+FFFD."""
    try:
        return map_strings(line, lambda text: replace_surrogates_in_text(text.replace("\0", "\ufffd")))
    except ValueError:
        raise NotACall(_NO_OBJECT) from None
    except RecursionError:
        raise NotACall("is nested too deeply") from None


Fixes = Sequence[tuple[int, Converter]]
"""Positions of cells that need a conversion, with the conversion."""


def _fixes(columns: Iterable[Column], time: Converter) -> Fixes:
    fixes: list[tuple[int, Converter]] = []
    for at, column in enumerate(columns):
        if column.kind is ColumnType.TIME:
            fixes.append((at, time))
        elif column.kind is ColumnType.TEXT and column.name.lower().endswith("id"):
            fixes.append((at, str))
    return fixes


def _fixed(cells: Sequence[Any], fixes: Fixes) -> Row:
    row = list(cells)
    for at, fix in fixes:
        if row[at] is not None:
            row[at] = fix(row[at])
    return row
