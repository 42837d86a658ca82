"""Waiting for the quota without a worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_ringcentral.client.rate_limit.queue import EARLY_SECONDS

SOONEST_SECONDS = 5.0
"""A trigger that fires sooner makes Airflow fail tasks at random (apache/airflow#66374 and others)."""

LONGEST_PAUSE_SECONDS = 60.0
SHORTEST_PAUSE_SECONDS = 1.0
HANDED_OVER_SECONDS = 120.0
"""From the deferral until a trigger looks for the first time, or from its moment until a worker does."""


def pause_seconds(left: float, in_front: int) -> float:
    """Until the next look at a reservation that is due in `left` seconds, with so many deferred tasks in front.

    Those may need fewer requests than thought. A thousand that look all the time would keep the ledger busy.
    """
    return max(SHORTEST_PAUSE_SECONDS, min(LONGEST_PAUSE_SECONDS, left - EARLY_SECONDS, max(SOONEST_SECONDS, in_front)))


def kept_seconds(left: float) -> float:
    """How long a reservation that is due in `left` seconds is kept without a look."""
    return left + HANDED_OVER_SECONDS


class RingCentralQuotaTrigger(BaseTrigger):
    """Fires at `moment` (epoch seconds), and not within 5 s of its start.

    With `place` (owner, group and turn of a `Reservation`) it stands in the quota's queue for the task: it looks there
    now and then, and fires when it is the task's turn. A triggerer on another machine cannot see a SQLite ledger; then
    the moment counts, which was the worker's estimate. At `deadline` (epoch seconds) it fires anyhow.
    """

    def __init__(self, moment: float, place: Mapping[str, str] | None = None, deadline: float | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.moment = moment
        self.place = place
        self.deadline = deadline

    @property
    def seconds(self) -> float:
        """From now until it may fire."""
        return max(SOONEST_SECONDS, self.moment - time.time())

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments."""
        arguments: dict[str, Any] = {"moment": self.moment}
        if self.place is not None:
            arguments["place"] = dict(self.place)
        if self.deadline is not None:
            arguments["deadline"] = self.deadline
        return f"{type(self).__module__}.{type(self).__qualname__}", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Sleep, then say so once."""
        if self.place is None:
            await asyncio.sleep(self.seconds)
        else:
            await self._until_turn(self.place)
        yield TriggerEvent({"status": "success"})  # type: ignore[no-untyped-call]

    async def _until_turn(self, place: Mapping[str, str]) -> None:
        pause, loop = SOONEST_SECONDS, asyncio.get_running_loop()
        while True:
            ends = float("inf") if self.deadline is None else self.deadline - time.time()
            await asyncio.sleep(max(0.0, min(pause, ends)))
            if pause >= ends:
                return
            kept = kept_seconds(max(0.0, self.moment - time.time()))
            found = await loop.run_in_executor(_looking(), _look, dict(place), kept)
            left, in_front = (self.moment - time.time(), None) if found is None else found
            if left <= 0.0:
                return
            pause = left if in_front is None else pause_seconds(left, in_front)


@cache
def _looking() -> ThreadPoolExecutor:
    """Looks at the ledger go one after the other, and not in the loop's own threads: Airflow uses them, too."""
    return ThreadPoolExecutor(1, "ringcentral-queue")


def _look(place: Mapping[str, str], kept: float) -> tuple[float, int] | None:
    from airflow_provider_ringcentral.client.rate_limit.limiter import Reservation
    from airflow_provider_ringcentral.hooks import settings

    return Reservation(**place).check(settings.shared_ledger(settings.ledger_url()), kept)
