"""The one request that sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.answer import decoded
from airflow_provider_ringcentral.client.errors import OutcomeUnknown, Unavailable
from airflow_provider_ringcentral.sending.once.message import Record

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.http.transport import SendObserver


def post(client: RingCentralClient, path: str, observer: SendObserver, **options: Any) -> Record:
    """POST and return the record of the answer. An answer that cannot be read leaves the fate of the request unknown.

    `options` are those of `RingCentralClient.raw_json`.
    """
    body = client.raw_json("POST", path, observer=observer, **options)
    try:
        record = decoded(body)
    except Unavailable as error:
        raise OutcomeUnknown(error.message) from None
    return record if isinstance(record, dict) else {}
