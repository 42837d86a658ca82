"""Write any list, answer or media file of RingCentral to a file that is complete or absent."""

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
from airflow_provider_ringcentral.client.paging import records_of
from airflow_provider_ringcentral.extract.recordings.media_kind import API_ANSWER, RECORDING, MediaKind, kind_of
from airflow_provider_ringcentral.files.atomic import Writer, check_destination, complete_file
from airflow_provider_ringcentral.files.formats import format_of
from airflow_provider_ringcentral.files.receipt import Receipt

if TYPE_CHECKING:
    from upath import UPath

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.usage import Usage


def fetch_media(client: RingCentralClient, uri: str, destination: UPath, content_types: Sequence[str] = ()) -> Receipt:
    """Download a `contentUri` to `destination`; the receipt's `format` is the content type.

    `content_types`, such as `("audio/*",)`, are accepted; empty means audio for a recording, and anything but HTML and
    JSON for other media. Raises `NotMedia` for other types and for an empty answer, and the client's errors.
    """
    kind = (
        MediaKind(f"file of type {', '.join(content_types)}", tuple(content_types)) if content_types else kind_of(uri)
    )
    check_destination(destination)
    before = replace(client.usage)
    with complete_file(destination) as out:
        media = download(client, uri, out.write, check=kind.check)
        kind.check(media.content_type, media.bytes)
    return _receipt(client, before, destination, out, kind=media.content_type or "", records=None)


def extract_records(
    client: RingCentralClient,
    path: str,
    params: Mapping[str, Any] | None,
    destination: UPath,
    file_format: str | None = None,
) -> Receipt:
    """Write the records of all pages of a list to `destination`, one JSON object per line.

    Records may repeat or be missing when the list changes meanwhile, because RingCentral pages by number. Raises
    `BadArgument` and `DestinationError` before the first request.
    """
    output_format = format_of(destination.path, file_format)
    if output_format.tabular:
        raise BadArgument(
            f"file_format {output_format.name!r} has columns for calls only; use ndjson.", parameter="file_format"
        )
    check_destination(destination)
    before = replace(client.usage)
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        for page in client.pages(path, params):
            records = list(records_of(page))
            count += len(records)
            yield b"".join(msgspec.json.encode(record) + b"\n" for record in records)

    with complete_file(destination) as out:
        output_format.write(lines(), out, ())
    return _receipt(client, before, destination, out, kind=output_format.name, records=count)


def extract_body(
    client: RingCentralClient, method: str, path: str, options: Mapping[str, Any], destination: UPath
) -> Receipt:
    """Write the body of one answer to `destination`, byte for byte; `options` are those of the client's `request`.

    Raises `NotMedia` when an HTML page comes instead of RingCentral's answer, or anything but audio for a recording;
    after a request that must not be repeated, `OutcomeUnknown`.
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
