"""Waiting for calls to end without a worker."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.triggers.awaited import Awaited
from airflow_provider_ringcentral.triggers.condition import Look
from airflow_provider_ringcentral.triggers.ended_call import LATE_SECONDS, EndedCall, changes_query, ended_look
from airflow_provider_ringcentral.triggers.listing import as_it_is, listed
from airflow_provider_ringcentral.triggers.waiting import RingCentralWaitTrigger

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient


class RingCentralCallTrigger(RingCentralWaitTrigger):
    """Waits until a call of the account ended that passes `call`, an `EndedCall` as JSON.

    `path` is the change log's, `start` (epoch seconds) from when on nobody has looked. All such waits of a Connection
    in a triggerer are answered by the same request. Fires once, with `status`:

    | status | with |
    |---|---|
    | success | `calls`: ids, times and results, oldest first |
    | timeout | `reason`: what the last look found |
    | error | `error`: kind, message, fields of what waiting cannot mend |
    """

    fields: ClassVar[tuple[str, ...]] = (*RingCentralWaitTrigger.fields, "path", "call", "start")

    def __init__(
        self,
        *,
        ringcentral_conn_id: str,
        path: str,
        call: Mapping[str, Any],
        start: float,
        poke_interval: float,
        deadline: float,
    ) -> None:
        super().__init__(ringcentral_conn_id=ringcentral_conn_id, poke_interval=poke_interval, deadline=deadline)
        self.path = path
        self.call = dict(call)
        self.start = start

    async def _until_it_holds(self, client: AsyncRingCentralClient) -> dict[str, Any]:
        awaited = Awaited(EndedCall.of_json(self.call), ended_look, self.start)
        look = await self._answered(client, EndedCalls(self.path), awaited)
        if not look.done:
            return {"status": "timeout", "reason": look.reason}
        return {"status": "success", "calls": look.value}


@dataclass(frozen=True)
class EndedCalls:
    """The rows that changed since the wait that has not looked for longest: a Heavy request for every thousand."""

    path: str

    async def look(self, client: AsyncRingCentralClient, questions: Sequence[Awaited[EndedCall]]) -> Sequence[Look]:
        """One look for all."""
        reached = time.time() - LATE_SECONDS
        query = changes_query(min(one.start for one in questions))
        records = await listed(client, self.path, query, as_it_is)
        return await client.work(lambda: [one.take(records, reached) for one in questions])
