"""Changes between two watermarks over real HTTP: nothing missed, whatever RingCentral does with its tokens."""

from __future__ import annotations

import hashlib
import json
import logging
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from upath import UPath

from airflow_provider_ringcentral.client.errors import BadRequest, LoginFailed, Unavailable
from airflow_provider_ringcentral.client.errors.arguments import BadArgument, DestinationError, EmptyWindow
from airflow_provider_ringcentral.extract.changes.watermark import Watermark
from tests.sync_series import OPERATION, rows_of


def warnings_of(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


@pytest.mark.parametrize("view", ["Simple", "Detailed"])
def test_runs_one_after_the_other_add_up_to_the_log(series, view):
    log = series(calls=2500)
    log.view = view
    sandbox = log.sandbox
    first = log.run().receipt
    ids = sandbox.call_ids()
    sandbox.correct_calls([ids[3], ids[2000]], {"result": "Voicemail"})
    sandbox.delete_calls([ids[5]])
    added = sandbox.insert_calls(4, start_time=sandbox.info()["now"])
    second = log.run().receipt

    assert (first.records, first.records_new, first.full_sync) == (2500, 2500, True)
    assert first.full_sync_reason == "first run: there is no watermark yet"
    assert (second.records, second.records_new, second.records_changed, second.records_deleted) == (7, 4, 2, 1)
    assert (second.full_sync, second.full_sync_reason, second.view) == (False, None, view)
    assert {row["id"] for row in rows_of(log.files[1])} == {ids[3], ids[2000], ids[5], *added}
    assert log.merged() == log.truth()


def test_a_call_that_started_before_the_watermark_and_came_late_counts_as_changed(series):
    log = series()
    log.run()
    [late] = log.sandbox.insert_calls(1, start_time="2026-11-01T02:00:00Z")
    receipt = log.run().receipt

    assert (receipt.records_new, receipt.records_changed) == (0, 1)
    assert receipt.first_start_time == receipt.last_start_time == "2026-11-01T02:00:00Z"
    assert [row["id"] for row in rows_of(log.files[1])] == [late]


def test_both_ends_of_the_watermark_name_the_file(series):
    log = series()
    first, second = log.run(), log.run()

    assert first.receipt.watermark_start == "2026-11-01T00:00:00Z"
    assert first.receipt.watermark_end == second.receipt.watermark_start
    names = [f"calls-20261101T000000.000Z-{first.watermark.stamp}.ndjson"]
    names.append(f"calls-{first.watermark.stamp}-{second.watermark.stamp}.ndjson")
    assert [path.name for path in log.files] == names == sorted(names)
    assert sorted(entry.name for entry in log.folder.iterdir()) == [".sync", *names]


def test_the_receipt_is_of_the_file_as_it_lies_there(series):
    log = series()
    receipt = log.run().receipt
    (path,) = log.files

    assert receipt.destination == str(path)
    assert (receipt.bytes, receipt.sha256) == (path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
    starts = [row["startTime"] for row in rows_of(path)]
    assert datetime.fromisoformat(receipt.first_start_time) == datetime.fromisoformat(min(starts))
    assert datetime.fromisoformat(receipt.last_start_time) == datetime.fromisoformat(max(starts))
    assert receipt.requests == log.sandbox.stats()["requests"]
    assert len(json.dumps(receipt.as_dict())) < 2048


def test_rows_lie_in_the_order_of_their_changes(series):
    log = series(calls=2500)
    log.run()
    changed = [row["lastModifiedTime"] for row in rows_of(log.files[0])]

    assert changed == sorted(changed)


def test_a_call_that_changes_while_it_is_read_is_there_in_both_versions(series):
    log = series(calls=2500)
    first: list[str] = []

    def correct(progress: Any) -> None:
        if progress.pages == 1:
            first.append(log.sandbox.call_ids()[-1])
            log.sandbox.correct_calls(first, {"result": "Voicemail"})

    log.run(progress=correct)
    versions = [row["result"] for row in rows_of(log.files[0]) if row["id"] == first[0]]

    assert (len(versions), versions[-1]) == (2, "Voicemail")
    assert log.merged() == log.truth()


def test_twelve_thousand_changes_cost_at_most_thirteen_requests(series):
    log = series()
    log.run()
    log.sandbox.reset_stats()
    log.sandbox.insert_calls(12_000, where="inside")
    receipt = log.run().receipt

    assert receipt.records == 12_000
    assert log.sandbox.stats()["requests"] <= 13
    assert receipt.requests == log.sandbox.stats()["requests"]


def test_more_than_a_page_in_one_millisecond_is_no_problem(series):
    log = series(calls=3000)
    log.run()
    log.sandbox.correct_calls(log.sandbox.call_ids()[:2300], {"result": "Voicemail"})
    log.sandbox.insert_calls(3)
    receipt = log.run().receipt

    assert receipt.records == 2303
    assert log.merged() == log.truth()


def test_the_first_request_is_a_full_sync_and_all_others_follow_its_token(series):
    log = series(calls=1500)
    log.run()
    log.run()
    full, *rest = log.queries()

    assert full == "syncType=FSync&dateFrom=2026-10-31T23%3A59%3A59.999Z&recordCount=1000&view=Detailed"
    assert len(rest) == 2
    for query in rest:
        assert query.startswith("syncType=ISync&syncToken=")
        assert query.endswith("&view=Detailed")


@pytest.mark.parametrize("code", ["CLG-101", "CLG-102", "CLG-103", "CLG-104", "CLG-105", "CMN-101"])
def test_a_refused_token_means_a_full_sync_from_before_the_watermark(series, caplog, code):
    log = series()
    before = log.run().watermark
    log.sandbox.refuse_sync_tokens(code)
    log.sandbox.correct_calls([7], {"result": "Voicemail"})
    added = log.sandbox.insert_calls(2)
    receipt = log.run().receipt

    assert receipt.full_sync
    assert datetime.fromisoformat(receipt.watermark_start) == before.time
    assert receipt.full_sync_reason == f"RingCentral refused the sync token: HTTP 400 {code}"
    (line,) = warnings_of(caplog)
    assert line.startswith(receipt.full_sync_reason)
    asked = before.time - timedelta(hours=1, milliseconds=1)
    assert f"dateFrom={asked:%Y-%m-%dT%H}%3A{asked:%M}%3A{asked:%S}" in log.queries()[-1]
    assert {row["id"] for row in rows_of(log.files[1])} >= set(added)
    assert log.merged() == log.truth()
    assert log.run().receipt.full_sync is False


def test_a_token_that_expired_while_the_dag_was_paused(series, caplog):
    log = series(sync_token_seconds=0.5)
    log.run()
    added = log.sandbox.insert_calls(3, where="inside")
    time.sleep(0.7)
    receipt = log.run().receipt

    assert receipt.full_sync_reason.endswith("HTTP 400 CLG-102")
    assert len(warnings_of(caplog)) == 1
    assert {row["id"] for row in rows_of(log.files[-1])} >= set(added)
    assert log.merged() == log.truth()


def test_a_token_that_is_refused_in_mid_run_loses_nothing_that_was_told(series, caplog):
    log = series(calls=2500)
    log.run()
    ids = log.sandbox.call_ids()
    log.sandbox.delete_calls(ids[1500:1510])
    log.sandbox.correct_calls(ids[:1500], {"result": "Voicemail"})
    log.sandbox.correct_calls(ids[1510:2000], {"result": "Missed"})

    def refuse(progress: Any) -> None:
        if progress.pages == 1:
            log.sandbox.refuse_sync_tokens("CLG-104")

    receipt = log.run(progress=refuse).receipt

    assert receipt.full_sync_reason == "RingCentral refused the sync token: HTTP 400 CLG-104"
    assert len(warnings_of(caplog)) == 1
    # What was deleted is told in the page before the refusal only: a full sync tells the calls that there are.
    assert receipt.records_deleted == 10
    assert log.merged() == log.truth()


def test_the_first_run_survives_a_refused_token_too(series):
    log = series(calls=2500)

    def refuse(progress: Any) -> None:
        if progress.pages == 2:
            log.sandbox.refuse_sync_tokens("CLG-101")

    receipt = log.run(progress=refuse).receipt

    assert receipt.records == 2000 + 2500
    assert log.merged() == log.truth()


def test_tokens_that_never_work_end_in_an_error(series, caplog):
    log = series(calls=2500)
    with pytest.raises(BadRequest) as caught:
        log.run(progress=lambda _: log.sandbox.refuse_sync_tokens("CLG-105"))

    assert caught.value.code == "CLG-105"
    assert len(warnings_of(caplog)) == 3


def test_a_refused_login_is_no_refused_token(series, caplog):
    log = series()
    log.run()
    log.sandbox.kill_tokens()
    log.sandbox.change_jwt(revoked=True)
    with pytest.raises(LoginFailed):
        log.run()

    assert warnings_of(caplog) == []


def test_an_overlap_of_zero_still_misses_nothing(series):
    log = series()
    log.overlap = timedelta()
    log.run()
    added = log.sandbox.insert_calls(2)
    log.sandbox.refuse_sync_tokens()
    log.run()

    assert {row["id"] for row in rows_of(log.files[1])} >= set(added)


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("status", {"status": 429, "retry_after": 0.2}),
        ("status", {"status": 503, "retry_after": 0.2}),
        ("status", {"status": 500}),
        ("reset", {"where": "body"}),
        ("truncate", {}),
        ("broken_json", {}),
        ("html", {}),
        ("kill_tokens", {}),
    ],
    ids=str,
)
def test_what_goes_wrong_in_mid_run(series, kind, rule):
    log = series(calls=2500)
    log.sandbox.fault(kind, operation=OPERATION, nth=2, **rule)
    receipt = log.run().receipt

    assert (receipt.records, log.sandbox.stats()["faults"]) == (2500, 1)
    assert log.merged() == log.truth()


