"""Sensors that wait in the triggerer: for a call that comes later, for one that never comes, and by a function."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_ringcentral.sensors.api import RingCentralApiSensor

LOG = "/restapi/v1.0/account/~/call-log"
AFTER = datetime.fromisoformat(os.environ["E2E_START"]) + timedelta(hours=int(os.environ["E2E_HOURS"]))
WAIT = {"ringcentral_conn_id": "rc_e2e", "path": LOG, "poke_interval": 5, "deferrable": True}


def two_calls(answer):
    return len(answer["records"]) == 2


with DAG("waits", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)):
    later = {"dateFrom": AFTER.isoformat()}
    RingCentralApiSensor.partial(task_id="call", timeout=200, **WAIT).expand(query=[later, later, later])
    RingCentralApiSensor(task_id="function", query=later, condition=two_calls, timeout=200, **WAIT)
    RingCentralApiSensor(task_id="never", query=later, condition="nothing", timeout=10, soft_fail=True, **WAIT)
