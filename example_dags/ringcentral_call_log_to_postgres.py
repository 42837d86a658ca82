"""Load changes of the call log into PostgreSQL every hour: the latest version of every call, and its legs.

The sync writes one file an hour and keeps its watermark in the asset's events. The load writes that file to the tables
in one transaction. Both tasks can be cleared and run again.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset
from airflow.timetables.interval import CronDataIntervalTimetable

from airflow_provider_ringcentral.operators.call_log import RingCentralSyncCallLogOperator
from airflow_provider_ringcentral.operators.warehouse import RingCentralLoadCallLogOperator

FOLDER = os.environ.get("CALL_LOG_FOLDER", "file:///tmp/ringcentral")
CHANGES = Asset(uri=f"{FOLDER}/changes")
CALLS = Asset(uri="ringcentral://warehouse/calls")

with DAG(
    dag_id="ringcentral_call_log_to_postgres",
    # Some minutes after the hour, because a call appears 15 to 30 s after it ends. Later calls are in a later file.
    schedule=CronDataIntervalTimetable("5 * * * *", timezone="UTC"),
    start_date=datetime.fromisoformat("2026-01-01T00:05:00Z"),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
    tags=["ringcentral"],
):
    # [START howto_call_log_to_postgres]
    sync = RingCentralSyncCallLogOperator(
        task_id="sync_calls",
        destination=f"{FOLDER}/changes",
        # The first run reads everything that has changed since this time.
        start="{{ data_interval_start - macros.timedelta(days=30) }}",
        outlets=[CHANGES],
    )
    RingCentralLoadCallLogOperator(task_id="load_calls", source=sync.output, sql_conn_id="warehouse", outlets=[CALLS])
    # [END howto_call_log_to_postgres]
