"""Controls over the call log: what is in it, and what happens to it.

Controls over recordings: which there are, which come late, which are gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api.call_log import Records
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.call_selection import Sequence
from airflow_provider_ringcentral.sandbox.model.call_templates import SHAPES
from airflow_provider_ringcentral.sandbox.model.calls import Selection
from airflow_provider_ringcentral.sandbox.model.recordings import RecordingBytes

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.model.state import State


def list_calls(state: State, given: dict[str, Any]) -> Any:
    """Ids of the calls in the log now with `start <= t < end`, newest first."""
    return [state.calls.id_of(index) for index in calls_between(state, given)]


def calls_between(state: State, given: dict[str, Any]) -> list[int]:
    """The calls in the log now with `start <= t < end` (ISO, either may be absent), newest first."""
    layout, now = state.calls.layout, state.now()
    state.changes.tick(now, request=False)
    start = timestamps.parse(given["start"]) if given.get("start") else 0
    end = timestamps.parse(given["end"]) if given.get("end") else max(layout.end, now) + timestamps.DAY
    rows = [row for row in state.changes.visible() if not row.deleted]
    found = Sequence(state.changes, Selection(list(range(SHAPES))), rows, first=start, last=end - 1)
    return [call if isinstance(call, int) else call.index for call in map(found.at, range(len(found)))]


def show_call(state: State, given: dict[str, Any]) -> Any:
    """The record of a call (`call`: index or id) as it is now."""
    state.changes.tick(state.now(), request=False)
    index = index_of(state, given["call"])
    records = Records(state, given.get("view", "Simple"))
    return records.value(state.changes.row(index) if index in state.changes.rows else index)


def change_calls(state: State, given: dict[str, Any]) -> Any:
    """Adds (`insert`), delays (`late`), corrects or deletes calls, now or later; or adds some with every request."""
    now, change = state.now(), given["change"]
    requests_ = int(given.get("after_requests", 0))
    at = now + round(float(given["after_seconds"]) * 1000) if given.get("after_seconds") else 0
    if change == "arrivals":
        state.arrivals.moment(given["where"])
        state.arrivals.per_request, state.arrivals.where = int(given["per_request"]), given["where"]
        return None
    if change == "insert":
        indexes = state.arrivals.add(_places(given), now, fields=given.get("fields"), requests=requests_, at=at)
        return [state.calls.id_of(index) for index in indexes]
    indexes = [index_of(state, call) for call in given["calls"]]
    if change == "late":
        state.arrivals.delay(indexes, now, requests=requests_, at=at)
        return None

    def happen(moment: int) -> None:
        for index in indexes:
            if change == "delete":
                state.changes.delete(index, moment)
            else:
                state.changes.correct(index, given["fields"], moment)

    state.changes.schedule(happen, now, requests=requests_, at=at)
    return None


def _places(given: dict[str, Any]) -> list[str | int]:
    """Where calls are added: at each of `start_times`, or `count` times at `start_time` or `where`."""
    if "start_times" in given:
        return [timestamps.parse(time) for time in given["start_times"]]
    place = timestamps.parse(given["start_time"]) if given.get("start_time") else given.get("where", "head")
    return [place] * int(given.get("count", 1))


def refuse_sync_tokens(state: State, given: dict[str, Any]) -> Any:
    """Makes every sync token issued so far answer 400 with a code: CLG-101…105, CMN-101 or any other."""
    state.sync_epoch += 1
    state.sync_refusal = given.get("code", "CLG-101")


def index_of(state: State, call: int | str) -> int:
    """The index of a call that is named by index or id; ValueError when there is none."""
    number = call if isinstance(call, int) else int(call) if call.isdecimal() else None
    index = state.calls.index_of(str(call)) if number is None else number
    if index is None:
        raise ValueError(f"there is no call {call!r}")
    return index


def list_recordings(state: State, given: dict[str, Any]) -> Any:
    """The recordings of the calls in the log now with `start <= t < end`, newest call first."""
    rate = state.options.recording_bytes_per_second
    found = []
    for index in calls_between(state, given):
        for recording_id, recording in state.calls.recordings(index).items():
            content = RecordingBytes(recording_id, recording, rate)
            facts = {"id": recording_id, "call_id": state.calls.id_of(index), "duration": recording.duration}
            facts |= {"content_type": recording.media_type, "size": content.size, "sha256": content.sha256()}
            found.append(facts | {"state": state.absences.state(recording_id)})
    return found


def change_recordings(state: State, given: dict[str, Any]) -> Any:
    """Loses (`lose`), delays (`delay`) or brings (`arrive`) recordings, named by `recordings` or by `calls`."""
    now, change, absences = state.now(), given["change"], state.absences
    chosen = _chosen(state, given)
    if change == "lose":
        absences.lost.update(chosen)
    elif change == "arrive":
        absences.arrive(chosen, now)
    else:
        absences.delay(chosen, row=bool(given.get("row", True)))
        requests, seconds = int(given.get("after_requests") or 0), float(given.get("after_seconds") or 0)
        if requests or seconds:
            at = now + round(seconds * 1000) if seconds else 0
            state.changes.schedule(lambda moment: absences.arrive(chosen, moment), now, requests=requests, at=at)


def _chosen(state: State, given: dict[str, Any]) -> list[str]:
    named, calls = given.get("recordings"), given.get("calls")
    if named is None and calls is None:
        return sorted(state.absences.late)
    for recording in named or ():
        if state.calls.index_of_recording(recording) is None:
            raise ValueError(f"there is no recording {recording!r}")
    of_calls = [recording for call in calls or () for recording in state.calls.recordings(index_of(state, call))]
    return [*(named or ()), *of_calls]
