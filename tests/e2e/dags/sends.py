"""A fax that is waited for in the triggerer, a post and a card that may be, and a post through a webhook."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_ringcentral.operators.fax import RingCentralSendFaxOperator
from airflow_provider_ringcentral.operators.team_messaging import (
    RingCentralPostCardOperator,
    RingCentralPostMessageOperator,
)
from airflow_provider_ringcentral.operators.webhook import RingCentralPostWebhookOperator

with DAG("sends", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)):
    RingCentralSendFaxOperator(
        task_id="fax",
        ringcentral_conn_id="rc_e2e",
        to=["+12125550101", "+12125550102"],
        files={"name": "letter.txt", "text": "Run {{ run_id }}"},
        wait_for="sent",
        poll_interval=5,
        deferrable=True,
    )
    post = RingCentralPostMessageOperator(
        task_id="post", ringcentral_conn_id="rc_e2e", team="Data Alerts", text="Running", deferrable=True
    )
    change = RingCentralPostMessageOperator(
        task_id="change",
        ringcentral_conn_id="rc_e2e",
        chat="{{ ti.xcom_pull('post')['chat'] }}",
        text="Done",
        update_post_id="{{ ti.xcom_pull('post')['id'] }}",
    )
    RingCentralPostCardOperator(
        task_id="card",
        ringcentral_conn_id="rc_e2e",
        team="Data Alerts",
        card={"type": "AdaptiveCard", "body": []},
        fallback_text="A card of {{ dag.dag_id }}",
    )
    RingCentralPostWebhookOperator(task_id="webhook", webhook_conn_id="rc_webhook", text="By webhook")
    post >> change
