"""One window, with a worker held and with a worker given back."""

from __future__ import annotations

import os

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator

with DAG("deferrable_extract", schedule=None):
    for name in ("held", "given_back"):
        RingCentralExtractCallLogOperator(
            task_id=name,
            destination=f"{os.environ['RUN_FOLDER']}/{name}.ndjson",
            start="2026-03-01T00:00:00Z",
            end="2026-03-02T00:00:00Z",
            deferrable=name == "given_back",
            ringcentral_conn_id=name,
        )
