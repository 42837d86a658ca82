"""Waiting for the quota without a worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

SOONEST_SECONDS = 5.0
"""A trigger that fires sooner makes Airflow fail tasks at random (apache/airflow#66374 and others)."""


class RingCentralQuotaTrigger(BaseTrigger):
    """Fires at `moment` (epoch seconds), and not within 5 s of its start.

    It carries the instant itself and asks nobody: a triggerer on another machine cannot see a SQLite ledger.
    """

    def __init__(self, moment: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.moment = moment

    @property
    def seconds(self) -> float:
        """From now until it may fire."""
        return max(SOONEST_SECONDS, self.moment - time.time())

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {"moment": self.moment}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Sleep, then say so once."""
        await asyncio.sleep(self.seconds)
        yield TriggerEvent({"status": "success"})  # type: ignore[no-untyped-call]
