"""Giving the worker back in a DAG run that drops whatever a deferral would carry."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from airflow_provider_ringcentral.sandbox import Sandbox
from scenarios.quota_runs import DAY
from scenarios.shared_quota import WIDE_OPEN

pytestmark = [
    pytest.mark.db,
    # dag.test() drives Airflow's own API through it.
    pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient`"),
]

DAGS = Path(__file__).parent / "dags"


def test_a_deferred_extract_writes_the_same_file(tmp_path, database, monkeypatch, caplog):
    from airflow.dag_processing.dagbag import DagBag

    caplog.set_level("INFO")
    bundle = {
        "name": "quota",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(DAGS)},
    }
    with Sandbox(calls=14_500, limits=WIDE_OPEN, **DAY) as sandbox:
        # Both tasks meet it, however fast they are; only one is as patient.
        sandbox.fault("status", status=429, headers={"Retry-After": "1"}, operation="readCompanyCallLog", every=8)
        connection = json.loads(sandbox.connection_json)
        monkeypatch.setenv("AIRFLOW_CONN_HELD", json.dumps(connection))
        connection["extra"]["max_wait"] = 0.5
        monkeypatch.setenv("AIRFLOW_CONN_GIVEN_BACK", json.dumps(connection))
        monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/ledger.sqlite")
        monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps([bundle]))
        monkeypatch.setenv("RUN_FOLDER", str(tmp_path))
        run = DagBag(DAGS).get_dag("deferrable_extract").test()
        stats = sandbox.stats()

    assert run.state == "success"
    assert (tmp_path / "given_back.ndjson").read_bytes() == (tmp_path / "held.ndjson").read_bytes()
    assert "running trigger in line" in caplog.text
    assert re.search(r"Resuming after \d+ pages", caplog.text)
    assert stats["logins"] == 1
    assert sorted(path.name for path in tmp_path.glob("*.parts")) == []
