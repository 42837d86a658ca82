"""Waiting for messages without a worker.

One look at the statuses of all messages that anybody waits for.

One look at a mailbox for all who wait for messages to arrive there.
"""

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
    arrival_told,
    list_start,
    oldest_first,
)
from airflow_provider_ringcentral.sending.status.following import DeliveryState, grouped, still_waiting, summary_of
from airflow_provider_ringcentral.sending.status.message_store import MOST_IDS, query_by_ids, records_by_ids
from airflow_provider_ringcentral.sending.status.status import WaitState
from airflow_provider_ringcentral.triggers.batch_lookup import MOST_PAGES, BatchLookup, RingCentralFollowTrigger
from airflow_provider_ringcentral.triggers.condition import Look
from airflow_provider_ringcentral.triggers.listing import as_it_is, listed
from airflow_provider_ringcentral.triggers.new_records import Awaited, RingCentralComingTrigger

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient
    from airflow_provider_ringcentral.triggers.poll_coordinator import PollTarget


class FollowedMessages:
    """The messages of one wait, and what is known of them."""

    def __init__(self, ids: Sequence[str], wait_for: str, since: float | None) -> None:
        self.since = since
        self._ids = ids
        self._state = DeliveryState({}, wait_for)

    @property
    def pending(self) -> Collection[str]:
        """Those that are waited for."""
        return self._state.of(WaitState.WAIT, self._ids)

    def take(self, found: Mapping[str, Record]) -> Look:
        """Take up what a look has found. One that failed ends the wait."""
        newer = {one: found[one] for one in self.pending if one in found}
        self._state = self._state.updated(newer)
        return Look(
            done=self._state.ended(self._ids),
            value=grouped(self._state.records),
            reason=still_waiting(self._state, self._ids),
        )


class MessageStatuses(BatchLookup):
    """Messages of the JWT's own user: fifty by id in one request, else the list of those sent."""

    alone: ClassVar[int] = MOST_IDS
    in_turn: ClassVar[int] = MOST_IDS

    async def listed(self, client: AsyncRingCentralClient, ids: Collection[str], since: float) -> dict[str, Record]:
        """Operation listMessages."""

        def keep(record: Mapping[str, Any]) -> tuple[str, Record] | None:
            message_id = str(record.get("id"))
            return (message_id, summary_of(record)) if message_id in ids else None

        query = {
            "direction": "Outbound",
            "dateFrom": datetime.fromtimestamp(since, UTC),
            "perPage": LIST_MESSAGES.page_size,
        }
        path = LIST_MESSAGES.at(accountId=OWN, extensionId=OWN)
        return dict(await listed(client, path, query, keep, most_pages=MOST_PAGES))

    async def by_ids(self, client: AsyncRingCentralClient, ids: Sequence[str]) -> dict[str, Record]:
        """Operation readMessage."""
        path, headers = query_by_ids(ids)
        try:
            answer = await client.request_json("GET", path, headers=headers, on_partial_failure="return")
        except NotFound:
            return {}
        return {str(record.get("id")): summary_of(record) for record in records_by_ids(answer)}


MOST_MESSAGES = 500
"""In one wait. A trigger's arguments stay far below 48 KB, and so does what a sensor returns."""


class RingCentralMessageStatusTrigger(RingCentralFollowTrigger):
    """Waits until every message is where `wait_for` wants it, or one has failed.

    `found` is what is known of them, as `sending/brief.py` groups it.
    """

    def asks(self) -> tuple[PollTarget[Any], Any]:
        """The statuses of these messages."""
        return MessageStatuses(), FollowedMessages(self.ids, self.wait_for, self.since)


class RingCentralNewMessageTrigger(RingCentralComingTrigger):
    """Waits until a message arrives in the mailbox at `path` (a message-store list) that passes `wanted`, an `Arrival`.

    `found` are ids, times and attachments, oldest first.
    """

    def asks(self) -> tuple[PollTarget[Any], Any]:
        """What is new in this mailbox."""
        return Arrivals(self.path), Awaited(Arrival.of_json(self.wanted), arrivals_look, self.start)


MOST_KNOWN = 2000
"""Ids of messages that were looked at before, in a trigger's arguments: they stay below 48 KB."""


def arrivals_look(arrival: Arrival, records: Sequence[Record]) -> Look:
    """Whether one of the records is waited for; the value is what is told of those that are, oldest first.

    It is what XCom takes: of very many the oldest.
    """
    found = oldest_first(arrival_told(record) for record in records if arrival.passes(record))
    since = datetime.fromtimestamp(arrival.since, UTC).isoformat(timespec="seconds")
    return Look(done=bool(found), value=first_that_fit(found), reason=f"no such message since {since}")


@dataclass(frozen=True)
class Arrivals:
    """The list of the mailbox at `path`, since the wait that has not looked for longest: a Light request a look."""

    path: str

    async def look(self, client: AsyncRingCentralClient, questions: Sequence[Awaited[Arrival]]) -> Sequence[Look]:
        """One look for all."""
        reached = time.time() - LATE_SECONDS
        records = await listed(client, self.path, self._query(questions), as_it_is)
        return await client.work(lambda: [one.take(records, reached) for one in questions])

    def _query(self, questions: Sequence[Awaited[Arrival]]) -> dict[str, Any]:
        start = list_start(min(one.start for one in questions))
        query: dict[str, Any] = {"dateFrom": start, "perPage": LIST_MESSAGES.page_size}
        directions = {one.wanted.direction for one in questions}
        types = {kind for one in questions for kind in one.wanted.types}
        if len(directions) == 1 and None not in directions:
            query["direction"] = directions.pop()
        if all(one.wanted.types for one in questions):
            query["messageType"] = sorted(types)
        return query
