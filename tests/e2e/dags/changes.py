"""Changes of the call log and a few recordings into files; each file that appears is loaded into a warehouse."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset

from airflow_provider_ringcentral.operators.call_log import RingCentralSyncCallLogOperator
from airflow_provider_ringcentral.operators.recordings import RingCentralDownloadRecordingsOperator
from airflow_provider_ringcentral.operators.warehouse import RingCentralLoadCallLogOperator

FOLDER = f"file://{os.environ['E2E_FOLDER']}-changes"
START = datetime.fromisoformat(os.environ["E2E_START"])
END = START + timedelta(hours=int(os.environ["E2E_HOURS"]))
CHANGES = Asset("e2e_changes", uri=f"{FOLDER}/changes")

with DAG("changes", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)):
    RingCentralSyncCallLogOperator(
        task_id="sync",
        ringcentral_conn_id="rc_e2e",
        start=END - timedelta(hours=1),
        destination=f"{FOLDER}/changes",
        outlets=[CHANGES],
    )
    RingCentralDownloadRecordingsOperator(
        task_id="archive",
        ringcentral_conn_id="rc_e2e",
        start=START,
        end=START + timedelta(minutes=4),
        destination=f"{FOLDER}/archive",
        late_window=60,
        max_failures=0,
    )

with DAG(
    "load_changes",
    schedule=[CHANGES],
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    render_template_as_native_obj=True,
):
    RingCentralLoadCallLogOperator(
        task_id="load",
        # The receipts of the runs that this one was triggered by: of several, when it was late.
        source="{{ triggering_asset_events.values() | first | map(attribute='extra') | list }}",
        sql_conn_id="warehouse",
    )
