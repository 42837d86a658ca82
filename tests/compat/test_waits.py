"""Waits that share a poller on every supported Airflow: its task has no context of its own, and closes its client."""

from __future__ import annotations

import asyncio
import time

import pytest

from airflow_provider_ringcentral.hooks import shared_client
from airflow_provider_ringcentral.sensors.calls import RingCentralCallSensor
from airflow_provider_ringcentral.sensors.messages import RingCentralNewMessageSensor
from airflow_provider_ringcentral.triggers import rounds
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
    assert (rounds._rounds, shared_client._clients) == ({}, {})


def test_a_sensor_on_the_worker(sandbox):
    now = sandbox.info()["now"]
    sandbox.insert_calls(1, start_time=now, fields={"result": "Missed"})
    waiting = RingCentralCallSensor(task_id="wait", result="missed", since=now, timeout=60)

    assert {call["result"] for call in waiting.execute({})} == {"Missed"}
