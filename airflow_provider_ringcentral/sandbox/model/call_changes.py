"""What happens to the call log while the sandbox runs: calls that come late, are added, corrected or deleted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.model.calls import FIRST_EXTRA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from airflow_provider_ringcentral.sandbox.model.calls import Calls


@dataclass(frozen=True, slots=True)
class Row:
    """A call that differs from what its index alone says. Times in ms since 1970.

    `fields` overwrites fields of the record; a `recording` of None is one that record and legs do not name (yet).
    """

    index: int
    start: int
    modified: int
    fields: dict[str, Any] = field(default_factory=dict)
    deleted: bool = False


@dataclass(slots=True)
class _Pending:
    apply: Callable[[int], None]
    requests: int
    at: int


class Changes:
    """The changed calls, by index; every other call is as `Calls` says.

    A change happens at once, or after so many answered call-log requests, or after so many milliseconds.
    `version` grows with every change.
    """

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.version = 0
        self.rows: dict[int, Row] = {}
        self.hidden: set[int] = set()
        self.pending: list[_Pending] = []
        self._next_extra = FIRST_EXTRA

    def tick(self, now: int, *, request: bool) -> None:
        """Lets happen what is due; `request` counts one more call-log request."""
        due = []
        for pending in self.pending:
            pending.requests -= request
            if pending.requests < 0 and pending.at <= now:
                due.append(pending)
        for pending in due:
            self.pending.remove(pending)
            pending.apply(now)

    def schedule(self, change: Callable[[int], None], now: int, *, requests: int = 0, at: int = 0) -> None:
        """Applies a change after `requests` more call-log requests were answered and not before `at` (ms).

        The change is given the moment (ms) at which it happens.
        """
        if requests or at > now:
            self.pending.append(_Pending(change, requests or -1, at))
        else:
            change(now)

    def start_of(self, index: int) -> int:
        """When a call started, changed or not."""
        row = self.rows.get(index)
        return row.start if row else self.calls.layout.time(index)

    def exists(self, index: int) -> bool:
        """Whether a call is in the log now."""
        if index in self.hidden:
            return False
        if index in self.rows:
            return not self.rows[index].deleted
        return 0 <= index < self.calls.count

    def is_deleted(self, index: int) -> bool:
        """Whether a call is there only for who asks for deleted ones."""
        return index in self.rows and self.rows[index].deleted and index not in self.hidden

    def visible(self) -> Iterator[Row]:
        """The changed calls, deleted ones included, without those that are hidden."""
        return (row for row in self.rows.values() if row.index not in self.hidden)

    def reserve(self, count: int) -> range:
        """Indexes for calls to be added."""
        first, self._next_extra = self._next_extra, self._next_extra + count
        return range(first, first + count)

    def put(self, row: Row) -> None:
        """Adds or replaces a call."""
        self.rows[row.index] = row
        self.version += 1

    def hide(self, indexes: Iterable[int]) -> None:
        """Takes calls out of the log without a trace, to be put back later."""
        self.hidden.update(indexes)
        self.version += 1

    def reveal(self, index: int, now: int) -> None:
        """Puts a hidden call back, with all that happened to it meanwhile; to the change sync it is new."""
        self.hidden.discard(index)
        self.put(replace(self.row(index), modified=now))

    def correct(self, index: int, fields: dict[str, Any], now: int) -> None:
        """Overwrites fields of a call's record (both views); its modification time becomes now."""
        old = self.row(index)
        self.put(replace(old, fields=old.fields | fields, modified=now))

    def delete(self, index: int, now: int) -> None:
        """Deletes a call; `showDeleted=true` still shows it."""
        self.put(replace(self.row(index), deleted=True, modified=now))

    def row(self, index: int) -> Row:
        """A call as it is now, changed or not."""
        found = self.rows.get(index)
        return found or Row(index, self.calls.layout.time(index), self.calls.modified(index))
