"""The sync, the load and the archive in DAG runs: the watermark goes from one run to the next with Airflow's own events."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from upath import UPath

from airflow_provider_ringcentral.sandbox import Sandbox
from tests.sync_series import rows_of

pytestmark = [
    pytest.mark.db,
    # dag.test() drives Airflow's own API through it.
    pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient`"),
]

DAGS = Path(__file__).parent / "dags"
START = datetime(2026, 11, 1, tzinfo=UTC)


def test_what_goes_from_run_to_run(database, tmp_path, monkeypatch, caplog):
    from airflow.dag_processing.dagbag import DagBag
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session

    caplog.set_level("INFO")
    bundle = {
        "name": "changes",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(DAGS)},
    }
    warehouse = tmp_path / "warehouse.db"
    options = {"calls": 100, "start": START, "end": START + timedelta(hours=6), "limits": {"Heavy": 1000}}
    with Sandbox(**options) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", f"sqlite:///{warehouse}")
        monkeypatch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps([bundle]))
        monkeypatch.setenv("RUN_FOLDER", str(tmp_path))
        monkeypatch.setenv("RUN_START", START.isoformat())
        dag = DagBag(DAGS).get_dag("changes")
        ids = sandbox.call_ids()
        first = receipts_of(dag.test(logical_date=START))
        sandbox.correct_calls([ids[3]], {"result": "Voicemail"})
        sandbox.delete_calls([ids[5]])
        second = receipts_of(dag.test(logical_date=START + timedelta(hours=1)))
        third = receipts_of(dag.test(logical_date=START + timedelta(hours=2)))
        recorded = sandbox.recordings(START.isoformat(), (START + timedelta(hours=1)).isoformat())
        logins = sandbox.stats()["logins"]

    assert (first["sync"]["records"], first["sync"]["full_sync"], first["load"]["calls_inserted"]) == (100, True, 100)
    assert {row["id"] for row in rows_of(UPath(second["sync"]["destination"]))} == {ids[3], ids[5]}
    assert (second["load"]["calls_updated"], second["load"]["calls_deleted"]) == (1, 1)
    assert (third["sync"]["records"], third["sync"]["full_sync"]) == (0, False)
    ends = [run["sync"][f"watermark_{end}"] for run in (first, second, third) for end in ("start", "end")]
    assert ends == [ends[0], ends[1], ends[1], ends[3], ends[3], ends[5]]
    with create_session() as session:
        ours = (AssetEvent.source_dag_id == "changes", AssetEvent.source_task_id == "sync")
        events = session.query(AssetEvent).filter(*ours).order_by(AssetEvent.id).all()
    assert [{key: value for key, value in event.extra.items() if key != "watermark"} for event in events] == [
        run["sync"] for run in (first, second, third)
    ]
    with closing(sqlite3.connect(warehouse)) as tables:
        rows = dict(tables.execute("SELECT id, result FROM ringcentral_calls"))
    assert (rows.keys(), rows[ids[3]]) == (set(ids) - {ids[5]}, "Voicemail")
    assert [run["mapped"][view]["records"] for run in (first, second, third) for view in (0, 1)] == [
        100,
        100,
        2,
        2,
        0,
        0,
    ]
    assert first["archive"]["stored"] == second["archive"]["present"] == len(recorded) > 0
    assert logins == 1
    for secret in (sandbox.client_secret, sandbox.jwt, "+1650"):
        assert secret not in caplog.text


def receipts_of(run):
    """What went to XCom, by task; of the mapped one by map index."""
    tasks = run.get_task_instances()
    assert {ti.state for ti in tasks} == {"success"}
    mapped = {ti.map_index: ti.xcom_pull("mapped", map_indexes=ti.map_index) for ti in tasks if ti.task_id == "mapped"}
    return {ti.task_id: ti.xcom_pull(ti.task_id) for ti in tasks} | {"mapped": mapped}