@pytest.mark.parametrize("options", [{"pretty": True}, {"layout": "instants:2"}, {"layout": "milliseconds"}], ids=str)
def test_however_the_log_is_laid_out(series, options):
    log = series(calls=2200, **options)
    receipt = log.run().receipt

    assert receipt.records == 2200
    assert log.merged() == log.truth()


class Answers:
    """A client that gives these answers in turn."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)

    def raw_page(self, path: str, params: Any, /) -> bytes:
        return json.dumps(self.answers.pop(0)).encode()


def answer(token: str, *records: dict[str, Any], more: bool) -> dict[str, Any]:
    info = {"syncToken": token, "syncTime": "2026-11-02T00:00:00.000Z", "newerRecordsExist": more}
    return {"records": records, "syncInfo": info}


def test_a_token_that_does_not_move_is_no_endless_loop(series):
    log = series(calls=0)
    client = Answers(answer("a", more=True), answer("b", more=True), answer("b", more=True))
    with pytest.raises(Unavailable, match="repeats the sync token"):
        log.run(client)
    assert client.answers == []


def test_empty_pages_with_newer_records_are_followed(series):
    log = series(calls=0)
    receipt = log.run(Answers(*(answer(str(at), more=at < 5) for at in range(6)))).receipt

    assert (receipt.requests, receipt.records) == (6, 0)
    assert log.watermark == Watermark(datetime(2026, 11, 2, tzinfo=UTC), "5")


def test_nothing_new_gives_an_empty_file_and_moves_the_watermark(series):
    log = series()
    first = log.run().watermark
    second = log.run()

    assert (second.receipt.records, second.receipt.bytes) == (0, 0)
    assert (second.receipt.first_start_time, second.receipt.last_start_time) == (None, None)
    assert log.files[1].read_bytes() == b""
    assert second.watermark.time > first.time


@pytest.mark.parametrize("kind", ["ndjson", "parquet"])
@pytest.mark.parametrize("removable", [True, False], ids=["", "nothing can be removed"])
def test_a_run_that_ends_where_it_began_is_not_taken_for_the_next(series, monkeypatch, kind, removable):
    log = series(calls=0)
    log.watermark = Watermark(datetime(2026, 11, 2, tzinfo=UTC), "same")
    log.folder = UPath(f"memory://{uuid.uuid4().hex}")
    if not removable:
        monkeypatch.setattr(type(log.folder.fs), "_rm", refused)
        monkeypatch.setattr(type(log.folder.fs), "rm_file", refused)
    first = log.run(Answers(answer("same", more=False)), file_format=kind)
    new = {"id": "1", "startTime": "2026-11-02T00:00:00Z", "lastModifiedTime": "2026-11-02T00:00:01Z"}
    second = log.run(Answers(answer("same", new, more=False)), file_format=kind)

    assert (first.watermark, first.receipt.records) == (second.watermark, 0)
    assert (second.receipt.requests, second.receipt.records) == (1, 1)
    assert log.run(Answers(answer("other", more=False)), file_format=kind).watermark.cursor == "other"


def refused(*_: Any, **__: Any) -> None:
    raise PermissionError("this store keeps everything")


def test_two_runs_that_end_at_one_moment_do_not_replace_each_others_file(series):
    log = series(calls=0)
    log.watermark = Watermark(datetime(2026, 11, 2, tzinfo=UTC), "a")
    for token, call in (("b", "1"), ("c", "2")):
        log.run(Answers(answer(token, {"id": call, "startTime": "2026-11-02T00:00:00Z"}, more=False)))

    assert [[row["id"] for row in rows_of(path)] for path in log.files] == [["1"], ["2"]]


def test_nothing_new_may_leave_nothing(series):
    log = series()
    before = log.run().watermark
    synced = log.run(if_empty="skip")
    with pytest.raises(EmptyWindow, match="No call changed since"):
        log.run(if_empty="fail")

    assert (synced.watermark, synced.receipt.destination, synced.receipt.records) == (None, None, 0)
    assert synced.receipt.requests == 1
    assert [entry for entry in log.folder.iterdir() if entry.name != ".sync"] == log.files
    assert list((log.folder / ".sync").iterdir()) == []
    added = log.sandbox.insert_calls(1)
    receipt = log.run(if_empty="skip").receipt
    assert datetime.fromisoformat(receipt.watermark_start) == before.time
    assert [row["id"] for row in rows_of(log.files[1])] == added


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"if_empty": "ignore"}, BadArgument, "'skip'"),
        ({"file_format": "xlsx"}, BadArgument, "parquet"),
    ],
)
def test_bad_arguments(series, arguments, error, says):
    log = series(calls=0)
    with pytest.raises(error, match=says):
        log.run(**arguments)
    assert log.sandbox.stats()["requests"] == 0
    assert not log.folder.exists()


@pytest.mark.parametrize("name", ["file", "calls.ndjson", "Calls.CSV", "calls.ndjson.gz", "new.parquet"])
def test_a_destination_that_is_a_file(series, tmp_path, name):
    log = series(calls=0)
    log.folder = UPath(tmp_path / name)
    if not name.startswith("new"):
        log.folder.write_bytes(b"mine")
    with pytest.raises(DestinationError, match="is a file"):
        log.run()
    assert log.sandbox.stats()["requests"] == 0
    assert not log.folder.exists() or log.folder.read_bytes() == b"mine"


def test_a_destination_below_a_file(series, tmp_path):
    log = series(calls=0)
    (tmp_path / "file").write_bytes(b"")
    log.folder = UPath(tmp_path / "file" / "below")
    with pytest.raises(DestinationError, match="cannot be written"):
        log.run()
    assert log.sandbox.stats()["requests"] == 0
