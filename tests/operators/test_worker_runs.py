"""Syncs and recordings that are tried again: their receipts count what all their tries asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.operators.call_log import RingCentralSyncCallLogOperator
from airflow_provider_ringcentral.operators.recordings import RingCentralDownloadRecordingsOperator
from airflow_provider_ringcentral.sandbox import Sandbox

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = {"start": START, "end": START + timedelta(days=1)}


@pytest.mark.parametrize(
    ("kind", "operation", "arguments"),
    [
        (RingCentralSyncCallLogOperator, "extractSyncAccountCallLog", {"start": START}),
        (RingCentralDownloadRecordingsOperator, "readCallRecordingContent", DAY),
    ],
    ids=["sync", "recordings"],
)
def test_requests_of_all_tries_are_counted(monkeypatch, tmp_path, kind, operation, arguments):
    ti = SimpleNamespace(dag_id="dag", run_id="run", task_id="task", map_index=-1, try_number=1, max_tries=1)
    context: dict[str, Any] = {"ti": ti}
    limits = {"Heavy": 100_000, "Media": 100_000}
    with Sandbox(calls=1_200, limits=limits, recording_bytes_per_second=10, **DAY) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_for(max_wait="0.5"))
        monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/ledger.sqlite")
        sandbox.fault("status", status=503, retry_after=30, operation=operation, after=1, times=1)
        with pytest.raises(Unavailable):
            kind(task_id="task", destination=str(tmp_path / "out"), **arguments).execute(context)
        receipt = kind(task_id="task", destination=str(tmp_path / "out"), **arguments).execute(context)

        assert receipt["requests"] == sandbox.stats()["requests"]
        assert receipt["records"] > 1
