"""The main job on every supported Airflow: a Connection, a task, a whole DAG run, each against the sandbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.operators.api import RingCentralApiOperator
from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator

MIDNIGHT = datetime.now(tz=UTC).replace(hour=0, minute=0, second=0, microsecond=0)
YESTERDAY = MIDNIGHT - timedelta(days=1)

pytestmark = pytest.mark.usefixtures("connection")


def calls_in(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_hook_reads_the_account(sandbox):
    extension = RingCentralJWTHook().request_json("GET", "/restapi/v1.0/account/~/extension/~")

    assert extension["uri"].startswith(sandbox.url)


def test_the_extract_writes_the_calls_of_a_window(tmp_path):
    path = tmp_path / "calls.ndjson"
    task = RingCentralExtractCallLogOperator(
        task_id="extract", destination=path.as_uri(), start=YESTERDAY, end=YESTERDAY + timedelta(hours=3)
    )

    receipt = task.execute({})

    assert len({call["id"] for call in calls_in(path)}) == receipt["records"] > 0


def test_the_api_operator_returns_the_answer():
    task = RingCentralApiOperator(task_id="call", path="/restapi/v1.0/account/~/extension/~")

    assert task.execute({})["id"] > 0


@pytest.mark.db
def test_the_example_dag_runs(tmp_path):
    """In a home of its own, by Airflow's own command."""
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
        "CALL_LOG_FOLDER": tmp_path.as_uri(),
    }
    run_at = f"{MIDNIGHT:%Y-%m-%dT01:00}"
    # 3.0 runs a DAG with assets only after it was serialised once; the others don't mind.
    for arguments in (
        ["db", "migrate"],
        ["dags", "reserialize"],
        ["dags", "test", "ringcentral_call_log_daily", run_at],
    ):
        airflow = Path(sys.executable).with_name("airflow")
        ran = subprocess.run([airflow, *arguments], env=environment, capture_output=True, check=False, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr

    (path,) = (tmp_path / "calls").iterdir()
    assert path.name == f"{YESTERDAY:%Y-%m-%d}.ndjson"
    assert len(calls_in(path)) > 0
