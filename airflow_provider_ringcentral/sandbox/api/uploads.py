"""Multipart bodies, parsed while they arrive, and the checks of the files in them.

A fax is `multipart/form-data` or `multipart/mixed`, and its parts need their own headers. Starlette's form parser reads
form data only, so this module drives the parser below it (python-multipart), which takes both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import Message as Headers
from typing import TYPE_CHECKING

from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.model.blob import Blob

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive


@dataclass(slots=True)
class Part:
    """One part: its headers and its bytes. `content_type` is lower case, without parameters; "" when absent."""

    headers: Headers = field(default_factory=Headers)
    blob: Blob = field(default_factory=Blob)

    @property
    def name(self) -> str | None:
        """The name of the form field."""
        return self._disposition_parameter("name")

    @property
    def filename(self) -> str | None:
        """The name of the file."""
        return self._disposition_parameter("filename")

    def _disposition_parameter(self, name: str) -> str | None:
        value = self.headers.get_param(name, header="Content-Disposition")
        return value[2] if isinstance(value, tuple) else None if value is None else str(value)

    @property
    def content_type(self) -> str:
        """The media type as given."""
        return str(self.headers.get("Content-Type", "")).partition(";")[0].strip().lower()

    @property
    def disposition(self) -> str | None:
        """The value of Content-Disposition, such as `form-data` or `attachment`."""
        return self.headers.get_content_disposition()

    def text(self) -> str:
        """Return the bytes as text."""
        return self.blob.cut().decode("utf-8", "replace")


@dataclass(slots=True)
class Upload:
    """A body that may be large: the `parts` of a multipart one, or a single part with the whole body.

    `broken`: the body does not match its Content-Type.
    """

    parts: list[Part] = field(default_factory=list)
    multipart: bool = True
    broken: bool = False

    def envelope(self) -> dict[str, object] | None:
        """Return the JSON object in the first part, or None when that holds something else."""
        if not self.parts or self.parts[0].content_type != responses.JSON:
            return None
        try:
            value = responses.decode(self.parts[0].blob.cut())
        except ValueError:
            return None
        return value if isinstance(value, dict) else None


async def receive_upload(receive: Receive, content_type: str) -> Upload:
    """Read a request's body to its end."""
    headers = Headers()
    headers["Content-Type"] = content_type or "application/octet-stream"
    boundary = headers.get_boundary()
    is_multipart = headers.get_content_maintype() == "multipart"
    if not (is_multipart and boundary):
        upload = Upload([Part(headers)], multipart=False, broken=is_multipart)
        async for data in _chunks(receive):
            upload.parts[0].blob.write(data)
        return upload
    upload = Upload(broken=True)
    parser = _parser(upload, boundary)
    failed = False
    async for data in _chunks(receive):
        try:
            if not failed:
                parser.write(data)
        except MultipartParseError:
            failed = True
    upload.broken = upload.broken or failed
    return upload


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        yield message.get("body", b"")
        more = message.get("more_body", False)


def _parser(upload: Upload, boundary: str) -> MultipartParser:
    """Return a parser that fills `upload`, which is `broken` until the closing boundary has come."""
    name, value = bytearray(), bytearray()

    def end_header() -> None:
        upload.parts[-1].headers[name.decode("latin-1")] = value.decode("utf-8", "replace")
        name.clear()
        value.clear()

    def end() -> None:
        upload.broken = False

    return MultipartParser(
        boundary.encode("latin-1"),
        {
            "on_part_begin": lambda: upload.parts.append(Part()),
            "on_header_field": lambda data, first, last: name.extend(data[first:last]),
            "on_header_value": lambda data, first, last: value.extend(data[first:last]),
            "on_header_end": end_header,
            "on_part_data": lambda data, first, last: upload.parts[-1].blob.write(data[first:last]),
            "on_end": end,
        },
    )


def check_size(part: Part, most: int) -> None:
    """Refuse a file that is empty (MSG-347) or has more than `most` bytes (MSG-337)."""
    if part.blob.size == 0:
        raise responses.api_error(400, "MSG-347", "Attachment is empty")
    if part.blob.size > most:
        raise responses.api_error(400, "MSG-337", "Attachment is too large")


def check_total(files: list[Part], most: int) -> None:
    """Refuse files that have more than `most` bytes together (MSG-338)."""
    if sum(part.blob.size for part in files) > most:
        raise responses.api_error(400, "MSG-338", "Message is too large")


def check_disposition(part: Part) -> None:
    """Refuse a file without Content-Disposition (MSG-350) or name (MSG-351)."""
    if part.disposition not in {"form-data", "attachment"}:
        raise responses.api_error(400, "MSG-350", "Content-Disposition of an attachment is absent or invalid")
    if not part.filename:
        raise responses.api_error(400, "MSG-351", "File name of an attachment is absent or invalid")


def malformed() -> responses.ApiError:
    """Return 400: the body is not a well-formed multipart body."""
    return responses.api_error(400, "CMN-104", "Multipart request is malformed", word="InvalidMultipartRequest")
