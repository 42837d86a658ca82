"""Extract yesterday's calls, and text the person on call if a task fails or there are too few calls.

The notifier is in `default_args`, so every task of the DAG has it. If many tasks fail at once, it sends one text and
one summary of the others, from the Connection's Default sender or else the user's first number that can send.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task
from airflow.timetables.interval import CronDataIntervalTimetable

from airflow_provider_ringcentral.notifications.sms import RingCentralSmsNotifier
from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator

FOLDER = os.environ.get("CALL_LOG_FOLDER", "file:///tmp/ringcentral")
ON_CALL = os.environ.get("ON_CALL_NUMBER", "+16505550100")
FEWEST = int(os.environ.get("FEWEST_CALLS", "1"))


@task
def check(receipt: dict[str, Any]) -> None:
    """Fail if there are fewer calls than on any normal day, which means that something upstream is broken."""
    if receipt["records"] < FEWEST:
        raise ValueError(f"{receipt['records']} calls are fewer than {FEWEST}")


with DAG(
    dag_id="ringcentral_text_on_failure",
    schedule=CronDataIntervalTimetable("0 1 * * *", timezone="UTC"),
    start_date=datetime.fromisoformat("2026-01-01T01:00:00Z"),
    catchup=False,
    # [START howto_text_on_failure]
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        # Called when the last try has failed. The default text names task, exception and run, with a link.
        "on_failure_callback": RingCentralSmsNotifier(to=ON_CALL, min_interval=600, max_per_hour=6),
    },
    # [END howto_text_on_failure]
    tags=["ringcentral"],
):
    extract = RingCentralExtractCallLogOperator(
        task_id="extract",
        start="{{ data_interval_start.start_of('day') }}",
        end="{{ data_interval_end.start_of('day') }}",
        destination=FOLDER + "/checked/{{ data_interval_start | ds }}.ndjson",
    )
    # No retries, because the file stays the same.
    check.override(retries=0)(extract.output)
