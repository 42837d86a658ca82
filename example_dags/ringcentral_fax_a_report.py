"""Fax the calls of the previous week with a letter every Monday, and wait until the fax has arrived.

A fax takes about a minute per page, so set `deferrable=True` if a triggerer runs.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG
from airflow.timetables.interval import CronDataIntervalTimetable

from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator
from airflow_provider_ringcentral.operators.fax import RingCentralSendFaxOperator

FOLDER = os.environ.get("CALL_LOG_FOLDER", "file:///tmp/ringcentral")
FAX_NUMBER = os.environ.get("FAX_NUMBER", "+16505550100")

LETTER = """\
Dear {{ params.reader }},
on the next pages are the {{ ti.xcom_pull('calls')['records'] }} calls from {{ data_interval_start | ds }}
to {{ data_interval_end | ds }}.
"""

with DAG(
    dag_id="ringcentral_fax_a_report",
    schedule=CronDataIntervalTimetable("0 6 * * 1", timezone="UTC"),
    start_date=datetime.fromisoformat("2026-01-05T06:00:00Z"),
    catchup=False,
    # A retry does not repeat a fax that may have been sent: it searches for it.
    default_args={"retries": 2, "retry_delay": timedelta(minutes=10)},
    params={"reader": "reader"},
    tags=["ringcentral"],
):
    calls = RingCentralExtractCallLogOperator(
        task_id="calls",
        destination=f"{FOLDER}/faxed/{{{{ data_interval_start | ds }}}}.csv",
    )
    # [START howto_fax_a_report]
    fax = RingCentralSendFaxOperator(
        task_id="fax",
        to=FAX_NUMBER,
        files=[{"name": "letter.txt", "text": LETTER}, "{{ ti.xcom_pull('calls')['destination'] }}"],
        cover=0,
        resolution="Low",
        wait_for="sent",
        timeout=timedelta(hours=2),
    )
    # [END howto_fax_a_report]
    calls >> fax
