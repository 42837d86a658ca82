"""The main job on every supported Airflow: a Connection, a task, a whole DAG run, each against the sandbox."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout, AirflowSkipException

from airflow_provider_ringcentral.hooks.errors import ArgumentInvalid, LoginRefused
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.operators.api import RingCentralApiOperator
from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator
from airflow_provider_ringcentral.operators.recordings import RingCentralDownloadRecordingsOperator
from airflow_provider_ringcentral.sandbox import Sandbox
from airflow_provider_ringcentral.sensors.api import RingCentralApiSensor
from airflow_provider_ringcentral.triggers.api import RingCentralApiTrigger

EXTENSION = "/restapi/v1.0/account/~/extension/~"
MIDNIGHT = datetime.now(tz=UTC).replace(hour=0, minute=0, second=0, microsecond=0)
YESTERDAY = MIDNIGHT - timedelta(days=1)

pytestmark = pytest.mark.usefixtures("connection")


def calls_in(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_hook_reads_the_account(sandbox):
    extension = RingCentralJWTHook().request_json("GET", EXTENSION)

    assert extension["uri"].startswith(sandbox.url)


def test_the_extract_writes_the_calls_of_a_window(tmp_path):
    path = tmp_path / "calls.ndjson"
    task = RingCentralExtractCallLogOperator(
        task_id="extract", destination=path.as_uri(), start=YESTERDAY, end=YESTERDAY + timedelta(hours=3)
    )

    receipt = task.execute({})

    assert len({call["id"] for call in calls_in(path)}) == receipt["records"] > 0


def test_recordings_are_archived_and_found_again(sandbox, tmp_path):
    sandbox.change_limits(Heavy=100_000)
    hour = YESTERDAY + timedelta(hours=10)
    task = RingCentralDownloadRecordingsOperator(
        task_id="archive",
        destination=tmp_path.as_uri(),
        start=hour,
        end=hour + timedelta(minutes=20),
        late_window=60,
        max_failures="0",
    )

    first, second = task.execute({}), task.execute({})

    assert first["stored"] == second["present"] == len(list(tmp_path.rglob("*-*.json"))) > 0


def test_the_api_operator_returns_the_answer():
    task = RingCentralApiOperator(task_id="call", path=EXTENSION)

    assert task.execute({})["id"] > 0


def test_the_sensor_looks_and_returns_the_answer():
    waiting = RingCentralApiSensor(task_id="wait", path=EXTENSION, condition="name == 'Airflow Service'")

    assert waiting.execute({})["id"] > 0


async def test_the_trigger_of_the_sensor_looks_on_an_event_loop(sandbox):
    """Connections, masks and threads of a triggerer differ from release to release."""
    arguments = {"path": EXTENSION, "query": None, "missing_ok": False, "poke_interval": 1.0}
    trigger = RingCentralApiTrigger(
        ringcentral_conn_id="ringcentral_default", condition="id", deadline=time.time() + 60, **arguments
    )
    event = await anext(trigger.run())

    assert event.payload["status"] == "success"
    waiting = RingCentralApiSensor(task_id="wait", path=EXTENSION, condition="id", deferrable=True)
    assert waiting.execute_complete({}, event.payload)["name"] == "Airflow Service"


@pytest.mark.parametrize("soft_fail", [False, True])
def test_what_is_broken_fails_and_what_is_late_may_be_skipped(soft_fail):
    waiting = RingCentralApiSensor(task_id="wait", path=EXTENSION, soft_fail=soft_fail, deferrable=True)
    refused = {"status": "error", "error": {"kind": "LoginFailed", "message": "refused"}}
    late = {"status": "timeout", "reason": "the condition does not hold yet"}

    with pytest.raises(LoginRefused):
        waiting.resume_execution("execute_complete", {"event": refused}, {})
    with pytest.raises(AirflowSkipException if soft_fail else AirflowSensorTimeout):
        waiting.resume_execution("execute_complete", {"event": late}, {})
    broken = RingCentralApiSensor(task_id="wait", path=EXTENSION, condition="name > 3", soft_fail=soft_fail)
    with pytest.raises(ArgumentInvalid):
        broken.execute({})


@pytest.fixture(scope="module")
def airflow(tmp_path_factory):
    """Runs Airflow's own command in a home that has a database; every start of it costs seconds."""
    home = tmp_path_factory.mktemp("airflow")

    def command(*arguments, **environment):
        environment = {
            **os.environ,
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
            # In that mode 2.11 has an executor that SQLite is too little for.
            "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
            **environment,
        }
        program = Path(sys.executable).with_name("airflow")
        ran = subprocess.run([program, *arguments], env=environment, capture_output=True, check=False, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr

    command("db", "migrate")
    return command


def run(airflow, *commands, **environment):
    """Run DAGs; each command is a DAG's id, or that and a date."""
    # 2.11 stores events of assets, and 3.0 runs a DAG with some, only after it was serialised once.
    if os.environ.get("COMPAT_AIRFLOW", "").startswith(("2.", "3.0")):
        airflow("dags", "reserialize", **environment)
    for command in commands:
        airflow("dags", "test", *command, **environment)


@pytest.mark.db
@pytest.mark.skipif("COMPAT_AIRFLOW" not in os.environ, reason="on the newest Airflow tests/sensors runs it")
def test_a_run_waits_in_every_way(sandbox, airflow):
    now = datetime.now(tz=UTC).isoformat(timespec="milliseconds")
    sandbox.insert_calls(1, start_time=now, after_requests=2)
    folder = Path(__file__).parents[1] / "sensors/dags"

    run(airflow, ["waiting"], RUN_START=now, AIRFLOW__CORE__DAGS_FOLDER=str(folder))

    # One look of the worker, two of the trigger; the trigger's answer is not asked for again.
    assert sandbox.stats()["operations"]["readCompanyCallLog"] == 3
    assert sandbox.stats()["logins"] == 1


@pytest.mark.db
@pytest.mark.skipif("COMPAT_AIRFLOW" not in os.environ, reason="on the newest Airflow tests/warehouse runs it")
def test_what_goes_from_run_to_run(airflow, tmp_path, monkeypatch):
    """The watermark goes with the asset event of the first run; the load is on this Airflow's SQLAlchemy."""
    options = {"calls": 100, "start": YESTERDAY, "end": YESTERDAY + timedelta(hours=6), "limits": {"Heavy": 1000}}
    folder, warehouse = Path(__file__).parents[1] / "warehouse/dags", tmp_path / "warehouse.db"
    with Sandbox(**options) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", f"sqlite:///{warehouse}")
        monkeypatch.setenv("RUN_FOLDER", str(tmp_path))
        monkeypatch.setenv("RUN_START", YESTERDAY.isoformat())
        ids = sandbox.call_ids()
        sandbox.correct_calls([ids[3]], {"result": "Voicemail"}, after_requests=3)
        sandbox.delete_calls([ids[5]], after_requests=3)
        run(airflow, ["changes"], ["changes"], AIRFLOW__CORE__DAGS_FOLDER=str(folder))
        recordings = {each["id"] for each in sandbox.recordings(None, (YESTERDAY + timedelta(hours=1)).isoformat())}
        alive, sessions = sandbox.call_ids(), sandbox.stats()["logins"]

    first, second = sorted((tmp_path / "changes").glob("*.ndjson"))
    assert {call["id"] for call in calls_in(first)} == set(ids)
    assert {call["id"] for call in calls_in(second)} == {ids[3], ids[5]}
    with closing(sqlite3.connect(warehouse)) as database:
        rows = dict(database.execute("SELECT id, result FROM ringcentral_calls"))
        legs = {call for (call,) in database.execute("SELECT call_id FROM ringcentral_legs")}
    assert (rows.keys(), rows[ids[3]]) == (set(alive), "Voicemail")
    assert legs <= rows.keys()
    assert {
        json.loads(path.read_text())["recording_id"] for path in (tmp_path / "archive").rglob("*-*.json")
    } == recordings
    assert sessions == 1


@pytest.mark.db
def test_the_example_dag_runs(airflow, tmp_path):
    command = ["ringcentral_call_log_daily", f"{MIDNIGHT:%Y-%m-%dT01:00}"]
    run(airflow, command, CALL_LOG_FOLDER=tmp_path.as_uri())

    (path,) = (tmp_path / "calls").iterdir()
    assert path.name == f"{YESTERDAY:%Y-%m-%d}.ndjson"
    assert len(calls_in(path)) > 0
