"""What a load did, in a form for XCom and asset events."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one file or several.

    `rows_read` are lines or rows of files. Each wrote a new call (`calls_inserted`) or a later version of one
    (`calls_updated`), removed one, or changed nothing (`calls_unchanged`): the same or an older version.
    `calls_deleted` also counts what `delete_missing` removed. `legs` are those written. `bad_records` could not be
    loaded and were kept as text.
    """

    rows_read: int = 0
    calls_inserted: int = 0
    calls_updated: int = 0
    calls_unchanged: int = 0
    calls_deleted: int = 0
    legs: int = 0
    bad_records: int = 0

    def told(self) -> str:
        """As a log says it."""
        calls = ", ".join(
            f"{getattr(self, f'calls_{what}')} {name}"
            for what, name in (("inserted", "new"), ("updated", "updated"), ("unchanged", "unchanged"))
        )
        return f"{self.rows_read} records read; calls: {calls}, {self.calls_deleted} deleted; {self.legs} legs written"

    def __add__(self, other: Self) -> Counts:
        return Counts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Counts)))


@dataclass(frozen=True, slots=True)
class LoadReceipt:
    """What became of `files` files; `seconds` are those it took."""

    files: int
    counts: Counts
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """The number of files, the fields of `Counts`, and seconds, as JSON values."""
        return {"files": self.files, **asdict(self.counts), "seconds": self.seconds}
