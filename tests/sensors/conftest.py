"""A mailbox for the module, and how its sensors are driven."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.sandbox import Sandbox

OWN, ALICE, BOB = "+16505551001", "+12125550101", "+12125550102"
TEXT = "Does the ledger close today?"


@pytest.fixture(scope="module")
def office() -> Iterator[Sandbox]:
    limits = dict.fromkeys(("Auth", "Light", "Medium", "Heavy"), 100_000)
    with Sandbox(calls=0, limits=limits, sms_per_minute=0, scale=0.02) as sandbox:
        yield sandbox


@pytest.fixture
def desk(office: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The same, with a Connection to it and no faults."""
    monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", office.connection_uri)
    office.number_outcome(ALICE, status="Delivered", after_seconds=0)
    office.reset_stats()
    yield office
    office.clear_faults()


@pytest.fixture
def client(desk: Sandbox) -> RingCentralClient:
    return RingCentralJWTHook().get_conn()


class Store(dict[str, Any]):
    """Airflow's task state store, as a task sees it."""

    def set(self, key: str, value: Any) -> None:
        self[key] = value


RUN_START = datetime.now(UTC)


def context_of(store: Store | None = None, *, attempt: int = 1, clears: int = 0, run_start: str = "") -> dict[str, Any]:
    """The context of a try of a task with three retries."""
    ti = SimpleNamespace(
        dag_id="dag", run_id="run", task_id="wait", map_index=-1, try_number=attempt, max_tries=3 + clears
    )
    start = datetime.fromisoformat(run_start) if run_start else RUN_START
    run = SimpleNamespace(start_date=start, run_after=start)
    context = {"ti": ti, "task": SimpleNamespace(retries=3), "dag_run": run}
    return context if store is None else {**context, "task_state_store": store}


def deferred(sensor: Any, context: Any) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as caught:
        sensor.execute(context)
    return caught.value


def resumed(sensor: Any, event: Any, context: Any) -> Any:
    """What the worker that comes back makes of the event, which has been in the database meanwhile."""
    return sensor.resume_execution("execute_complete", {"event": json.loads(json.dumps(event))}, context)


async def ended(sensor: Any, context: Any = None) -> Any:
    """What a sensor returns or raises that may wait in the triggerer."""
    context = context or context_of()
    try:
        return sensor.execute(context)
    except TaskDeferred as handed:
        # The trigger looks at once and then every second.
        await asyncio.sleep(0.25)
        return resumed(sensor, await handed.trigger._event(), context)


WAYS = pytest.mark.parametrize("deferrable", [False, True], ids=["poke", "deferred"])
