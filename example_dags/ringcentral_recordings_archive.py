"""Archive the recordings of the previous day every night, with sidecars and manifest, before RingCentral deletes them.

RingCentral allows 10 requests a minute, so a day of recordings takes a while. The task is deferrable: it occupies no
worker while the quota is used up. The next run tries recordings again that are not available yet.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset
from airflow.timetables.interval import CronDataIntervalTimetable

from airflow_provider_ringcentral.operators.recordings import RingCentralDownloadRecordingsOperator

FOLDER = os.environ.get("CALL_LOG_FOLDER", "file:///tmp/ringcentral")
RECORDINGS = Asset(uri=f"{FOLDER}/recordings")

with DAG(
    dag_id="ringcentral_recordings_archive",
    # Some minutes after midnight, because a recording appears some minutes after its call. Later runs get the others.
    schedule=CronDataIntervalTimetable("20 0 * * *", timezone="UTC"),
    start_date=datetime.fromisoformat("2026-01-01T00:20:00Z"),
    catchup=False,
    # Runs can overlap, because they share the folder; one at a time leaves more quota to other tasks.
    max_active_runs=1,
    default_args={"retries": 5, "retry_delay": timedelta(minutes=10)},
    tags=["ringcentral"],
):
    # [START howto_recordings_archive]
    RingCentralDownloadRecordingsOperator(
        task_id="archive_recordings",
        start="{{ data_interval_start.start_of('day') }}",
        end="{{ data_interval_end.start_of('day') }}",
        destination=f"{FOLDER}/recordings",
        name_template="{start:%Y/%m/%d}/{start:%H%M%S}-{recording_id}.{ext}",
        late_window=timedelta(days=2),
        # Set 30 days for a HIPAA account, which keeps recordings only that long.
        retention=timedelta(days=90),
        deferrable=True,
        outlets=[RECORDINGS],
    )
    # [END howto_recordings_archive]
