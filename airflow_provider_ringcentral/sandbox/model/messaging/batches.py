"""Batches of texts from a high-volume (A2P) number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.model.messaging.delivery import (
    DeliveryDelays,
    StatusChange,
    plan_history,
    segments,
    status_at,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_provider_ringcentral.sandbox.model.messaging.delivery import Outcome
    from airflow_provider_ringcentral.sandbox.model.options import Options

SEGMENT_COST = 0.007
_FIRST_BATCH, _FIRST_MESSAGE = 7_034_518_000, 3_061_894_205_700_000_000


@dataclass(slots=True)
class BatchMessage:
    """One text of a batch, to one number. `history` holds all statuses that it will have."""

    id: int
    batch: str
    sender: str
    to: str
    text: str
    created: int
    history: tuple[StatusChange, ...]
    segments: int

    def status_at(self, now: int) -> StatusChange:
        """Return the status that holds at `now` (ms)."""
        return status_at(self.history, now)

    @property
    def cost(self) -> float:
        """The price of the text in dollars."""
        return round(self.segments * SEGMENT_COST, 4)


@dataclass(slots=True)
class Batch:
    """A batch of texts, with times in ms.

    The messages leave one after the other, `interval` apart. The last one leaves at `processed`, and at `completed` all
    have their final status.
    """

    id: str
    sender: str
    created: int
    user: int
    messages: list[BatchMessage] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    interval: float = 0.0
    processed: int = 0
    completed: int = 0

    def status(self, now: int) -> str:
        """Return Processing, Sent or Completed."""
        return "Completed" if now >= self.completed else "Sent" if now >= self.processed else "Processing"

    def processed_count(self, now: int) -> int:
        """Return how many messages have left by `now` (ms)."""
        if now >= self.processed or not self.interval:
            return len(self.messages)
        return min(len(self.messages), int((now - self.created) / self.interval))

    def modified(self, now: int) -> int:
        """Return when the batch last changed (ms)."""
        return min(max(now, self.created), self.completed)


class Batches:
    """All batches of the company, oldest first."""

    def __init__(self) -> None:
        self.batches: dict[str, Batch] = {}
        self.messages: dict[int, BatchMessage] = {}

    def add(
        self,
        sender: str,
        texts: Iterable[tuple[str, str, Outcome]],
        rejected: list[dict[str, Any]],
        *,
        user: int,
        now: int,
        options: Options,
    ) -> Batch:
        """File a batch of texts (number, text, outcome) that is accepted at `now` (ms)."""
        batch = Batch(f"{_FIRST_BATCH + 17 * len(self.batches)}", sender, now, user, rejected=rejected)
        batch.interval = 1000 * options.scale / options.a2p_per_second
        rest = options.milliseconds(max(0.0, options.delivered_seconds - options.sent_seconds))
        counted = dict[str, int]()
        for rank, (number, text, outcome) in enumerate(texts, start=1):
            sent = round(rank * batch.interval)
            history = plan_history(outcome, now, DeliveryDelays(sent, sent + rest), options.scale)
            if text not in counted:
                counted[text] = segments(text)
            message_id = _FIRST_MESSAGE + 1_021 * len(self.messages)
            message = BatchMessage(message_id, batch.id, sender, number, text, now, history, counted[text])
            self.messages[message.id] = message
            batch.messages.append(message)
        batch.processed = now + round(len(batch.messages) * batch.interval)
        batch.completed = max([batch.processed, *(message.history[-1].at for message in batch.messages)])
        self.batches[batch.id] = batch
        return batch
