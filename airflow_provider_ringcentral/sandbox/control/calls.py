"""Control calls for the call log and for recordings: what there is, and what happens to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api.call_log import CallRecords
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.call_selection import CallSequence
from airflow_provider_ringcentral.sandbox.model.call_templates import TEMPLATE_COUNT
from airflow_provider_ringcentral.sandbox.model.calls import Selection
from airflow_provider_ringcentral.sandbox.model.recordings import RecordingBytes

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.model.state import State


def list_calls(state: State, arguments: dict[str, Any]) -> Any:
    """Return the ids of the calls in the log now with `start <= t < end`, newest first."""
    return [state.calls.id_of(index) for index in _calls_between(state, arguments)]


def _calls_between(state: State, arguments: dict[str, Any]) -> list[int]:
    """Return the calls in the log now with `start <= t < end` (ISO, either may be absent), newest first."""
    layout, now = state.calls.layout, state.now()
    state.changes.tick(now, request=False)
    start = timestamps.parse(arguments["start"]) if arguments.get("start") else 0
    end = timestamps.parse(arguments["end"]) if arguments.get("end") else max(layout.end, now) + timestamps.DAY
    rows = [row for row in state.changes.visible() if not row.deleted]
    found = CallSequence(state.changes, Selection(list(range(TEMPLATE_COUNT))), rows, first=start, last=end - 1)
    return [call if isinstance(call, int) else call.index for call in map(found.at, range(len(found)))]


def show_call(state: State, arguments: dict[str, Any]) -> Any:
    """Return the record of a call (`call`: index or id) as it is now."""
    state.changes.tick(state.now(), request=False)
    index = _index_of(state, arguments["call"])
    records = CallRecords(state, arguments.get("view", "Simple"))
    return records.value(state.changes.rows.get(index, index))


def change_calls(state: State, arguments: dict[str, Any]) -> Any:
    """Add (`insert`), delay (`late`), correct or delete calls, now or later; or add some with every request."""
    now, change = state.now(), arguments["change"]
    requests, at = _schedule(now, arguments)
    if change == "arrivals":
        state.arrivals.start_time(arguments["where"])
        state.arrivals.per_request, state.arrivals.where = int(arguments["per_request"]), arguments["where"]
        return None
    if change == "insert":
        indexes = state.arrivals.add(
            _positions(arguments), now, fields=arguments.get("fields"), requests=requests, at=at
        )
        return [state.calls.id_of(index) for index in indexes]
    indexes = [_index_of(state, call) for call in arguments["calls"]]
    if change == "late":
        state.arrivals.delay(indexes, now, requests=requests, at=at)
        return None

    def apply_change(changed: int) -> None:
        for index in indexes:
            if change == "delete":
                state.changes.delete(index, changed)
            else:
                state.changes.correct(index, arguments["fields"], changed)

    state.changes.schedule(apply_change, now, requests=requests, at=at)
    return None


def _positions(arguments: dict[str, Any]) -> list[str | int]:
    """Return where to add calls: at each of `start_times`, or `count` times at `start_time` or `where`."""
    if "start_times" in arguments:
        return [timestamps.parse(time) for time in arguments["start_times"]]
    start = arguments.get("start_time")
    position = timestamps.parse(start) if start else arguments.get("where", "head")
    return [position] * int(arguments.get("count", 1))


def _schedule(now: int, arguments: dict[str, Any]) -> tuple[int, int]:
    """Return after how many call-log requests, and at which time (ms), a change is due; 0 for at once."""
    seconds = float(arguments.get("after_seconds") or 0)
    return int(arguments.get("after_requests") or 0), now + round(seconds * 1000) if seconds else 0


def refuse_sync_tokens(state: State, arguments: dict[str, Any]) -> Any:
    """Refuse every sync token issued so far (400) with a code: CLG-101…105, CMN-101 or any other."""
    state.sync_epoch += 1
    state.sync_refusal = arguments.get("code", "CLG-101")


def _index_of(state: State, call: int | str) -> int:
    """Return the index of a call given by index or id; ValueError when it does not exist."""
    number = call if isinstance(call, int) else int(call) if call.isdecimal() else None
    index = state.calls.index_of(str(call)) if number is None else number
    if index is None:
        raise ValueError(f"call {call!r} does not exist")
    return index


def list_recordings(state: State, arguments: dict[str, Any]) -> Any:
    """Return the recordings of the calls in the log now with `start <= t < end`, newest call first."""
    rate = state.options.recording_bytes_per_second
    found = []
    for index in _calls_between(state, arguments):
        for recording_id, recording in state.calls.recordings(index).items():
            content = RecordingBytes(recording_id, recording, rate)
            found.append(
                {
                    "id": recording_id,
                    "call_id": state.calls.id_of(index),
                    "duration": recording.duration,
                    "content_type": recording.media_type,
                    "size": content.size,
                    "sha256": content.sha256(),
                    "state": state.missing_recordings.state(recording_id),
                }
            )
    return found


def change_recordings(state: State, arguments: dict[str, Any]) -> Any:
    """Lose (`lose`), delay (`delay`) or bring (`arrive`) recordings, given by `recordings` or by `calls`."""
    now, change, missing = state.now(), arguments["change"], state.missing_recordings
    chosen = _chosen(state, arguments)
    if change == "lose":
        missing.lost.update(chosen)
    elif change == "arrive":
        missing.arrive(chosen, now)
    else:
        missing.delay(chosen, row=bool(arguments.get("row", True)))
        requests, at = _schedule(now, arguments)
        if requests or at:
            state.changes.schedule(lambda arrived: missing.arrive(chosen, arrived), now, requests=requests, at=at)


def _chosen(state: State, arguments: dict[str, Any]) -> list[str]:
    named, calls = arguments.get("recordings"), arguments.get("calls")
    if named is None and calls is None:
        return sorted(state.missing_recordings.late)
    for recording in named or ():
        if state.calls.index_of_recording(recording) is None:
            raise ValueError(f"recording {recording!r} does not exist")
    of_calls = [recording for call in calls or () for recording in state.calls.recordings(_index_of(state, call))]
    return [*(named or ()), *of_calls]
