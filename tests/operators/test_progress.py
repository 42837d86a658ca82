"""A long extract says how far it is, also while it waits for its quota."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator
from airflow_provider_ringcentral.sandbox import Sandbox

START = datetime(2026, 11, 1, tzinfo=UTC)


def test_a_line_at_least_every_thirty_seconds_of_waiting(monkeypatch, tmp_path, capsys):
    # A minute of 36 s: the eleventh page waits for more than thirty seconds.
    window = {"start": START, "end": START + timedelta(days=1)}
    with Sandbox(calls=10_500, scale=0.6, **window) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        destination = str(tmp_path / "calls.ndjson")
        RingCentralExtractCallLogOperator(task_id="extract", destination=destination, **window).execute({})

    # Operators log through structlog, which writes to standard output here.
    lines = [line for line in capsys.readouterr().out.splitlines() if " records, " in line]
    assert len(lines) == 1
    assert "10 pages" in lines[0]
    assert "0 requests left in this minute" in lines[0]
