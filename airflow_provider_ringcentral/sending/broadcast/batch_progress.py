"""How far batches of texts have come, and what became of their messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.arguments import iso_time
from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import AGGREGATE_A2P_STATUSES, READ_A2P_BATCH
from airflow_provider_ringcentral.client.errors import NotFound
from airflow_provider_ringcentral.sending.broadcast.a2p import batch_wait_state, messages_of
from airflow_provider_ringcentral.sending.once.message import Record
from airflow_provider_ringcentral.sending.status.status import WaitState

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient

WAIT_FOR = ("sent", "delivered")
"""All messages left the queue; no status changes any more."""

COUNTED = ("queued", "sent", "delivered", "sendingFailed", "deliveryFailed")

_KEPT = ("status", "batchSize", "processedCount", "creationTime", "cost")


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """What is known of some batches by id: the fields of their records that tell no number."""

    ids: Sequence[str]
    wait_for: str
    records: Mapping[str, Record] = field(default_factory=dict)

    @property
    def pending(self) -> list[str]:
        """Those that are not where they are wanted. What is not known (yet) waits."""
        return [one for one in self.ids if self._waits(one)]

    @property
    def since(self) -> float | None:
        """When the oldest of those that are waited for was made (epoch seconds), as far as it is known."""
        made = [iso_time(self.records.get(one, {}).get("creationTime")) for one in self.pending]
        return min((each.timestamp() for each in made if each), default=None)

    @property
    def reason(self) -> str:
        """Why they are waited for."""
        pending = self.pending
        known = [self.records[one] for one in pending if one in self.records]
        done = sum(int(record.get("processedCount") or 0) for record in known)
        size = sum(int(record.get("batchSize") or 0) for record in known)
        statuses = ", ".join(sorted({str(record.get("status")) for record in known})) or "they are not known"
        some = ", ".join(pending[:10])
        return (
            f"{len(pending)} of {len(self.ids)} batches are not {self.wait_for} ({statuses}; {done} of {size} messages "
            f"processed): {some}"
        )

    def updated(self, found: Mapping[str, Record]) -> BatchProgress:
        """With newer records of those that are waited for."""
        newer = {one: batch_kept(found[one]) for one in self.pending if one in found}
        return BatchProgress(self.ids, self.wait_for, {**self.records, **newer})

    def _waits(self, batch: str) -> bool:
        record = self.records.get(batch)
        return record is None or batch_wait_state(record, self.wait_for) is WaitState.WAIT


def batch_kept(record: Record) -> dict[str, Any]:
    """What is kept of a batch's record: no number."""
    return {name: record[name] for name in _KEPT if record.get(name) is not None}


def batches_by_id(client: RingCentralClient, ids: Sequence[str]) -> dict[str, Record]:
    """Records of those batches that are there, a Light request each. Source: operationId readA2PBatch."""
    found: dict[str, Record] = {}
    for batch in ids:
        try:
            found[batch] = client.request_json("GET", READ_A2P_BATCH.at(accountId=OWN, batchId=batch))
        except NotFound:
            continue
    return found


def batch_told(client: RingCentralClient, batch: str, record: Record) -> dict[str, Any]:
    """A batch with its counts by status, a Light request. Source: operationId aggregateA2PSMSStatuses."""
    made = iso_time(record.get("creationTime"))
    path = AGGREGATE_A2P_STATUSES.at(accountId=OWN)
    counts = client.request_json("GET", path, params=messages_of(batch, made)) or {}
    codes: dict[str, int] = {}
    for name in COUNTED:
        for code, count in (counts.get(name) or {}).get("errorCodeCounts", {}).items():
            codes[code] = codes.get(code, 0) + int(count)
    return {
        "id": batch,
        "status": record.get("status"),
        "size": record.get("batchSize"),
        "cost": record.get("cost"),
        "counts": {name: int((counts.get(name) or {}).get("count") or 0) for name in COUNTED},
        "codes": codes,
    }
