"""The two tasks of an hourly DAG: what changed is synced into files, the files are loaded into tables."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import Asset

from airflow_provider_ringcentral.operators.call_log import RingCentralSyncCallLogOperator
from airflow_provider_ringcentral.operators.warehouse import RingCentralLoadCallLogOperator
from tests.asset_events import AssetEvents
from tests.dying import die_at_call, survives

DAY = 24
ASSET = Asset("month")


@dataclass
class Pipeline:
    """Syncs into `folder` from `start` on and loads through the Connection `sql_conn_id`, all as it should be."""

    folder: Path
    sql_conn_id: str
    start: datetime
    events: AssetEvents = field(default_factory=AssetEvents)
    unloaded: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sync_task = self._new_sync_task()

    def pass_hour(self, hour: int) -> None:
        """The runs of one hour; files are loaded once a day."""
        self.sync()
        if hour % DAY == DAY - 1:
            self.load()

    def finish(self) -> None:
        """The last runs."""
        self.sync()
        self.load()

    def sync(self) -> None:
        self.unloaded.append(self.events.run(self._sync_task))

    def load(self) -> None:
        self._load_task(self.unloaded).execute({})
        self.unloaded = []

    def _new_sync_task(self) -> RingCentralSyncCallLogOperator:
        return RingCentralSyncCallLogOperator(
            task_id="sync", destination=str(self.folder), start=self.start, retention=None, outlets=[ASSET]
        )

    def _load_task(self, source: Any) -> RingCentralLoadCallLogOperator:
        return RingCentralLoadCallLogOperator(task_id="load", source=source, sql_conn_id=self.sql_conn_id)


@dataclass
class StormyPipeline(Pipeline):
    """The same with a DAG that is paused for hours, and runs that are killed, cleared, repeated and out of order.

    `seen` counts what happened.
    """

    dice: random.Random = field(default_factory=lambda: random.Random(2026))
    seen: dict[str, int] = field(default_factory=dict)
    paused_until: int = 0

    def pass_hour(self, hour: int) -> None:
        if hour < self.paused_until:
            return
        if self._happens("paused", 0.2):
            self.paused_until = hour + self.dice.randint(2, 20)
        while self._happens("killed syncs", 0.15):
            self._kill(lambda: self._new_sync_task().execute(self.events.context()), calls=15_000)
        self.sync()
        if self._happens("cleared", 0.03):
            self.sync()
        if hour % DAY >= DAY - 2:
            self.load()

    def load(self) -> None:
        while self._happens("killed loads", 0.5):
            self._kill(lambda: self._load_task(self.unloaded).execute({}), calls=60_000)
        source = self.unloaded
        super().load()
        if self._happens("loaded twice", 0.2):
            self._load_task(source).execute({})
        if self._happens("loaded out of order", 0.2):
            files = [extra["destination"] for extra in self.events.extras]
            self._load_task(self.dice.sample(files, 5)).execute({})

    def _happens(self, what: str, probability: float) -> bool:
        happens = self.dice.random() < probability
        self.seen[what] = self.seen.get(what, 0) + happens
        return happens

    def _kill(self, job: Callable[[], object], *, calls: int) -> None:
        last = self.dice.randint(1, calls)

        def dying() -> None:
            die_at_call(last)
            job()

        # One that outlives its work is killed before anybody hears of it.
        self.seen["unheard"] = self.seen.get("unheard", 0) + survives(dying)
