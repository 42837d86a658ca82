"""A2P batches: texts from a high-volume number, one recipient a message, and how far such batches are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.arguments import iso_time
from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import (
    AGGREGATE_A2P_STATUSES,
    CREATE_A2P_BATCH,
    LIST_A2P_BATCHES,
    LIST_A2P_MESSAGES,
    READ_A2P_BATCH,
)
from airflow_provider_ringcentral.client.errors import NotFound, OutcomeUnknown
from airflow_provider_ringcentral.client.errors.remedy import DAG_AUTHOR, Remedy
from airflow_provider_ringcentral.sending.once.message import Message, Record, digest, post
from airflow_provider_ringcentral.sending.status.status import WaitState, normalized
from airflow_provider_ringcentral.sending.text import same_text

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.http.transport import SendObserver

MOST_MESSAGES = 10_000
"""Of one batch (operationId createA2PSMS)."""

MOST_UNITS = 1000
"""UTF-16 units of a text."""

SENDER = frozenset({"A2PSmsSender"})
"""The feature of a number that may send batches."""

DAY = timedelta(days=1)


@dataclass(frozen=True)
class A2PBatchMessage(Message["RingCentralClient"]):
    """A batch of (number, text). Source: operationId createA2PSMS, app scope A2PSMS.

    `chunk` is its number among the batches of the broadcast. `keep` is called with it and with the messages that the
    answer rejects (with `index`, from 1), before anything else: only that answer names them. `rejected` are the indexes
    that an earlier try kept, `known_ids` ids of batches that a person has named as this task's. A lookup collects in
    `suspects` batches (id and size) that may be this one without some messages, which nobody can tell from it.
    """

    sender: str
    chunk: int
    messages: Sequence[tuple[str, str]] = field(repr=False)
    keep: Callable[[int, Sequence[Record]], object] = field(repr=False, compare=False)
    rejected: AbstractSet[int] = frozenset()
    known_ids: AbstractSet[str] = frozenset()
    suspects: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    channel: ClassVar[str] = "A2P batch"
    stored_fields: ClassVar[tuple[str, ...]] = ("status", "creationTime", "batchSize")

    @property
    def key(self) -> str:
        """A digest of its number in the broadcast."""
        return self.key_of(self.chunk)

    @classmethod
    def key_of(cls, chunk: int) -> str:
        """Return the key of a batch by its number."""
        return digest(cls.channel, chunk)

    @cached_property
    def content(self) -> str:
        """A digest of the sender, and of all numbers with their texts."""
        return digest(self.sender, *(part for to, text in self.messages for part in (to, same_text(text))))

    def send(self, client: RingCentralClient, observer: SendObserver) -> Record:
        """Send it with one POST, and keep what the answer rejects."""
        record = post(client, CREATE_A2P_BATCH.at(accountId=OWN), observer, json=self.envelope())
        self.keep(self.chunk, record.get("rejected") or ())
        return record

    def envelope(self) -> dict[str, Any]:
        """Return the JSON of the request, which has a text that all share only once."""
        texts = {text for _, text in self.messages}
        if len(texts) == 1:
            return {"from": self.sender, "text": texts.pop(), "messages": [{"to": [to]} for to, _ in self.messages]}
        return {"from": self.sender, "messages": [{"to": [to], "text": text} for to, text in self.messages]}

    def candidates(self, client: RingCentralClient, start: datetime, end: datetime) -> Iterator[Record]:
        """List batches from the sender with as many messages as this one has, and the same numbers and texts.

        A smaller batch with some of the same messages is listed only if `known_ids` names it. It may be this one,
        without rejected messages, or somebody else's to some of the same people.
        """
        query = {"from": self.sender, "dateFrom": start, "dateTo": end}
        for record in client.records(LIST_A2P_BATCHES.at(accountId=OWN), query):
            size, batch = int(record.get("batchSize") or 0), self.id_of(record)
            if not 0 < size <= len(self._expected) or not self._holds(client, record, size):
                continue
            if size == len(self._expected) or batch in self.known_ids:
                yield {**record, "content": self.content}
            else:
                self.suspects[batch] = size

    def content_of(self, record: Record) -> str | None:
        """Return the digest of a batch whose messages were compared."""
        return record.get("content")

    def undecided(self, error: OutcomeUnknown) -> OutcomeUnknown:
        """Add to the error of a lookup which smaller batches may be this one, by id and size."""
        if not self.suspects:
            return error
        listed = ", ".join(f"{batch} ({size} of {len(self.messages)})" for batch, size in self.suspects.items())
        named = OutcomeUnknown(
            f"{error.message}. Smaller batches of nothing but its messages: {listed}", **error.fields()
        )
        named.remedy = Remedy(
            "Only the answer, which is lost, says what RingCentral rejected. So a smaller batch may be this one, "
            "or what somebody else has sent to some of the same people.",
            "Look at the batch in RingCentral. If it is this task's, set "
            f"known_batches={list(self.suspects)} and clear the task: it resumes from there. If not, clear the task: "
            "it looks once more and then sends to everybody.",
            DAG_AUTHOR,
        )
        return named

    @cached_property
    def _expected(self) -> dict[str, str]:
        """Number -> text, as the batch has them at RingCentral."""
        accepted = (one for index, one in enumerate(self.messages, start=1) if index not in self.rejected)
        return {to: same_text(text) for to, text in accepted}

    def _holds(self, client: RingCentralClient, record: Record, size: int) -> bool:
        """Whether a batch has `size` different messages, all of them ours. Stops at the first that is not."""
        seen = set[str]()
        for one in batch_messages(client, self.id_of(record), iso_time(record.get("creationTime"))):
            to = recipient_of(one)
            if to in seen or self._expected.get(to) != same_text(one.get("text")):
                return False
            seen.add(to)
        return len(seen) == size


def batch_messages(client: RingCentralClient, batch_id: str, created: datetime | None) -> Iterator[Record]:
    """List the messages of a batch with their texts, 1000 in a request. Source: operationId listA2PSMS."""
    query = {**messages_of(batch_id, created), "view": "Detailed"}
    yield from client.records(LIST_A2P_MESSAGES.at(accountId=OWN), query)


def messages_of(batch_id: str, created: datetime | None) -> dict[str, Any]:
    """Return the parameters that select the messages of a batch."""
    # Without dates, RingCentral answers for the last 24 hours, even if a batch is named.
    dates = {"dateFrom": created - DAY, "dateTo": created + DAY} if created else {}
    return {"batchId": batch_id, **dates}


def batch_wait_state(record: Record, wait_for: str) -> WaitState:
    """Say whether a batch has reached `wait_for`: `sent`, all messages left the queue; `delivered`, it is Completed.

    RingCentral does not document `Sent`, so the counts have to agree as well. An unknown status means to wait.
    """
    status = normalized(record.get("status"))
    processed = int(record.get("processedCount") or 0) >= int(record.get("batchSize") or 0)
    done = status == "completed" or wait_for == "accepted" or (wait_for == "sent" and status == "sent" and processed)
    return WaitState.DONE if done else WaitState.WAIT


def recipient_of(message: Record) -> str:
    """Return the number that a message of a batch went to."""
    to: Iterable[Any] = message.get("to") or ()
    return next((str(one) for one in to), "")


WAIT_FOR = ("sent", "delivered")
"""All messages left the queue; their statuses are final."""

COUNTED = ("queued", "sent", "delivered", "sendingFailed", "deliveryFailed")

_KEPT = ("status", "batchSize", "processedCount", "creationTime", "cost")


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How far batches are: their records by id, reduced to fields without numbers."""

    ids: Sequence[str]
    wait_for: str
    records: Mapping[str, Record] = field(default_factory=dict)

    @property
    def pending(self) -> list[str]:
        """Ids of the batches that have not reached `wait_for`, or are not known (yet)."""
        return [one for one in self.ids if self._waits(one)]

    @property
    def since(self) -> float | None:
        """When the oldest pending batch was made (epoch seconds); None if that is not known."""
        made = [iso_time(self.records.get(one, {}).get("creationTime")) for one in self.pending]
        return min((each.timestamp() for each in made if each), default=None)

    @property
    def reason(self) -> str:
        """Why the wait is not over, for logs and errors."""
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
        """Return a copy with newer records of the pending batches."""
        newer = {one: reduced_batch(found[one]) for one in self.pending if one in found}
        return BatchProgress(self.ids, self.wait_for, {**self.records, **newer})

    def _waits(self, batch: str) -> bool:
        record = self.records.get(batch)
        return record is None or batch_wait_state(record, self.wait_for) is WaitState.WAIT


def reduced_batch(record: Record) -> dict[str, Any]:
    """Reduce the record of a batch to fields without numbers."""
    return {name: record[name] for name in _KEPT if record.get(name) is not None}


def batches_by_id(client: RingCentralClient, ids: Sequence[str]) -> dict[str, Record]:
    """Read batches by id, with a Light request each; unknown ones are left out. Source: operationId readA2PBatch."""
    found: dict[str, Record] = {}
    for batch in ids:
        try:
            found[batch] = client.request_json("GET", READ_A2P_BATCH.at(accountId=OWN, batchId=batch))
        except NotFound:
            continue
    return found


def batch_summary(client: RingCentralClient, batch: str, record: Record) -> dict[str, Any]:
    """Summarise a batch by status, with a Light request. Source: operationId aggregateA2PSMSStatuses."""
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
