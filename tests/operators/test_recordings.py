"""The recordings operator against the sandbox: what is stored, what is told of what is not, and what is refused."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred

from airflow_provider_ringcentral.arguments import parse_count
from airflow_provider_ringcentral.client.errors import PermissionDenied, Unavailable
from airflow_provider_ringcentral.client.errors.arguments import RecordingsFailed
from airflow_provider_ringcentral.operators.recordings import RingCentralDownloadRecordingsOperator
from airflow_provider_ringcentral.sandbox import Sandbox

START = datetime(2026, 11, 1, tzinfo=UTC)
END = START + timedelta(days=1)
CONTENT = "readCallRecordingContent"
OPEN = {"Heavy": 100_000, "Media": 100_000}


@pytest.fixture
def log(monkeypatch):
    """A day of 60 calls, their recordings on a host of its own."""
    options: dict[str, Any] = {"limits": OPEN, "media_host": True, "recording_bytes_per_second": 1000}
    with Sandbox(calls=60, start=START, end=END, **options) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        yield sandbox


def task(folder: Path | str, **arguments: Any) -> RingCentralDownloadRecordingsOperator:
    arguments = {"start": START, "end": END, **arguments}
    return RingCentralDownloadRecordingsOperator(task_id="archive", destination=str(folder), **arguments)


def archive(folder: Path | str, **arguments: Any) -> dict[str, Any]:
    return task(folder, **arguments).execute({})


def outcomes(receipt: dict[str, Any]) -> dict[str, int]:
    names = ("stored", "present", "pending", "gone", "failed")
    assert receipt["records"] == sum(receipt[name] for name in names)
    return {name: receipt[name] for name in names if receipt[name]}


def manifest(receipt_or_folder: dict[str, Any] | Path) -> list[dict[str, Any]]:
    if isinstance(receipt_or_folder, Path):
        (path,) = (receipt_or_folder / "manifests").glob("*.ndjson")
    else:
        path = Path(receipt_or_folder["destination"])
    return [json.loads(line) for line in path.read_text().splitlines()]


def stored(folder: Path) -> dict[str, dict[str, Any]]:
    """Sidecars by recording id, each held against its file."""
    found = {}
    for path in folder.rglob("*.json"):
        if ".recordings" not in path.parts:
            sidecar = json.loads(path.read_text())
            content = (folder / sidecar["file"]).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (sidecar["bytes"], sidecar["sha256"])
            found[sidecar["recording_id"]] = sidecar
    return found


def hashes(sandbox: Sandbox, *without: str) -> dict[str, str]:
    return {each["id"]: each["sha256"] for each in sandbox.recordings() if each["id"] not in without}


def asked(sandbox: Sandbox) -> list[str]:
    """Ids of recordings, in the order in which their bytes were asked for."""
    return [entry["path"].split("/")[-2] for entry in sandbox.requests() if entry["operation"] == CONTENT]


def test_every_recording_of_rows_and_legs_once_with_its_sidecar(log, tmp_path):
    receipt = archive(tmp_path)
    truth = {each["id"]: each for each in log.recordings()}
    sidecars = stored(tmp_path)

    assert {name: sidecar["sha256"] for name, sidecar in sidecars.items()} == hashes(log)
    assert any(name.startswith("7") for name in truth), "a leg has a recording of its own"
    assert sorted(asked(log)) == sorted(truth)
    assert outcomes(receipt) == {"stored": len(truth)}
    assert receipt["bytes_downloaded"] == sum(each["size"] for each in truth.values())
    for name, sidecar in sidecars.items():
        call = log.call(truth[name]["call_id"], view="Detailed")
        part = call if sidecar["leg"] is None else call["legs"][sidecar["leg"]]
        assert part["recording"]["id"] == name
        assert (sidecar["call_id"], sidecar["session_id"]) == (call["id"], call["sessionId"])
        assert (sidecar["from"], sidecar["to"]) == (part["from"], part["to"])
        assert sidecar["recording_type"] == part["recording"]["type"]
        assert datetime.fromisoformat(sidecar["start"]) == datetime.fromisoformat(part["startTime"])
        assert sidecar["content_type"] == truth[name]["content_type"]
        assert sidecar["file"].startswith(f"{part['startTime'][:10].replace('-', '/')}/")
        assert Path(sidecar["file"]).suffix == {"audio/mpeg": ".mp3", "audio/wav": ".wav"}[sidecar["content_type"]]


def test_the_receipt_is_small_and_the_manifest_lists_all(log, tmp_path):
    receipt = archive(tmp_path)
    path = Path(receipt["destination"])

    assert path == tmp_path / "manifests" / "20261101T000000.000Z-20261102T000000.000Z.ndjson"
    assert (receipt["bytes"], receipt["sha256"]) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
    assert (receipt["window_start"], receipt["window_end"]) == ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z")
    assert receipt["requests"] == log.stats()["requests"]
    assert len(json.dumps(receipt)) < 2048
    assert [line["recording_id"] for line in manifest(receipt)] == [each["id"] for each in log.recordings()]
    assert {line["recording_id"]: line["sha256"] for line in manifest(receipt)} == hashes(log)


def test_what_is_stored_is_skipped_without_a_request(log, tmp_path):
    first = manifest(archive(tmp_path))
    log.reset_stats()
    receipt = archive(tmp_path)

    assert asked(log) == []
    assert outcomes(receipt) == {"present": len(first)}
    assert [line | {"status": "stored"} for line in manifest(receipt)] == first, "the same apart from what was done"
    assert receipt["bytes_downloaded"] == 0


@pytest.mark.parametrize("verify", ["size", "sha256"])
@pytest.mark.parametrize("harm", ["shorter", "other bytes", "no file", "no sidecar", "half a sidecar"])
def test_what_is_not_as_its_sidecar_says_is_fetched_again(log, tmp_path, verify, harm):
    archive(tmp_path)
    name, sidecar = next(iter(stored(tmp_path).items()))
    file = tmp_path / sidecar["file"]
    content = file.read_bytes()
    harmed = {"shorter": content[:-1], "other bytes": b"x" * len(content)}
    if harm in harmed:
        file.write_bytes(harmed[harm])
    elif harm == "no file":
        file.unlink()
    elif harm == "no sidecar":
        file.with_suffix(".json").unlink()
    else:
        file.with_suffix(".json").write_bytes(b'{"recording_id":')
    log.reset_stats()
    archive(tmp_path, verify=verify)

    told_apart = harm != "other bytes" or verify == "sha256"
    assert asked(log) == ([name] if told_apart else [])
    assert (file.read_bytes() == content) is told_apart


def test_one_type_only(log, tmp_path):
    receipt = archive(tmp_path, recording_type="OnDemand")

    assert {sidecar["recording_type"] for sidecar in stored(tmp_path).values()} == {"OnDemand"}
    assert receipt["destination"].endswith("Z-OnDemand.ndjson")
    assert 0 < receipt["records"] < len(log.recordings())


def test_every_call_may_be_looked_at(log, tmp_path):
    archive(tmp_path, recording_type=None)

    assert {name: sidecar["sha256"] for name, sidecar in stored(tmp_path).items()} == hashes(log)
    assert not any("recordingType" in entry["query"] for entry in log.requests())


def test_a_window_without_recordings_is_an_empty_manifest(log, tmp_path):
    receipt = archive(tmp_path, start=END + timedelta(days=3), end=END + timedelta(days=4))

    assert (receipt["records"], manifest(receipt), asked(log)) == (0, [], [])


def test_days_share_a_folder(log, tmp_path):
    noon = START + timedelta(hours=12)
    receipts = [archive(tmp_path, start=START, end=noon), archive(tmp_path, start=noon, end=END)]

    assert sorted(asked(log)) == sorted(hashes(log)), "the second widened window skips what the first one stored"
    assert receipts[1]["present"] == receipts[0]["stored"]
    assert len(list((tmp_path / "manifests").iterdir())) == 2


@pytest.fixture
def recent(monkeypatch):
    """Calls of the last hours."""
    now = datetime.now(UTC).replace(microsecond=0)
    bounds = {"start": now - timedelta(hours=5), "end": now - timedelta(hours=1)}
    with Sandbox(calls=60, limits=OPEN, recording_bytes_per_second=100, **bounds) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        yield sandbox, bounds


def test_a_late_recording_is_pending_and_stored_by_the_next_run_of_any_window(recent, tmp_path):
    sandbox, bounds = recent
    late = sandbox.recordings()[3]["id"]
    sandbox.delay_recordings([late])
    first = archive(tmp_path, **bounds)
    assert outcomes(first) == {"stored": first["records"] - 1, "pending": 1}
    (line,) = [line for line in manifest(first) if line["status"] == "pending"]
    assert (line["recording_id"], line["reason"]) == (late, "not_there_yet (HTTP 404 CMN-102)")
    assert late not in stored(tmp_path)

    another = {"start": bounds["end"] + timedelta(hours=30), "end": bounds["end"] + timedelta(hours=31)}
    assert outcomes(archive(tmp_path, **another)) == {"pending": 1}
    sandbox.arrive_recordings()
    assert outcomes(archive(tmp_path, **another)) == {"stored": 1}
    assert {name: sidecar["sha256"] for name, sidecar in stored(tmp_path).items()} == hashes(sandbox)
    assert outcomes(archive(tmp_path, **another)) == {}, "it waits no longer"


def test_a_row_that_names_its_recording_later_is_met_again(recent, tmp_path):
    sandbox, bounds = recent
    call = sandbox.recordings()[0]["call_id"]
    late = [each["id"] for each in sandbox.recordings() if each["call_id"] == call]
    sandbox.delay_recordings(calls=[call], row=False)
    archive(tmp_path, **bounds)
    assert not set(late) & set(stored(tmp_path))

    sandbox.arrive_recordings()
    following = {"start": bounds["end"], "end": bounds["end"] + timedelta(hours=1)}
    assert archive(tmp_path, **following)["stored"] == len(late)
    assert {name: sidecar["sha256"] for name, sidecar in stored(tmp_path).items()} == hashes(sandbox)


def test_after_the_late_window_it_is_gone(recent, tmp_path, caplog):
    sandbox, bounds = recent
    lost = sandbox.recordings()[3]["id"]
    sandbox.lose_recordings([lost])
    assert archive(tmp_path, **bounds)["pending"] == 1

    receipt = archive(tmp_path, **bounds, late_window=60)
    assert outcomes(receipt) == {"present": receipt["records"] - 1, "gone": 1}
    (line,) = [line for line in manifest(receipt) if line["status"] == "gone"]
    assert (line["recording_id"], line["reason"], line["file"]) == (lost, "not_there (HTTP 404 CMN-102)", None)
    assert "1 recordings are gone" in caplog.text
    assert not list((tmp_path / ".recordings" / "pending").iterdir())


def test_what_is_gone_costs_no_request_in_any_later_run(recent, tmp_path):
    sandbox, bounds = recent
    lost = sandbox.recordings()[3]["id"]
    sandbox.delay_recordings([lost])
    archive(tmp_path, **bounds, late_window=60)
    sandbox.reset_stats()
    for window in (bounds, {**bounds, "start": bounds["start"] - timedelta(hours=1)}):
        receipt = archive(tmp_path, **window, late_window=60)
        assert outcomes(receipt) == {"present": receipt["records"] - 1, "gone": 1}
        (line,) = [line for line in manifest(receipt) if line["status"] == "gone"]
        assert (line["recording_id"], line["reason"]) == (lost, "not_there (in an earlier run)")
    assert asked(sandbox) == []

    assert archive(tmp_path, **bounds)["pending"] == 1, "a longer late_window asks for it again"
    sandbox.arrive_recordings()
    assert archive(tmp_path, **bounds)["stored"] == 1
    assert not list((tmp_path / ".recordings" / "gone").iterdir())


def test_what_is_gone_is_asked_for_again_when_the_note_of_it_is_removed(recent, tmp_path):
    sandbox, bounds = recent
    lost = sandbox.recordings()[3]["id"]
    sandbox.delay_recordings([lost])
    archive(tmp_path, **bounds, late_window=60)
    sandbox.arrive_recordings()
    shutil.rmtree(tmp_path / ".recordings" / "gone")
    assert archive(tmp_path, **bounds, late_window=60)["stored"] == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "status", "status": 403, "code": "CMN-408"}, "forbidden (HTTP 403 CMN-408)"),
        ({"kind": "status", "status": 400, "code": "CMN-101"}, "refused (HTTP 400 CMN-101)"),
        ({"kind": "status", "status": 404, "code": "AGW-404"}, "not_found (HTTP 404 AGW-404)"),
        ({"kind": "status", "status": 501}, "refused (HTTP 501 CMN-202)"),
        ({"kind": "redirect"}, "host_refused"),
        ({"kind": "html"}, "no_recording (text/html)"),
        ({"kind": "status", "status": 200, "body": "json", "code": "CMN-102"}, "no_recording (application/json)"),
        ({"kind": "status", "status": 200, "body": "empty"}, "no_recording (no content type)"),
    ],
    ids=str,
)
@pytest.mark.parametrize("max_failures", [0, "1"])
def test_a_failure_of_one_recording_fails_the_task_only_as_allowed(log, tmp_path, fault, reason, max_failures):
    log.fault(**fault, operation=CONTENT, nth=2)
    truth = hashes(log)
    if max_failures == 0:
        with pytest.raises(
            RecordingsFailed, match=rf"1 of {len(truth)} recordings failed \(1 x {reason.split()[0]}"
        ) as caught:
            archive(tmp_path)
        assert not isinstance(caught.value, AirflowFailException), "a retry asks for the missing one"
    else:
        assert archive(tmp_path, max_failures=max_failures)["failed"] == 1
    (line,) = [line for line in manifest(tmp_path) if line["status"] == "failed"]
    assert line["reason"] == reason
    assert set(stored(tmp_path)) == set(truth) - {line["recording_id"]}

    log.reset_stats()
    assert outcomes(archive(tmp_path)) == {"stored": 1, "present": len(truth) - 1}
    assert asked(log) == [line["recording_id"]]


@pytest.mark.parametrize(
    ("value", "count"), [(0, 0), (3, 3), ("12", 12), (-1, None), ("-1", None), (None, None), ("None", None), ("", None)]
)
def test_counts_come_as_numbers_and_as_text(value, count):
    assert parse_count("max_failures", value) == count


def test_pages_of_a_proxy_stop_the_run_which_then_goes_on(log, tmp_path):
    log.fault("html", operation=CONTENT, every=1)
    with pytest.raises(Unavailable, match="not a recording") as caught:
        archive(tmp_path)
    assert not isinstance(caught.value, AirflowFailException)
    assert (len(asked(log)), stored(tmp_path)) == (5, {})

    log.clear_faults()
    assert archive(tmp_path)["failed"] == 0
    assert {name: sidecar["sha256"] for name, sidecar in stored(tmp_path).items()} == hashes(log)


@pytest.mark.parametrize("kind", ["text/html", None, "application/json; charset=utf-8"])
def test_what_an_earlier_version_stored_that_is_no_recording_is_fetched_again(log, tmp_path, kind):
    archive(tmp_path)
    wrong = dict(list(stored(tmp_path).items())[:2])
    for sidecar in wrong.values():
        path = tmp_path / sidecar["file"]
        beside, page = path.with_suffix(".json"), path.with_suffix(".bin")
        path.rename(page)
        beside.write_text(json.dumps({**sidecar, "file": str(page.relative_to(tmp_path)), "content_type": kind}))
    log.reset_stats()

    assert outcomes(archive(tmp_path)) == {"present": len(hashes(log)) - 2, "stored": 2}
    assert sorted(asked(log)) == sorted(wrong)
    assert not list(tmp_path.rglob("*.bin"))
    assert {name: sidecar["sha256"] for name, sidecar in stored(tmp_path).items()} == hashes(log)


def test_any_number_of_failures_may_be_allowed(log, tmp_path):
    log.fault("status", status=403, code="CMN-408", operation=CONTENT, every=2)
    assert archive(tmp_path, max_failures=-1)["failed"] == len(hashes(log)) // 2


def test_more_failures_than_allowed(log, tmp_path):
    log.fault("status", status=403, code="CMN-408", operation=CONTENT, every=3)
    with pytest.raises(RecordingsFailed, match="max_failures=2"):
        archive(tmp_path, max_failures=2)


def test_links_to_a_strange_host_are_refused_before_a_token_is_sent(log, tmp_path):
    # Were it asked, resolving foreign.invalid would fail in another way.
    log.fault("foreign_links", operation="readCompanyCallLog", every=1)
    receipt = archive(tmp_path, max_failures=None)

    assert outcomes(receipt) == {"failed": len(hashes(log))}
    assert {line["reason"] for line in manifest(receipt)} == {"host_refused"}
    assert asked(log) == []


def test_a_missing_scope_stops_at_once_and_names_both(log, tmp_path):
    log.change_app(permissions=["ReadCallLog"])
    with pytest.raises(PermissionDenied, match="both ReadCallLog and ReadCallRecording") as caught:
        archive(tmp_path, max_failures=None)

    assert (caught.value.permission, len(set(asked(log)))) == ("ReadCallRecording", 1)
    assert isinstance(caught.value, AirflowFailException)
    assert stored(tmp_path) == {}


def test_who_may_read_no_recording_is_not_asked_a_thousand_times(monkeypatch, tmp_path):
    with Sandbox(calls=200, start=START, end=END, limits=OPEN) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        sandbox.fault("status", status=403, code="CMN-408", operation=CONTENT, every=1)
        with pytest.raises(PermissionDenied):
            archive(tmp_path, max_failures=None)

        assert len(asked(sandbox)) == 20 < len(hashes(sandbox))


@pytest.fixture
def impatient(log, monkeypatch):
    """A Connection that waits for nothing, so that what fails does so at once."""
    connection = json.loads(log.connection_json)
    connection["extra"]["max_wait"] = 0
    monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", json.dumps(connection))
    return log


def test_an_outage_stops_the_run_which_then_goes_on(impatient, tmp_path, caplog):
    impatient.fault("status", status=502, operation=CONTENT, every=1, after=4)
    with pytest.raises(Unavailable):
        archive(tmp_path, max_failures=None)
    assert len(stored(tmp_path)) == 4
    assert not (tmp_path / "manifests" / "20261101T000000.000Z-20261102T000000.000Z.ndjson").exists()
    assert len(asked(impatient)) == 4 + 5

    impatient.clear_faults()
    impatient.reset_stats()
    receipt = archive(tmp_path)
    assert outcomes(receipt) == {"stored": len(hashes(impatient))}, "those of the first try included"
    assert "readCompanyCallLog" not in impatient.stats()["operations"]


def test_a_deferrable_task_gives_its_worker_back_and_goes_on(monkeypatch, tmp_path):
    options: dict[str, Any] = {"media_host": True, "recording_bytes_per_second": 10}
    with Sandbox(calls=100, start=START, end=END, limits={"Media": 100_000}, **options) as sandbox:
        sandbox.fault("status", status=429, headers={"Retry-After": "1"}, operation=CONTENT, every=7)
        connection = json.loads(sandbox.connection_json)
        connection["extra"]["max_wait"] = 0.1
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", json.dumps(connection))
        deferrals: list[TaskDeferred] = []
        receipt = None
        while receipt is None:
            operator = task(tmp_path, deferrable=True)
            try:
                receipt = operator.execute_complete({}) if deferrals else operator.execute({})
            except TaskDeferred as deferred:
                deferrals.append(deferred)
                time.sleep(max(0.0, deferred.trigger.moment - time.time()))

        assert 1 <= len(deferrals) < 20
        assert {(each.method_name, str(each.kwargs or {})) for each in deferrals} == {("execute_complete", "{}")}
        assert outcomes(receipt) == {"stored": len(hashes(sandbox))}
        given = [entry for entry in sandbox.requests() if entry["operation"] == CONTENT and entry["status"] == 200]
        assert sorted(entry["path"].split("/")[-2] for entry in given) == sorted(hashes(sandbox))
        stats = sandbox.stats()
        assert (stats["operations"]["readCompanyCallLog"], stats["logins"]) == (1, 1)


def test_the_limits_of_the_media_host_are_its_own(monkeypatch, tmp_path):
    with Sandbox(
        calls=100,
        start=START,
        end=END,
        media_host=True,
        recording_bytes_per_second=10,
        limits={"Heavy": 3, "Media": 1000},
    ) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        receipt = archive(tmp_path)
        stats = sandbox.stats()

    assert receipt["stored"] > 10
    assert receipt["seconds_waited"] < 5, "Heavy would have meant minutes"
    assert (stats["groups"]["Heavy"], stats["groups"]["Media"], stats["limited"]) == (1, receipt["stored"], 0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"start": END, "end": END - timedelta(hours=1)}, "start 2026-11-02T00:00:00Z is not before end 2026-11-01T23"),
        ({"start": START, "end": START}, "is not before end"),
        ({"start": None, "end": None}, "data interval"),
        ({"name_template": "{caller}"}, "unknown field {caller}; fields are recording_id"),
        ({"name_template": "{start.__class__}"}, "unknown field"),
        ({"name_template": "../{recording_id}"}, "leads out of the destination"),
        ({"name_template": "/etc/{recording_id}"}, "absolute"),
        ({"recording_type": "automatic"}, "did you mean 'Automatic'"),
        ({"scope": "company"}, "'account'"),
        ({"late_window": -1}, "late_window -1 is negative"),
        ({"late_window": "soon"}, "late_window 'soon' is not a duration"),
        ({"max_failures": -2}, "max_failures -2 is not a count"),
        ({"max_failures": "few"}, "max_failures 'few' is not a count"),
        ({"verify": "md5"}, "'size' or 'sha256'"),
        ({"if_expired": "ignore"}, "if_expired"),
        ({"start": START - timedelta(days=400), "if_expired": "fail"}, "retention"),
        ({"destination": "nowhere://bucket/x"}, "nowhere"),
        ({"destination": "/proc/recordings"}, "cannot be written"),
        ({"destination": ""}, "destination"),
    ],
    ids=str,
)
def test_bad_input_is_refused_before_anything_is_sent(log, tmp_path, arguments, says):
    operator = RingCentralDownloadRecordingsOperator(
        **{"task_id": "x", "destination": str(tmp_path), "start": START, "end": END, **arguments}
    )
    with pytest.raises(AirflowFailException) as caught:
        operator.execute({})

    assert says in str(caught.value)
    assert log.stats()["requests"] == 0
    assert list(tmp_path.iterdir()) == []


def test_names_that_collide_are_refused_before_anything_is_downloaded(log, tmp_path):
    with pytest.raises(AirflowFailException, match=r"add \{recording_id\}"):
        archive(tmp_path, name_template="{start:%Y}/{direction}.{ext}")

    assert (asked(log), stored(tmp_path)) == ([], {})


def test_a_name_of_an_earlier_run_is_not_taken_away(log, tmp_path):
    calls = [each["call_id"] for each in log.recordings()]
    starts = [datetime.fromisoformat(log.call(call)["startTime"]) for call in calls if calls.count(call) == 1]
    arguments = {"name_template": "{start:%Y}.{ext}", "late_window": 0, "max_failures": 1}
    second, first = (
        archive(tmp_path, start=start, end=start + timedelta(milliseconds=1), **arguments) for start in starts[:2]
    )

    assert (outcomes(second), outcomes(first)) == ({"stored": 1}, {"failed": 1})
    assert manifest(first)[0]["reason"] == "name_taken"
    assert list(stored(tmp_path)) == [manifest(second)[0]["recording_id"]]


def test_no_number_or_name_at_info(log, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    log.fault("status", status=403, code="CMN-408", operation=CONTENT, nth=2)
    archive(tmp_path, max_failures=None)
    text = caplog.text

    assert "Recordings of calls from" in text
    for sidecar in stored(tmp_path).values():
        for party in (sidecar["from"], sidecar["to"]):
            assert not [value for key in ("phoneNumber", "name") if (value := party.get(key)) and value in text]


def test_every_template_field_is_an_attribute_left_as_given():
    given = {name: f"{{{{ {name} }}}}" for name in RingCentralDownloadRecordingsOperator.template_fields}
    operator = RingCentralDownloadRecordingsOperator(task_id="x", **given)

    assert {name: getattr(operator, name) for name in given} == given
