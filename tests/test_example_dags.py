"""Every example DAG runs against the sandbox and leaves what it promises."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ringcentral.sandbox import Sandbox

pytestmark = [
    pytest.mark.db,
    # dag.test() drives Airflow's own API through it.
    pytest.mark.filterwarnings("ignore:Using `httpx` with `starlette.testclient`"),
]

EXAMPLES = Path(__file__).parent.parent / "example_dags"
MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
DAYS = 3


def ids_in(data: bytes) -> list[str]:
    return [json.loads(line)["id"] for line in data.splitlines()]


def between(sandbox: Sandbox, start: datetime, end: datetime) -> list[str]:
    return sandbox.call_ids(instant(start), instant(end))


def instant(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def check_daily(folder: Path, sandbox: Sandbox) -> None:
    (path,) = (folder / "calls").iterdir()
    assert path.name == f"{MIDNIGHT - timedelta(days=1):%Y-%m-%d}.ndjson"
    assert ids_in(path.read_bytes()) == between(sandbox, MIDNIGHT - timedelta(days=1), MIDNIGHT)


def check_by_day(folder: Path, sandbox: Sandbox) -> None:
    paths = sorted((folder / "by-day").iterdir())
    days = [MIDNIGHT - timedelta(days=back) for back in range(DAYS, 0, -1)]
    assert [path.name for path in paths] == [f"{day:%Y-%m-%d}.ndjson.gz" for day in days]
    for path, day in zip(paths, days, strict=True):
        assert ids_in(gzip.decompress(path.read_bytes())) == between(sandbox, day, day + timedelta(days=1))


def check_extensions(folder: Path, sandbox: Sandbox) -> None:
    (path,) = (folder / "extensions").iterdir()
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert {row["type"] for row in rows} == {"User", "Department"}
    assert len({row["id"] for row in rows}) == len(rows)


def check_recordings(folder: Path, sandbox: Sandbox) -> None:
    (manifest,) = (folder / "recordings" / "manifests").iterdir()
    lines = [json.loads(line) for line in manifest.read_text().splitlines()]
    bounds = [MIDNIGHT - timedelta(days=3), MIDNIGHT]
    truth = {each["id"]: each["sha256"] for each in sandbox.recordings(*map(instant, bounds))}
    assert {line["recording_id"]: line["sha256"] for line in lines} == truth, "the day, and what may have come late"
    for line in lines:
        assert hashlib.sha256((folder / "recordings" / line["file"]).read_bytes()).hexdigest() == line["sha256"]


def check_fax(folder: Path, sandbox: Sandbox) -> None:
    ((destination, count),) = [(path, path.read_bytes().count(b"\n") - 1) for path in (folder / "faxed").iterdir()]
    (fax,) = sandbox.messages(type="Fax")
    letter, report = fax["attachments"]
    assert (fax["to"], fax["status"]) == (["+16505550100"], "Sent")
    assert (letter["filename"], report["filename"]) == ("letter.txt", destination.name)
    assert report["sha256"] == hashlib.sha256(destination.read_bytes()).hexdigest()
    assert count > 0


def check_card(folder: Path, sandbox: Sandbox) -> None:
    day = MIDNIGHT - timedelta(days=1)
    calls = len(between(sandbox, day, MIDNIGHT))
    (post,) = sandbox.posts()
    assert post["text"] == f"{calls} calls on {day:%Y-%m-%d}"
    (shown,) = post["attachments"]
    facts = shown["card"]["body"][1]["facts"]
    assert [fact["value"] for fact in facts] == [f"{day:%Y-%m-%d}", str(calls)]


def check_text(folder: Path, sandbox: Sandbox) -> None:
    (message,) = sandbox.messages(type="SMS")
    first, link = message["text"].split("\n")
    assert message["to"] == ["+16505550100"]
    assert first.startswith("Airflow: task ringcentral_text_on_failure.check failed with ValueError in ")
    assert link.endswith("/tasks/check")


def check_broadcast(folder: Path, sandbox: Sandbox) -> None:
    (batch,) = sandbox.batches()
    assert [message["text"].split(",")[0] for message in batch["messages"]] == ["Dear Ann", "Dear Ben", "Dear Cleo"]
    header, *rows = (folder / "broadcast" / "result.csv").read_text().splitlines()
    assert header.startswith("row,to,status,")
    assert [row.split(",")[0] for row in rows] == ["1", "2", "3"]


def check_to_postgres(folder: Path, sandbox: Sandbox) -> None:
    import psycopg2

    (path,) = (folder / "changes").glob("*.ndjson")
    connect = contextlib.closing(psycopg2.connect(os.environ["AIRFLOW_CONN_WAREHOUSE"]))
    with connect as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM ringcentral_calls")
        loaded = {key for (key,) in cursor.fetchall()}
        cursor.execute("SELECT count(DISTINCT call_id) FROM ringcentral_legs")
        ((with_legs,),) = cursor.fetchall()
    assert loaded == set(ids_in(path.read_bytes())) == set(sandbox.call_ids())
    assert with_legs == len(loaded)


def leave_voicemail(sandbox: Sandbox) -> None:
    sandbox.receive_message("VoiceMail", media="a voice")


def check_voicemail(folder: Path, sandbox: Sandbox) -> None:
    (message,) = sandbox.messages(type="VoiceMail")
    (stored,) = (folder / "voicemails").iterdir()
    assert (stored.name, stored.read_text()) == (f"{message['id']}.mp3", "a voice")


CHECKS: dict[str, Callable[[Path, Sandbox], None]] = {
    "ringcentral_call_log_daily": check_daily,
    "ringcentral_call_log_by_day": check_by_day,
    "ringcentral_extensions": check_extensions,
    "ringcentral_recordings_archive": check_recordings,
    "ringcentral_call_log_to_postgres": check_to_postgres,
    "ringcentral_fax_a_report": check_fax,
    "ringcentral_daily_card": check_card,
    "ringcentral_text_on_failure": check_text,
    "ringcentral_broadcast_from_a_file": check_broadcast,
    "ringcentral_wait_for_voicemail": check_voicemail,
}
BEFORE: dict[str, Callable[[Sandbox], None]] = {"ringcentral_wait_for_voicemail": leave_voicemail}

FAILS = {"ringcentral_text_on_failure": {"check": "failed"}}
"""Tasks that are meant to."""

OPTIONS: dict[str, dict[str, Any]] = {
    # Sent at the first look.
    "ringcentral_fax_a_report": {"sent_seconds": 0, "fax_page_seconds": 0},
    # Ten a minute, each of half a megabyte, would show nothing more.
    "ringcentral_recordings_archive": {"limits": {"Heavy": 100_000}, "recording_bytes_per_second": 10},
}


def test_every_example_is_run_here():
    assert set(CHECKS) == {path.stem for path in EXAMPLES.glob("*.py")}


@pytest.mark.parametrize("dag_id", CHECKS)
def test_it_runs(
    dag_id: str, database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
):
    from airflow.dag_processing.dagbag import DagBag

    if CHECKS[dag_id] is check_to_postgres:
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", request.getfixturevalue("postgres_url"))
    monkeypatch.setenv("CALL_LOG_FOLDER", tmp_path.as_uri())
    monkeypatch.setenv("CALL_LOG_DAYS", str(DAYS))
    monkeypatch.setenv("FEWEST_CALLS", "1000000")
    with Sandbox(calls=3000, scale=0.02, **OPTIONS.get(dag_id, {})) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        BEFORE.get(dag_id, lambda _: None)(sandbox)
        dags = DagBag(EXAMPLES)
        assert dags.import_errors == {}
        run = dags.get_dag(dag_id).test(logical_date=MIDNIGHT + timedelta(minutes=30))

        failed = {task.task_id: task.state for task in run.get_task_instances() if task.state != "success"}
        assert failed == FAILS.get(dag_id, {})
        CHECKS[dag_id](tmp_path, sandbox)
        assert (sandbox.stats()["logins"], sandbox.stats()["limited"]) == (1, 0)
