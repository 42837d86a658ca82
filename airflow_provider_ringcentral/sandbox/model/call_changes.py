"""Changes of the call log while the sandbox runs: calls that come late, are added, corrected or deleted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.model.calls import FIRST_EXTRA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from airflow_provider_ringcentral.sandbox.model.calls import Calls


@dataclass(frozen=True, slots=True)
class ChangedCall:
    """A call that differs from the one computed from its index, with times in ms since 1970.

    `fields` overwrites fields of the record. With a `recording` of None, record and legs name none (yet).
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
    """The changed calls, by index; every other call is the one that `Calls` computes.

    A change is applied at once, after a number of call-log requests, or at a time.
    """

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.rows: dict[int, ChangedCall] = {}
        self.hidden: set[int] = set()
        self.pending: list[_Pending] = []
        self._next_extra = FIRST_EXTRA

    def tick(self, now: int, *, request: bool) -> None:
        """Apply the changes that are due; `request` counts one more call-log request."""
        due = []
        for pending in self.pending:
            pending.requests -= request
            if pending.requests < 0 and pending.at <= now:
                due.append(pending)
        for pending in due:
            self.pending.remove(pending)
            pending.apply(now)

    def schedule(self, change: Callable[[int], None], now: int, *, requests: int = 0, at: int = 0) -> None:
        """Apply a change after `requests` more call-log requests, and not before `at` (ms).

        The change is called with the time (ms) at which it is applied.
        """
        if requests or at > now:
            self.pending.append(_Pending(change, requests or -1, at))
        else:
            change(now)

    def start_of(self, index: int) -> int:
        """Return when a call started (ms), changed or not."""
        row = self.rows.get(index)
        return row.start if row else self.calls.layout.time(index)

    def exists(self, index: int) -> bool:
        """Tell whether a call is in the log now."""
        if index in self.hidden:
            return False
        if index in self.rows:
            return not self.rows[index].deleted
        return 0 <= index < self.calls.count

    def is_deleted(self, index: int) -> bool:
        """Tell whether only requests with `showDeleted` see the call."""
        return index in self.rows and self.rows[index].deleted and index not in self.hidden

    def visible(self) -> Iterator[ChangedCall]:
        """Return the changed calls, with the deleted ones and without the hidden ones."""
        return (row for row in self.rows.values() if row.index not in self.hidden)

    def reserve(self, count: int) -> range:
        """Return indexes for new calls."""
        first, self._next_extra = self._next_extra, self._next_extra + count
        return range(first, first + count)

    def put(self, row: ChangedCall) -> None:
        """Add or replace a call."""
        self.rows[row.index] = row

    def hide(self, indexes: Iterable[int]) -> None:
        """Take calls out of the log without a trace, to be revealed later."""
        self.hidden.update(indexes)

    def reveal(self, index: int, now: int) -> None:
        """Put a hidden call back, with the changes made to it meanwhile; the change sync reports it as new."""
        self.hidden.discard(index)
        self.put(replace(self.row(index), modified=now))

    def correct(self, index: int, fields: dict[str, Any], now: int) -> None:
        """Overwrite fields of a call's record (both views); its modification time becomes `now` (ms)."""
        old = self.row(index)
        self.put(replace(old, fields=old.fields | fields, modified=now))

    def delete(self, index: int, now: int) -> None:
        """Delete a call; `showDeleted=true` still shows it."""
        self.put(replace(self.row(index), deleted=True, modified=now))

    def row(self, index: int) -> ChangedCall:
        """Return a call as it is now, changed or not."""
        found = self.rows.get(index)
        return found or ChangedCall(index, self.calls.layout.time(index), self.calls.modified(index))


POSITIONS = ("head", "inside", "edge")


class Arrivals:
    """Adds calls, once or with every call-log request.

    Positions: `head` is the last millisecond of the calls' window, `inside` a random time within it, `edge` the
    millisecond of the oldest call on the page answered last.
    """

    def __init__(self, changes: Changes, *, seed: int) -> None:
        self._changes, self._random = changes, Random(f"arrivals-{seed}")
        self.per_request, self.where = 0, "head"
        self.edge: int | None = None

    def on_request(self, now: int) -> None:
        """Apply what is due with a call-log request, before it is answered."""
        self._changes.tick(now, request=True)
        if self.per_request:
            self.add([self.where] * self.per_request, now)

    def add(
        self,
        positions: Sequence[str | int],
        now: int,
        *,
        fields: dict[str, Any] | None = None,
        requests: int = 0,
        at: int = 0,
    ) -> list[int]:
        """Add a call at each position or start time (ms), now or as scheduled, and return their indexes."""
        rows = [
            (index, self.start_time(where))
            for index, where in zip(self._changes.reserve(len(positions)), positions, strict=True)
        ]

        def apply_change(changed: int) -> None:
            for index, start in rows:
                self._changes.put(ChangedCall(index, start, changed, fields or {}))

        self._changes.schedule(apply_change, now, requests=requests, at=at)
        return [index for index, _ in rows]

    def delay(self, indexes: Iterable[int], now: int, *, requests: int = 0, at: int = 0) -> None:
        """Take calls out of the log until `requests` call-log requests were answered and `at` (ms) has passed."""
        late = [index for index in indexes if self._changes.exists(index)]
        self._changes.hide(late)

        def apply_change(changed: int) -> None:
            for index in late:
                self._changes.reveal(index, changed)

        self._changes.schedule(apply_change, now, requests=requests, at=at)

    def start_time(self, where: str | int) -> int:
        """Return the start time (ms) of a position."""
        layout = self._changes.calls.layout
        if isinstance(where, int):
            return where
        if where == "inside":
            return self._random.randrange(layout.start, layout.end)
        if where == "edge" and self.edge is not None:
            return self.edge
        if where in POSITIONS:
            return layout.end - 1
        raise ValueError(f"where={where!r} is not one of: {', '.join(POSITIONS)}")
