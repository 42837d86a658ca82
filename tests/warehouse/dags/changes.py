"""Changes of the call log into a warehouse, and a recording into an archive: what goes from run to run."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset

from airflow_provider_ringcentral.operators.call_log import RingCentralSyncCallLogOperator
from airflow_provider_ringcentral.operators.recordings import RingCentralDownloadRecordingsOperator
from airflow_provider_ringcentral.operators.warehouse import RingCentralLoadCallLogOperator

FOLDER = os.environ.get("RUN_FOLDER", "/tmp/run")
START = datetime.fromisoformat(os.environ.get("RUN_START", "2026-11-01T00:00:00Z"))
CHANGES = Asset("changes_of_runs")

with DAG("changes", schedule=None, start_date=datetime.fromisoformat("2026-01-01T00:00:00Z")):
    sync = RingCentralSyncCallLogOperator(
        task_id="sync", destination=f"file://{FOLDER}/changes", start=START, outlets=[CHANGES]
    )
    sync >> RingCentralSyncCallLogOperator.partial(
        task_id="mapped", destination=f"file://{FOLDER}/mapped", start=START, inlets=[CHANGES], outlets=[CHANGES]
    ).expand(view=["Simple", "Detailed"])
    load = RingCentralLoadCallLogOperator(task_id="load", source=sync.output, sql_conn_id="warehouse")
    load >> RingCentralDownloadRecordingsOperator(
        task_id="archive",
        destination=f"file://{FOLDER}/archive",
        start=START,
        end=START + timedelta(hours=1),
        late_window=60,
        max_failures=0,
    )
