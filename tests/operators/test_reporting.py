"""A long extract says how far it is, also while it waits for its quota."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from airflow_provider_ringcentral.extract.call_log.extract import Progress
from airflow_provider_ringcentral.extract.recordings.manifest import ArchiveProgress
from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator
from airflow_provider_ringcentral.operators.steps import reporting
from airflow_provider_ringcentral.operators.steps.reporting import (
    ArchiveLog,
    ProgressLog,
    estimated_seconds,
    slowest_limit,
)
from airflow_provider_ringcentral.sandbox import Sandbox

START = datetime(2026, 11, 1, tzinfo=UTC)


def test_a_line_every_twenty_seconds_of_pages_and_of_waiting(caplog):
    caplog.set_level(logging.INFO)
    client = SimpleNamespace(while_waiting=None, remaining=lambda _: 0)
    clock = iter([0.0, 5.0, 19.9, 20.0, 25.0, 40.0])
    log = ProgressLog(logging.getLogger("task"), client, lambda: next(clock))
    log(Progress(1000, 1, 0.1))
    log(Progress(9000, 9, 0.9))
    assert caplog.messages == []
    client.while_waiting()
    log(Progress(10_000, 10, None))
    client.while_waiting()

    assert caplog.messages == [
        "9000 records, 9 pages, 90% of the window, 0 requests left in this minute",
        "10000 records, 10 pages, 0 requests left in this minute",
    ]


def test_an_extract_reports_while_it_waits_for_its_quota(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(reporting, "LOG_INTERVAL_SECONDS", 0.0)
    window = {"start": START, "end": START + timedelta(days=1)}
    with Sandbox(calls=10_500, scale=0.3, **window) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        destination = str(tmp_path / "calls.ndjson")
        RingCentralExtractCallLogOperator(task_id="extract", destination=destination, **window).execute({})

    # Operators log through structlog, which writes to standard output here.
    lines = [line for line in capsys.readouterr().out.splitlines() if " 10 pages, " in line]
    assert len(lines) > 1, "after the page, and while the next one waits"
    assert "0 requests left in this minute" in lines[-1]


def progress(done: int = 30, total: int = 90, fetched: int = 20) -> ArchiveProgress:
    return ArchiveProgress(done, total, fetched, 12_345_678, {"stored": 28, "pending": 2})


@pytest.mark.parametrize(
    ("made", "elapsed", "limit", "seconds"),
    [
        (progress(), 5, (10, 60), 360),
        (progress(), 5, (40, 60), 90),
        (progress(), 240, (10, 60), 720),
        (progress(fetched=0), 240, (10, 60), 360),
        (progress(done=90), 240, (10, 60), 0),
        (progress(done=91), 5, (10, 60), 0),
    ],
    ids=str,
)
def test_the_end_of_an_archive_is_expected_by_the_limits_then_by_the_pace(made, elapsed, limit, seconds):
    assert estimated_seconds(made, elapsed, limit) == seconds


@pytest.mark.parametrize(
    ("limits", "slowest"),
    [({}, (10, 60.0)), ({"heavy": (20, 60.0), "media": (5, 10.0)}, (20, 60.0)), ({"media": (7, 60.0)}, (7, 60.0))],
)
def test_the_slowest_limit_that_was_told_of(limits, slowest):
    assert slowest_limit(limits) == slowest


def test_the_line_of_an_archive(caplog):
    caplog.set_level(logging.INFO)
    client = SimpleNamespace(usage=SimpleNamespace(limits={"media": (40, 60.0)}), while_waiting=None)
    told = ArchiveLog(logging.getLogger("task"), client)
    told(progress())
    assert caplog.messages == [], "the last line is not 20 s old"
    told._next = 0.0
    client.while_waiting()

    assert caplog.messages == ["30 of 90 recordings (2 pending, 28 stored), 12.3 MB downloaded, about 0:01:30 left"]
