"""Bytes of a media URI: from known hosts only, gone on with by `Range` where the connection broke.

Sources: operationIds readCallRecordingContent and readMessageContent, guide page basics/media.md (FACTS 1.1, 1.3, 6.8).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.client.errors import BadRequest, Unavailable
from airflow_provider_ringcentral.client.http.broken_connection import Lost, TooLarge
from airflow_provider_ringcentral.client.http.response_body import MOST_STORED_BYTES, chunks_of

if TYPE_CHECKING:
    import requests

    from airflow_provider_ringcentral.client.client import RingCentralClient

_NO_SUCH_RANGE = 416
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\*)")
_LENGTH = re.compile(r"[0-9]{1,18}")


@dataclass(slots=True)
class Media:
    """What was fetched: `bytes` so far, `total` bytes as announced (None: not announced), `content_type`."""

    bytes: int = 0
    total: int | None = None
    content_type: str | None = None


class MediaChanged(Unavailable):
    """What was fetched before belongs to other media than what is there now: begin anew."""


def download(
    client: RingCentralClient,
    uri: str,
    write: Callable[[bytes], object],
    media: Media | None = None,
    *,
    check: Callable[[str | None], object] | None = None,
) -> Media:
    """Hand the bytes of `uri` to `write`, each exactly once and in order, in pieces of at most 64 KiB.

    After a break the rest is asked for by `Range`; a server that sends the whole again is read past what is there.
    `media` says what an earlier try fetched, so that this one goes on after it, and is kept up to date: `total` and
    `content_type` are known when `write` is called. `check` is told the content type of each answer before its bytes
    are looked at, and what it raises ends the download. Raises `NotFound` when the media does not exist (any more),
    `MediaChanged` when it is not what the earlier bytes are of, `Unavailable` when it cannot be had complete.
    """
    media = Media() if media is None else media
    while media.total is None or media.bytes < media.total or media.bytes == 0:
        # A range counts bytes as they go over the wire, so what it goes on from must not have been compressed.
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if media.bytes:
            headers["Range"] = f"bytes={media.bytes}-"
        try:
            client.attempt_download(uri, headers, lambda response: _take(response, media, write, check))
        except _Broken:
            continue
        except _NotWritten as error:
            raise error.cause from None
        except BadRequest as error:
            if media.bytes and error.status == _NO_SUCH_RANGE:
                raise MediaChanged("the media is shorter than what was fetched of it") from error
            raise
        break
    if media.total is not None and media.bytes != media.total:
        raise Unavailable(f"the download has {media.bytes} bytes, announced were {media.total}")
    return media


class _Broken(Exception):
    """The body broke off after some bytes."""


class _NotWritten(Exception):
    """The bytes could not be put where they belong: no failure of the network, whatever its class."""

    def __init__(self, cause: Exception) -> None:
        super().__init__()
        self.cause = cause


def _take(
    response: requests.Response,
    media: Media,
    write: Callable[[bytes], object],
    check: Callable[[str | None], object] | None,
) -> None:
    if check is not None:
        check(response.headers.get("Content-Type"))
    start, total = _extent(response)
    if media.bytes and media.total not in (None, total):
        raise MediaChanged("the media changed while it was fetched")
    media.total = total
    media.content_type = response.headers.get("Content-Type")
    skip = media.bytes - start
    if skip < 0:
        raise Unavailable("the server went on at a later byte than was asked for")
    before = media.bytes
    try:
        for chunk in chunks_of(response, MOST_STORED_BYTES - start):
            piece = chunk[skip:] if skip else chunk
            skip = max(0, skip - len(chunk))
            if piece:
                _put(piece, write)
                media.bytes += len(piece)
    except TooLarge:
        raise
    except (OSError, Lost) as error:
        # A break before the first new byte is an ordinary failure, backed off from by the client's policy.
        if media.bytes > before:
            raise _Broken from error
        raise


def _put(piece: bytes, write: Callable[[bytes], object]) -> None:
    try:
        write(piece)
    except Exception as error:  # noqa: BLE001 - whatever a store raises, it is none of RingCentral's failures
        raise _NotWritten(error) from None


def _extent(response: requests.Response) -> tuple[int, int | None]:
    """First byte of the body and length of the whole."""
    found = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
    if response.status_code == 206 and found:
        return int(found[1]), None if found[2] == "*" else int(found[2])
    length = _LENGTH.fullmatch(response.headers.get("Content-Length", ""))
    return 0, int(length[0]) if length and not response.headers.get("Content-Encoding") else None
