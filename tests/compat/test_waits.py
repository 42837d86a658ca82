"""Waits that share a poller on every supported Airflow: its task has no context of its own, and closes its client."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.providers.common.compat.sdk import DAG
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

from airflow_provider_ringcentral.hooks import client as hook_client
from airflow_provider_ringcentral.hooks.task_state import first_poke_date
from airflow_provider_ringcentral.sensors.calls import RingCentralCallSensor
from airflow_provider_ringcentral.sensors.messages import RingCentralNewMessageSensor
from airflow_provider_ringcentral.triggers import poll_coordinator
from airflow_provider_ringcentral.triggers.messages import RingCentralNewMessageTrigger

pytestmark = pytest.mark.usefixtures("connection")


async def test_waits_in_a_triggerer_share_a_poller_and_leave_nothing(sandbox):
    began = time.time()
    arguments = {
        "ringcentral_conn_id": "ringcentral_default",
        "path": "/restapi/v1.0/account/~/extension/~/message-store",
        "start": began,
        "poke_interval": 1.0,
        "deadline": began + 60,
    }
    triggers = [
        RingCentralNewMessageTrigger(wanted={"since": began, "types": [kind]}, **arguments) for kind in ("SMS", "Fax")
    ]
    watching = asyncio.gather(*(anext(trigger.run()) for trigger in triggers))
    arrived = [str(sandbox.receive_message(kind)["id"]) for kind in ("SMS", "Fax")]
    events = [event.payload for event in await watching]

    assert [[one["id"] for one in event["found"]] for event in events] == [[one] for one in arrived]
    waiting = RingCentralNewMessageSensor(task_id="wait", deferrable=True)
    assert waiting.execute_complete({}, events[0]) == events[0]["found"]
    assert (poll_coordinator._coordinators, hook_client._clients) == ({}, {})


def test_a_sensor_on_the_worker(sandbox):
    now = sandbox.info()["now"]
    sandbox.insert_calls(1, start_time=now, fields={"result": "Missed"})
    waiting = RingCentralCallSensor(task_id="wait", result="missed", since=now, timeout=60)

    assert {call["result"] for call in waiting.execute({})} == {"Missed"}


@pytest.mark.db
def test_a_rescheduled_sensor_knows_when_it_looked_first(database):
    """Airflow 2 has it in its database, and no method that asks."""
    first = datetime(2026, 11, 24, 12, tzinfo=UTC)
    with DAG("rescheduled", schedule=None, start_date=first) as dag:
        waiting = RingCentralCallSensor(task_id="wait", mode="reschedule", retries=3)
    if AIRFLOW_V_3_0_PLUS:
        ti = SimpleNamespace(get_first_reschedule_date=lambda _: first)
        assert first_poke_date({"ti": ti, "task": waiting}) == first
        return

    from airflow.models.taskreschedule import TaskReschedule
    from airflow.utils.session import create_session

    with create_session() as session:
        dag.sync_to_db()
        run = dag.create_dagrun(run_id="run", state="running", execution_date=first, run_type="manual", session=session)
        session.flush()
        ti = run.get_task_instance("wait", session=session)
        ti.max_tries, ti.try_number = 3, 1
        session.commit()
        assert first_poke_date({"ti": ti, "task": waiting}) is None
        for minute in range(2):
            began = first + timedelta(minutes=minute)
            session.add(TaskReschedule("wait", "rescheduled", "run", 1, began, began, began, -1))
        session.commit()
        assert first_poke_date({"ti": ti, "task": waiting}) == first
        ti.max_tries, ti.try_number = 4, 2
        assert first_poke_date({"ti": ti, "task": waiting}) is None, "a person cleared it"
