"""Wait in the triggerer for the status of sent messages, and for new messages in a mailbox."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import LIST_MESSAGES
from airflow_provider_ringcentral.client.errors import NotFound
from airflow_provider_ringcentral.hooks.xcom import first_that_fit
from airflow_provider_ringcentral.sending.once.message import Record
from airflow_provider_ringcentral.sending.status.arrival import (
    LATE_SECONDS,
    Arrival,
    arrival_summary,
    list_start,
    oldest_first,
)
from airflow_provider_ringcentral.sending.status.message_store import MOST_IDS, query_by_ids, records_by_ids
from airflow_provider_ringcentral.sending.status.status import (
    DeliveryState,
    WaitState,
    grouped,
    still_waiting,
    summary_of,
)
from airflow_provider_ringcentral.triggers.batch_lookup import MAX_PAGES, BatchLookup, RingCentralLookupTrigger
from airflow_provider_ringcentral.triggers.condition import PollResult
from airflow_provider_ringcentral.triggers.listing import read_list, whole_record
from airflow_provider_ringcentral.triggers.new_records import NewRecordSubscription, RingCentralNewRecordTrigger

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient
    from airflow_provider_ringcentral.triggers.poll_coordinator import PollTarget


class MessageSubscription:
    """The messages of one trigger and their latest records."""

    def __init__(self, ids: Sequence[str], wait_for: str, since: float | None) -> None:
        self.since = since
        self._ids = ids
        self._state = DeliveryState({}, wait_for)

    @property
    def pending(self) -> Collection[str]:
        """Ids of the messages that do not have a final status yet."""
        return self._state.of(WaitState.WAIT, self._ids)

    def update(self, found: Mapping[str, Record]) -> PollResult:
        """Take over the records of a poll. A message that failed ends the wait."""
        newer = {one: found[one] for one in self.pending if one in found}
        self._state = self._state.updated(newer)
        return PollResult(
            done=self._state.ended(self._ids),
            value=grouped(self._state.records),
            reason=still_waiting(self._state, self._ids),
        )


class MessageStatusLookup(BatchLookup):
    """Status of messages of the JWT's user: up to fifty by id in one request, else the list of sent messages."""

    max_without_list: ClassVar[int] = MOST_IDS
    max_missing: ClassVar[int] = MOST_IDS

    async def from_list(self, client: AsyncRingCentralClient, ids: Collection[str], since: float) -> dict[str, Record]:
        """Read the messages from the list (operationId listMessages)."""

        def keep(record: Mapping[str, Any]) -> tuple[str, Record] | None:
            message_id = str(record.get("id"))
            return (message_id, summary_of(record)) if message_id in ids else None

        query = {
            "direction": "Outbound",
            "dateFrom": datetime.fromtimestamp(since, UTC),
            "perPage": LIST_MESSAGES.page_size,
        }
        path = LIST_MESSAGES.at(accountId=OWN, extensionId=OWN)
        return dict(await read_list(client, path, query, keep, max_pages=MAX_PAGES))

    async def by_ids(self, client: AsyncRingCentralClient, ids: Sequence[str]) -> dict[str, Record]:
        """Read the messages by their ids in one request (operationId readMessage)."""
        path, headers = query_by_ids(ids)
        try:
            answer = await client.request_json("GET", path, headers=headers, on_partial_failure="return")
        except NotFound:
            return {}
        return {str(record.get("id")): summary_of(record) for record in records_by_ids(answer)}


MAX_MESSAGES = 500
"""Most messages of one wait: the trigger's arguments and the sensor's result stay far below 48 KB."""


class RingCentralMessageStatusTrigger(RingCentralLookupTrigger):
    """Wait until every message has the status `wait_for`, or one has failed.

    `found` has the status summaries of the messages, each with the ids of the messages that have it (`grouped`).
    """

    def subscribe(self) -> tuple[PollTarget[Any], Any]:
        """Subscribe to the status of these messages."""
        return MessageStatusLookup(), MessageSubscription(self.ids, self.wait_for, self.since)


class RingCentralNewMessageTrigger(RingCentralNewRecordTrigger):
    """Wait until a message that passes `wanted` (an `Arrival`) arrives in the mailbox at `path`.

    `found` has ids, times and attachments of the messages, oldest first.
    """

    def subscribe(self) -> tuple[PollTarget[Any], Any]:
        """Subscribe to new messages of this mailbox."""
        return MailboxTarget(self.path), NewRecordSubscription(
            Arrival.of_json(self.wanted), arrivals_result, self.start
        )


MAX_KNOWN_IDS = 2000
"""Most ids of known messages in a trigger's arguments, which must stay below 48 KB."""


def arrivals_result(arrival: Arrival, records: Sequence[Record]) -> PollResult:
    """Return the messages that pass the filter, oldest first: as many of them as XCom takes."""
    found = oldest_first(arrival_summary(record) for record in records if arrival.passes(record))
    since = datetime.fromtimestamp(arrival.since, UTC).isoformat(timespec="seconds")
    return PollResult(done=bool(found), value=first_that_fit(found), reason=f"no such message since {since}")


@dataclass(frozen=True)
class MailboxTarget:
    """New messages of the mailbox at `path`: one Light request a poll, from the earliest `start` of all waits on."""

    path: str

    async def poll(
        self, client: AsyncRingCentralClient, subscriptions: Sequence[NewRecordSubscription[Arrival]]
    ) -> Sequence[PollResult]:
        """Poll once for all subscriptions."""
        complete_until = time.time() - LATE_SECONDS
        records = await read_list(client, self.path, self._query(subscriptions), whole_record)
        return await client.work(lambda: [one.update(records, complete_until) for one in subscriptions])

    def _query(self, subscriptions: Sequence[NewRecordSubscription[Arrival]]) -> dict[str, Any]:
        start = list_start(min(one.start for one in subscriptions))
        query: dict[str, Any] = {"dateFrom": start, "perPage": LIST_MESSAGES.page_size}
        directions = {one.wanted.direction for one in subscriptions}
        types = {kind for one in subscriptions for kind in one.wanted.types}
        if len(directions) == 1 and None not in directions:
            query["direction"] = directions.pop()
        if all(one.wanted.types for one in subscriptions):
            query["messageType"] = sorted(types)
        return query
