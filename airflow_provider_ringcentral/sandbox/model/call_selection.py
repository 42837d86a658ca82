"""Which calls a request gets: by filter, in the order of their start, or by the time of their last change."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.model.call_templates import LATENCY_LIMIT, TEMPLATE_COUNT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow_provider_ringcentral.sandbox.model.call_changes import ChangedCall, Changes
    from airflow_provider_ringcentral.sandbox.model.call_templates import CallTemplate
    from airflow_provider_ringcentral.sandbox.model.calls import Selection

    Piece = tuple[int, int] | ChangedCall
    """Ranks `first <= rank < end` of unchanged calls, or one changed call."""

MISSED = frozenset({"Missed", "Abandoned", "Voicemail", "No Answer", "Busy", "Rejected", "Declined"})


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls a request asks for. Empty sets and None let every call pass."""

    types: frozenset[str] = frozenset()
    directions: frozenset[str] = frozenset()
    transports: frozenset[str] = frozenset()
    recording: str | None = None
    extension_number: str | None = None
    owner: int | None = None
    phone: str | None = None
    missed: bool = False
    categories: frozenset[str] = frozenset()

    def passes(self, template: CallTemplate, fields: dict[str, Any] | None = None) -> bool:
        """Tell whether a call of that template passes; `fields` are corrections of its record."""
        changed = fields or {}
        recording = (changed["recording"] or {}).get("type") if "recording" in changed else template.recording
        return (
            (not self.types or changed.get("type", template.type) in self.types)
            and (not self.directions or changed.get("direction", template.direction) in self.directions)
            and (not self.transports or changed.get("transport", template.transport) in self.transports)
            and (self.recording is None or recording == self.recording or (self.recording == "All" and bool(recording)))
            and self.extension_number in (None, template.owner.number)
            and self.owner in (None, template.owner.id)
            and (self.phone is None or self.phone in template.numbers)
            and (not self.missed or changed.get("result", template.result) in MISSED)
            # Only corrections give a call metadata.
            and (not self.categories or bool(self.categories & set(changed.get("metadataCategories", ()))))
        )


class CallSequence:
    """Calls with `first <= t <= last` (ms), newest first, as they were when it was made.

    Unchanged calls are stretches of ranks in `selection`, so that a page deep inside a million calls is found at once;
    `rows` are the changed calls that pass the filter; those out of bounds are left out here.
    """

    def __init__(
        self, changes: Changes, selection: Selection, rows: Iterable[ChangedCall], *, first: int, last: int
    ) -> None:
        layout = changes.calls.layout
        self.selection = selection
        low, high = layout.first_not_after(last), layout.first_not_after(first - 1)
        # A changed call keeps its position; an added one comes before the calls of its millisecond.
        positions = sorted(
            (row.index if row.index < layout.calls else layout.first_not_after(row.start), -row.start, row.index, row)
            for row in rows
            if first <= row.start <= last
        )
        gone = sorted(index for index in changes.rows.keys() | changes.hidden if low <= index < high)
        self.pieces: list[Piece] = list(_merge(positions, gone, low, high, selection))
        self._ends = list(accumulate(_size(piece) for piece in self.pieces))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def cut(self, first: int, end: int) -> Iterator[Piece]:
        """Yield the pieces of the positions `first <= position < end`."""
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
        """Return the call at a position: the index of an unchanged call, or a changed one."""
        number = bisect_right(self._ends, position)
        piece = self.pieces[number]
        if isinstance(piece, tuple):
            return self.selection.index(piece[1] - (self._ends[number] - position))
        return piece


def _size(piece: Piece) -> int:
    return piece[1] - piece[0] if isinstance(piece, tuple) else 1


def _merge(
    positions: list[tuple[int, int, int, ChangedCall]], gone: list[int], low: int, high: int, selection: Selection
) -> Iterator[Piece]:
    """Yield the unchanged calls `low <= index < high` that are not `gone`, with the changed calls between them."""
    if not selection.numbers:
        yield from (row for *_, row in positions)
        return
    rank, cursor = selection.rank, low
    for position, _, _, row in [*positions, (high, 0, 0, None)]:
        stop = min(max(position, low), high)
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
    changes: Changes, since: int, *, until: int, at_least: int
) -> tuple[list[tuple[int, int | ChangedCall]], bool]:
    """Return calls with `since < modified <= until` (ms), oldest change first, and whether there are more.

    They are the first `at_least`, and all that share the last one's millisecond; deleted calls are among them.

    An unchanged call is modified no later than `LATENCY_LIMIT` after its start, so the calls modified in a window
    started in a window that is not much longer. It grows until it holds enough.
    """
    step = _FIRST_STEP
    while True:
        end = min(until, since + step)
        found = _modified_within(changes, since, end)
        if len(found) > at_least or end == until:
            break
        step *= 4
    if len(found) <= at_least:
        return found, False
    last = found[at_least - 1][0]
    shown = [entry for entry in found if entry[0] <= last]
    return shown, len(shown) < len(found) or bool(_modified_within(changes, end, until, first_only=True))


def _modified_within(
    changes: Changes, since: int, end: int, *, first_only: bool = False
) -> list[tuple[int, int | ChangedCall]]:
    calls, layout = changes.calls, changes.calls.layout
    latencies = [template.latency for template in calls.templates]
    found: list[tuple[int, int | ChangedCall]] = [
        (row.modified, row) for row in changes.visible() if since < row.modified <= end
    ]
    low = layout.first_not_after(end)
    high = layout.first_not_after(since - LATENCY_LIMIT - 1)
    not_computed = changes.rows.keys() | changes.hidden
    for index in range(low, high):
        if first_only and found:
            return found
        modified = layout.time(index) + latencies[index % TEMPLATE_COUNT]
        if since < modified <= end and index not in not_computed:
            found.append((modified, index))
    return sorted(found, key=lambda entry: (entry[0], entry[1] if isinstance(entry[1], int) else entry[1].index))
