"""Thirty mapped extracts under a real scheduler, triggerer and API server."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.client.ledger.factory import open_ledger
from airflow_provider_ringcentral.sandbox import Sandbox

from .standalone import Standalone

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

HOURS = 30
START = datetime(2026, 11, 1, tzinfo=UTC)
WINDOW = {"start": START, "end": START + timedelta(hours=HOURS)}
SLOW, CALLER, ON_CALL = "+12125550101", "+12125550102", "+12125550103"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    # Seconds for minutes: the windows are short enough to wait for and long enough to be met.
    with Sandbox(process=True, calls=9000, scale=0.2, **WINDOW) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def webhook(sandbox) -> str:
    """The URL of an incoming webhook."""
    return sandbox.add_webhook()


@pytest.fixture(scope="module")
def airflow(tmp_path_factory, sandbox, webhook) -> Iterator[Standalone]:
    home = tmp_path_factory.mktemp("airflow")
    environment = {"E2E_FOLDER": str(home / "out"), "E2E_START": START.isoformat(), "E2E_HOURS": str(HOURS)}
    environment |= {
        "E2E_SANDBOX": sandbox.url,
        "E2E_SLOW_NUMBER": SLOW,
        "E2E_CALLER": CALLER,
        "E2E_CHART": str(home / "chart.png"),
    }
    (home / "out").mkdir()
    (home / "chart.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    with Standalone(home, Path(__file__).parent / "dags", **environment) as airflow:
        connection = {
            "conn_type": "ringcentral",
            "host": sandbox.url,
            "port": 443,
            "login": sandbox.client_id,
            "password": sandbox.client_secret,
        }
        extra = {"jwt_token": sandbox.jwt, "timeout": None, "max_wait": None, "verify": None}
        airflow.add_connection("rc_e2e", {**connection, "extra": json.dumps(extra)})
        # Ten pages that take 2 s leave less than the usual 10 s of a window of 12 s to wait for.
        impatient = {**connection, "extra": json.dumps({**extra, "max_wait": 1})}
        airflow.add_connection("rc_impatient", impatient)
        wrong = {**connection, "password": "a-wrong-secret"}
        airflow.add_connection("rc_wrong", {**wrong, "extra": json.dumps(extra)})
        airflow.add_connection("rc_webhook", {"conn_type": "http", "password": webhook})
        yield airflow


@pytest.fixture(scope="module")
def run(airflow) -> tuple[str, str]:
    return airflow.run("mapped_extracts")


def shared_token(airflow: Standalone, sandbox: Sandbox) -> str:
    """The access token that the tasks used, as the ledger keeps it."""
    credentials = Credentials(sandbox.client_id, sandbox.client_secret, sandbox.jwt, server=sandbox.url)
    ledger = open_ledger(f"sqlite://{airflow.home}/ringcentral-ledger-{os.getuid()}.sqlite")
    return RingCentralClient(credentials, ledger).login.token("test").token


def calls_in(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_text().splitlines()]


def test_all_succeed_with_one_login_and_no_429(airflow, run, sandbox):
    assert run[1] == "success", airflow.logs()[-5000:]
    stats = sandbox.stats()

    assert (stats["logins"], stats["limited"], stats["in_penalty"]) == (1, 0, 0)


def test_every_call_is_in_its_file_once(airflow, run):
    out = airflow.home / "out"
    hours = [call for hour in range(HOURS) for call in calls_in(out / f"hour-{hour:02d}.ndjson")]
    everything = calls_in(out / "all.ndjson")

    assert len(everything) == 9000
    assert sorted(hours) == sorted(everything) == sorted(set(everything))
    assert [path.name for path in out.iterdir() if path.suffix != ".ndjson"] == []


def test_the_deferrable_task_gave_its_worker_back(airflow, run):
    assert "Quota used up; deferring for " in airflow.logs()
    assert "Trigger fired event" in airflow.logs()


def test_receipts_are_small_and_go_with_the_asset_event(airflow, run):
    path = f"/api/v2/dags/mapped_extracts/dagRuns/{run[0]}/taskInstances/all_hours/xcomEntries/return_value"
    receipt = airflow.api("GET", path)["value"]
    receipt = json.loads(receipt) if isinstance(receipt, str) else receipt
    events = airflow.api("GET", "/api/v2/assets/events")["asset_events"]

    assert receipt["records"] == 9000
    assert len(json.dumps(receipt)) < 2048
    assert [event["extra"] for event in events] == [receipt]


def test_the_api_hides_the_secrets_and_its_test_works(airflow, sandbox):
    shown = airflow.api("GET", "/api/v2/connections/rc_e2e")
    assert json.loads(shown["extra"])["jwt_token"] == "***"
    assert shown["password"] == "***"

    body = {key: shown[key] for key in ("conn_type", "host", "login", "port")}
    secret = {"password": sandbox.client_secret, "extra": json.dumps({"jwt_token": sandbox.jwt})}
    tested = airflow.api("POST", "/api/v2/connections/test", json={"connection_id": "probe", **body, **secret})
    assert tested["status"], tested["message"]


def test_a_wrong_secret_fails_at_once_with_the_cure(airflow, run):
    run_id, state = airflow.run("wrong_secret")
    tried = airflow.api("GET", f"/api/v2/dags/wrong_secret/dagRuns/{run_id}/taskInstances/refused")

    assert (state, tried["state"], tried["try_number"]) == ("failed", "failed", 1)
    assert "Cure (" in airflow.logs()


def test_sensors_wait_in_the_triggerer(airflow, run, sandbox):
    before = sandbox.stats()
    after = (START + timedelta(hours=HOURS)).isoformat()
    inserted = sandbox.insert_calls(2, start_time=after, after_requests=10)
    run_id, state = airflow.run("waits")
    tasks = airflow.api("GET", f"/api/v2/dags/waits/dagRuns/{run_id}/taskInstances")["task_instances"]
    states = {(task["task_id"], task["map_index"]): (task["state"], task["try_number"]) for task in tasks}
    stats = sandbox.stats()

    done = [("call", 0), ("call", 1), ("call", 2), ("function", -1)]
    assert states == dict.fromkeys(done, ("success", 1)) | {("never", -1): ("skipped", 1)}, airflow.logs()[-5000:]
    assert state == "success"
    path = f"/api/v2/dags/waits/dagRuns/{run_id}/taskInstances/call/xcomEntries/return_value?map_index=0"
    records = airflow.api("GET", path)["value"]
    records = json.loads(records) if isinstance(records, str) else records
    assert {record["id"] for record in records} == set(inserted)
    assert (stats["limited"], stats["logins"] - before["logins"]) == (0, 0)
    assert "RingCentralApiTrigger" in airflow.logs()
    assert "'nothing' is undefined" in airflow.logs()


def test_faxes_and_posts_are_sent_once(airflow, run, sandbox):
    run_id, state = airflow.run("sends")
    tasks = airflow.api("GET", f"/api/v2/dags/sends/dagRuns/{run_id}/taskInstances")["task_instances"]
    texts = [post["text"] for post in sandbox.posts()]

    assert state == "success", airflow.logs()[-5000:]
    assert {task["try_number"] for task in tasks} == {1}
    assert [(fax["to"], fax["status"]) for fax in sandbox.messages(type="Fax")] == [
        (["+12125550101"], "Sent"),
        (["+12125550102"], "Sent"),
    ]
    assert [(mms["to"], len(mms["attachments"])) for mms in sandbox.messages(type="SMS", to="+12125550104")] == [
        (["+12125550104"], 1)
    ]
    assert [pager["text"] for pager in sandbox.messages(type="Pager")] == [f"Run {run_id}"]
    assert sorted(texts) == ["A card of sends", "By webhook", "Done"]
    assert [posted["body"] for posted in sandbox.webhook_posts()] == [{"text": "By webhook"}]


def test_messages_batches_and_calls_are_waited_for_in_the_triggerer(airflow, run, sandbox):
    sandbox.number_outcome(SLOW, status="Delivered", after_seconds=100)
    run_id, state = airflow.run("message_waits")
    path = f"/api/v2/dags/message_waits/dagRuns/{run_id}/taskInstances"
    tasks = {task["task_id"]: task for task in airflow.api("GET", path)["task_instances"]}

    def returned(task: str):
        value = airflow.api("GET", f"{path}/{task}/xcomEntries/return_value")["value"]
        return json.loads(value) if isinstance(value, str) else value

    assert state == "success", airflow.logs()[-5000:]
    assert {task["try_number"] for task in tasks.values()} == {1}
    assert [one["status"] for one in returned("waited_for") + returned("status")] == ["Delivered"] * 2
    assert [one["counts"]["delivered"] for one in returned("through")] == [1]
    assert [one["type"] for one in returned("voicemail") + returned("approval")] == ["VoiceMail", "SMS"]
    assert [one["result"] for one in returned("missed")] == ["Missed"]
    for trigger in ("MessageStatus", "NewMessage", "A2PBatch", "Call"):
        assert f"RingCentral{trigger}Trigger" in airflow.logs()
    assert not [number for number in (SLOW, CALLER) if number in airflow.logs()]
    assert sandbox.stats()["limited"] == 0


def test_tasks_dags_and_deadlines_tell_somebody(airflow, run, sandbox):
    sandbox.add_chat(name="On call")
    before, placed = len(sandbox.webhook_posts()), len(sandbox.calls_placed())
    run_id, state = airflow.run("alerts")
    assert state == "failed", airflow.logs()[-5000:]

    def texts() -> list[str]:
        return [message["text"] for message in sandbox.messages(type="SMS", to=ON_CALL)]

    def posts() -> list[str]:
        return [post["text"] for post in sandbox.posts() if post["text"].startswith("Airflow: alerts")]

    deadline = time.monotonic() + 120
    while not (len(texts()) == 2 and posts() and len(sandbox.webhook_posts()) > before):
        assert time.monotonic() < deadline, airflow.logs()[-5000:]
        time.sleep(1)

    alert, summary = texts()
    assert alert.startswith("Airflow: task alerts.fail[")
    assert f"failed with ValueError in {run_id}" in alert
    assert "Airflow: 5 more alerts since " in summary
    assert [text.partition(" in ")[0] for text in posts()] == ["Airflow: alerts failed (task failure)"]
    assert [posted["body"] for posted in sandbox.webhook_posts()[before:]] == [{"text": "alerts is late"}]
    assert [call["callStatus"] for call in sandbox.calls_placed()[placed:]] == ["Success"]
    (row,) = map(json.loads, (airflow.home / "out-broadcast.ndjson").read_text().splitlines())
    assert row["status"] == "Delivered"
    assert ON_CALL not in airflow.logs()


def test_changes_are_loaded_when_their_file_appears(airflow, sandbox):
    folder, warehouse = airflow.home / "out-changes", airflow.home / "warehouse.db"
    airflow.add_connection("warehouse", {"conn_type": "sqlite", "host": str(warehouse)})
    hour = [(START + timedelta(hours=hours)).isoformat() for hours in (HOURS - 1, HOURS)]
    ids = sandbox.call_ids(*hour)
    airflow.unpause("load_changes")
    for times in (1, 2):
        _, state = airflow.run("changes")
        assert state == "success", airflow.logs()[-5000:]
        airflow.wait_for_successes("load_changes", times)
        sandbox.correct_calls([ids[3]], {"result": "Voicemail"})
        sandbox.delete_calls([ids[5]])

    first, second = sorted((folder / "changes").glob("*.ndjson"))
    assert set(calls_in(first)) >= set(ids)
    assert set(calls_in(second)) == {ids[3], ids[5]}
    with closing(sqlite3.connect(warehouse)) as database:
        rows = dict(database.execute("SELECT id, result FROM ringcentral_calls"))
    assert rows.keys() == set(calls_in(first)) - {ids[5]}
    assert rows[ids[3]] == "Voicemail"
    recordings = sandbox.recordings(START.isoformat(), (START + timedelta(minutes=4)).isoformat())
    hashes = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "archive").rglob("*.[mw][pa][3v]")}
    assert hashes == {each["sha256"] for each in recordings}
    assert hashes


def test_no_secret_is_anywhere(airflow, run, sandbox, webhook):
    texts = [airflow.logs()]
    with sqlite3.connect(f"file:{airflow.home}/airflow.db?mode=ro", uri=True) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            if table != "connection":
                texts += [repr(row) for row in database.execute(f'SELECT * FROM "{table}"')]
    everything = "\n".join(texts)

    assert len(everything) > 10_000
    for secret in (sandbox.client_secret, sandbox.jwt, shared_token(airflow, sandbox), webhook.rpartition("/")[2]):
        assert secret not in everything
