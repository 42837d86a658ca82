"""One look at the statuses of all messages that anybody waits for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import LIST_MESSAGES
from airflow_provider_ringcentral.client.errors import NotFound
from airflow_provider_ringcentral.sending.brief import brief_of
from airflow_provider_ringcentral.sending.draft import Record
from airflow_provider_ringcentral.sending.following import Standing, still_waiting
from airflow_provider_ringcentral.sending.message_store import MOST_IDS, query_by_ids, records_by_ids
from airflow_provider_ringcentral.sending.status import Outcome
from airflow_provider_ringcentral.triggers.condition import Look
from airflow_provider_ringcentral.triggers.listing import listed

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient

MOST_PAGES = 2
"""Of a thousand messages each, newest first; what lies further back is asked for by id."""


class Followed:
    """The messages of one wait, and what is known of them. `since` is in epoch seconds, None if unknown."""

    def __init__(self, ids: Sequence[str], wait_for: str, since: float | None) -> None:
        self.ids = ids
        self.since = since
        self._standing = Standing({}, wait_for)

    @property
    def pending(self) -> list[str]:
        """Those that are waited for."""
        return self._standing.of(Outcome.WAIT, self.ids)

    def take(self, found: Mapping[str, Record]) -> Look:
        """Take up what a round has found. One that failed ends the wait."""
        newer = {one: found[one] for one in self.pending if one in found}
        self._standing = self._standing.updated(newer)
        done = not self.pending or bool(self._standing.of(Outcome.FAILED, self.ids))
        return Look(done=done, value=self._standing.records, reason=still_waiting(self._standing, self.ids))


@dataclass(frozen=True)
class MessageStatuses:
    """At most three requests (Light), however many messages are waited for.

    Up to fifty are asked for by id. More are looked up in the list of sent messages since the oldest of them; of those
    that the newest two thousand do not show, the fifty that were not asked for longest are asked for by id.
    """

    asked: dict[str, int] = field(default_factory=dict, compare=False)
    """In which round an id was asked for last."""

    async def look(self, client: AsyncRingCentralClient, questions: Sequence[Followed]) -> Sequence[Look]:
        """One look for all."""
        waiting = await client.work(lambda: [(one.since, one.pending) for one in questions])
        pending = {message_id for _, ids in waiting for message_id in ids}
        starts = [since for since, ids in waiting if ids and since is not None]
        found = await self._found(client, pending, min(starts, default=None))
        return await client.work(lambda: [one.take(found) for one in questions])

    async def _found(
        self, client: AsyncRingCentralClient, pending: Collection[str], since: float | None
    ) -> dict[str, Record]:
        found: dict[str, Record] = {}
        if len(pending) > MOST_IDS and since is not None:
            found = await _listed(client, pending, since)
        missing = sorted((one for one in pending if one not in found), key=lambda one: (self.asked.get(one, 0), one))
        ids = missing[:MOST_IDS]
        turn = 1 + max(self.asked.values(), default=0)
        for gone in [one for one in self.asked if one not in pending]:
            del self.asked[gone]
        self.asked.update(dict.fromkeys(ids, turn))
        return {**found, **(await _by_ids(client, ids) if ids else {})}


async def _listed(client: AsyncRingCentralClient, pending: Collection[str], since: float) -> dict[str, Record]:
    def keep(record: Mapping[str, Any]) -> tuple[str, Record] | None:
        message_id = str(record.get("id"))
        return (message_id, brief_of(record)) if message_id in pending else None

    query = {
        "direction": "Outbound",
        "dateFrom": datetime.fromtimestamp(since, UTC),
        "perPage": LIST_MESSAGES.page_size,
    }
    path = LIST_MESSAGES.at(accountId=OWN, extensionId=OWN)
    return dict(await listed(client, path, query, keep, most_pages=MOST_PAGES))


async def _by_ids(client: AsyncRingCentralClient, ids: Sequence[str]) -> dict[str, Record]:
    path, headers = query_by_ids(ids)
    try:
        answer = await client.request_json("GET", path, headers=headers)
    except NotFound:
        return {}
    return {str(record.get("id")): brief_of(record) for record in records_by_ids(answer)}
