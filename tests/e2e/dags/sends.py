"""Everything that is sent: what is waited for in the triggerer, what is not, and what needs no login."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_ringcentral.operators.api import RingCentralApiOperator
from airflow_provider_ringcentral.operators.fax import RingCentralSendFaxOperator
from airflow_provider_ringcentral.operators.mms import RingCentralSendMmsOperator
from airflow_provider_ringcentral.operators.pager import RingCentralSendPagerOperator
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
    RingCentralSendMmsOperator(
        task_id="mms",
        ringcentral_conn_id="rc_e2e",
        to="+12125550104",
        files=os.environ["E2E_CHART"],
        wait_for="sent",
        poll_interval=5,
        deferrable=True,
    )
    colleague = RingCentralApiOperator(
        task_id="colleague",
        ringcentral_conn_id="rc_e2e",
        path="/restapi/v1.0/account/~/extension",
        query={"type": "User", "perPage": 2},
    )
    pager = RingCentralSendPagerOperator(
        task_id="pager",
        ringcentral_conn_id="rc_e2e",
        to="{{ ti.xcom_pull('colleague')['records'][1]['extensionNumber'] }}",
        text="Run {{ run_id }}",
        wait_for="sent",
    )
    colleague >> pager
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
