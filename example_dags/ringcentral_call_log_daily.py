"""Extract yesterday's calls of the whole company, one file a day.

The timetable gives each run the previous day as its data interval; the file has the calls of that calendar day in UTC.
DAGs that use the files can be scheduled on the asset. Its events contain the number of calls and the SHA-256.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset
from airflow.timetables.interval import CronDataIntervalTimetable

from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator

FOLDER = os.environ.get("CALL_LOG_FOLDER", "file:///tmp/ringcentral")
CALLS = Asset(uri=f"{FOLDER}/calls")

with DAG(
    dag_id="ringcentral_call_log_daily",
    # Half an hour after midnight: a call appears in the log 15 to 30 s after it ends.
    schedule=CronDataIntervalTimetable("30 0 * * *", timezone="UTC"),
    start_date=datetime.fromisoformat("2026-01-01T00:30:00Z"),
    catchup=False,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
    tags=["ringcentral"],
):
    # [START howto_call_log_daily]
    RingCentralExtractCallLogOperator(
        task_id="extract_calls",
        # Without `start` and `end` the window would be the data interval, 00:30 to 00:30.
        start="{{ data_interval_start.start_of('day') }}",
        end="{{ data_interval_end.start_of('day') }}",
        destination=FOLDER + "/calls/{{ data_interval_start | ds }}.ndjson",
        outlets=[CALLS],
    )
    # [END howto_call_log_daily]
