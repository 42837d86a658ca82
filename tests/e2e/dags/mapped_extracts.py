"""Thirty extracts on one credential, one of them giving its worker back, and one that cannot log in."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset

from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator

FOLDER = os.environ["E2E_FOLDER"]
FIRST = datetime.fromisoformat(os.environ["E2E_START"])
HOURS = int(os.environ["E2E_HOURS"])

with DAG("mapped_extracts", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC), max_active_tasks=8):
    RingCentralExtractCallLogOperator.partial(task_id="hour", ringcentral_conn_id="rc_e2e").expand_kwargs(
        [
            {
                "start": (FIRST + timedelta(hours=hour)).isoformat(),
                "end": (FIRST + timedelta(hours=hour + 1)).isoformat(),
                "destination": f"file://{FOLDER}/hour-{hour:02d}.ndjson",
            }
            for hour in range(HOURS)
        ]
    )
    RingCentralExtractCallLogOperator(
        task_id="all_hours",
        ringcentral_conn_id="rc_impatient",
        start=FIRST.isoformat(),
        end=(FIRST + timedelta(hours=HOURS)).isoformat(),
        view="Detailed",
        destination=f"file://{FOLDER}/all.ndjson",
        deferrable=True,
        outlets=[Asset("e2e_calls", uri=f"file://{FOLDER}/all.ndjson")],
    )

with DAG("wrong_secret", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)):
    RingCentralExtractCallLogOperator(
        task_id="refused",
        ringcentral_conn_id="rc_wrong",
        start=FIRST.isoformat(),
        end=(FIRST + timedelta(hours=1)).isoformat(),
        destination=f"file://{FOLDER}/never.ndjson",
        retries=5,
        retry_delay=timedelta(minutes=10),
    )
