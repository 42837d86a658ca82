"""Download of a media URI, resumed with `Range` where the connection broke.

Sources: operationIds readCallRecordingContent and readMessageContent, guide page basics/media.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.client.errors import BadRequest, Unavailable
from airflow_provider_ringcentral.client.http.connection_errors import ResponseLost, ResponseTooLarge
from airflow_provider_ringcentral.client.http.response_body import MAX_STORED_BYTES, iter_body

if TYPE_CHECKING:
    import requests

    from airflow_provider_ringcentral.client.client import RingCentralClient

_NO_SUCH_RANGE = 416
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\*)")
_LENGTH = re.compile(r"[0-9]{1,18}")


@dataclass(slots=True)
class Media:
    """Progress of a download: `bytes` received, `total` bytes as announced (None: unknown), `content_type`."""

    bytes: int = 0
    total: int | None = None
    content_type: str | None = None


class MediaChanged(Unavailable):
    """The media changed since the earlier bytes were downloaded; start from the beginning."""


def download(
    client: RingCentralClient,
    uri: str,
    write: Callable[[bytes], object],
    media: Media | None = None,
    *,
    check: Callable[[str | None], object] | None = None,
) -> Media:
    """Pass the bytes of `uri` to `write`, each exactly once and in order, in chunks of at most 64 KiB.

    After a broken connection the rest is requested with `Range`; if the server sends everything again, the part that
    was received is skipped. `media` is the progress of an earlier try, from which this one resumes, and is updated:
    `total` and `content_type` are known when `write` is called. `check` gets the content type of each response before
    its bytes are read; what it raises ends the download. Raises `NotFound` if the media does not exist (any more),
    `MediaChanged` if the earlier bytes are of other media, and `Unavailable` if the download stays incomplete.
    """
    media = Media() if media is None else media
    while media.total is None or media.bytes < media.total or media.bytes == 0:
        # A range counts transferred bytes, so a download that may be resumed must not be compressed.
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if media.bytes:
            headers["Range"] = f"bytes={media.bytes}-"
        try:
            client.attempt_download(uri, headers, lambda response: _receive(response, media, write, check))
        except _Broken:
            continue
        except _NotWritten as error:
            raise error.cause from None
        except BadRequest as error:
            if media.bytes and error.status == _NO_SUCH_RANGE:
                raise MediaChanged("the media is shorter than the part downloaded before") from error
            raise
        break
    if media.total is not None and media.bytes != media.total:
        raise Unavailable(f"the download has {media.bytes} bytes instead of {media.total}")
    return media


class _Broken(Exception):
    """The connection broke after some bytes were received."""


class _NotWritten(Exception):
    """`write` failed. Not a failure of the network, whatever the class of the cause."""

    def __init__(self, cause: Exception) -> None:
        super().__init__()
        self.cause = cause


def _receive(
    response: requests.Response,
    media: Media,
    write: Callable[[bytes], object],
    check: Callable[[str | None], object] | None,
) -> None:
    if check is not None:
        check(response.headers.get("Content-Type"))
    start, total = _position(response)
    if media.bytes and media.total not in (None, total):
        raise MediaChanged("the media changed during the download")
    media.total = total
    media.content_type = response.headers.get("Content-Type")
    skip = media.bytes - start
    if skip < 0:
        raise Unavailable("the server continued after a later byte than requested")
    before = media.bytes
    try:
        for chunk in iter_body(response, MAX_STORED_BYTES - start):
            rest = chunk[skip:] if skip else chunk
            skip = max(0, skip - len(chunk))
            if rest:
                _write(rest, write)
                media.bytes += len(rest)
    except ResponseTooLarge:
        raise
    except (OSError, ResponseLost) as error:
        # Without new bytes it is an ordinary failure, retried with backoff by the client's policy.
        if media.bytes > before:
            raise _Broken from error
        raise


def _write(rest: bytes, write: Callable[[bytes], object]) -> None:
    try:
        write(rest)
    except Exception as error:  # noqa: BLE001 - whatever a store raises is not RingCentral's failure
        raise _NotWritten(error) from None


def _position(response: requests.Response) -> tuple[int, int | None]:
    """Return the position of the body's first byte, and the length of the media if known."""
    found = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
    if response.status_code == 206 and found:
        return int(found[1]), None if found[2] == "*" else int(found[2])
    length = _LENGTH.fullmatch(response.headers.get("Content-Length", ""))
    return 0, int(length[0]) if length and not response.headers.get("Content-Encoding") else None
