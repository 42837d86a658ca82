"""A message is sent and followed, and the answer waited for, in a run."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_ringcentral.operators.sms import RingCentralSendSmsOperator
from airflow_provider_ringcentral.sensors.calls import RingCentralCallSensor
from airflow_provider_ringcentral.sensors.messages import RingCentralMessageStatusSensor, RingCentralNewMessageSensor

SINCE = "{{ dag_run.start_date }}"

with DAG("message_waits", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), params={"to": "+12125550101"}):

    @task
    def answer() -> None:
        from airflow_provider_ringcentral.sandbox import SandboxControl

        sandbox = SandboxControl(os.environ["SANDBOX_URL"])
        sandbox.receive_message(from_number="+12125550101", text="Yes")
        start = datetime.now(UTC).isoformat(timespec="milliseconds")
        sandbox.insert_calls(1, start_time=start, fields={"result": "Missed"})

    question = RingCentralSendSmsOperator(task_id="question", to=["{{ params.to }}", "+12125550102"], text="Close?")
    (
        question
        >> answer()
        >> [
            RingCentralMessageStatusSensor(
                task_id="delivered", message_id=question.output, wait_for="delivered", poke_interval=1, deferrable=True
            ),
            RingCentralNewMessageSensor(
                task_id="answered", from_number="{{ params.to }}", text_pattern="^Yes", since=SINCE, mode="reschedule"
            ),
            RingCentralCallSensor(task_id="missed", result=["Missed"], since=SINCE),
            RingCentralNewMessageSensor(task_id="fax", message_type="Fax", timeout=0, soft_fail=True),
        ]
    )
