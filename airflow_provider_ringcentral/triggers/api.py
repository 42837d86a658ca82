"""Wait in the triggerer until a condition on the answer of any path holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from airflow.triggers.base import TriggerEvent

from airflow_provider_ringcentral.client.auth.encryption import TokenEncryptor
from airflow_provider_ringcentral.client.errors import RingCentralError
from airflow_provider_ringcentral.hooks.xcom import XCOM_LIMIT_BYTES
from airflow_provider_ringcentral.triggers.condition import PollResult, evaluate, retryable_result
from airflow_provider_ringcentral.triggers.poll_coordinator import GRACE_SECONDS, MIN_INTERVAL_SECONDS
from airflow_provider_ringcentral.triggers.quota import MIN_DELAY_SECONDS, RingCentralQuotaTrigger
from airflow_provider_ringcentral.triggers.waiting import RingCentralWaitTrigger

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient
    from airflow_provider_ringcentral.client.auth.credentials import Credentials


class RingCentralApiTrigger(RingCentralWaitTrigger):
    """GET `path` every `poke_interval` seconds until `condition` holds or `deadline` (epoch seconds) has passed.

    The worker polled before it deferred, so the first poll comes an interval later, 5 s after the start at the
    earliest. Fires once:

    | status | with |
    |---|---|
    | success | `sealed`: the answer, encrypted with the credentials since events are stored in clear; None: too large |
    | timeout | `reason`: the result of the last poll |
    | error | `error`: kind, message and fields of an error that waiting cannot fix |
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
        return max(MIN_DELAY_SECONDS, self._pause())

    async def _wait(self, client: AsyncRingCentralClient) -> dict[str, Any]:
        logged = ""
        while True:
            result = await self._poll_once(client)
            if result.done:
                return {"status": "success", "sealed": await client.work(_encrypted, client.credentials, result.value)}
            if result.reason != logged:
                # A line for each poll would be ten thousand in a week.
                self.log.info("Not yet: %s", result.reason)
                logged = result.reason
            if self._left() <= 0:
                return {"status": "timeout", "reason": result.reason}
            await asyncio.sleep(self._pause(result.again_in))

    async def _poll_once(self, client: AsyncRingCentralClient) -> PollResult:
        left = max(0.0, self._left())
        try:
            async with asyncio.timeout(left + GRACE_SECONDS):
                # "return": the condition gets what came when some of several ids failed.
                body = await client.raw_json(
                    "GET", self.path, params=self.query, max_wait=left, on_partial_failure="return"
                )
                # In a thread: large answers and long expressions would hold the event loop.
                return await client.work(evaluate, self.condition, body)
        except TimeoutError:
            return PollResult(done=False, reason="no answer came in time")
        except RingCentralError as error:
            result = retryable_result(error, missing_ok=self.missing_ok)
            if result is None:
                raise
            return result

    def _pause(self, again_in: float = 0.0) -> float:
        return max(MIN_INTERVAL_SECONDS, min(max(self.poke_interval, again_in), self._left()))


class RingCentralPauseTrigger(RingCentralQuotaTrigger):
    """Fire at `moment` for a worker that polls itself, and return `deadline` to it (both in epoch seconds)."""

    def __init__(self, moment: float, deadline: float) -> None:
        super().__init__(moment)
        self.deadline = deadline

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments."""
        path, arguments = super().serialize()
        return path, {**arguments, "deadline": self.deadline}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Sleep, then fire once."""
        await asyncio.sleep(self.seconds)
        yield TriggerEvent({"status": "again", "deadline": self.deadline})  # type: ignore[no-untyped-call]


def _encrypted(credentials: Credentials, value: Any) -> str | None:
    """Encrypt the value for the worker, which has the same credentials; None when it is too large for an event."""
    sealed = TokenEncryptor(credentials).encrypt(msgspec.json.encode(value).decode())
    return sealed if len(sealed) <= XCOM_LIMIT_BYTES else None
