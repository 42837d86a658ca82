"""The body of a request, made once: every try of the request sends the same bytes.

A form with files as a body that is read while it is sent, as often as it is sent.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests
from urllib3.fields import RequestField

from airflow_provider_ringcentral.client.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Part:
    """A field of a form: `size` bytes, which each call of `chunks` gives from the start; of a file, name and type."""

    name: str
    size: int
    chunks: Callable[[], Iterable[bytes]]
    filename: str | None = None
    content_type: str | None = None

    def head(self, boundary: str) -> bytes:
        """What stands before the bytes."""
        field = RequestField(self.name, b"", self.filename)
        field.make_multipart(content_type=self.content_type)
        return f"--{boundary}\r\n{field.render_headers()}".encode()


def text_part(name: str, value: str) -> Part:
    """A field with a text."""
    data = value.encode()
    return Part(name, len(data), lambda: (data,))


class MultipartBody:
    """`data` for a request; `content_type` belongs into its headers.

    requests would read all files into memory, twice. An iterable that knows its length is sent as it comes, with a
    Content-Length; and since every try iterates anew, a repeated one sends the same bytes.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
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


MOST_BYTES = 64 << 20
"""Of a body that is held in memory. RingCentral takes 50 MB at most (faxes, A2P batches)."""


def replayable(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a request, with `json`, `data` and `files` as one body that can be sent any number of times.

    Files, streams and iterators are read here, since a second try would find them at their end, and send nothing.
    Raises `BadRequest` for a body or a header that cannot be sent, before anything is.
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
        raise BadRequest(f"the request cannot be sent as it is given: {error}", parameter="body") from error
    body = prepared.body
    if body is not None and len(body) > MOST_BYTES:
        raise _too_large()
    if "Content-Type" in prepared.headers and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = prepared.headers["Content-Type"]
    return {**rest, "data": body, "headers": headers}


def _read(data: Any) -> Any:
    """What requests can make one body of: bytes, or a form."""
    if data is None or isinstance(data, str | bytes | bytearray | Mapping):
        return bytes(data) if isinstance(data, bytearray) else data
    if isinstance(data, list | tuple) and all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in data):
        return data
    if hasattr(data, "read"):
        return _joined(_pieces_of(data))
    if hasattr(data, "__iter__"):
        return _joined(iter(data))
    raise BadRequest(
        f"data is a {type(data).__name__}, which cannot be sent; give bytes, a text, a form, a file or an iterable of "
        "bytes",
        parameter="data",
    )


def _pieces_of(file: Any) -> Iterator[Any]:
    """A file from where it stands."""
    while piece := file.read(1 << 16):
        yield piece


def _joined(pieces: Iterator[Any]) -> bytes:
    whole = bytearray()
    for piece in pieces:
        if not isinstance(piece, str | bytes | bytearray | memoryview):
            raise BadRequest(f"data gives a {type(piece).__name__} where bytes are needed", parameter="data")
        whole += piece.encode() if isinstance(piece, str) else piece
        if len(whole) > MOST_BYTES:
            raise _too_large()
    return bytes(whole)


def _too_large() -> BadRequest:
    return BadRequest(
        f"the body has more than {MOST_BYTES >> 20} MiB, which RingCentral takes of no request; send less at a time",
        parameter="data",
    )


def _check_headers(headers: Mapping[str, Any]) -> None:
    """Refuse what http.client would refuse after the request's place in the quota is taken."""
    for name, value in headers.items():
        try:
            requests.utils.check_header_validity((name, value))
            _ = [part.encode("latin-1") for part in (name, value) if isinstance(part, str)]
        except (requests.exceptions.InvalidHeader, UnicodeEncodeError):
            raise BadRequest(f"the header {name!r} has a value that HTTP does not allow", parameter="headers") from None
