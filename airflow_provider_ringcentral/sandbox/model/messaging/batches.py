"""Broadcasts at the server: batches of texts from a high-volume number."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api.messaging.message_records import segments
from airflow_provider_ringcentral.sandbox.model.messaging.delivery import (
    DeliveryDelays,
    StatusChange,
    plan_history,
    status_at,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_provider_ringcentral.sandbox.model.state import State

SEGMENT_COST = 0.007
_FIRST_BATCH, _FIRST_MESSAGE = 7_034_518_000, 3_061_894_205_700_000_000
COUNTED = ("queued", "sent", "delivered", "sendingFailed", "deliveryFailed")


@dataclass(slots=True)
class BatchMessage:
    """One text of a batch to one number. `history` are its statuses in time."""

    id: int
    batch: str
    sender: str
    to: str
    text: str
    created: int
    history: tuple[StatusChange, ...]
    segments: int

    def status_at(self, now: int) -> StatusChange:
        """The status at a moment."""
        return status_at(self.history, now)

    @property
    def cost(self) -> float:
        """In dollars."""
        return round(self.segments * SEGMENT_COST, 4)


@dataclass(slots=True)
class Batch:
    """A batch. `processed` is when the last message left the queue, `completed` when all have their last status."""

    id: str
    sender: str
    created: int
    user: int
    messages: list[BatchMessage] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    each: float = 0.0
    processed: int = 0
    completed: int = 0

    def status(self, now: int) -> str:
        """Processing, then Sent, then Completed."""
        return "Completed" if now >= self.completed else "Sent" if now >= self.processed else "Processing"

    def processed_count(self, now: int) -> int:
        """How many messages left the queue."""
        if now >= self.processed or not self.each:
            return len(self.messages)
        return min(len(self.messages), int((now - self.created) / self.each))

    def modified(self, now: int) -> int:
        """When it last moved on."""
        return min(max(now, self.created), self.completed)


class Batches:
    """All batches of the company, oldest first."""

    def __init__(self) -> None:
        self.batches: dict[str, Batch] = {}
        self.messages: dict[int, BatchMessage] = {}

    def add(
        self, state: State, sender: str, texts: Iterable[tuple[str, str]], rejected: list[dict[str, Any]], *, user: int
    ) -> Batch:
        """A batch of (number, text) that was accepted just now; its messages leave one after the other."""
        now = state.now()
        batch = Batch(f"{_FIRST_BATCH + 17 * len(self.batches)}", sender, now, user, rejected=rejected)
        batch.each = 1000 * state.options.scale / state.options.a2p_per_second
        rest = state.milliseconds(max(0.0, state.options.delivered_seconds - state.options.sent_seconds))
        counted = dict[str, int]()
        for rank, (number, text) in enumerate(texts, start=1):
            sent = round(rank * batch.each)
            outcome = state.messaging.outcome(number, sender)
            history = plan_history(outcome, now, DeliveryDelays(sent, sent + rest), state.options.scale)
            if text not in counted:
                counted[text] = segments(text)
            message_id = _FIRST_MESSAGE + 1_021 * len(self.messages)
            message = BatchMessage(message_id, batch.id, sender, number, text, now, history, counted[text])
            self.messages[message.id] = message
            batch.messages.append(message)
        batch.processed = now + round(len(batch.messages) * batch.each)
        batch.completed = max([batch.processed, *(message.history[-1].at for message in batch.messages)])
        self.batches[batch.id] = batch
        return batch


def batch_record(batch: Batch, now: int) -> dict[str, Any]:
    """A batch as the API shows it; times are left in ms."""
    record = {
        "id": batch.id,
        "from": batch.sender,
        "batchSize": len(batch.messages),
        "processedCount": batch.processed_count(now),
        "creationTime": batch.created,
        "lastModifiedTime": batch.modified(now),
        "status": batch.status(now),
    }
    if record["status"] == "Completed":
        record["cost"] = round(sum(message.cost for message in batch.messages), 4)
    return record


def count_statuses(messages: Iterable[BatchMessage], now: int) -> dict[str, Any]:
    """How many messages have which status, what they cost, and why they failed."""
    counts: Counter[str] = Counter()
    costs: dict[str, float] = dict.fromkeys(COUNTED, 0.0)
    errors: dict[str, Counter[str]] = {name: Counter() for name in COUNTED}
    for message in messages:
        change = message.status_at(now)
        name = change.status[:1].lower() + change.status[1:]
        if name not in costs:
            name = "queued"
        counts[name] += 1
        costs[name] += message.cost
        if change.code is not None:
            errors[name][change.code] += 1
    return {
        name: {"count": counts[name], "cost": round(costs[name], 4)}
        | ({"errorCodeCounts": dict(errors[name])} if errors[name] else {})
        for name in COUNTED
    }
