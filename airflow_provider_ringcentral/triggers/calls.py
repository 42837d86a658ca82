"""Waiting for calls to end without a worker."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.triggers.awaited import Awaited, RingCentralComingTrigger
from airflow_provider_ringcentral.triggers.condition import Look
from airflow_provider_ringcentral.triggers.ended_call import LATE_SECONDS, EndedCall, changes_query, ended_look
from airflow_provider_ringcentral.triggers.listing import as_it_is, listed

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient
    from airflow_provider_ringcentral.triggers.rounds import Topic


class RingCentralCallTrigger(RingCentralComingTrigger):
    """Waits until a call of the account ended that passes `wanted`, an `EndedCall`. `path` is the change log's.

    `found` are ids, times and results, oldest first.
    """

    def asks(self) -> tuple[Topic[Any], Any]:
        """Which calls have ended."""
        return EndedCalls(self.path), Awaited(EndedCall.of_json(self.wanted), ended_look, self.start)


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
