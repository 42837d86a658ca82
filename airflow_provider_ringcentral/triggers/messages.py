"""Waiting for messages without a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sending.status.arrival import Arrival
from airflow_provider_ringcentral.triggers.arrivals import Arrivals, arrivals_look
from airflow_provider_ringcentral.triggers.awaited import Awaited, RingCentralComingTrigger
from airflow_provider_ringcentral.triggers.message_statuses import FollowedMessages, MessageStatuses
from airflow_provider_ringcentral.triggers.sweep import RingCentralFollowTrigger

if TYPE_CHECKING:
    from airflow_provider_ringcentral.triggers.rounds import Topic

MOST_MESSAGES = 500
"""In one wait. A trigger's arguments stay far below 48 KB, and so does what a sensor returns."""


class RingCentralMessageStatusTrigger(RingCentralFollowTrigger):
    """Waits until every message is where `wait_for` wants it, or one has failed.

    `found` is what is known of them, as `sending/brief.py` groups it.
    """

    def asks(self) -> tuple[Topic[Any], Any]:
        """The statuses of these messages."""
        return MessageStatuses(), FollowedMessages(self.ids, self.wait_for, self.since)


class RingCentralNewMessageTrigger(RingCentralComingTrigger):
    """Waits until a message arrives in the mailbox at `path` (a message-store list) that passes `wanted`, an `Arrival`.

    `found` are ids, times and attachments, oldest first.
    """

    def asks(self) -> tuple[Topic[Any], Any]:
        """What is new in this mailbox."""
        return Arrivals(self.path), Awaited(Arrival.of_json(self.wanted), arrivals_look, self.start)
