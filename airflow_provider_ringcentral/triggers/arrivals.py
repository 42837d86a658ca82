"""One look at a mailbox for all who wait for messages to arrive there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.endpoints import LIST_MESSAGES
from airflow_provider_ringcentral.hooks.xcom import first_that_fit
from airflow_provider_ringcentral.sending.once.message import Record
from airflow_provider_ringcentral.sending.status.arrival import (
    LATE_SECONDS,
    Arrival,
    arrival_told,
    list_start,
    oldest_first,
)
from airflow_provider_ringcentral.triggers.condition import Look
from airflow_provider_ringcentral.triggers.listing import as_it_is, listed
from airflow_provider_ringcentral.triggers.new_records import Awaited

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient

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
