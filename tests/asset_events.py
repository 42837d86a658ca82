"""Airflow's asset events, as far as the tasks of one asset can tell: stored when a run succeeds, and only then."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace
from typing import Any


class AssetEvents:
    """`extras` are those of the events so far, oldest first.

    What Airflow itself does is seen in tests of DAG runs; hundreds of runs in one test need something lighter.
    """

    def __init__(self, **more: Any) -> None:
        self.extras: list[dict[str, Any]] = []
        self.sources: dict[int, tuple[str, str]] = {}
        """Ids of DAG and task by the place of the event, where they are known."""
        self._more = more

    def context(self) -> dict[str, Any]:
        """That of a run: as it is told on Airflow 2.11, a list of all events."""
        events = [
            SimpleNamespace(extra=extra, source_dag_id=dag_id, source_task_id=task_id)
            for place, extra in enumerate(self.extras)
            for dag_id, task_id in [self.sources.get(place, (None, None))]
        ]
        inlets: defaultdict[Any, list[Any]] = defaultdict(lambda: events)
        outlets: defaultdict[Any, Any] = defaultdict(lambda: SimpleNamespace(extra={}))
        return {"inlet_events": inlets, "outlet_events": outlets, **self._more}

    def run(self, task: Any) -> Any:
        """Execute a task; when it succeeds, its events are there for the next one."""
        context = self.context()
        value = task.execute(context)
        self.succeed(context)
        return value

    def succeed(self, context: dict[str, Any]) -> None:
        """Store the events of the run that had this context."""
        self.extras += [event.extra for event in context["outlet_events"].values()]
