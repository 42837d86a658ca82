"""A2P: batches of texts from a high-volume number, one recipient a message.

How far batches of texts have come, and what became of their messages.
"""

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
"""Of one batch (FACTS 7.5)."""

MOST_UNITS = 1000
"""UTF-16 units of a text."""

SENDER = frozenset({"A2PSmsSender"})
"""The feature of a number that may send batches (FACTS 7.1)."""

A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class A2PBatchMessage(Message["RingCentralClient"]):
    """A batch of (number, text). Source: operationId createA2PSMS, app scope A2PSMS.

    `chunk` is which of its task's batches it is. `keep` gets it and the messages that the answer rejects, each with
    `index` (from 1), before anything else is done with them: no other answer ever tells. `rejected` are the indexes
    that an earlier try has kept so, `known_ids` the ids of batches that a person knows to be this task's. A look notes
    in
    `suspects` the batches (id and size) that may be this one with messages left out, which nobody can tell from it.
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
        """By its place in the broadcast."""
        return self.key_of(self.chunk)

    @classmethod
    def key_of(cls, chunk: int) -> str:
        """The same, by the place alone."""
        return digest(cls.channel, chunk)

    @cached_property
    def content(self) -> str:
        """Sender, and all numbers with their texts."""
        return digest(self.sender, *(part for to, text in self.messages for part in (to, same_text(text))))

    def send(self, client: RingCentralClient, observer: SendObserver) -> Record:
        """One POST."""
        record = post(client, CREATE_A2P_BATCH.at(accountId=OWN), observer, json=self.envelope())
        self.keep(self.chunk, record.get("rejected") or ())
        return record

    def envelope(self) -> dict[str, Any]:
        """The JSON of the request; a text that all share is there once."""
        texts = {text for _, text in self.messages}
        if len(texts) == 1:
            return {"from": self.sender, "text": texts.pop(), "messages": [{"to": [to]} for to, _ in self.messages]}
        return {"from": self.sender, "messages": [{"to": [to], "text": text} for to, text in self.messages]}

    def candidates(self, client: RingCentralClient, start: datetime, end: datetime) -> Iterator[Record]:
        """Batches from the sender with as many messages as this one has, and the same numbers and texts.

        A smaller one of nothing else is yielded only when `known_ids` names it. What was rejected does not count, so it
        may be this one; it may as well be what somebody else has sent to some of the same people.
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
        """As `content`, of a batch whose messages were compared."""
        return record.get("content")

    def undecided(self, error: OutcomeUnknown) -> OutcomeUnknown:
        """The error of a look that found no batch, with the suspects it met. Ids and counts only."""
        if not self.suspects:
            return error
        listed = ", ".join(f"{batch} ({size} of {len(self.messages)})" for batch, size in self.suspects.items())
        told = OutcomeUnknown(
            f"{error.message}. Smaller batches of nothing but its messages: {listed}", **error.fields()
        )
        told.remedy = Remedy(
            "RingCentral says what it rejects in the answer alone, which is lost. So a smaller batch may be this one, "
            "or what somebody else has sent to some of the same people.",
            "Look at the batch in RingCentral. If it is this task's, set "
            f"known_batches={list(self.suspects)} and clear the task: it resumes from there. If not, clear the task: "
            "it looks once more and then sends to everybody.",
            DAG_AUTHOR,
        )
        return told

    @cached_property
    def _expected(self) -> dict[str, str]:
        """Number -> text of what the batch has at RingCentral."""
        accepted = (one for index, one in enumerate(self.messages, start=1) if index not in self.rejected)
        return {to: same_text(text) for to, text in accepted}

    def _holds(self, client: RingCentralClient, record: Record, size: int) -> bool:
        """Whether all messages of a batch are listed, each once, and each is one of ours. Stops at the first other."""
        seen = set[str]()
        for one in batch_messages(client, self.id_of(record), iso_time(record.get("creationTime"))):
            to = recipient_of(one)
            if to in seen or self._expected.get(to) != same_text(one.get("text")):
                return False
            seen.add(to)
        return len(seen) == size


def batch_messages(client: RingCentralClient, batch_id: str, created: datetime | None) -> Iterator[Record]:
    """The messages of a batch with their texts, 1000 a request. Source: operationId listA2PSMS."""
    query = {**messages_of(batch_id, created), "view": "Detailed"}
    yield from client.records(LIST_A2P_MESSAGES.at(accountId=OWN), query)


def messages_of(batch_id: str, created: datetime | None) -> dict[str, Any]:
    """The parameters that choose the messages of a batch."""
    # Without dates it is about the last 24 hours, even with a batch (FACTS 7.5).
    dates = {"dateFrom": created - A_DAY, "dateTo": created + A_DAY} if created else {}
    return {"batchId": batch_id, **dates}


def batch_wait_state(record: Record, wait_for: str) -> WaitState:
    """Whether a batch is where `wait_for` wants it: `sent`, all of it left the queue; `delivered`, it is Completed.

    `Sent` is nowhere explained (FACTS 7.5), so the counts have to agree. A status that nobody knows yet waits.
    """
    status = normalized(record.get("status"))
    processed = int(record.get("processedCount") or 0) >= int(record.get("batchSize") or 0)
    done = status == "completed" or wait_for == "accepted" or (wait_for == "sent" and status == "sent" and processed)
    return WaitState.DONE if done else WaitState.WAIT


def recipient_of(message: Record) -> str:
    """The number of a message of a batch."""
    to: Iterable[Any] = message.get("to") or ()
    return next((str(one) for one in to), "")


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
        newer = {one: reduced_batch(found[one]) for one in self.pending if one in found}
        return BatchProgress(self.ids, self.wait_for, {**self.records, **newer})

    def _waits(self, batch: str) -> bool:
        record = self.records.get(batch)
        return record is None or batch_wait_state(record, self.wait_for) is WaitState.WAIT


def reduced_batch(record: Record) -> dict[str, Any]:
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


def batch_summary(client: RingCentralClient, batch: str, record: Record) -> dict[str, Any]:
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
