"""Call recordings: metadata and bytes (`readCallRecording`, `readCallRecordingContent`)."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.sandbox import bodies
from airflow_provider_ringcentral.sandbox.bodies import Answer
from airflow_provider_ringcentral.sandbox.company import account_path

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.shapes import Shape
    from airflow_provider_ringcentral.sandbox.visit import Visit

BYTES_PER_SECOND = 4000
MEDIA_TYPE = "audio/mpeg"

_RANGE = re.compile(r"bytes=(\d*)-(\d*)\Z")
_PATTERN = 65_536


def read_call_recording(visit: Visit) -> Answer:
    """`readCallRecording`."""
    recording_id, shape = _find(visit)
    uri = f"{visit.state.url}{account_path()}/recording/{recording_id}/content"
    return visit.json({"id": recording_id, "contentUri": uri, "contentType": MEDIA_TYPE, "duration": shape.duration})


def read_call_recording_content(visit: Visit) -> Answer:
    """`readCallRecordingContent`: the whole file, or a single range of it (206; 416 CMN-107)."""
    recording_id, shape = _find(visit)
    size = shape.duration * BYTES_PER_SECOND
    headers = {"Accept-Ranges": "bytes"}
    kind = visit.choice("contentDisposition", ("Inline", "Attachment"))
    if kind is not None:
        name = visit.one("contentDispositionFilename") or f"{recording_id}.mp3"
        headers["Content-Disposition"] = f'{kind.lower()}; filename="{name}"'
    wanted = visit.headers.get("range")
    if wanted is None:
        return Answer(200, content(recording_id, 0, size), MEDIA_TYPE, headers)
    first, end = _span(wanted, size)
    headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    return Answer(206, content(recording_id, first, end), MEDIA_TYPE, headers)


def content(recording_id: str, first: int, end: int) -> bytes:
    """The bytes `first <= offset < end` of a recording, always the same for the same id."""
    seed = hashlib.sha512(recording_id.encode()).digest()
    pattern = b"ID3\x04" + seed * (_PATTERN // len(seed) - 1) + seed[4:]
    offset = first % len(pattern)
    copies = (offset + end - first) // len(pattern) + 1
    return (pattern * copies)[offset : offset + end - first]


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


def _find(visit: Visit) -> tuple[str, Shape]:
    visit.check_account()
    recording_id, state = visit.ids["recordingId"], visit.state
    index = state.calls.index_of_recording(recording_id)
    if index is None or not state.changes.exists(index) or recording_id in state.lost_recordings:
        raise bodies.not_found("callRecordingId", recording_id)
    return recording_id, state.calls.shape(index)
