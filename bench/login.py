"""A token for the baselines, which all log in once."""

from __future__ import annotations

import requests

from bench.job import Job


def access_token(job: Job) -> str:
    response = requests.post(
        f"{job.url}/restapi/oauth/token",
        auth=(job.client_id, job.client_secret),
        data={"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": job.jwt},
        timeout=60,
    )
    response.raise_for_status()
    return str(response.json()["access_token"])
