"""The calls that one query sees, in order, with random access by position.

The calls by the time of their last change.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.sandbox.model.call_templates import LATENCY_LIMIT, TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow_provider_ringcentral.sandbox.model.call_changes import ChangedCall, Changes
    from airflow_provider_ringcentral.sandbox.model.calls import Selection

    Piece = tuple[int, int] | ChangedCall
    """Ranks `first <= rank < end` of unchanged calls, or one changed call."""
    from airflow_provider_ringcentral.sandbox.model.call_changes import ChangedCall
    from airflow_provider_ringcentral.sandbox.model.state import State


class CallSequence:
    """Calls with `first <= t <= last` (ms), newest first, as of the version of `changes` it was made from.

    Unchanged calls are stretches of ranks in `selection`, so that a page deep inside a million calls is found at once;
    `rows` are the changed calls that belong to the answer (those outside of the bounds are left out here).
    """

    def __init__(
        self, changes: Changes, selection: Selection, rows: Iterable[ChangedCall], *, first: int, last: int
    ) -> None:
        layout = changes.calls.layout
        self.selection = selection
        low, high = layout.first_not_after(last), layout.first_not_after(first - 1)
        # A changed call keeps its place; an added one stands before the calls of its millisecond.
        places = sorted(
            (row.index if row.index < layout.calls else layout.first_not_after(row.start), -row.start, row.index, row)
            for row in rows
            if first <= row.start <= last
        )
        gone = sorted(index for index in changes.rows.keys() | changes.hidden if low <= index < high)
        self.pieces: list[Piece] = list(_merge(places, gone, low, high, selection))
        self._ends = list(accumulate(_size(piece) for piece in self.pieces))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def cut(self, first: int, end: int) -> Iterator[Piece]:
        """The pieces of the positions `first <= position < end`."""
        number = bisect_right(self._ends, first)
        while number < len(self.pieces) and first < end:
            piece, finish = self.pieces[number], self._ends[number]
            if isinstance(piece, tuple):
                begin = piece[1] - (finish - first)
                yield begin, min(piece[1], begin + end - first)
            else:
                yield piece
            first = finish
            number += 1

    def at(self, position: int) -> int | ChangedCall:
        """The call at a position: the index of an unchanged call, or a changed one."""
        number = bisect_right(self._ends, position)
        piece = self.pieces[number]
        if isinstance(piece, tuple):
            return self.selection.index(piece[1] - (self._ends[number] - position))
        return piece


def _size(piece: Piece) -> int:
    return piece[1] - piece[0] if isinstance(piece, tuple) else 1


def _merge(
    places: list[tuple[int, int, int, ChangedCall]], gone: list[int], low: int, high: int, selection: Selection
) -> Iterator[Piece]:
    """Unchanged calls `low <= index < high` without those `gone`, with the changed calls at their places."""
    if not selection.numbers:
        yield from (row for *_, row in places)
        return
    rank, cursor = selection.rank, low
    for place, _, _, row in [*places, (high, 0, 0, None)]:
        stop = min(max(place, low), high)
        skip = bisect_left(gone, cursor)
        while cursor < stop:
            hole = gone[skip] if skip < len(gone) and gone[skip] < stop else stop
            if rank(hole) > rank(cursor):
                yield rank(cursor), rank(hole)
            cursor = min(hole + 1, stop) if hole < stop else stop
            skip += 1
        if row is not None:
            yield row


_FIRST_STEP = 60_000


def modified_after(
    state: State, moment: int, *, until: int, at_least: int
) -> tuple[list[tuple[int, int | ChangedCall]], bool]:
    """Calls with `moment < modified <= until` (ms), oldest change first, and whether there are more than given.

    The first `at_least` of them, and all that share the last one's millisecond. Deleted calls are among them.

    An unchanged call is modified no later than `LATENCY_LIMIT` after its start, so a window of start times holds
    all calls modified in a window; the window grows until it holds enough.
    """
    step = _FIRST_STEP
    while True:
        end = min(until, moment + step)
        found = _modified_within(state, moment, end)
        if len(found) > at_least or end == until:
            break
        step *= 4
    if len(found) <= at_least:
        return found, False
    last = found[at_least - 1][0]
    shown = [entry for entry in found if entry[0] <= last]
    return shown, len(shown) < len(found) or bool(_modified_within(state, end, until, first_only=True))


def _modified_within(
    state: State, moment: int, end: int, *, first_only: bool = False
) -> list[tuple[int, int | ChangedCall]]:
    calls, changes, layout = state.calls, state.changes, state.calls.layout
    latencies = [template.latency for template in calls.templates]
    found: list[tuple[int, int | ChangedCall]] = [
        (row.modified, row) for row in changes.visible() if moment < row.modified <= end
    ]
    low = layout.first_not_after(end)
    high = layout.first_not_after(moment - LATENCY_LIMIT - 1)
    untouched = changes.rows.keys() | changes.hidden
    for index in range(low, high):
        if first_only and found:
            return found
        modified = layout.time(index) + latencies[index % TEMPLATES]
        if moment < modified <= end and index not in untouched:
            found.append((modified, index))
    return sorted(found, key=lambda entry: (entry[0], entry[1] if isinstance(entry[1], int) else entry[1].index))
