"""Call recordings: metadata and bytes (`readCallRecording`, `readCallRecordingContent`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.sandbox import bodies
from airflow_provider_ringcentral.sandbox.bodies import Answer
from airflow_provider_ringcentral.sandbox.company import account_path
from airflow_provider_ringcentral.sandbox.recording_bytes import RecordingBytes

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.shapes import Recording
    from airflow_provider_ringcentral.sandbox.visit import Visit

_RANGE = re.compile(r"bytes=(\d*)-(\d*)\Z")
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
    headers = {"Accept-Ranges": "bytes"}
    kind = visit.choice("contentDisposition", ("Inline", "Attachment"))
    if kind is not None:
        name = visit.one("contentDispositionFilename") or recording_id + _SUFFIXES[recording.media_type]
        headers["Content-Disposition"] = f'{kind.lower()}; filename="{name}"'
    wanted = visit.headers.get("range")
    if wanted is None:
        return Answer(200, content.cut(0, content.size), recording.media_type, headers)
    first, end = _span(wanted, content.size)
    headers["Content-Range"] = f"bytes {first}-{end - 1}/{content.size}"
    return Answer(206, content.cut(first, end), recording.media_type, headers)


def _span(wanted: str, size: int) -> tuple[int, int]:
    match = _RANGE.match(wanted)
    if match is None or match[0] == "bytes=-":
        raise _bad_range(wanted, size)
    if not match[1]:
        first, end = max(0, size - int(match[2])), size
    else:
        first, end = int(match[1]), min(size, int(match[2]) + 1 if match[2] else size)
    if first >= end:
        raise _bad_range(wanted, size)
    return first, end


def _bad_range(wanted: str, size: int) -> bodies.Refusal:
    message = "Requested range is not satisfiable"
    headers = {"Content-Range": f"bytes */{size}"}
    return bodies.refusal(416, "CMN-107", message, parameter="Range", value=wanted, headers=headers)


def _find(visit: Visit) -> tuple[str, Recording]:
    visit.check_account()
    recording_id, state = visit.ids["recordingId"], visit.state
    state.changes.tick(state.now(), request=False)
    index = state.calls.index_of_recording(recording_id)
    if index is None or not state.changes.exists(index) or state.absences.state(recording_id) != "there":
        raise bodies.not_found("callRecordingId", recording_id)
    return recording_id, state.calls.recordings(index)[recording_id]
