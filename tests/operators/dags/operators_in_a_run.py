"""Everything of an operator that only a run shows: templates, mapping, XCom, asset events."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG, Asset, task

from airflow_provider_ringcentral.operators.api import RingCentralApiOperator
from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator

FOLDER = os.environ.get("RUN_FOLDER", "/tmp/run")
START = datetime.fromisoformat("2026-11-01T00:00:00Z")
END = START + timedelta(hours=6)

with DAG("operators_in_a_run", schedule=None, start_date=START):

    @task
    def hours() -> list[dict[str, str]]:
        return [
            {
                "start": (START + timedelta(hours=hour)).isoformat(),
                "end": (START + timedelta(hours=hour + 1)).isoformat(),
                "destination": f"{FOLDER}/hour-{hour}.ndjson",
            }
            for hour in range(6)
        ]

    RingCentralExtractCallLogOperator.partial(task_id="hour").expand_kwargs(hours())
    RingCentralExtractCallLogOperator.partial(
        task_id="direction", start=START, end=END, destination=FOLDER + "/direction-{{ task_instance.map_index }}.csv"
    ).expand(direction=["Inbound", ["Outbound"]])
    RingCentralExtractCallLogOperator(
        task_id="whole",
        start="{{ dag_run.conf['start'] }}",
        end="{{ dag_run.conf['end'] }}",
        view="{{ dag_run.conf['view'] }}",
        lookback="{{ 60 * 60 }}",
        destination="file://" + FOLDER + "/{{ dag_run.conf['view'] }}.ndjson.gz",
        outlets=[Asset("calls_of_a_run", uri=f"file://{FOLDER}/whole")],
    )
    RingCentralExtractCallLogOperator(
        task_id="nothing",
        start=END,
        end=END + timedelta(hours=1),
        destination=f"{FOLDER}/nothing",
        if_empty="skip",
        file_format="ndjson",
        outlets=[Asset("nothing_of_a_run", uri=f"file://{FOLDER}/nothing")],
    )
    owner = RingCentralApiOperator(
        task_id="owner", path="/restapi/v1.0/account/~/extension/{{ dag_run.conf['extension'] }}"
    )
    owner >> RingCentralApiOperator(
        task_id="extensions",
        path="/restapi/v1.0/account/~/extension",
        query={"type": ["User", "{{ dag_run.conf['type'] }}"], "perPage": 20},
        paginate=True,
        destination=FOLDER + "/extensions-{{ ti.xcom_pull('owner')['id'] }}.ndjson",
        outlets=[Asset("extensions_of_a_run", uri=f"file://{FOLDER}/extensions")],
    )
