"""Every way to wait, in a run."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_ringcentral.sensors.api import RingCentralApiSensor

EXTENSION = "/restapi/v1.0/account/~/extension/~"
SERVICE = "name == 'Airflow Service'"
looks: list[int] = []


def at_the_second_look(answer):
    looks.append(answer["id"])
    return len(looks) > 1


with DAG(
    "waiting", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), params={"start": os.environ["RUN_START"]}
):
    RingCentralApiSensor(task_id="poke", path=EXTENSION, condition=SERVICE)
    RingCentralApiSensor(task_id="reschedule", path=EXTENSION, condition=SERVICE, mode="reschedule")
    RingCentralApiSensor(
        task_id="deferred",
        path="{{ '/restapi/v1.0/account/~/call-log' }}",
        query={"dateFrom": "{{ params.start }}", "direction": ["Inbound", "Outbound"]},
        poke_interval=1,
        timeout=60,
        deferrable=True,
    )
    RingCentralApiSensor(
        task_id="too_late", path=EXTENSION, condition="nothing", timeout=5, soft_fail=True, deferrable=True
    )
    RingCentralApiSensor(
        task_id="function", path=EXTENSION, condition=at_the_second_look, poke_interval=1, deferrable=True
    )
    RingCentralApiSensor.partial(task_id="mapped", condition=lambda answer: answer["id"]).expand(
        path=[EXTENSION, "/restapi/v1.0/account/~/extension/~"]
    )
