"""What happens to the call log while the sandbox runs: calls that come late, are added, corrected or deleted.

Calls that come into the log while someone is reading it.
"""

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
        self.rows: dict[int, ChangedCall] = {}
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

    def visible(self) -> Iterator[ChangedCall]:
        """The changed calls, deleted ones included, without those that are hidden."""
        return (row for row in self.rows.values() if row.index not in self.hidden)

    def reserve(self, count: int) -> range:
        """Indexes for calls to be added."""
        first, self._next_extra = self._next_extra, self._next_extra + count
        return range(first, first + count)

    def put(self, row: ChangedCall) -> None:
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

    def row(self, index: int) -> ChangedCall:
        """A call as it is now, changed or not."""
        found = self.rows.get(index)
        return found or ChangedCall(index, self.calls.layout.time(index), self.calls.modified(index))


POSITIONS = ("head", "inside", "edge")


class Arrivals:
    """Adds calls, once or with every call-log request.

    Where: `head` is the last millisecond of the calls' window, `inside` a random moment of it, `edge` the very
    millisecond of the oldest call of the latest page.
    """

    def __init__(self, changes: Changes, *, seed: int) -> None:
        self._changes, self._random = changes, Random(f"arrivals-{seed}")
        self.per_request, self.where = 0, "head"
        self.edge: int | None = None

    def on_request(self, now: int) -> None:
        """Lets happen what is due with a call-log request, before it is answered."""
        self._changes.tick(now, request=True)
        if self.per_request:
            self.add([self.where] * self.per_request, now)

    def add(
        self,
        places: Sequence[str | int],
        now: int,
        *,
        fields: dict[str, Any] | None = None,
        requests: int = 0,
        at: int = 0,
    ) -> list[int]:
        """Adds a call at each place or moment (ms), or schedules that; their indexes."""
        rows = [
            (index, self.moment(where)) for index, where in zip(self._changes.reserve(len(places)), places, strict=True)
        ]

        def apply_change(moment: int) -> None:
            for index, start in rows:
                self._changes.put(ChangedCall(index, start, moment, fields or {}))

        self._changes.schedule(apply_change, now, requests=requests, at=at)
        return [index for index, _ in rows]

    def delay(self, indexes: Iterable[int], now: int, *, requests: int = 0, at: int = 0) -> None:
        """Takes calls out of the log until so many requests were answered and `at` (ms) has come."""
        late = [index for index in indexes if self._changes.exists(index)]
        self._changes.hide(late)

        def apply_change(moment: int) -> None:
            for index in late:
                self._changes.reveal(index, moment)

        self._changes.schedule(apply_change, now, requests=requests, at=at)

    def moment(self, where: str | int) -> int:
        """The start (ms) that a place stands for."""
        layout = self._changes.calls.layout
        if isinstance(where, int):
            return where
        if where == "inside":
            return self._random.randrange(layout.start, layout.end)
        if where == "edge" and self.edge is not None:
            return self.edge
        if where in POSITIONS:
            return layout.end - 1
        raise ValueError(f"{where!r} is none of {', '.join(POSITIONS)}")
