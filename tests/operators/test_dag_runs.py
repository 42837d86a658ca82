"""Operators in a DAG run: templates, mapping, XCom, asset events, logs."""

from __future__ import annotations

import gzip
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_provider_ringcentral.sandbox import Sandbox

pytestmark = [
    pytest.mark.db,
    # dag.test() drives Airflow's own API through it.
    pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient`"),
]

DAGS = Path(__file__).parent / "dags"
START = datetime(2026, 11, 1, tzinfo=UTC)
CONF = {
    "start": "2026-11-01T01:00:00+00:00",
    "end": "2026-11-01T06:00:00Z",
    "view": "Detailed",
    "extension": "~",
    "type": "Department",
}


def ids_in(text: str) -> list[str]:
    return [json.loads(line)["id"] for line in text.splitlines()]


@pytest.fixture(scope="module")
def ran(tmp_path_factory, database):
    """A run of the DAG against six hours of 600 calls: the sandbox, the run, its folder and its log."""
    from airflow.dag_processing.dagbag import DagBag

    folder, records = tmp_path_factory.mktemp("run"), []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record.getMessage())

    bundle = {
        "name": "runs",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(DAGS)},
    }
    collector = Collector()
    logging.getLogger().addHandler(collector)
    with (
        pytest.MonkeyPatch.context() as patch,
        Sandbox(calls=600, start=START, end=START + timedelta(hours=6), scale=0.02) as sandbox,
    ):
        patch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        patch.setenv("AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST", json.dumps([bundle]))
        patch.setenv("RUN_FOLDER", str(folder))
        dag = DagBag(DAGS).get_dag("operators_in_a_run")
        run = dag.test(logical_date=START, run_conf=CONF)
        yield sandbox, run, folder, "\n".join(map(str, records))
    logging.getLogger().removeHandler(collector)


@pytest.fixture(scope="module")
def receipts(ran) -> dict[tuple[str, int], dict]:
    """What went to XCom, by task and map index."""
    tasks = ran[1].get_task_instances()
    return {(ti.task_id, ti.map_index): ti.xcom_pull(ti.task_id, map_indexes=ti.map_index) for ti in tasks}


@pytest.fixture(scope="module")
def events(ran) -> dict[str, dict]:
    """The extra of the asset events, by asset."""
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session

    with create_session() as session:
        own = session.query(AssetEvent).filter(AssetEvent.source_dag_id == "operators_in_a_run")
        return {event.asset.name: event.extra for event in own}


def test_all_succeed_on_one_login(ran):
    sandbox, run, _, log = ran
    states = {ti.task_id: ti.state for ti in run.get_task_instances()}

    assert states == dict.fromkeys(states, "success") | {"nothing": "skipped"}, log[-5000:]
    assert (sandbox.stats()["logins"], sandbox.stats()["limited"]) == (1, 0)


def test_mapped_tasks_share_the_calls_out(ran, receipts):
    sandbox, _, folder, _ = ran
    hours = [call for hour in range(6) for call in ids_in((folder / f"hour-{hour}.ndjson").read_text())]

    assert sorted(hours) == sorted(sandbox.call_ids())
    assert receipts["direction", 0]["records"] + receipts["direction", 1]["records"] == 600
    assert {path.name for path in folder.glob("direction-*")} == {"direction-0.csv", "direction-1.csv"}


def test_values_are_rendered(ran, receipts):
    sandbox, _, folder, _ = ran
    whole, owner = receipts["whole", -1], receipts["owner", -1]["id"]

    assert ids_in(gzip.decompress((folder / "Detailed.ndjson.gz").read_bytes()).decode()) == sandbox.call_ids()
    assert (whole["window_start"], whole["window_end"]) == ("2026-11-01T00:00:00Z", "2026-11-01T06:00:00Z")
    assert (whole["view"], whole["format"]) == ("Detailed", "ndjson.gz")
    listed = [entry["query"] for entry in sandbox.requests() if entry["operation"] == "listExtensions"]
    assert sorted(listed[0].split("&")) == ["perPage=20", "type=Department", "type=User"]
    assert (folder / f"extensions-{owner}.ndjson").exists()


def test_receipts_are_small_and_go_with_the_asset_events(receipts, events):
    assert events == {
        "calls_of_a_run": receipts["whole", -1],
        "extensions_of_a_run": receipts["extensions", -1],
    }
    for (task, _), receipt in receipts.items():
        if task not in ("hours", "owner", "nothing"):
            assert len(json.dumps(receipt)) < 2048
            assert receipt["sha256"]
            assert receipt["records"] > 0


def test_nothing_is_left_of_a_skipped_window(ran, receipts):
    assert receipts["nothing", -1] is None
    assert not (ran[2] / "nothing").exists()


def test_no_secret_is_logged_or_returned(ran, receipts, events):
    sandbox, _, _, log = ran
    shown = log + json.dumps(list(receipts.values())) + json.dumps(events)

    assert "operators_in_a_run" in log
    for secret in (sandbox.client_secret, sandbox.jwt):
        assert secret not in shown
