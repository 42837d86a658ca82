"""Base classes of the triggers that poll RingCentral."""

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
from airflow_provider_ringcentral.triggers.poll_coordinator import poll_until_done
from airflow_provider_ringcentral.triggers.quota import MIN_DELAY_SECONDS

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient
    from airflow_provider_ringcentral.triggers.poll_coordinator import PollTarget

START_JITTER_SECONDS = 2.0
"""Spread of the starts of triggers: a thousand that start at once would hold the event loop for half a second."""


class RingCentralWaitTrigger(BaseTrigger):
    """Poll every `poke_interval` seconds until there is a result or `deadline` (epoch seconds) has passed.

    Fires once, 5 s after its start at the earliest, with `status`: `success` (subclasses add what they found),
    `timeout` (`reason`: the result of the last poll) or `error` (`error`: kind, message and fields of an error that
    waiting cannot fix). `fields` names the arguments, which are all that is stored in Airflow's database.
    """

    fields: ClassVar[tuple[str, ...]] = ("ringcentral_conn_id", "poke_interval", "deadline")

    def __init__(self, *, ringcentral_conn_id: str, poke_interval: float, deadline: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.ringcentral_conn_id = ringcentral_conn_id
        self.poke_interval = poke_interval
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {name: getattr(self, name) for name in self.fields}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until there is a result, and fire once."""
        await asyncio.sleep(self._first_pause())
        yield TriggerEvent(await self._event())  # type: ignore[no-untyped-call]

    def _first_pause(self) -> float:
        return MIN_DELAY_SECONDS + random.uniform(0.0, START_JITTER_SECONDS)

    async def _event(self) -> dict[str, Any]:
        try:
            return await self._wait_with_client()
        except RingCentralError as error:
            return {"status": "error", "error": error.as_json()}

    async def _wait_with_client(self) -> dict[str, Any]:
        while True:
            async with shared_client(self.ringcentral_conn_id) as client:
                try:
                    return await self._wait(client)
                except LoginFailed:
                    # A wait may last for days, and the secret or the JWT may have been replaced meanwhile.
                    if await read_credentials_async(self.ringcentral_conn_id) == client.credentials:
                        raise

    async def _wait(self, client: AsyncRingCentralClient) -> dict[str, Any]:
        """Poll until there is a result, and return the event's payload."""
        raise NotImplementedError

    def _left(self) -> float:
        return self.deadline - time.time()


class RingCentralSharedPollTrigger(RingCentralWaitTrigger):
    """A trigger that shares its polls with all equal ones of its Connection in the triggerer.

    Fires once, with `status`:

    | status | with |
    |---|---|
    | success | `found`: what was waited for, without phone numbers and texts; `deadline`, for a task that waits again |
    | timeout | `reason`: the result of the last poll |
    | error | `error`: kind, message and fields of an error that waiting cannot fix |
    """

    def subscribe(self) -> tuple[PollTarget[Any], Any]:
        """Return what to poll, and this trigger's subscription to it."""
        raise NotImplementedError

    async def _wait(self, client: AsyncRingCentralClient) -> dict[str, Any]:
        until = datetime.fromtimestamp(self.deadline, UTC)
        self.log.info("Polling until %s UTC, together with similar waits of this Connection.", f"{until:%F %T}")
        target, subscription = self.subscribe()
        # The worker polled just before it deferred.
        first = max(0.0, self.poke_interval - MIN_DELAY_SECONDS)
        result = await poll_until_done(
            client, target, subscription, interval=self.poke_interval, first=first, deadline=self.deadline
        )
        if not result.done:
            return {"status": "timeout", "reason": result.reason}
        return {"status": "success", "found": result.value, "deadline": self.deadline}
