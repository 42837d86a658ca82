"""Where a task instance keeps what it has sent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.hooks import settings
from airflow_provider_ringcentral.hooks.task_time import end_of_task
from airflow_provider_ringcentral.sending.lives import Trial, signed_in
from airflow_provider_ringcentral.sending.once.message import digest
from airflow_provider_ringcentral.sending.once.store import LedgerPages, Notebook, Pages, StorePages

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.webhook.client import WebhookClient

ANSWER_SECONDS = 15.0
"""Beyond its timeout, how long a request may still be under way."""


def notebook_of(
    context: Mapping[str, Any], client: RingCentralClient | WebhookClient, *, resumed: bool = False
) -> Notebook:
    """The notebook of the task instance in `context`: Airflow's task state store (3.3+), else pages of the ledger.

    `resumed`: this try was here before, and comes back from a deferral. A ledger that is a file may not be the one that
    an earlier try has used; when that try did not enter itself here, what has no note is looked for from the run's
    start.
    """
    ti, store = context.get("ti"), context.get("task_state_store")
    sole = client.ledger.shared and settings.ledger_is_sole()
    pages: Pages
    all_known = True
    if store is not None:
        pages = StorePages(store)
    elif ti is None:
        pages = LedgerPages(client.ledger, uuid.uuid4().hex)
    else:
        pages, all_known = _pages(context, client, resumed=resumed)
        all_known = all_known or (client.ledger.shared and settings.ledger_is_everywhere())
    return Notebook(
        pages=pages,
        ledger=client.ledger,
        place=digest(client.credentials.server),
        order=_number(ti, "max_tries", 0),
        retries=_retries(context),
        attempt=_number(ti, "try_number", 1) or 1,
        retried_since=None if all_known else start_of_run(context),
        flight=client.credentials.timeout + ANSWER_SECONDS,
        ends=end_of_task(context),
        sole=sole,
    )


def _pages(
    context: Mapping[str, Any], client: RingCentralClient | WebhookClient, *, resumed: bool
) -> tuple[Pages, bool]:
    """The task's pages of the ledger, and whether all of its tries since a person's last clear were noted there."""
    ti = context["ti"]
    names = (ti.dag_id, ti.run_id, ti.task_id, getattr(ti, "map_index", -1))
    app = getattr(client.credentials, "client_id", "")
    trial = Trial(_number(ti, "try_number", 1) or 1, tries_before(context), start_of_run(context), resumed)
    owner, known = signed_in(
        client.ledger, digest(client.credentials.server, app, *names), trial, earlier_owner=digest(*names)
    )
    needed = set(range(trial.before + 1, trial.number + resumed))
    return LedgerPages(client.ledger, owner), needed <= set(known)


def tries_before(context: Mapping[str, Any]) -> int:
    """How many tries there were when a person cleared the task last: clearing sets `max_tries` to them and `retries`.

    0 for never, and when `retries` was changed since so that it cannot be told.
    """
    ti = context.get("ti")
    before = _number(ti, "max_tries", 0) - (_retries(context) or 0)
    return before if 0 < before < _number(ti, "try_number", 1) else 0


def start_of_run(context: Mapping[str, Any]) -> float | None:
    """When the run began (epoch seconds); it begins anew when a person clears it after its end."""
    run = context.get("dag_run")
    moment = getattr(run, "start_date", None) or getattr(run, "run_after", None)
    return None if moment is None else float(moment.timestamp())


def _retries(context: Mapping[str, Any]) -> int | None:
    retries = getattr(context.get("task"), "retries", None)
    return None if retries is None else int(retries)


def _number(ti: Any, name: str, otherwise: int) -> int:
    value = getattr(ti, name, None)
    return otherwise if value is None else max(0, int(value))
