"""Waiting for messages without a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.sending.arrival import Arrival
from airflow_provider_ringcentral.sending.brief import grouped
from airflow_provider_ringcentral.triggers.arrivals import Arrivals, arrivals_look
from airflow_provider_ringcentral.triggers.awaited import Awaited
from airflow_provider_ringcentral.triggers.message_statuses import FollowedMessages, MessageStatuses
from airflow_provider_ringcentral.triggers.waiting import RingCentralWaitTrigger

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient

MOST_MESSAGES = 500
"""In one wait. A trigger's arguments stay far below 48 KB, and so does what a sensor returns."""


class RingCentralMessageStatusTrigger(RingCentralWaitTrigger):
    """Waits until every message of `message_ids` is where `wait_for` wants it, or one has failed.

    `since` (epoch seconds, None: unknown) is when the oldest of them was made. All waits of a Connection in a triggerer
    are answered by the same requests, at most three a round. Fires once, with `status`:

    | status | with |
    |---|---|
    | success | `messages`: what is known of them, without numbers and texts (`sending/brief.py`) |
    | timeout | `reason`: what the last look found |
    | error | `error`: kind, message, fields of what waiting cannot mend |
    """

    fields: ClassVar[tuple[str, ...]] = (*RingCentralWaitTrigger.fields, "message_ids", "wait_for", "since")

    def __init__(
        self,
        *,
        ringcentral_conn_id: str,
        message_ids: Sequence[str],
        wait_for: str,
        since: float | None,
        poke_interval: float,
        deadline: float,
    ) -> None:
        super().__init__(ringcentral_conn_id=ringcentral_conn_id, poke_interval=poke_interval, deadline=deadline)
        self.message_ids = list(message_ids)
        self.wait_for = wait_for
        self.since = since

    async def _until_it_holds(self, client: AsyncRingCentralClient) -> dict[str, Any]:
        followed = FollowedMessages(self.message_ids, self.wait_for, self.since)
        look = await self._answered(client, MessageStatuses(), followed)
        if not look.done:
            return {"status": "timeout", "reason": look.reason}
        return {"status": "success", "messages": grouped(look.value)}


class RingCentralNewMessageTrigger(RingCentralWaitTrigger):
    """Waits until a message arrives in the mailbox at `path` (a message-store list) that passes `arrival`.

    `arrival` is one as JSON (`sending/arrival.py`), `start` (epoch seconds) from when on nobody has looked. All waits
    for one mailbox in a triggerer are answered by the same request. Fires once, with `status`:

    | status | with |
    |---|---|
    | success | `messages`: ids, times and attachments, oldest first; `deadline`, for who goes on waiting |
    | timeout | `reason`: what the last look found |
    | error | `error`: kind, message, fields of what waiting cannot mend |
    """

    fields: ClassVar[tuple[str, ...]] = (*RingCentralWaitTrigger.fields, "path", "arrival", "start")

    def __init__(
        self,
        *,
        ringcentral_conn_id: str,
        path: str,
        arrival: Mapping[str, Any],
        start: float,
        poke_interval: float,
        deadline: float,
    ) -> None:
        super().__init__(ringcentral_conn_id=ringcentral_conn_id, poke_interval=poke_interval, deadline=deadline)
        self.path = path
        self.arrival = dict(arrival)
        self.start = start

    async def _until_it_holds(self, client: AsyncRingCentralClient) -> dict[str, Any]:
        awaited = Awaited(Arrival.of_json(self.arrival), arrivals_look, self.start)
        look = await self._answered(client, Arrivals(self.path), awaited)
        if not look.done:
            return {"status": "timeout", "reason": look.reason}
        return {"status": "success", "messages": look.value, "deadline": self.deadline}
