"""Media: the bytes of a file, whole or a single range of it, and call recordings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
from airflow_provider_ringcentral.sandbox.model.company import account_path
from airflow_provider_ringcentral.sandbox.model.recordings import RecordingBytes

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.model.call_templates import Recording

_SUFFIXES = {"audio/mpeg": ".mp3", "audio/wav": ".wav"}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)\Z")


class Content(Protocol):
    """A file: its size in bytes, and any stretch of them."""

    size: int

    def cut(self, first: int, end: int) -> bytes:
        """Return the bytes `first <= offset < end`."""


def serve(context: RequestContext, content: Content, media_type: str, name: str) -> ApiResponse:
    """Return the file (200), or a range of it (206; 416 CMN-107). `name` is the file name of an attachment."""
    headers = {"Accept-Ranges": "bytes"}
    kind = context.choice("contentDisposition", ("Inline", "Attachment"))
    if kind is not None:
        chosen = context.value("contentDispositionFilename") or name
        headers["Content-Disposition"] = f'{kind.lower()}; filename="{chosen}"'
    wanted = context.headers.get("range")
    if wanted is None:
        return ApiResponse(200, content.cut(0, content.size), media_type, headers)
    first, end = _span(wanted, content.size)
    headers["Content-Range"] = f"bytes {first}-{end - 1}/{content.size}"
    return ApiResponse(206, content.cut(first, end), media_type, headers)


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


def _bad_range(wanted: str, size: int) -> responses.ApiError:
    message = "Requested range is not satisfiable"
    headers = {"Content-Range": f"bytes */{size}"}
    return responses.api_error(416, "CMN-107", message, parameter="Range", value=wanted, headers=headers)


def read_call_recording(context: RequestContext) -> ApiResponse:
    """`readCallRecording`: type, duration and `contentUri` of a recording."""
    recording_id, recording = _find(context)
    return context.json(
        {
            "id": recording_id,
            "contentUri": f"{context.state.media_url}{account_path()}/recording/{recording_id}/content",
            "contentType": recording.media_type,
            "duration": recording.duration,
        }
    )


def read_call_recording_content(context: RequestContext) -> ApiResponse:
    """`readCallRecordingContent`: the whole file, or a single range of it (206; 416 CMN-107)."""
    recording_id, recording = _find(context)
    content = RecordingBytes(recording_id, recording, context.state.options.recording_bytes_per_second)
    return serve(context, content, recording.media_type, recording_id + _SUFFIXES[recording.media_type])


def _find(context: RequestContext) -> tuple[str, Recording]:
    context.check_account()
    recording_id, state = context.ids["recordingId"], context.state
    state.changes.tick(state.now(), request=False)
    index = state.calls.index_of_recording(recording_id)
    if index is None or not state.changes.exists(index) or state.missing_recordings.state(recording_id) != "there":
        raise responses.not_found("callRecordingId", recording_id)
    return recording_id, state.calls.recordings(index)[recording_id]
