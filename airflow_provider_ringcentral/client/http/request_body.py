"""Request bodies that can be sent any number of times, so that every retry sends the same bytes."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.fields import RequestField

from airflow_provider_ringcentral.client.errors import BadRequest


@dataclass(frozen=True, slots=True)
class FormPart:
    """A field of a form. Each call of `chunks` yields its `size` bytes from the start.

    `filename` and `content_type` are for files.
    """

    name: str
    size: int
    chunks: Callable[[], Iterable[bytes]]
    filename: str | None = None
    content_type: str | None = None

    def head(self, boundary: str) -> bytes:
        """Return the boundary and headers in front of the bytes."""
        field = RequestField(self.name, b"", self.filename)
        field.make_multipart(content_type=self.content_type)
        return f"--{boundary}\r\n{field.render_headers()}".encode()


def text_part(name: str, value: str) -> FormPart:
    """Return a field with the UTF-8 text `value`."""
    data = value.encode()
    return FormPart(name, len(data), lambda: (data,))


class MultipartBody:
    """A multipart/form-data body for the `data` of a request; put `content_type` into its headers.

    requests itself would read all files into memory, twice. It sends an iterable with a length chunk by chunk, and
    every retry iterates again.
    """

    def __init__(self, parts: Sequence[FormPart]) -> None:
        boundary = uuid.uuid4().hex
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._parts = [(part.head(boundary), part) for part in parts]
        self._end = f"--{boundary}--\r\n".encode()

    def __len__(self) -> int:
        return sum(len(head) + part.size + len(b"\r\n") for head, part in self._parts) + len(self._end)

    def __iter__(self) -> Iterator[bytes]:
        for head, part in self._parts:
            yield head
            yield from part.chunks()
            yield b"\r\n"
        yield self._end


MAX_BYTES = 64 << 20
"""Limit for a body in memory. RingCentral accepts at most 50 MB (faxes, A2P batches)."""


def replayable(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a request with `json`, `data` and `files` as one body that can be sent repeatedly.

    Reads files, streams and iterators: a retry would find them at their end and send nothing. Raises `BadRequest` for a
    body or a header that cannot be sent, before anything is sent.
    """
    data, headers = options.get("data"), dict(options.get("headers") or {})
    _check_headers(headers)
    rest = {name: value for name, value in options.items() if name not in ("json", "data", "files", "headers")}
    if isinstance(data, MultipartBody):
        return {**rest, "data": data, "headers": headers}
    if not options.get("files"):
        data = _read(data)
    try:
        prepared = requests.Request(
            "POST",
            "http://127.0.0.1/",
            data=data,
            files=options.get("files"),
            json=options.get("json"),
            headers=headers,
        ).prepare()
    except (requests.exceptions.RequestException, ValueError, TypeError, OSError) as error:
        raise BadRequest(f"the request cannot be sent: {error}", parameter="body") from error
    body = prepared.body
    if body is not None and len(body) > MAX_BYTES:
        raise _too_large()
    if "Content-Type" in prepared.headers and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = prepared.headers["Content-Type"]
    return {**rest, "data": body, "headers": headers}


def _read(data: Any) -> Any:
    """Return `data` as bytes or a form, which requests can encode."""
    if data is None or isinstance(data, str | bytes | bytearray | Mapping):
        return bytes(data) if isinstance(data, bytearray) else data
    if isinstance(data, list | tuple) and all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in data):
        return data
    if hasattr(data, "read"):
        return _joined(_chunks_of(data))
    if hasattr(data, "__iter__"):
        return _joined(iter(data))
    raise BadRequest(
        f"data is a {type(data).__name__}, which cannot be sent; use bytes, a string, a form, a file or an iterable "
        "of bytes",
        parameter="data",
    )


def _chunks_of(file: Any) -> Iterator[Any]:
    """Yield the chunks of a file from its current position."""
    while chunk := file.read(1 << 16):
        yield chunk


def _joined(chunks: Iterator[Any]) -> bytes:
    whole = bytearray()
    for chunk in chunks:
        if not isinstance(chunk, str | bytes | bytearray | memoryview):
            raise BadRequest(f"data yields a {type(chunk).__name__} instead of bytes", parameter="data")
        whole += chunk.encode() if isinstance(chunk, str) else chunk
        if len(whole) > MAX_BYTES:
            raise _too_large()
    return bytes(whole)


def _too_large() -> BadRequest:
    return BadRequest(
        f"the body has more than {MAX_BYTES >> 20} MiB, and RingCentral accepts less; send less at a time",
        parameter="data",
    )


def _check_headers(headers: Mapping[str, Any]) -> None:
    """Refuse headers that http.client would refuse later, when the request has used a rate limit slot."""
    for name, value in headers.items():
        try:
            requests.utils.check_header_validity((name, value))
            _ = [part.encode("latin-1") for part in (name, value) if isinstance(part, str)]
        except (requests.exceptions.InvalidHeader, UnicodeEncodeError):
            raise BadRequest(f"the header {name!r} has a value that HTTP forbids", parameter="headers") from None
