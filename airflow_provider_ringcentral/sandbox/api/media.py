"""Bytes of media: the whole, or a single range of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from airflow_provider_ringcentral.sandbox.api import responses as bodies
from airflow_provider_ringcentral.sandbox.api.responses import Answer

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit

_RANGE = re.compile(r"bytes=(\d*)-(\d*)\Z")


class Content(Protocol):
    """So many bytes, and any stretch of them."""

    size: int

    def cut(self, first: int, end: int) -> bytes:
        """The bytes `first <= offset < end`."""


def serve(visit: Visit, content: Content, media_type: str, name: str) -> Answer:
    """200, or 206 for a range; 416 CMN-107. `name` is the file's, where the client wants an attachment."""
    headers = {"Accept-Ranges": "bytes"}
    kind = visit.choice("contentDisposition", ("Inline", "Attachment"))
    if kind is not None:
        chosen = visit.one("contentDispositionFilename") or name
        headers["Content-Disposition"] = f'{kind.lower()}; filename="{chosen}"'
    wanted = visit.headers.get("range")
    if wanted is None:
        return Answer(200, content.cut(0, content.size), media_type, headers)
    first, end = _span(wanted, content.size)
    headers["Content-Range"] = f"bytes {first}-{end - 1}/{content.size}"
    return Answer(206, content.cut(first, end), media_type, headers)


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
