"""Controls over the call log: what is in it, and what happens to it.

Controls over recordings: which there are, which come late, which are gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api.call_log import Records
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.call_selection import CallSequence
from airflow_provider_ringcentral.sandbox.model.call_templates import TEMPLATES
from airflow_provider_ringcentral.sandbox.model.calls import Selection
from airflow_provider_ringcentral.sandbox.model.recordings import RecordingBytes

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.model.state import State


def list_calls(state: State, arguments: dict[str, Any]) -> Any:
    """Ids of the calls in the log now with `start <= t < end`, newest first."""
    return [state.calls.id_of(index) for index in calls_between(state, arguments)]


def calls_between(state: State, arguments: dict[str, Any]) -> list[int]:
    """The calls in the log now with `start <= t < end` (ISO, either may be absent), newest first."""
    layout, now = state.calls.layout, state.now()
    state.changes.tick(now, request=False)
    start = timestamps.parse(arguments["start"]) if arguments.get("start") else 0
    end = timestamps.parse(arguments["end"]) if arguments.get("end") else max(layout.end, now) + timestamps.DAY
    rows = [row for row in state.changes.visible() if not row.deleted]
    found = CallSequence(state.changes, Selection(list(range(TEMPLATES))), rows, first=start, last=end - 1)
    return [call if isinstance(call, int) else call.index for call in map(found.at, range(len(found)))]


def show_call(state: State, arguments: dict[str, Any]) -> Any:
    """The record of a call (`call`: index or id) as it is now."""
    state.changes.tick(state.now(), request=False)
    index = index_of(state, arguments["call"])
    records = Records(state, arguments.get("view", "Simple"))
    return records.value(state.changes.row(index) if index in state.changes.rows else index)


def change_calls(state: State, arguments: dict[str, Any]) -> Any:
    """Adds (`insert`), delays (`late`), corrects or deletes calls, now or later; or adds some with every request."""
    now, change = state.now(), arguments["change"]
    requests_ = int(arguments.get("after_requests", 0))
    at = now + round(float(arguments["after_seconds"]) * 1000) if arguments.get("after_seconds") else 0
    if change == "arrivals":
        state.arrivals.moment(arguments["where"])
        state.arrivals.per_request, state.arrivals.where = int(arguments["per_request"]), arguments["where"]
        return None
    if change == "insert":
        indexes = state.arrivals.add(_places(arguments), now, fields=arguments.get("fields"), requests=requests_, at=at)
        return [state.calls.id_of(index) for index in indexes]
    indexes = [index_of(state, call) for call in arguments["calls"]]
    if change == "late":
        state.arrivals.delay(indexes, now, requests=requests_, at=at)
        return None

    def apply_change(moment: int) -> None:
        for index in indexes:
            if change == "delete":
                state.changes.delete(index, moment)
            else:
                state.changes.correct(index, arguments["fields"], moment)

    state.changes.schedule(apply_change, now, requests=requests_, at=at)
    return None


def _places(arguments: dict[str, Any]) -> list[str | int]:
    """Where calls are added: at each of `start_times`, or `count` times at `start_time` or `where`."""
    if "start_times" in arguments:
        return [timestamps.parse(time) for time in arguments["start_times"]]
    place = timestamps.parse(arguments["start_time"]) if arguments.get("start_time") else arguments.get("where", "head")
    return [place] * int(arguments.get("count", 1))


def refuse_sync_tokens(state: State, arguments: dict[str, Any]) -> Any:
    """Makes every sync token issued so far answer 400 with a code: CLG-101…105, CMN-101 or any other."""
    state.sync_epoch += 1
    state.sync_refusal = arguments.get("code", "CLG-101")


def index_of(state: State, call: int | str) -> int:
    """The index of a call that is named by index or id; ValueError when there is none."""
    number = call if isinstance(call, int) else int(call) if call.isdecimal() else None
    index = state.calls.index_of(str(call)) if number is None else number
    if index is None:
        raise ValueError(f"there is no call {call!r}")
    return index


def list_recordings(state: State, arguments: dict[str, Any]) -> Any:
    """The recordings of the calls in the log now with `start <= t < end`, newest call first."""
    rate = state.options.recording_bytes_per_second
    found = []
    for index in calls_between(state, arguments):
        for recording_id, recording in state.calls.recordings(index).items():
            content = RecordingBytes(recording_id, recording, rate)
            facts = {"id": recording_id, "call_id": state.calls.id_of(index), "duration": recording.duration}
            facts |= {"content_type": recording.media_type, "size": content.size, "sha256": content.sha256()}
            found.append(facts | {"state": state.missing_recordings.state(recording_id)})
    return found


def change_recordings(state: State, arguments: dict[str, Any]) -> Any:
    """Loses (`lose`), delays (`delay`) or brings (`arrive`) recordings, named by `recordings` or by `calls`."""
    now, change, missing_recordings = state.now(), arguments["change"], state.missing_recordings
    chosen = _chosen(state, arguments)
    if change == "lose":
        missing_recordings.lost.update(chosen)
    elif change == "arrive":
        missing_recordings.arrive(chosen, now)
    else:
        missing_recordings.delay(chosen, row=bool(arguments.get("row", True)))
        requests, seconds = int(arguments.get("after_requests") or 0), float(arguments.get("after_seconds") or 0)
        if requests or seconds:
            at = now + round(seconds * 1000) if seconds else 0
            state.changes.schedule(
                lambda moment: missing_recordings.arrive(chosen, moment), now, requests=requests, at=at
            )


def _chosen(state: State, arguments: dict[str, Any]) -> list[str]:
    named, calls = arguments.get("recordings"), arguments.get("calls")
    if named is None and calls is None:
        return sorted(state.missing_recordings.late)
    for recording in named or ():
        if state.calls.index_of_recording(recording) is None:
            raise ValueError(f"there is no recording {recording!r}")
    of_calls = [recording for call in calls or () for recording in state.calls.recordings(index_of(state, call))]
    return [*(named or ()), *of_calls]
