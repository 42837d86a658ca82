"""Post a card with the number of yesterday's calls to a team's chat every morning."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG
from airflow.timetables.interval import CronDataIntervalTimetable

from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator
from airflow_provider_ringcentral.operators.team_messaging import RingCentralPostCardOperator

FOLDER = os.environ.get("CALL_LOG_FOLDER", "file:///tmp/ringcentral")
TEAM = os.environ.get("TEAM", "Data Alerts")

CALLS = "{{ ti.xcom_pull('calls')['records'] }}"
DAY = "{{ data_interval_start | ds }}"

with DAG(
    dag_id="ringcentral_daily_card",
    schedule=CronDataIntervalTimetable("30 0 * * *", timezone="UTC"),
    start_date=datetime.fromisoformat("2026-01-01T00:30:00Z"),
    catchup=False,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
    tags=["ringcentral"],
):
    calls = RingCentralExtractCallLogOperator(
        task_id="calls",
        start="{{ data_interval_start.start_of('day') }}",
        end="{{ data_interval_end.start_of('day') }}",
        destination=f"{FOLDER}/counted/{DAY}.ndjson",
    )
    # [START howto_daily_card]
    card = RingCentralPostCardOperator(
        task_id="card",
        team=TEAM,
        fallback_text=f"{CALLS} calls on {DAY}",
        card={
            "type": "AdaptiveCard",
            "body": [
                {"type": "TextBlock", "text": "Calls of the day", "weight": "Bolder", "size": "Medium"},
                {"type": "FactSet", "facts": [{"title": "Day", "value": DAY}, {"title": "Calls", "value": CALLS}]},
            ],
        },
    )
    # [END howto_daily_card]
    calls >> card
