"""Airflow's stats, read where StatsD would: on a UDP port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from airflow_provider_ringcentral.sandbox import Sandbox

TASK = """
from airflow.providers.common.compat.sdk import Stats
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils

# As Airflow's task runner does before a task.
stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=False)

from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

hook = RingCentralJWTHook()
for _ in range(4):
    hook.request_json("GET", "/restapi/v1.0/account/~/call-log", params={"perPage": 1})
"""


def received(port: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(port.recv(4096).decode())
        except TimeoutError:
            return [line for packet in found for line in packet.splitlines() if ".ringcentral." in line]


def test_requests_logins_429s_and_waits_are_counted_by_group(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port, Sandbox(calls=10, scale=0.02) as sandbox:
        port.bind(("127.0.0.1", 0))
        port.settimeout(1)
        sandbox.fault("status", status=429, headers={"Retry-After": "1"}, operation="readCompanyCallLog", nth=2)
        environment = os.environ | {
            "AIRFLOW_HOME": str(tmp_path),
            "AIRFLOW__METRICS__STATSD_ON": "True",
            "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
            "AIRFLOW__METRICS__STATSD_PORT": str(port.getsockname()[1]),
            "AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED": "True",
            "AIRFLOW_CONN_RINGCENTRAL_DEFAULT": sandbox.connection_uri,
        }
        subprocess.run([sys.executable, "-c", TASK], env=environment, check=True, capture_output=True)
        lines = received(port)

    counters = [line.removeprefix("airflow.ringcentral.") for line in lines if line.endswith("|c")]
    assert counters.count("requests,group=auth:1|c") == 1
    assert counters.count("logins,group=auth:1|c") == 1
    assert counters.count("requests,group=heavy:1|c") == 5
    assert counters.count("throttled,group=heavy:1|c") == 1
    waits = [line for line in lines if "wait_seconds" in line]
    assert waits
    assert all(
        line.startswith("airflow.ringcentral.wait_seconds,group=heavy:") and line.endswith("|ms") for line in waits
    )
    assert sum(float(line.split(":")[1].removesuffix("|ms")) for line in waits) >= 1000
