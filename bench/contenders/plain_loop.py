"""What one writes first: page numbers, requests, json. No dedupe, SHA-256, retry or limits, half a file on error."""

from __future__ import annotations

import json

import requests

from bench.job import Job
from bench.login import access_token


def run(job: Job) -> int:
    records, page = 0, 1
    with requests.Session() as session, open(job.destination, "w") as out:  # noqa: PTH123 - as it is written
        session.headers["Authorization"] = f"Bearer {access_token(job)}"
        while True:
            response = session.get(
                f"{job.url}/restapi/v1.0/account/~/call-log",
                params={
                    "view": "Simple",
                    "dateFrom": job.start,
                    "dateTo": job.end,
                    "perPage": 1000,
                    "page": page,
                },
                timeout=60,
            )
            response.raise_for_status()
            answer = response.json()
            out.writelines(json.dumps(record) + "\n" for record in answer["records"])
            records += len(answer["records"])
            if "nextPage" not in answer["navigation"]:
                return records
            page += 1
