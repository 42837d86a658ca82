"""The sensor in a DAG run: templates, mapping, deferral, what goes to XCom and what to the log."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airflow_provider_ringcentral.sandbox import Sandbox

pytestmark = [
    pytest.mark.db,
    # dag.test() drives Airflow's own API through it.
    pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient`"),
]

DAGS = Path(__file__).parent / "dags"


@pytest.fixture
def bundle(monkeypatch):
    """DagBag finds the DAGs of this folder again when a run asks for them."""
    bundle = {
        "name": "sensors",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(DAGS)},
    }
    monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps([bundle]))
    monkeypatch.setenv("RUN_START", datetime.now(UTC).isoformat(timespec="milliseconds"))


def test_every_way_to_wait(database, bundle, monkeypatch, caplog):
    from airflow.dag_processing.dagbag import DagBag

    caplog.set_level("INFO")
    now = os.environ["RUN_START"]
    with Sandbox(calls=50, limits={"Heavy": 100_000}) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        inserted = sandbox.insert_calls(1, start_time=now, after_requests=2)
        run = DagBag(DAGS).get_dag("waiting").test()
        tasks = {(ti.task_id, ti.map_index): ti for ti in run.get_task_instances()}
        stats = sandbox.stats()

    states = {name: ti.state for (name, _), ti in tasks.items()}
    assert states == dict.fromkeys(states, "success") | {"too_late": "skipped"}, caplog.text[-5000:]
    values = {key: ti.xcom_pull(ti.task_id, map_indexes=ti.map_index) for key, ti in tasks.items()}
    assert [record["id"] for record in values["deferred", -1]] == inserted
    for key in (("poke", -1), ("reschedule", -1), ("function", -1), ("mapped", 0), ("mapped", 1)):
        assert values[key]["name"] == "Airflow Service"
    assert stats["operations"]["readCompanyCallLog"] == 3
    assert (stats["logins"], stats["limited"]) == (1, 0)
    assert "Airflow Service" not in caplog.text
    for secret in (sandbox.client_secret, sandbox.jwt):
        assert secret not in caplog.text


def test_a_message_is_followed_and_its_answer_waited_for(database, bundle, monkeypatch, caplog):
    from airflow.dag_processing.dagbag import DagBag

    caplog.set_level("INFO")
    with Sandbox(calls=50, limits={"Heavy": 100_000}) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        monkeypatch.setenv("SANDBOX_URL", sandbox.url)
        run = DagBag(DAGS).get_dag("message_waits").test()
        tasks = {ti.task_id: ti for ti in run.get_task_instances()}
        sent, arrived = sandbox.messages(direction="Outbound"), sandbox.messages(direction="Inbound")
        stats = sandbox.stats()

    states = {name: ti.state for name, ti in tasks.items()}
    assert states == dict.fromkeys(states, "success") | {"fax": "skipped"}, caplog.text[-5000:]
    values = {name: ti.xcom_pull(ti.task_id) for name, ti in tasks.items()}
    assert [(one["id"], one["status"]) for one in values["delivered"]] == [
        (str(one["id"]), "Delivered") for one in sent
    ]
    assert [one["id"] for one in values["answered"]] == [str(one["id"]) for one in arrived]
    assert [one["result"] for one in values["missed"]] == ["Missed"]
    assert (stats["logins"], stats["limited"]) == (1, 0)
    assert not [personal for personal in ("2125550101", "2125550102", "Close?") if personal in caplog.text]
