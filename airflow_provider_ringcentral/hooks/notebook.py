"""Where a task instance keeps what it has sent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.hooks.task_time import end_of_task
from airflow_provider_ringcentral.sending.draft import digest
from airflow_provider_ringcentral.sending.notebook import LedgerPages, Notebook

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.webhook import WebhookClient

ANSWER_SECONDS = 15.0
"""Beyond its timeout, how long a request may still be under way."""


def notebook_of(
    context: Mapping[str, Any], client: RingCentralClient | WebhookClient, *, resumed: bool = False
) -> Notebook:
    """The notebook of the task instance in `context`: Airflow's task state store (3.3+), else pages of the ledger.

    `resumed`: the task comes back from a deferral. Pages of a ledger that is not shared may lie on the machine of the
    earlier try; then what has no note is looked for from the start of the run.
    """
    ti = context.get("ti")
    store = context.get("task_state_store")
    return Notebook(
        pages=store if store is not None else LedgerPages(client.ledger, _owner(ti)),
        ledger=client.ledger,
        place=digest(client.credentials.server),
        order=max(0, getattr(ti, "max_tries", 0) or 0),
        attempt=int(getattr(ti, "try_number", 1) or 1),
        retried_since=_start_of_run(context) if store is None and (resumed or _is_retry(context)) else None,
        flight=client.credentials.timeout + ANSWER_SECONDS,
        ends=end_of_task(context),
    )


def _owner(ti: Any) -> str:
    if ti is None:
        return uuid.uuid4().hex
    return digest(ti.dag_id, ti.run_id, ti.task_id, getattr(ti, "map_index", -1))


def _is_retry(context: Mapping[str, Any]) -> bool:
    """Whether this is not the first try since a person cleared the task: clearing sets max_tries to tries + retries."""
    ti = context.get("ti")
    if ti is None:
        return False
    retries = getattr(context.get("task"), "retries", 0) or 0
    return int(ti.try_number) > max(1, int(ti.max_tries) - int(retries) + 1)


def _start_of_run(context: Mapping[str, Any]) -> float | None:
    run = context.get("dag_run")
    moment = getattr(run, "start_date", None) or getattr(run, "run_after", None)
    return None if moment is None else float(moment.timestamp())
