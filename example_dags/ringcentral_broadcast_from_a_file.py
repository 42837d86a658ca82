"""A text with a name in it to everybody on a list, from a high-volume (A2P) number, and a file of what became of each.

However often the task that sends is killed and retried, nobody is texted twice. The first task stands for whatever
makes the list; a column more of it is a placeholder more for the text.
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
    """Writes the list; returns its path."""
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
        text="Dear {name}, we are closed tomorrow. Reply STOP to hear no more of us.",
        destination=f"{FOLDER}/broadcast/result.csv",
        wait_for="sent",
        timeout=timedelta(hours=2),
        # A few wrong numbers are usual; many mean that the list is broken.
        max_failures=100,
    )
    # [END howto_broadcast]
