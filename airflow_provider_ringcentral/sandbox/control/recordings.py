"""Controls over recordings: which there are, which come late, which are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.control.calls import calls_between, index_of
from airflow_provider_ringcentral.sandbox.model.recordings import RecordingBytes

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.model.state import State


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
