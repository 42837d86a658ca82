"""Messages in RingCentral's message store, listed or read by id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.answer import objects
from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import LIST_MESSAGES, READ_MESSAGE
from airflow_provider_ringcentral.client.errors import NotFound
from airflow_provider_ringcentral.client.http.multi_status import RESULTS_AS_JSON
from airflow_provider_ringcentral.sending.once.message import Record

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient

MOST_IDS = 50
"""Ids in one path. Guide page "Batch requests" (basics/batch-requests) says 50 for PUT and DELETE, nothing for GET."""


def sent_messages(
    client: RingCentralClient, kind: str, start: datetime, *, phone_number: str | None = None
) -> Iterator[Record]:
    """List outbound messages of a type (`SMS`, `Fax`, `Pager`) of the JWT's user since `start` (aware), newest first.

    Source: operationId listMessages, app scope ReadMessages, which the scopes for sending include.
    """
    query: dict[str, Any] = {
        "messageType": kind,
        "direction": "Outbound",
        "dateFrom": start,
        "phoneNumber": phone_number,
    }
    yield from client.records(LIST_MESSAGES.at(accountId=OWN, extensionId=OWN), query)


def messages_by_id(client: RingCentralClient, ids: Sequence[str]) -> dict[str, Record]:
    """Read messages of the JWT's user by id, 50 in a request. Messages that the store does not have are left out.

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
    """Return path and headers of the request for up to `MOST_IDS` messages of the JWT's user."""
    path = READ_MESSAGE.at(accountId=OWN, extensionId=OWN, messageId=",".join(ids))
    return path, {"Accept": RESULTS_AS_JSON} if len(ids) > 1 else {}


def records_by_ids(answer: Any) -> list[Record]:
    """Return the records in an answer to `query_by_ids`: an object for one id, a 207 with a status each for several."""
    if isinstance(answer, dict):
        return [answer]
    # Some of the messages may have failed although the answer as a whole is a 207.
    return [*objects([part.get("body") for part in objects(answer) if part.get("status") == 200])]
