"""Wait in the triggerer for a slot of the rate limiter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_ringcentral.client.rate_limit.queue import EARLY_SECONDS

MIN_DELAY_SECONDS = 5.0
"""A trigger that fires earlier makes Airflow fail tasks at random (apache/airflow#66374 and others)."""

MAX_PAUSE_SECONDS = 60.0
MIN_PAUSE_SECONDS = 1.0
RESCUE_SECONDS = 600.0
"""How long after the deadline Airflow ends a deferral whose trigger never fired."""

HANDOVER_SECONDS = 120.0
"""From the deferral to the trigger's first check, or from its event to the worker's start."""


def pause_seconds(left: float, in_front: int) -> float:
    """Return the seconds until the next check of a reservation that is due in `left` seconds.

    `in_front` deferred tasks come before it. They may need fewer requests than planned, so it is checked before it is
    due; but a thousand tasks that check all the time would keep the ledger busy.
    """
    return max(MIN_PAUSE_SECONDS, min(MAX_PAUSE_SECONDS, left - EARLY_SECONDS, max(MIN_DELAY_SECONDS, in_front)))


def hold_seconds(left: float) -> float:
    """Return the seconds for which the ledger keeps a reservation that is due in `left` seconds without a check."""
    return left + HANDOVER_SECONDS


class RingCentralQuotaTrigger(BaseTrigger):
    """Fire at `moment` (epoch seconds), 5 s after its start at the earliest.

    `place` (owner, group and turn of a `Reservation`) is the task's reservation in the rate limiter: the trigger keeps
    it, checks it now and then, and fires when its slot is due. A triggerer on another machine cannot read a SQLite
    ledger and fires at `moment`, the worker's estimate. At `deadline` (epoch seconds) it fires in any case.
    """

    def __init__(self, moment: float, place: Mapping[str, str] | None = None, deadline: float | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.moment = moment
        self.place = place
        self.deadline = deadline

    @property
    def seconds(self) -> float:
        """Seconds from now until it may fire."""
        return max(MIN_DELAY_SECONDS, self.moment - time.time())

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments."""
        arguments: dict[str, Any] = {"moment": self.moment}
        if self.place is not None:
            arguments["place"] = dict(self.place)
        if self.deadline is not None:
            arguments["deadline"] = self.deadline
        return f"{type(self).__module__}.{type(self).__qualname__}", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Sleep until the slot is due, then fire once."""
        if self.place is None:
            await asyncio.sleep(self.seconds)
        else:
            await self._wait_for_slot(self.place)
        yield TriggerEvent({"status": "success"})  # type: ignore[no-untyped-call]

    async def _wait_for_slot(self, place: Mapping[str, str]) -> None:
        pause, loop = MIN_DELAY_SECONDS, asyncio.get_running_loop()
        while True:
            ends = float("inf") if self.deadline is None else self.deadline - time.time()
            await asyncio.sleep(max(0.0, min(pause, ends)))
            if pause >= ends:
                return
            hold = hold_seconds(max(0.0, self.moment - time.time()))
            found = await loop.run_in_executor(_executor(), _check_reservation, dict(place), hold)
            left, in_front = (self.moment - time.time(), None) if found is None else found
            if left <= 0.0:
                return
            pause = left if in_front is None else pause_seconds(left, in_front)


@cache
def _executor() -> ThreadPoolExecutor:
    """One thread, so that checks of the ledger come one by one; the loop's own threads are Airflow's."""
    return ThreadPoolExecutor(1, "ringcentral-queue")


def _check_reservation(place: Mapping[str, str], hold: float) -> tuple[float, int] | None:
    from airflow_provider_ringcentral.client.rate_limit.limiter import Reservation
    from airflow_provider_ringcentral.hooks import settings

    return Reservation(**place).check(settings.shared_ledger(settings.ledger_url()), hold)
