"""The sync operator: a watermark that moves with the asset event, whatever happens to the runs in between."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, AirflowSkipException, Asset, TaskDeferred

from airflow_provider_ringcentral.client.errors.arguments import EmptyWindow
from airflow_provider_ringcentral.operators.call_log import RingCentralSyncCallLogOperator
from airflow_provider_ringcentral.sandbox import Sandbox
from tests.asset_events import AssetEvents
from tests.sync_series import OPERATION, rows_of

START = datetime(2026, 11, 1, tzinfo=UTC)
ASSET = Asset("changes")


@pytest.fixture
def log(monkeypatch):
    """Six hours of 300 calls."""
    options = {"limits": {"Heavy": 100_000}}
    with Sandbox(calls=300, start=START, end=START + timedelta(hours=6), **options) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        yield sandbox


@pytest.fixture
def events() -> AssetEvents:
    return AssetEvents()


def sync(folder: Path, **arguments: Any) -> RingCentralSyncCallLogOperator:
    arguments = {"task_id": "sync", "start": START, "outlets": [ASSET], **arguments}
    return RingCentralSyncCallLogOperator(destination=str(folder), **arguments)


def ids_in(receipt: dict[str, Any]) -> set[str]:
    return {row["id"] for row in rows_of(Path(receipt["destination"]))}


def test_a_run_goes_on_where_the_last_one_ended(log, events, tmp_path):
    first = events.run(sync(tmp_path))
    ids = log.call_ids()
    log.correct_calls([ids[3]], {"result": "Voicemail"})
    log.delete_calls([ids[5]])
    added = log.insert_calls(2, start_time=log.info()["now"])
    second = events.run(sync(tmp_path, start=None))
    path = Path(second["destination"])

    assert (first["records"], first["records_new"], first["full_sync"]) == (300, 300, True)
    assert ids_in(second) == {ids[3], ids[5], *added}
    assert (second["records_new"], second["records_changed"], second["records_deleted"]) == (2, 1, 1)
    assert (second["full_sync"], second["full_sync_reason"]) == (False, None)
    assert (first["watermark_start"], first["watermark_end"]) == ("2026-11-01T00:00:00Z", second["watermark_start"])
    assert (second["bytes"], second["sha256"]) == (
        path.stat().st_size,
        hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    assert second["requests"] == 1


def test_the_event_carries_the_receipt_and_the_watermark(log, events, tmp_path):
    receipt = events.run(sync(tmp_path))
    (extra,) = events.extras
    watermark = extra.pop("watermark")

    assert extra == receipt
    assert watermark["sync_time"] == receipt["watermark_end"]
    assert len(json.dumps(receipt)) < 2048
    assert watermark["cursor"] not in json.dumps(receipt)


def test_a_paused_dag_misses_nothing(log, events, tmp_path):
    events.run(sync(tmp_path))
    changed: set[str] = set()
    for _ in range(48):
        changed |= set(log.insert_calls(1, where="inside"))
    log.correct_calls([7], {"result": "Voicemail"})
    receipt = events.run(sync(tmp_path))

    assert ids_in(receipt) == changed | {log.call(7)["id"]}


def test_a_run_that_is_killed_before_its_event_is_stored(log, events, tmp_path):
    events.run(sync(tmp_path))
    added = log.insert_calls(2)
    unheard = sync(tmp_path).execute(events.context())
    later = log.insert_calls(1)
    retried, after = events.run(sync(tmp_path)), events.run(sync(tmp_path))

    assert (ids_in(unheard), unheard["watermark_start"]) == (set(added), retried["watermark_start"])
    assert (ids_in(retried), retried["requests"]) == ({*added, *later}, 1)
    assert ids_in(after) == set()


def test_a_cleared_run_reads_what_changed_since_the_last_one(log, events, tmp_path):
    for _ in range(3):
        log.insert_calls(1)
        events.run(sync(tmp_path))
    added = log.insert_calls(1)
    receipt = events.run(sync(tmp_path))

    assert ids_in(receipt) == set(added)
    assert len({extra["destination"] for extra in events.extras}) == 4


def test_a_skipped_run_leaves_the_watermark_where_it_was(log, events, tmp_path):
    first = events.run(sync(tmp_path))
    with pytest.raises(AirflowSkipException, match="no call changed since"):
        events.run(sync(tmp_path, if_empty="skip"))
    with pytest.raises(EmptyWindow, match="if_empty is 'fail'"):
        events.run(sync(tmp_path, if_empty="fail"))
    log.insert_calls(1)
    receipt = events.run(sync(tmp_path, if_empty="skip"))

    assert receipt["watermark_start"] == first["watermark_end"]
    assert len(events.extras) == 2


@pytest.mark.parametrize(
    "other", [{"view": "Simple"}, {"file_format": "csv"}, {"destination": "elsewhere"}, {"conn_id": "other"}], ids=str
)
def test_series_of_one_asset_do_not_take_each_others_watermark(log, events, tmp_path, monkeypatch, other):
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", log.connection_uri)
    events.run(sync(tmp_path))
    folder = tmp_path / other.pop("destination", "")
    if conn_id := other.pop("conn_id", None):
        other["ringcentral_conn_id"] = conn_id
    receipt = events.run(sync(folder, **other))
    again = events.run(sync(tmp_path))

    assert (receipt["records"], receipt["full_sync"]) == (300, True)
    assert (again["records"], again["full_sync"]) == (0, False)


def of_dag(name: str, **arguments: Any) -> RingCentralSyncCallLogOperator:
    """A task that a factory makes: alike in all DAGs."""
    with DAG(name, schedule=None, start_date=START):
        return sync("{{ dag.dag_id }}", **arguments)


def test_dags_of_a_factory_do_not_take_each_others_watermark(log, events, tmp_path):
    def run(name: str) -> dict[str, Any]:
        task = of_dag(name)
        task.destination = str(tmp_path / name)
        return events.run(task)

    first, other = run("one"), run("two")
    added = log.insert_calls(1)
    again, later = run("one"), run("two")

    assert [first["records"], other["records"], other["full_sync"]] == [300, 300, True]
    assert ids_in(again) == ids_in(later) == set(added)
    assert [again["watermark_start"], later["watermark_start"]] == [first["watermark_end"], other["watermark_end"]]


def test_tasks_of_one_dag_that_are_alike_do_not_either(log, events, tmp_path):
    events.run(sync(tmp_path))
    assert events.run(sync(tmp_path, task_id="other"))["full_sync"] is True


@pytest.mark.parametrize(("source", "full"), [(("one", "sync"), False), (("two", "sync"), True), (None, True)])
def test_a_watermark_of_an_earlier_version_counts_for_the_task_that_it_came_from(log, events, tmp_path, source, full):
    task = of_dag("one")
    task.destination = str(tmp_path)
    first = events.run(task)
    _, former = task._query()
    events.extras[0]["watermark"]["series"] = former
    if source:
        events.sources[0] = source
    second = events.run(task)

    assert second["full_sync"] is full
    assert second["watermark_start"] == ("2026-11-01T00:00:00Z" if full else first["watermark_end"])


def test_a_refused_token_is_one_line(log, events, tmp_path, caplog):
    events.run(sync(tmp_path))
    log.refuse_sync_tokens("CLG-104")
    log.correct_calls([7], {"result": "Voicemail"})
    caplog.clear()
    receipt = events.run(sync(tmp_path, overlap="600"))
    (line,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]

    assert line.startswith("RingCentral refused the sync token: HTTP 400 CLG-104. Full sync of everything changed")
    assert (receipt["full_sync"], receipt["full_sync_reason"]) == (True, line.partition(". ")[0])
    assert log.call(7)["id"] in ids_in(receipt)
    assert events.run(sync(tmp_path))["full_sync"] is False


class Store:
    """Airflow's state store of one asset."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def __getitem__(self, asset: Asset) -> Store:
        assert asset == ASSET
        return self

    def get(self, key: str) -> Any:
        return json.loads(json.dumps(self.values.get(key)))

    def set(self, key: str, value: Any) -> None:
        self.values[key] = value


