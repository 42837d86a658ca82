"""Send a personal text to everybody on a list from a high-volume (A2P) number, and write the result for each recipient.

Nobody gets the text twice, even if the task is killed and retried. The first task creates an example list; each further
column of the list is a further placeholder in the text.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, ObjectStoragePath, task

from airflow_provider_ringcentral.operators.a2p_sms import RingCentralSendA2PSmsOperator

FOLDER = os.environ.get("CALL_LOG_FOLDER", "file:///tmp/ringcentral")
PEOPLE = {"+14155550101": "Ann", "+14155550102": "Ben", "+14155550103": "Cleo"}


@task
def make_list() -> str:
    """Write the list and return its path."""
    path = ObjectStoragePath(f"{FOLDER}/broadcast/list.csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("to,name\n" + "".join(f"{number},{name}\n" for number, name in PEOPLE.items()))
    return str(path)


with DAG(
    dag_id="ringcentral_broadcast_from_a_file",
    schedule=None,
    start_date=datetime.fromisoformat("2026-01-01T00:00:00Z"),
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
    tags=["ringcentral"],
):
    # [START howto_broadcast]
    RingCentralSendA2PSmsOperator(
        task_id="send",
        recipients_file=make_list(),
        text="Dear {name}, we are closed tomorrow. Reply STOP to unsubscribe.",
        destination=f"{FOLDER}/broadcast/result.csv",
        wait_for="sent",
        timeout=timedelta(hours=2),
        # A few wrong numbers are normal; many mean that the list is wrong.
        max_failures=100,
    )
    # [END howto_broadcast]
