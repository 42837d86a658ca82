"""A form with files as a body that is read while it is sent, as often as it is sent."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from urllib3.fields import RequestField


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
