"""Figures as a table that is readable in a terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Cells that are not text are aligned to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in [list(header), *cells]) for at in range(len(header))]
    right = [bool(rows) and not isinstance(rows[0][at], str) for at in range(len(header))]
    rule = [("-" * (width - 1) + ":") if numbers else "-" * width for width, numbers in zip(widths, right, strict=True)]
    return "\n".join(_line(row, widths, right) for row in [list(header), rule, *cells])


class Number(float):
    """A number with its decimals, thousands apart."""

    def __new__(cls, value: float, decimals: int = 0) -> Self:
        made = super().__new__(cls, value)
        made.decimals = decimals
        return made

    decimals: int

    def __str__(self) -> str:
        return f"{float(self):,.{self.decimals}f}"


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [
        cell.rjust(width) if numbers else cell.ljust(width)
        for cell, width, numbers in zip(row, widths, right, strict=True)
    ]
    return f"| {' | '.join(padded)} |"
