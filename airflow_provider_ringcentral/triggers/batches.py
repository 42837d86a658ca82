"""Waiting for batches of texts without a worker."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import LIST_A2P_BATCHES, READ_A2P_BATCH
from airflow_provider_ringcentral.client.errors import NotFound
from airflow_provider_ringcentral.sending.broadcast.batch_progress import BatchProgress
from airflow_provider_ringcentral.sending.once.message import Record
from airflow_provider_ringcentral.triggers.batch_lookup import MOST_PAGES, BatchLookup, RingCentralFollowTrigger
from airflow_provider_ringcentral.triggers.condition import Look
from airflow_provider_ringcentral.triggers.listing import listed

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient
    from airflow_provider_ringcentral.triggers.poll_coordinator import PollTarget

MOST_BATCHES = 100
"""In one wait: a million messages."""


class RingCentralA2PBatchTrigger(RingCentralFollowTrigger):
    """Waits until every batch is where `wait_for` wants it.

    `found` is, by id, what their records say.
    """

    def asks(self) -> tuple[PollTarget[Any], Any]:
        """How far these batches have come."""
        return BatchStatuses(), FollowedBatches(BatchProgress(self.ids, self.wait_for), self.since)


class FollowedBatches:
    """The batches of one wait, and what is known of them."""

    def __init__(self, progress: BatchProgress, since: float | None) -> None:
        self.since = since
        self._progress = progress

    @property
    def pending(self) -> Collection[str]:
        """Those that are waited for."""
        return self._progress.pending

    def take(self, found: Mapping[str, Record]) -> Look:
        """Take up what a look has found."""
        self._progress = self._progress.updated(found)
        return Look(done=not self.pending, value=self._progress.records, reason=self._progress.reason)


class BatchStatuses(BatchLookup):
    """Batches of the account: three by id, a request each, else the list."""

    alone: ClassVar[int] = 3
    in_turn: ClassVar[int] = 1

    async def listed(self, client: AsyncRingCentralClient, ids: Collection[str], since: float) -> dict[str, Record]:
        """Operation listA2PBatches."""

        def keep(record: Mapping[str, Any]) -> tuple[str, Record] | None:
            return (str(record["id"]), record) if str(record.get("id")) in ids else None

        query = {"dateFrom": datetime.fromtimestamp(since, UTC), "perPage": LIST_A2P_BATCHES.page_size}
        path = LIST_A2P_BATCHES.at(accountId=OWN)
        return dict(await listed(client, path, query, keep, most_pages=MOST_PAGES))

    async def by_ids(self, client: AsyncRingCentralClient, ids: Sequence[str]) -> dict[str, Record]:
        """Operation readA2PBatch."""
        found: dict[str, Record] = {}
        for batch in ids:
            try:
                found[batch] = await client.request_json("GET", READ_A2P_BATCH.at(accountId=OWN, batchId=batch))
            except NotFound:
                continue
        return found
