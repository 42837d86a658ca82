"""The message store: what RingCentral has of our messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.answer import objects
from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import LIST_MESSAGES, READ_MESSAGE
from airflow_provider_ringcentral.client.errors import NotFound
from airflow_provider_ringcentral.client.http.multi_status import PARTS_AS_JSON
from airflow_provider_ringcentral.sending.once.message import Record

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient

MOST_IDS = 50
"""Ids in one path; for GET it is not documented, for PUT and DELETE it is 50 (FACTS 7.10)."""


def sent_messages(
    client: RingCentralClient, kind: str, start: datetime, *, phone_number: str | None = None
) -> Iterator[Record]:
    """Outbound messages of a type (`SMS`, `Fax`, `Pager`) of the JWT's own user since `start` (aware), newest first.

    Source: operationId listMessages, app scope ReadMessages, which those for sending bring along.
    """
    query: dict[str, Any] = {
        "messageType": kind,
        "direction": "Outbound",
        "dateFrom": start,
        "phoneNumber": phone_number,
    }
    yield from client.records(LIST_MESSAGES.at(accountId=OWN, extensionId=OWN), query)


def messages_by_id(client: RingCentralClient, ids: Sequence[str]) -> dict[str, Record]:
    """The records of messages of the JWT's own user by id, 50 a request, without those that the store does not have.

    Source: operationId readMessage with several ids; the answer is 207 with a status for each.
    """
    found: dict[str, Record] = {}
    for first in range(0, len(ids), MOST_IDS):
        for record in _records(client, ids[first : first + MOST_IDS]):
            found[str(record.get("id"))] = record
    return found


def _records(client: RingCentralClient, ids: Sequence[str]) -> Iterable[Record]:
    path, headers = query_by_ids(ids)
    try:
        return records_by_ids(client.request_json("GET", path, headers=headers, on_partial_failure="return"))
    except NotFound:
        return ()


def query_by_ids(ids: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Path and headers of the request for up to `MOST_IDS` messages of the JWT's own user."""
    path = READ_MESSAGE.at(accountId=OWN, extensionId=OWN, messageId=",".join(ids))
    return path, {"Accept": PARTS_AS_JSON} if len(ids) > 1 else {}


def records_by_ids(answer: Any) -> list[Record]:
    """The records of an answer to `query_by_ids`: an object for one id, a 207 with a status each for several."""
    if isinstance(answer, dict):
        return [answer]
    # One part may have failed while the whole answer is a 207 (FACTS 13.21).
    return [*objects([part.get("body") for part in objects(answer) if part.get("status") == 200])]
