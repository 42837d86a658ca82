"""Call recordings: metadata and bytes (`readCallRecording`, `readCallRecordingContent`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_ringcentral.sandbox.api import media
from airflow_provider_ringcentral.sandbox.api import responses as bodies
from airflow_provider_ringcentral.sandbox.model.company import account_path
from airflow_provider_ringcentral.sandbox.model.recordings import RecordingBytes

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.api.responses import Answer
    from airflow_provider_ringcentral.sandbox.model.call_templates import Recording

_SUFFIXES = {"audio/mpeg": ".mp3", "audio/wav": ".wav"}


def read_call_recording(visit: Visit) -> Answer:
    """`readCallRecording`."""
    recording_id, recording = _find(visit)
    return visit.json(
        {
            "id": recording_id,
            "contentUri": f"{visit.state.media_url}{account_path()}/recording/{recording_id}/content",
            "contentType": recording.media_type,
            "duration": recording.duration,
        }
    )


def read_call_recording_content(visit: Visit) -> Answer:
    """`readCallRecordingContent`: the whole file, or a single range of it (206; 416 CMN-107)."""
    recording_id, recording = _find(visit)
    content = RecordingBytes(recording_id, recording, visit.state.options.recording_bytes_per_second)
    return media.serve(visit, content, recording.media_type, recording_id + _SUFFIXES[recording.media_type])


def _find(visit: Visit) -> tuple[str, Recording]:
    visit.check_account()
    recording_id, state = visit.ids["recordingId"], visit.state
    state.changes.tick(state.now(), request=False)
    index = state.calls.index_of_recording(recording_id)
    if index is None or not state.changes.exists(index) or state.absences.state(recording_id) != "there":
        raise bodies.not_found("callRecordingId", recording_id)
    return recording_id, state.calls.recordings(index)[recording_id]
