"""Wait in the triggerer for high-volume SMS batches."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import LIST_A2P_BATCHES, READ_A2P_BATCH
from airflow_provider_ringcentral.client.errors import NotFound
from airflow_provider_ringcentral.sending.broadcast.a2p import BatchProgress
from airflow_provider_ringcentral.sending.once.message import Record
from airflow_provider_ringcentral.triggers.batch_lookup import MAX_PAGES, BatchLookup, RingCentralLookupTrigger
from airflow_provider_ringcentral.triggers.condition import PollResult
from airflow_provider_ringcentral.triggers.listing import read_list

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient
    from airflow_provider_ringcentral.triggers.poll_coordinator import PollTarget

MAX_BATCHES = 100
"""Most batches of one wait: a million messages."""


class RingCentralA2PBatchTrigger(RingCentralLookupTrigger):
    """Wait until every batch has the status `wait_for`. `found` has the record of each batch by its id."""

    def subscribe(self) -> tuple[PollTarget[Any], Any]:
        """Subscribe to the status of these batches."""
        return BatchStatusLookup(), BatchSubscription(BatchProgress(self.ids, self.wait_for), self.since)


class BatchSubscription:
    """The batches of one trigger and their latest records."""

    def __init__(self, progress: BatchProgress, since: float | None) -> None:
        self.since = since
        self._progress = progress

    @property
    def pending(self) -> Collection[str]:
        """Ids of the batches that do not have the status yet."""
        return self._progress.pending

    def update(self, found: Mapping[str, Record]) -> PollResult:
        """Take over the records of a poll."""
        self._progress = self._progress.updated(found)
        return PollResult(done=not self.pending, value=self._progress.records, reason=self._progress.reason)


class BatchStatusLookup(BatchLookup):
    """Status of the account's batches: up to three by id with a request each, else the list."""

    max_without_list: ClassVar[int] = 3
    max_missing: ClassVar[int] = 1

    async def from_list(self, client: AsyncRingCentralClient, ids: Collection[str], since: float) -> dict[str, Record]:
        """Read the batches from the list (operationId listA2PBatches)."""

        def keep(record: Mapping[str, Any]) -> tuple[str, Record] | None:
            return (str(record["id"]), record) if str(record.get("id")) in ids else None

        query = {"dateFrom": datetime.fromtimestamp(since, UTC), "perPage": LIST_A2P_BATCHES.page_size}
        path = LIST_A2P_BATCHES.at(accountId=OWN)
        return dict(await read_list(client, path, query, keep, max_pages=MAX_PAGES))

    async def by_ids(self, client: AsyncRingCentralClient, ids: Sequence[str]) -> dict[str, Record]:
        """Read each batch (operationId readA2PBatch)."""
        found: dict[str, Record] = {}
        for batch in ids:
            try:
                found[batch] = await client.request_json("GET", READ_A2P_BATCH.at(accountId=OWN, batchId=batch))
            except NotFound:
                continue
        return found
