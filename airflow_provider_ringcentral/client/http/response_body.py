"""The body of an answer, read in bounded memory whatever it is or claims to be.

urllib3 unpacks a piece of a compressed body in one go, and a piece of 64 KiB may hold 64 MiB: here it is unpacked bit
by bit, and what grows beyond its bound is not read to its end.
"""

from __future__ import annotations

import io
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import urllib3

from airflow_provider_ringcentral.client.http.broken_connection import Lost, TooLarge

if TYPE_CHECKING:
    import requests

CHUNK_BYTES = 1 << 16
"""A piece of a body. What is read of a piece before the connection breaks is lost, so it is no larger."""

MOST_BYTES = 64 << 20
"""Of an answer that is held in memory. The largest known are a few MB: a thousand detailed calls."""

MOST_STORED_BYTES = 8 << 30
"""Of an answer that goes to a disk."""

ERROR_BYTES = 1 << 18
"""What is read of a refusal; RingCentral's have a few hundred bytes."""

ACCEPTED_ENCODINGS = "gzip, deflate"
_GZIP_MAGIC = b"\x1f"
_NOT_PACKED = ("", "identity")


def chunks_of(response: requests.Response, most: int | None = None) -> Iterator[bytes]:
    """The body, unpacked, in pieces of at most 64 KiB. Raises `TooLarge` beyond `most` bytes, and `Lost`."""
    read = 0
    for chunk in _unpacked(response):
        read += len(chunk)
        if most is not None and read > most:
            raise TooLarge(f"the answer has more than the {most >> 20} MiB that are read of it")
        yield chunk


def body_of(response: requests.Response, most: int = MOST_BYTES) -> bytes:
    """The whole body. Raises `TooLarge` beyond `most` bytes, and `Lost`."""
    length = response.raw.headers.get("Content-Length", "")
    if _encoding(response) in _NOT_PACKED and length.isdigit() and int(length) <= most:
        # One read takes an eighth of the CPU time of pieces, and http.client reads no more than the length.
        with _lost_when_broken():
            return bytes(response.raw.read(decode_content=False))
    # Unlike joined pieces, its value is not a second copy.
    whole = io.BytesIO()
    for chunk in chunks_of(response, most):
        whole.write(chunk)
    return whole.getvalue()


def error_body_of(response: requests.Response) -> bytes:
    """The body of a refusal, as far as it can be read: the status has said enough."""
    read = bytearray()
    try:
        for chunk in chunks_of(response):
            read += chunk
            if len(read) > ERROR_BYTES:
                break
    except Lost:
        return b""
    return bytes(read)


def loaded(response: requests.Response) -> requests.Response:
    """The answer, with its body in memory, where `content`, `text` and `json()` take it from."""
    keep(response, body_of(response))
    _ = response.content
    return response


def spooled(response: requests.Response) -> tuple[str, IO[bytes]]:
    """Content type and body of the answer, the body in a temporary file that stands at its beginning."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever gets it closes it
    try:
        for chunk in chunks_of(response, MOST_STORED_BYTES):
            file.write(chunk)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return response.headers.get("Content-Type", ""), file


def keep(response: requests.Response, body: bytes) -> None:
    """Give an answer whose body was read a body that can be read."""
    # Of a connection that is back in the pool this closes nothing.
    response.raw.close()
    response.raw = urllib3.HTTPResponse(io.BytesIO(body), preload_content=False)


def _unpacked(response: requests.Response) -> Iterator[bytes]:
    encoding = _encoding(response)
    pieces = _pieces(response)
    if encoding in _NOT_PACKED:
        return pieces
    if encoding in ("gzip", "x-gzip"):
        return _inflated(pieces, zlib.MAX_WBITS + 16)
    if encoding == "deflate":
        return _inflated(pieces, zlib.MAX_WBITS)
    raise Lost("the answer is packed in a way that was not asked for")


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """As they come over the wire."""
    with _lost_when_broken():
        while piece := response.raw.read(CHUNK_BYTES, decode_content=False):
            yield piece


@contextmanager
def _lost_when_broken() -> Iterator[None]:
    try:
        yield
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Lost(f"the answer broke off ({type(error).__name__})") from None


def _encoding(response: requests.Response) -> str:
    return str(response.raw.headers.get("Content-Encoding", "")).strip().lower()


def _inflated(pieces: Iterator[bytes], bits: int) -> Iterator[bytes]:
    """Unpacked, in pieces of at most 64 KiB."""
    inflater = None
    for piece in pieces:
        left = piece
        inflater = inflater or _inflater(left, bits)
        while True:
            try:
                out = inflater.decompress(left, CHUNK_BYTES)
            except zlib.error:
                raise Lost("the answer cannot be unpacked") from None
            if out:
                yield out
            left = inflater.unconsumed_tail
            if inflater.eof:
                left = inflater.unused_data
                # Members may follow each other; padding may follow the last one.
                if not left.startswith(_GZIP_MAGIC):
                    return
                inflater = _inflater(left, bits)
            elif not left and len(out) < CHUNK_BYTES:
                break
    if inflater is not None and not inflater.eof:
        raise Lost("the answer broke off")


def _inflater(begin: bytes, bits: int) -> zlib._Decompress:
    """For a body that begins so: some servers send `deflate` without zlib's head of two bytes."""
    headless = bits == zlib.MAX_WBITS and (begin[0] & 15 != 8 or int.from_bytes(begin[:2], "big") % 31 != 0)
    return zlib.decompressobj(-bits if headless else bits)
