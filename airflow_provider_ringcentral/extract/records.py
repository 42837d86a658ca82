"""Any list of RingCentral, or any answer, into a file that is complete or absent.

A media file of RingCentral (recording, attachment) into a file that is complete or absent.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_ringcentral.client.endpoints import READING_METHODS
from airflow_provider_ringcentral.client.errors import OutcomeUnknown
from airflow_provider_ringcentral.client.errors.arguments import BadArgument, NotMedia
from airflow_provider_ringcentral.client.http.download import download
from airflow_provider_ringcentral.client.paging import rows
from airflow_provider_ringcentral.extract.recordings.media_kind import API_ANSWER, RECORDING, MediaKind, kind_of
from airflow_provider_ringcentral.files.atomic import Writer, check_destination, complete_file
from airflow_provider_ringcentral.files.formats import format_of
from airflow_provider_ringcentral.files.receipt import Receipt

if TYPE_CHECKING:
    from upath import UPath

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.usage import Usage


def fetch_media(client: RingCentralClient, uri: str, destination: UPath, content_types: Sequence[str] = ()) -> Receipt:
    """Fetch a `contentUri` to `destination`; `format` of the receipt is its content type.

    `content_types`, such as `("audio/*",)`, are those to accept; none: audio for a recording, for anything else all but
    HTML and JSON. Raises `NotMedia` for another one and for an empty answer, and what the client raises.
    """
    kind = (
        MediaKind(f"file of type {', '.join(content_types)}", tuple(content_types)) if content_types else kind_of(uri)
    )
    check_destination(destination)
    requests, waited = client.usage.requests, client.usage.waited
    with complete_file(destination) as out:
        media = download(client, uri, out.write, check=kind.check)
        kind.check(media.content_type, media.bytes)
    return Receipt(
        destination=str(destination),
        format=media.content_type or "",
        records=None,
        bytes=out.bytes,
        sha256=out.sha256,
        requests=client.usage.requests - requests,
        seconds_waited=round(client.usage.waited - waited, 3),
    )


def extract_records(
    client: RingCentralClient,
    path: str,
    params: Mapping[str, Any] | None,
    destination: UPath,
    file_format: str | None = None,
) -> Receipt:
    """Write the records of all pages of a list to `destination`, one JSON object a line.

    Rows may repeat when the list changes while it is read (FACTS 5.1). Raises `BadArgument` and `DestinationError`
    before the first request.
    """
    chosen = format_of(destination.path, file_format)
    if chosen.tabular:
        raise BadArgument(
            f"file_format {chosen.name!r} has columns for calls only; use ndjson.", parameter="file_format"
        )
    check_destination(destination)
    before = replace(client.usage)
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        for page in client.pages(path, params):
            records = list(rows(page))
            count += len(records)
            yield b"".join(msgspec.json.encode(record) + b"\n" for record in records)

    with complete_file(destination) as out:
        chosen.write(lines(), out, ())
    return _receipt(client, before, destination, out, kind=chosen.name, records=count)


def extract_body(
    client: RingCentralClient, method: str, path: str, options: Mapping[str, Any], destination: UPath
) -> Receipt:
    """Write the body of one answer to `destination`, byte for byte; `options` are those of the client's `request`.

    A page in the place of RingCentral's answer is refused, and for a recording everything but audio: `NotMedia`, or
    `OutcomeUnknown` after a request that may not be repeated.
    """
    check_destination(destination)
    before = replace(client.usage)
    kind, body = client.spool(method, path, **options)
    with body, complete_file(destination) as out:
        _check_kind(method, path, kind)
        shutil.copyfileobj(body, out)
    return _receipt(client, before, destination, out, kind=kind.partition(";")[0], records=None)


def _check_kind(method: str, path: str, kind: str) -> None:
    wanted = kind_of(path)
    try:
        (wanted if wanted is RECORDING else API_ANSWER).check(kind)
    except NotMedia as error:
        if method in READING_METHODS:
            raise
        raise OutcomeUnknown(f"{error.message} RingCentral may have executed the {method}.") from None


def _receipt(
    client: RingCentralClient, before: Usage, destination: UPath, out: Writer, *, kind: str, records: int | None
) -> Receipt:
    return Receipt(
        destination=str(destination),
        format=kind,
        records=records,
        bytes=out.bytes,
        sha256=out.sha256,
        requests=client.usage.requests - before.requests,
        seconds_waited=round(client.usage.waited - before.waited, 3),
    )
