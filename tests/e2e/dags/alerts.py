"""What fails, ends and is late tells somebody: a task's callback, a DAG's and a deadline's; a broadcast and a call."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG
from airflow.sdk import AsyncCallback, DeadlineAlert, DeadlineReference, task

from airflow_provider_ringcentral.notifications.sms import RingCentralSmsNotifier
from airflow_provider_ringcentral.notifications.team_messaging import RingCentralTeamMessagingNotifier
from airflow_provider_ringcentral.notifications.webhook import RingCentralWebhookNotifier
from airflow_provider_ringcentral.operators.a2p_sms import RingCentralSendA2PSmsOperator
from airflow_provider_ringcentral.operators.ring_out import RingCentralRingOutOperator

CONNECTION = {"ringcentral_conn_id": "rc_e2e"}
TO = "+14155550101"
LATE = DeadlineAlert(
    reference=DeadlineReference.DAGRUN_QUEUED_AT,
    interval=timedelta(seconds=3),
    callback=AsyncCallback(
        RingCentralWebhookNotifier, kwargs={"text": "{{ dag_run.dag_id }} is late", "webhook_conn_id": "rc_webhook"}
    ),
)


@task(on_failure_callback=RingCentralSmsNotifier(to="+12125550103", **CONNECTION))
def fail(number: int) -> None:
    raise ValueError(f"row {number}")


with DAG(
    "alerts",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    on_failure_callback=RingCentralTeamMessagingNotifier(team="On call", **CONNECTION),
    deadline=LATE,
):
    fail.expand(number=list(range(6)))
    RingCentralSendA2PSmsOperator(
        task_id="broadcast",
        to=[TO],
        text="Once",
        destination=f"{os.environ['E2E_FOLDER']}-broadcast.ndjson",
        wait_for="delivered",
        deferrable=True,
        **CONNECTION,
    )
    RingCentralRingOutOperator(
        task_id="call", to=TO, from_number="+16505551001", wait_for="connected", deferrable=True, **CONNECTION
    )
