"""Every night, the recordings of the day before: files, sidecars and a manifest, before RingCentral deletes them.

At RingCentral's 10 requests a minute a day of recordings takes a while, so the task is deferrable: while the quota is
used up it holds no worker. What is not there yet is tried again by the next night's run.
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
    # Some minutes after midnight: a recording appears some minutes after its call, and the others are not forgotten.
    schedule=CronDataIntervalTimetable("20 0 * * *", timezone="UTC"),
    start_date=datetime.fromisoformat("2026-01-01T00:20:00Z"),
    catchup=False,
    # Nights may overlap, for they share the folder; one at a time leaves more of the quota to other work.
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
        # A HIPAA account keeps recordings for 30 days only: then say so here.
        retention=timedelta(days=90),
        deferrable=True,
        outlets=[RECORDINGS],
    )
    # [END howto_recordings_archive]
