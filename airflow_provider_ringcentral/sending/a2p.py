"""A2P: batches of texts from a high-volume number, one recipient a message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.client.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import (
    CREATE_A2P_BATCH,
    LIST_A2P_BATCHES,
    LIST_A2P_MESSAGES,
)
from airflow_provider_ringcentral.sending.draft import Draft, Record, digest, moment
from airflow_provider_ringcentral.sending.posting import post
from airflow_provider_ringcentral.sending.status import Outcome

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.transport import Passage

MOST_MESSAGES = 10_000
"""Of one batch (FACTS 7.5)."""

MOST_UNITS = 1000
"""UTF-16 units of a text."""

SENDER = frozenset({"A2PSmsSender"})
"""The feature of a number that may send batches (FACTS 7.1)."""

COMPARED = 1000
"""Messages of a batch that are compared: one page."""

A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class BatchDraft(Draft["RingCentralClient"]):
    """A batch of (number, text). Source: operationId createA2PSMS, app scope A2PSMS.

    `chunk` is which of its task's batches it is. `keep` gets it and the messages that the answer rejects, each with
    `index` (from 1), before anything else is done with them: no other answer ever tells.
    """

    sender: str
    chunk: int
    messages: Sequence[tuple[str, str]] = field(repr=False)
    keep: Callable[[int, Sequence[Record]], object] = field(repr=False, compare=False)

    channel: ClassVar[str] = "A2P batch"
    keeps: ClassVar[tuple[str, ...]] = ("status", "creationTime", "batchSize")

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
        return digest(self.sender, *(part for message in self.messages for part in message))

    def send(self, client: RingCentralClient, passage: Passage) -> Record:
        """One POST."""
        record = post(client, CREATE_A2P_BATCH.at(accountId=OWN), passage, json=self.envelope())
        self.keep(self.chunk, record.get("rejected") or ())
        return record

    def envelope(self) -> dict[str, Any]:
        """The JSON of the request; a text that all share is there once."""
        texts = {text for _, text in self.messages}
        if len(texts) == 1:
            return {"from": self.sender, "text": texts.pop(), "messages": [{"to": [to]} for to, _ in self.messages]}
        return {"from": self.sender, "messages": [{"to": [to], "text": text} for to, text in self.messages]}

    def candidates(self, client: RingCentralClient, start: datetime, end: datetime) -> Iterator[Record]:
        """Batches from the sender that are no larger (what was rejected may not count) and hold nothing else."""
        query = {"from": self.sender, "dateFrom": start, "dateTo": end}
        for record in client.records(LIST_A2P_BATCHES.at(accountId=OWN), query):
            if 0 < int(record.get("batchSize") or 0) <= len(self.messages) and self._holds(client, record):
                yield {**record, "content": self.content}

    def content_of(self, record: Record) -> str | None:
        """As `content`, of a batch whose messages were compared."""
        return record.get("content")

    def _holds(self, client: RingCentralClient, record: Record) -> bool:
        own = set(self.messages)
        some = list(islice(batch_messages(client, self.id_of(record), moment(record.get("creationTime"))), COMPARED))
        return bool(some) and all((recipient_of(one), one.get("text")) in own for one in some)


def batch_messages(client: RingCentralClient, batch_id: str, created: datetime | None) -> Iterator[Record]:
    """The messages of a batch with their texts, 1000 a request. Source: operationId listA2PSMS."""
    query = {**messages_of(batch_id, created), "view": "Detailed"}
    yield from client.records(LIST_A2P_MESSAGES.at(accountId=OWN), query)


def messages_of(batch_id: str, created: datetime | None) -> dict[str, Any]:
    """The parameters that choose the messages of a batch."""
    # Without dates it is about the last 24 hours, even with a batch (FACTS 7.5).
    dates = {"dateFrom": created - A_DAY, "dateTo": created + A_DAY} if created else {}
    return {"batchId": batch_id, **dates}


def batch_outcome(record: Record, wait_for: str) -> Outcome:
    """Whether a batch is where `wait_for` wants it: `sent`, all of it left the queue; `delivered`, it is Completed.

    `Sent` is nowhere explained (FACTS 7.5), so the counts have to agree. A status that nobody knows yet waits.
    """
    status = str(record.get("status") or "").lower()
    processed = int(record.get("processedCount") or 0) >= int(record.get("batchSize") or 0)
    done = status == "completed" or wait_for == "accepted" or (wait_for == "sent" and status == "sent" and processed)
    return Outcome.DONE if done else Outcome.WAIT


def recipient_of(message: Record) -> str:
    """The number of a message of a batch."""
    to: Iterable[Any] = message.get("to") or ()
    return next((str(one) for one in to), "")
