"""A media file of RingCentral (recording, attachment) into a file that is complete or absent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.client.http.download import download
from airflow_provider_ringcentral.extract.recordings.media_kind import MediaKind, kind_of
from airflow_provider_ringcentral.files.atomic import check_destination, complete_file
from airflow_provider_ringcentral.files.receipt import Receipt

if TYPE_CHECKING:
    from upath import UPath

    from airflow_provider_ringcentral.client.client import RingCentralClient


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
