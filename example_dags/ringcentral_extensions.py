"""Call any endpoint: read the owner of the JWT, and write the company's extensions to a file for a dimension table."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_ringcentral.operators.api import RingCentralApiOperator

FOLDER = os.environ.get("CALL_LOG_FOLDER", "file:///tmp/ringcentral")

with DAG(dag_id="ringcentral_extensions", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)):
    # [START howto_api]
    owner = RingCentralApiOperator(task_id="owner", path="/restapi/v1.0/account/~/extension/~")

    extensions = RingCentralApiOperator(
        task_id="extensions",
        path="/restapi/v1.0/account/~/extension",
        query={"status": "Enabled", "type": ["User", "Department"]},
        paginate=True,
        destination=FOLDER + "/extensions/{{ run_id | replace(':', '-') }}.ndjson",
    )
    # [END howto_api]
    owner >> extensions
