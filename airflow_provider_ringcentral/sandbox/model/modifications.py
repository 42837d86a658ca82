"""The calls by the time of their last change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_ringcentral.sandbox.model.call_templates import LATENCY_LIMIT, SHAPES

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.model.call_changes import Row
    from airflow_provider_ringcentral.sandbox.model.state import State

_FIRST_STEP = 60_000


def modified_after(state: State, moment: int, *, until: int, at_least: int) -> tuple[list[tuple[int, int | Row]], bool]:
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


def _modified_within(state: State, moment: int, end: int, *, first_only: bool = False) -> list[tuple[int, int | Row]]:
    calls, changes, layout = state.calls, state.changes, state.calls.layout
    latencies = [shape.latency for shape in calls.shapes]
    found: list[tuple[int, int | Row]] = [
        (row.modified, row) for row in changes.visible() if moment < row.modified <= end
    ]
    low = layout.first_not_after(end)
    high = layout.first_not_after(moment - LATENCY_LIMIT - 1)
    untouched = changes.rows.keys() | changes.hidden
    for index in range(low, high):
        if first_only and found:
            return found
        modified = layout.time(index) + latencies[index % SHAPES]
        if moment < modified <= end and index not in untouched:
            found.append((modified, index))
    return sorted(found, key=lambda entry: (entry[0], entry[1] if isinstance(entry[1], int) else entry[1].index))
