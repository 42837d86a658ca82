"""The plain loop with Airflow's HttpHook for the requests."""

from __future__ import annotations

import json

from airflow.providers.http.hooks.http import HttpHook

from bench.job import HTTP_CONNECTION_ID, Job
from bench.login import access_token

# What Airflow imports for the first Connection.
HttpHook.get_connection(HTTP_CONNECTION_ID)


def run(job: Job) -> int:
    hook = HttpHook(method="GET", http_conn_id=HTTP_CONNECTION_ID)
    headers = {"Authorization": f"Bearer {access_token(job)}"}
    records, page = 0, 1
    with open(job.destination, "w") as out:  # noqa: PTH123 - as it is written
        while True:
            query = {"view": "Simple", "dateFrom": job.start, "dateTo": job.end, "perPage": 1000, "page": page}
            answer = hook.run("/restapi/v1.0/account/~/call-log", data=query, headers=headers).json()
            out.writelines(json.dumps(record) + "\n" for record in answer["records"])
            records += len(answer["records"])
            if "nextPage" not in answer["navigation"]:
                return records
            page += 1
