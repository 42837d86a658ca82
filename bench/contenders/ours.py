"""The operator as a task runs it: Connection, SQLite ledger, dedupe, parts, SHA-256, complete-or-absent file."""

from __future__ import annotations

# The operator imports these when it runs.
import airflow_provider_ringcentral.client.client
import airflow_provider_ringcentral.client.ledger.memory
import airflow_provider_ringcentral.client.ledger.sqlite
import airflow_provider_ringcentral.extract.call_log.extract
import airflow_provider_ringcentral.hooks.client
import airflow_provider_ringcentral.hooks.ringcentral
import airflow_provider_ringcentral.hooks.storage
import airflow_provider_ringcentral.operators.steps.window  # noqa: F401
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.hooks.storage import storage_path
from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator
from bench.job import CONNECTION_ID, Job

# So does Airflow: what it needs for the first Connection, and every provider's file systems for the first path.
RingCentralJWTHook.get_connection(CONNECTION_ID)
storage_path("file:///")


def run(job: Job) -> int:
    task = RingCentralExtractCallLogOperator(
        task_id="extract",
        ringcentral_conn_id=CONNECTION_ID,
        destination=job.destination,
        start=job.start,
        end=job.end,
    )
    receipt = task.execute({})
    return int(receipt["records"])
