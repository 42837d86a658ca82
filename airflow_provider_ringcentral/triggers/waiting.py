"""What triggers that ask RingCentral have in common: how they start, how they end, and whose client they use."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_ringcentral.client.errors import LoginFailed, RingCentralError
from airflow_provider_ringcentral.hooks.client import shared_client
from airflow_provider_ringcentral.hooks.connection import read_credentials_async
from airflow_provider_ringcentral.triggers.poll_coordinator import answer
from airflow_provider_ringcentral.triggers.quota import SOONEST_SECONDS

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient
    from airflow_provider_ringcentral.triggers.poll_coordinator import PollTarget

SPREAD_SECONDS = 2.0
"""Over which triggers that start together begin: a thousand at once would hold the event loop for half a second."""


class RingCentralWaitTrigger(BaseTrigger):
    """Asks every `poke_interval` seconds until there is something to tell or `deadline` (epoch seconds) has passed.

    Fires once, and not within 5 s of its start, with `status`: `success` (what else is in it the subclass says),
    `timeout` (`reason`: what the last look found) or `error` (`error`: kind, message, fields of what waiting cannot
    mend). `fields` names the arguments, which are all that crosses the database.
    """

    fields: ClassVar[tuple[str, ...]] = ("ringcentral_conn_id", "poke_interval", "deadline")

    def __init__(self, *, ringcentral_conn_id: str, poke_interval: float, deadline: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.ringcentral_conn_id = ringcentral_conn_id
        self.poke_interval = poke_interval
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {name: getattr(self, name) for name in self.fields}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look until there is something to tell, then tell it once."""
        await asyncio.sleep(self._first_pause())
        yield TriggerEvent(await self._told())  # type: ignore[no-untyped-call]

    def _first_pause(self) -> float:
        return SOONEST_SECONDS + random.uniform(0.0, SPREAD_SECONDS)

    async def _told(self) -> dict[str, Any]:
        try:
            return await self._watch()
        except RingCentralError as error:
            return {"status": "error", "error": error.as_json()}

    async def _watch(self) -> dict[str, Any]:
        while True:
            async with shared_client(self.ringcentral_conn_id) as client:
                try:
                    return await self._until_it_holds(client)
                except LoginFailed:
                    # A wait may last for days: secret and JWT may have been replaced meanwhile.
                    if await read_credentials_async(self.ringcentral_conn_id) == client.credentials:
                        raise

    async def _until_it_holds(self, client: AsyncRingCentralClient) -> dict[str, Any]:
        """The payload of the event."""
        raise NotImplementedError

    def _left(self) -> float:
        return self.deadline - time.time()


class RingCentralSharedTrigger(RingCentralWaitTrigger):
    """Waits that ask together: what one look finds is told to all who wait for it.

    Fires once, with `status`:

    | status | with |
    |---|---|
    | success | `found`: what was waited for, without numbers and texts; `deadline`, for who goes on waiting |
    | timeout | `reason`: what the last look found |
    | error | `error`: kind, message, fields of what waiting cannot mend |
    """

    def asks(self) -> tuple[PollTarget[Any], Any]:
        """What is asked, and this wait's question. Equal topics of one client share their looks."""
        raise NotImplementedError

    async def _until_it_holds(self, client: AsyncRingCentralClient) -> dict[str, Any]:
        until = datetime.fromtimestamp(self.deadline, UTC)
        self.log.info("Waiting until %s UTC, together with all such waits of the Connection.", f"{until:%F %T}")
        topic, question = self.asks()
        # The first look was the worker's.
        first = max(0.0, self.poke_interval - SOONEST_SECONDS)
        look = await answer(client, topic, question, interval=self.poke_interval, first=first, deadline=self.deadline)
        if not look.done:
            return {"status": "timeout", "reason": look.reason}
        return {"status": "success", "found": look.value, "deadline": self.deadline}