def test_the_state_store_remembers_when_events_are_cleaned_away(log, tmp_path):
    events = AssetEvents(asset_state_store=Store())
    events.run(sync(tmp_path))
    second = events.run(sync(tmp_path))
    # Only what an event proved counts: this one is killed before its event is stored.
    sync(tmp_path).execute(events.context())
    events.extras.clear()
    added = log.insert_calls(1)
    receipt = events.run(sync(tmp_path, start=None))

    assert receipt["watermark_start"] == second["watermark_end"]
    assert not receipt["full_sync"]
    assert ids_in(events.run(sync(tmp_path, start=None))) | ids_in(receipt) == set(added)


def test_a_deferrable_task_gives_its_worker_back_and_goes_on_after_its_parts(events, tmp_path, monkeypatch):
    options = {"calls": 2500, "start": START, "end": START + timedelta(hours=6), "limits": {"Heavy": 100_000}}
    with Sandbox(**options) as sandbox:
        sandbox.fault("status", status=429, headers={"Retry-After": "1"}, operation=OPERATION, nth=2)
        connection = json.loads(sandbox.connection_json)
        connection["extra"]["max_wait"] = 0.2
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", json.dumps(connection))
        deferrals = 0
        while not events.extras:
            try:
                events.run(sync(tmp_path, deferrable=True))
            except TaskDeferred as deferred:
                time.sleep(max(0.0, deferred.trigger.moment - time.time()))
                deferrals += 1
        stats = sandbox.stats()

        assert ids_in(events.extras[0]) == set(sandbox.call_ids())
    assert events.extras[0]["records"] == 2500
    assert (deferrals, stats["operations"][OPERATION]) == (1, 4)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"start": None}, "start is not given"),
        ({"start": "2999-01-01T00:00:00Z"}, "in the future"),
        ({"start": "2026-11-01T00:00:00"}, "start"),
        ({"start": "yesterday"}, "start"),
        ({"overlap": -1}, "overlap -1 is negative"),
        ({"overlap": "an hour"}, "overlap"),
        ({"view": "detailed"}, "'Detailed'"),
        ({"file_format": "xlsx"}, "'xlsx' is not valid; use 'ndjson'"),
        ({"file_format": None}, "'None' is not valid; use 'ndjson'"),
        ({"if_empty": "ignore"}, "'skip'"),
        ({"if_expired": "ignore"}, "'warn' or 'fail'"),
        ({"retention": -5}, "retention -5 is negative"),
        ({"outlets": []}, "outlets"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("connection")
def test_bad_values_are_named_before_anything_is_sent(sandbox, events, tmp_path, arguments, says):
    with pytest.raises(AirflowFailException, match=says):
        events.run(sync(tmp_path / "new", **arguments))

    assert sandbox.stats()["requests"] == 0
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("first", [True, False])
def test_changes_older_than_what_is_kept(log, events, tmp_path, caplog, first):
    old = {"start": datetime.now(tz=UTC) - timedelta(days=100)}
    if not first:
        events.run(sync(tmp_path))
        events.extras[0]["watermark"]["sync_time"] = old["start"].isoformat()
    caplog.clear()
    with pytest.raises(AirflowFailException, match="the oldest time that RingCentral still keeps"):
        events.run(sync(tmp_path, if_expired="fail", **old))
    events.run(sync(tmp_path, **old))
    (line,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]

    assert line.startswith("start" if first else "the watermark")
