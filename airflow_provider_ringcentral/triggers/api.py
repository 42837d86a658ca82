"""Looking at any path until a condition holds, without a worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from airflow.triggers.base import TriggerEvent

from airflow_provider_ringcentral.client.auth.encryption import TokenEncryptor
from airflow_provider_ringcentral.client.errors import RingCentralError
from airflow_provider_ringcentral.hooks.xcom import XCOM_LIMIT_BYTES
from airflow_provider_ringcentral.triggers.condition import Look, judge, passing
from airflow_provider_ringcentral.triggers.poll_coordinator import LAST_LOOK_SECONDS, SHORTEST_INTERVAL_SECONDS
from airflow_provider_ringcentral.triggers.quota import SOONEST_SECONDS, RingCentralQuotaTrigger
from airflow_provider_ringcentral.triggers.waiting import RingCentralWaitTrigger

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient
    from airflow_provider_ringcentral.client.auth.credentials import Credentials


class RingCentralApiTrigger(RingCentralWaitTrigger):
    """GETs `path` every `poke_interval` seconds until `condition` holds or `deadline` (epoch seconds) has passed.

    The first look is the worker's, so this one's comes an interval later, and not within 5 s of the start. Fires once:

    | status | with |
    |---|---|
    | success | `sealed`: the answer, encrypted with the credentials since events are stored in clear; None: too large |
    | timeout | `reason`: what the last look found |
    | error | `error`: kind, message, fields of what waiting cannot mend |
    """

    fields: ClassVar[tuple[str, ...]] = (*RingCentralWaitTrigger.fields, "path", "query", "condition", "missing_ok")

    def __init__(
        self,
        *,
        ringcentral_conn_id: str,
        path: str,
        query: Mapping[str, Any] | None,
        condition: str | None,
        missing_ok: bool,
        poke_interval: float,
        deadline: float,
    ) -> None:
        super().__init__(ringcentral_conn_id=ringcentral_conn_id, poke_interval=poke_interval, deadline=deadline)
        self.path = path
        self.query = query
        self.condition = condition
        self.missing_ok = missing_ok

    def _first_pause(self) -> float:
        return max(SOONEST_SECONDS, self._pause())

    async def _until_it_holds(self, client: AsyncRingCentralClient) -> dict[str, Any]:
        said = ""
        while True:
            look = await self._look(client)
            if look.done:
                return {"status": "success", "sealed": await client.work(_sealed, client.credentials, look.value)}
            if look.reason != said:
                # A line a look would be ten thousand in a week.
                self.log.info("Not yet: %s", look.reason)
                said = look.reason
            if self._left() <= 0:
                return {"status": "timeout", "reason": look.reason}
            await asyncio.sleep(self._pause(look.again_in))

    async def _look(self, client: AsyncRingCentralClient) -> Look:
        left = max(0.0, self._left())
        try:
            async with asyncio.timeout(left + LAST_LOOK_SECONDS):
                # Of several ids the condition judges what came.
                body = await client.raw_json(
                    "GET", self.path, params=self.query, max_wait=left, on_partial_failure="return"
                )
                # Large answers and long expressions take their time.
                return await client.work(judge, self.condition, body)
        except TimeoutError:
            return Look(done=False, reason="no answer came in time")
        except RingCentralError as error:
            look = passing(error, missing_ok=self.missing_ok)
            if look is None:
                raise
            return look

    def _pause(self, again_in: float = 0.0) -> float:
        return max(SHORTEST_INTERVAL_SECONDS, min(max(self.poke_interval, again_in), self._left()))


class RingCentralPauseTrigger(RingCentralQuotaTrigger):
    """Fires at `moment` for a worker that looks itself; hands back `deadline` (epoch seconds), which must survive."""

    def __init__(self, moment: float, deadline: float) -> None:
        super().__init__(moment)
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments."""
        path, arguments = super().serialize()
        return path, {**arguments, "deadline": self.deadline}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Sleep, then say so once."""
        await asyncio.sleep(self.seconds)
        yield TriggerEvent({"status": "again", "deadline": self.deadline})  # type: ignore[no-untyped-call]


def _sealed(credentials: Credentials, value: Any) -> str | None:
    """The value for the worker, which has the same credentials; None when it is too large for an event."""
    sealed = TokenEncryptor(credentials).encrypt(msgspec.json.encode(value).decode())
    return sealed if len(sealed) <= XCOM_LIMIT_BYTES else None
