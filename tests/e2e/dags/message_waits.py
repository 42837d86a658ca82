"""Sensors of messages, batches and calls that wait in the triggerer for what comes while they wait."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_ringcentral.operators.sms import RingCentralSendSmsOperator
from airflow_provider_ringcentral.sensors.calls import RingCentralCallSensor
from airflow_provider_ringcentral.sensors.messages import (
    RingCentralA2PBatchSensor,
    RingCentralMessageStatusSensor,
    RingCentralNewMessageSensor,
)

SLOW, CALLER = os.environ["E2E_SLOW_NUMBER"], os.environ["E2E_CALLER"]
CONNECTION = {"ringcentral_conn_id": "rc_e2e"}
WAIT: dict[str, Any] = {**CONNECTION, "poke_interval": 5, "timeout": 200, "deferrable": True}
SINCE = "{{ dag_run.start_date }}"

with DAG("message_waits", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)):

    @task
    def batch() -> str:
        from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

        body = {"from": "+16505550120", "text": "A batch", "messages": [{"to": [SLOW]}]}
        path = "/restapi/v1.0/account/~/a2p-sms/batches"
        return str(RingCentralJWTHook("rc_e2e").request_json("POST", path, json=body)["id"])

    @task
    def arrivals() -> None:
        from airflow_provider_ringcentral.sandbox import SandboxControl

        time.sleep(10)
        sandbox = SandboxControl(os.environ["E2E_SANDBOX"])
        sandbox.receive_message("VoiceMail", from_number=CALLER)
        sandbox.receive_message(from_number=CALLER, text="Approved")
        start = datetime.now(UTC).isoformat(timespec="milliseconds")
        sandbox.insert_calls(1, start_time=start, fields={"result": "Missed", "from": {"phoneNumber": CALLER}})

    arrivals()
    text = {"to": SLOW, "text": "A slow text", **CONNECTION}
    sent = RingCentralSendSmsOperator(task_id="sent", **text)
    RingCentralSendSmsOperator(
        task_id="waited_for", **text, wait_for="delivered", deferrable=True, poll_interval=5, timeout=200
    )
    RingCentralMessageStatusSensor(task_id="status", message_id=sent.output, wait_for="delivered", **WAIT)
    RingCentralA2PBatchSensor(task_id="through", batch_id=batch(), wait_for="delivered", **WAIT)
    RingCentralNewMessageSensor(task_id="voicemail", message_type="VoiceMail", since=SINCE, **WAIT)
    RingCentralNewMessageSensor(task_id="approval", text_pattern="(?i)^approved", from_number=CALLER, **WAIT)
    RingCentralCallSensor(task_id="missed", result="Missed", from_number=CALLER, since=SINCE, **WAIT)
