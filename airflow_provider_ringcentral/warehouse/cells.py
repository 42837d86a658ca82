"""The cells of a record of any shape, one value at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_ringcentral.files.columns import Column, Fit, Row, fits_of
from airflow_provider_ringcentral.warehouse.columns import KEY_LENGTH, KEYS


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows of `columns`; a value of another type than its column's, or out of its range, is no value (None)."""

    width: int
    top: dict[str, tuple[int, Fit]]
    nested: dict[str, dict[str, tuple[int, Fit]]]

    @classmethod
    def of(cls, columns: Sequence[Column], time: Fit) -> Cells:
        """`time` makes the cells of times."""
        fits = fits_of(time)
        top: dict[str, tuple[int, Fit]] = {}
        nested: dict[str, dict[str, tuple[int, Fit]]] = {}
        for at, column in enumerate(columns):
            *above, key = column.path
            level = nested.setdefault(above[0], {}) if above else top
            fit = fits[column.kind]
            level[key] = at, _short(fit) if column.name in KEYS else fit
        return cls(len(columns), top, nested)

    def row(self, record: dict[str, Any]) -> Row:
        """The cells of one record."""
        row: Row = [None] * self.width
        _fill(row, record, self.top)
        for key, targets in self.nested.items():
            if isinstance(record.get(key), dict):
                _fill(row, record[key], targets)
        return row


def _short(fit: Fit) -> Fit:
    def short(value: Any) -> Any:
        cell = fit(value)
        return cell if cell is None or len(cell) <= KEY_LENGTH else None

    return short


def _fill(row: Row, values: dict[str, Any], targets: dict[str, tuple[int, Fit]]) -> None:
    for key, (at, fit) in targets.items():
        if key in values:
            row[at] = fit(values[key])
