"""The body of a response, read in bounded memory whatever its size or encoding.

urllib3 decompresses a chunk at once, and 64 KiB may hold 64 MiB. Here it is decompressed piece by piece, and reading
stops at a limit.
"""

from __future__ import annotations

import io
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import urllib3

from airflow_provider_ringcentral.client.http.connection_errors import ResponseLost, ResponseTooLarge

if TYPE_CHECKING:
    import requests

CHUNK_BYTES = 1 << 16
"""Size of a chunk. What was read of a chunk before the connection breaks is lost, so chunks are small."""

MAX_BYTES = 64 << 20
"""Limit for a body in memory. The largest known ones have a few MB: a thousand detailed calls."""

MAX_STORED_BYTES = 8 << 30
"""Limit for a body that is stored on disk."""

MAX_ERROR_BYTES = 1 << 18
"""Limit for the body of an error. RingCentral's have a few hundred bytes."""

ACCEPTED_ENCODINGS = "gzip, deflate"
_GZIP_MAGIC = b"\x1f"
_UNCOMPRESSED = ("", "identity")


def iter_body(response: requests.Response, limit: int | None = None) -> Iterator[bytes]:
    """Yield the decompressed body in chunks of at most 64 KiB.

    Raises `ResponseTooLarge` beyond `limit` bytes, and `ResponseLost`.
    """
    read = 0
    for chunk in _decompressed(response):
        read += len(chunk)
        if limit is not None and read > limit:
            raise ResponseTooLarge(f"the response has more than {limit >> 20} MiB, the limit")
        yield chunk


def read_body(response: requests.Response, limit: int = MAX_BYTES) -> bytes:
    """Return the decompressed body. Raises `ResponseTooLarge` beyond `limit` bytes, and `ResponseLost`."""
    length = response.raw.headers.get("Content-Length", "")
    if _encoding(response) in _UNCOMPRESSED and length.isdigit() and int(length) <= limit:
        # One read takes an eighth of the CPU time of chunks, and http.client reads no more than the length.
        with _translating_errors():
            return bytes(response.raw.read(decode_content=False))
    # Unlike joining chunks, this does not copy the body a second time.
    whole = io.BytesIO()
    for chunk in iter_body(response, limit):
        whole.write(chunk)
    return whole.getvalue()


def read_error_body(response: requests.Response) -> bytes:
    """Return the start of an error's body, empty if it cannot be read: the status is enough."""
    read = bytearray()
    try:
        for chunk in iter_body(response):
            read += chunk
            if len(read) > MAX_ERROR_BYTES:
                break
    except ResponseLost:
        return b""
    return bytes(read)


def load_body(response: requests.Response) -> requests.Response:
    """Read the body into memory, where `content`, `text` and `json()` find it, and return the response."""
    set_body(response, read_body(response))
    _ = response.content
    return response


def spool_body(response: requests.Response) -> tuple[str, IO[bytes]]:
    """Return content type and body of a response, the body in a temporary file positioned at its start."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        for chunk in iter_body(response, MAX_STORED_BYTES):
            file.write(chunk)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return response.headers.get("Content-Type", ""), file


def set_body(response: requests.Response, body: bytes) -> None:
    """Make `body`, which was read already, the response's unread body."""
    # A connection that is back in the pool stays open.
    response.raw.close()
    response.raw = urllib3.HTTPResponse(io.BytesIO(body), preload_content=False)


def _decompressed(response: requests.Response) -> Iterator[bytes]:
    encoding = _encoding(response)
    chunks = _received(response)
    if encoding in _UNCOMPRESSED:
        return chunks
    if encoding in ("gzip", "x-gzip"):
        return _inflated(chunks, zlib.MAX_WBITS + 16)
    if encoding == "deflate":
        return _inflated(chunks, zlib.MAX_WBITS)
    raise ResponseLost("the response is compressed in a way that was not requested")


def _received(response: requests.Response) -> Iterator[bytes]:
    """Yield the chunks of the body as received."""
    with _translating_errors():
        while chunk := response.raw.read(CHUNK_BYTES, decode_content=False):
            yield chunk


@contextmanager
def _translating_errors() -> Iterator[None]:
    try:
        yield
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise ResponseLost(f"the response broke off ({type(error).__name__})") from None


def _encoding(response: requests.Response) -> str:
    return str(response.raw.headers.get("Content-Encoding", "")).strip().lower()


def _inflated(chunks: Iterator[bytes], bits: int) -> Iterator[bytes]:
    """Yield the decompressed chunks, of at most 64 KiB."""
    inflater = None
    for chunk in chunks:
        left = chunk
        inflater = inflater or _inflater(left, bits)
        while True:
            try:
                out = inflater.decompress(left, CHUNK_BYTES)
            except zlib.error:
                raise ResponseLost("the response cannot be decompressed") from None
            if out:
                yield out
            left = inflater.unconsumed_tail
            if inflater.eof:
                left = inflater.unused_data
                # Several gzip members may follow each other, and padding the last one.
                if not left.startswith(_GZIP_MAGIC):
                    return
                inflater = _inflater(left, bits)
            elif not left and len(out) < CHUNK_BYTES:
                break
    if inflater is not None and not inflater.eof:
        raise ResponseLost("the response broke off")


def _inflater(start: bytes, bits: int) -> zlib._Decompress:
    """Return a decompressor. Some servers send `deflate` without zlib's header of two bytes."""
    raw = bits == zlib.MAX_WBITS and (start[0] & 15 != 8 or int.from_bytes(start[:2], "big") % 31 != 0)
    return zlib.decompressobj(-bits if raw else bits)
