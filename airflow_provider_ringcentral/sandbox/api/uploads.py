"""Multipart bodies, taken apart while they arrive (RFC 2046, RFC 7578)."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import Message as Headers
from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.sandbox.api.responses import decode
from airflow_provider_ringcentral.sandbox.model.blob import Blob

if TYPE_CHECKING:
    from starlette.types import Receive

_LONGEST_HEADERS = 16_384


@dataclass(slots=True)
class Part:
    """One part: its headers and its bytes. `content_type` is lower case, without parameters; "" when not given."""

    headers: Headers
    blob: Blob = field(default_factory=Blob)

    @property
    def name(self) -> str | None:
        """The form field."""
        return _parameter(self.headers, "name")

    @property
    def filename(self) -> str | None:
        """The file's name."""
        return _parameter(self.headers, "filename")

    @property
    def content_type(self) -> str:
        """The media type as given."""
        return str(self.headers.get("Content-Type", "")).partition(";")[0].strip().lower()

    @property
    def disposition(self) -> str | None:
        """`form-data` or `attachment`."""
        return self.headers.get_content_disposition()

    def text(self) -> str:
        """The bytes as text."""
        return self.blob.cut().decode("utf-8", "replace")


def _parameter(headers: Headers, name: str) -> str | None:
    value = headers.get_param(name, header="Content-Disposition")
    return value[2] if isinstance(value, tuple) else None if value is None else str(value)


@dataclass(slots=True)
class Upload:
    """A body that may be large: the `parts` of a multipart one, or a single part with the whole body.

    `broken`: it is not what its Content-Type says.
    """

    parts: list[Part]
    multipart: bool = True
    broken: bool = False

    def envelope(self) -> dict[str, object] | None:
        """The JSON object of the first part, None when the first part is none."""
        if not self.parts or self.parts[0].content_type != "application/json":
            return None
        try:
            value = decode(self.parts[0].blob.cut())
        except ValueError:
            return None
        return value if isinstance(value, dict) else None


class Splitter:
    """Takes a multipart body in pieces of any size; `parts` grows, `done` says that the closing boundary came."""

    def __init__(self, boundary: str) -> None:
        self.parts: list[Part] = []
        self.done = False
        self.broken = False
        self._delimiter = b"\r\n--" + boundary.encode("latin-1")
        # The first boundary may stand at the very beginning, without a line break before it.
        self._buffer = bytearray(b"\r\n")
        self._inside = False
        self._headers = False

    def feed(self, data: bytes) -> None:
        """The next bytes of the body."""
        self._buffer += data
        while not self.done and not self.broken and (self._headers_end() if self._headers else self._boundary()):
            pass

    def _boundary(self) -> bool:
        found = self._buffer.find(self._delimiter)
        if found < 0:
            keep = len(self._delimiter) - 1
            self._pass_on(max(0, len(self._buffer) - keep))
            return False
        after = found + len(self._delimiter)
        if len(self._buffer) < after + 2:
            return False
        self._pass_on(found)
        following = bytes(self._buffer[len(self._delimiter) : len(self._delimiter) + 2])
        self.done = following == b"--"
        self.broken = following not in {b"--", b"\r\n"}
        del self._buffer[: len(self._delimiter)]
        self._headers = True
        return True

    def _pass_on(self, count: int) -> None:
        if self._inside and count:
            with memoryview(self._buffer) as view:
                self.parts[-1].blob.write(view[:count])
        del self._buffer[:count]

    def _headers_end(self) -> bool:
        found = self._buffer.find(b"\r\n\r\n")
        if found < 0:
            self.broken = len(self._buffer) > _LONGEST_HEADERS
            return False
        headers = BytesHeaderParser().parsebytes(bytes(self._buffer[2 : found + 4]))
        self.parts.append(Part(headers))
        del self._buffer[: found + 4]
        self._inside, self._headers = True, False
        return True


async def receive_upload(receive: Receive, content_type: str) -> Upload:
    """Reads a request's body to its end."""
    headers = Headers()
    headers["Content-Type"] = content_type or "application/octet-stream"
    boundary = headers.get_boundary()
    splitter = Splitter(boundary) if headers.get_content_maintype() == "multipart" and boundary else None
    whole = Part(headers)
    while True:
        message = await receive()
        data = message.get("body", b"")
        if splitter is None:
            whole.blob.write(data)
        else:
            splitter.feed(data)
        if not message.get("more_body"):
            break
    if splitter is None:
        return Upload([whole], multipart=False, broken=headers.get_content_maintype() == "multipart")
    return Upload(splitter.parts, broken=splitter.broken or not splitter.done)
