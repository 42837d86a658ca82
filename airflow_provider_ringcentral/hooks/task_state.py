"""State of a task instance that outlasts retries, deferrals and reschedules.

What the task has sent, since when it waits, and what it has used: kept in Airflow's task state store (3.3 and later),
else in the ledger. Also what Airflow tells about a task instance: its tries, the start of its run, its deadline.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.hooks import settings
from airflow_provider_ringcentral.hooks.task_deadline import task_deadline
from airflow_provider_ringcentral.sending.once.message import digest
from airflow_provider_ringcentral.sending.once.run_generation import TaskTry, enter_generation
from airflow_provider_ringcentral.sending.once.store import (
    PREFIX,
    IdempotencyStore,
    KeyValueStore,
    LedgerKeyValueStore,
    TaskStateKeyValueStore,
)

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.rate_limit.limiter import Reservation
    from airflow_provider_ringcentral.client.webhook import WebhookClient

ANSWER_SECONDS = 15.0
"""How long beyond its timeout a request may still be in flight."""

USAGE_KEY = f"{PREFIX}usage"
NO_USAGE = (0, 0.0)


def idempotency_store(
    context: Mapping[str, Any], client: RingCentralClient | WebhookClient, *, resumed: bool = False
) -> IdempotencyStore:
    """The idempotency store of the task instance in `context`.

    `resumed`: this try has run before and comes back from a deferral. A ledger in a file may be another one than an
    earlier try used. When an earlier try has not entered this ledger, messages without an entry are looked up at
    RingCentral from the start of the run.
    """
    ti, task_state = context.get("ti"), context.get("task_state_store")
    claims_complete = client.ledger.shared and settings.ledger_is_sole()
    values: KeyValueStore
    all_known = True
    if task_state is not None:
        values = TaskStateKeyValueStore(task_state)
    elif ti is None:
        values = LedgerKeyValueStore(client.ledger, uuid.uuid4().hex)
    else:
        values, all_known = _ledger_values(context, client, resumed=resumed)
        all_known = all_known or (client.ledger.shared and settings.ledger_is_everywhere())
    return IdempotencyStore(
        values=values,
        ledger=client.ledger,
        server=digest(client.credentials.server),
        max_tries=_number(ti, "max_tries", 0),
        retries=_retries(context),
        attempt=_number(ti, "try_number", 1) or 1,
        may_have_sent_since=None if all_known else run_started_at(context),
        in_flight_seconds=client.credentials.timeout + ANSWER_SECONDS,
        ends_at=task_deadline(context),
        claims_complete=claims_complete,
    )


def _ledger_values(
    context: Mapping[str, Any], client: RingCentralClient | WebhookClient, *, resumed: bool
) -> tuple[KeyValueStore, bool]:
    """The task's values in the ledger, and whether all of its tries since the last clear have entered there."""
    ti = context["ti"]
    names = _names(ti)
    app = getattr(client.credentials, "client_id", "")
    current = TaskTry(_number(ti, "try_number", 1) or 1, tries_before_clear(context), run_started_at(context), resumed)
    owner, entered = enter_generation(
        client.ledger, digest(client.credentials.server, app, *names), current, earlier_owner=digest(*names)
    )
    needed = set(range(current.before + 1, current.number + resumed))
    return LedgerKeyValueStore(client.ledger, owner), needed <= set(entered)


@dataclass(frozen=True, slots=True)
class FirstStart:
    """Since when a task waits (epoch seconds), and where it keeps what existed before.

    `values` is None when the author of the DAG gave the time.
    """

    since: float
    values: KeyValueStore | None = None
    max_tries: int = 0

    def before(self, ids: Iterable[str]) -> frozenset[str] | None:
        """Ids of the records that existed at the task's first poll; None when the author of the DAG gave the time.

        The first call stores `ids`, the records that look older than the task. Their dates alone do not tell later
        ones apart: a server whose clock is behind ours dates new records before the start of the task.
        """
        if self.values is None:
            return None
        key = f"{PREFIX}before:{self.max_tries}"
        stored = self.values.get(key)
        if not isinstance(stored, list):
            stored = sorted(ids)
            self.values.set(key, stored)
        return frozenset(map(str, stored))


def first_start(
    context: Mapping[str, Any], client: RingCentralClient, *, resumed: bool, reschedules: bool
) -> FirstStart:
    """When the first try of the task started; clearing the task starts anew.

    The time may be missing: a ledger that is not shared lies on the machine of the first try. Then a task that
    `reschedules` uses its first poke, which Airflow knows. A retry, and a try that has `resumed`, uses the start of the
    run: it is earlier, so nothing is missed.
    """
    # A sensor pokes several times in one try, so the try may have run before.
    store = idempotency_store(context, client, resumed=True)
    key = f"{PREFIX}since:{store.max_tries}"
    stored = store.values.get(key)
    if not isinstance(stored, int | float):
        poked = first_poke_date(context) if reschedules else None
        again = resumed or store.attempt > tries_before_clear(context) + 1
        run_start = run_started_at(context) if again and context.get("task_state_store") is None else None
        stored = poked.timestamp() if poked else store.now() if run_start is None else run_start
        store.values.set(key, stored)
    return FirstStart(float(stored), store.values, store.max_tries)


def first_poke_date(context: Mapping[str, Any]) -> datetime | None:
    """When the first poke of a task with mode="reschedule" started; None before its end."""
    ti = context.get("ti")
    ask_airflow = getattr(ti, "get_first_reschedule_date", None)
    if ask_airflow is not None:
        date: datetime | None = ask_airflow(context)
        return date
    return None if ti is None else _first_poke_on_airflow_2(ti, _retries(context) or 0)


def _first_poke_on_airflow_2(ti: Any, retries: int) -> datetime | None:
    """Airflow 2 keeps reschedules by dag, task, run and try; its own sensors read them from the database, too."""
    from airflow.models.taskreschedule import TaskReschedule
    from airflow.utils.session import create_session
    from sqlalchemy import select

    table: Any = TaskReschedule
    if not hasattr(table, "run_id"):
        return None
    with create_session() as session:
        date: datetime | None = session.scalar(
            select(table.start_date)
            .where(
                table.dag_id == ti.dag_id,
                table.task_id == ti.task_id,
                table.run_id == ti.run_id,
                table.map_index == getattr(ti, "map_index", -1),
                # Clearing sets max_tries to tries + retries.
                table.try_number > int(ti.max_tries or 0) - retries,
            )
            .order_by(table.id)
            .limit(1)
        )
    return date


def tries_before_clear(context: Mapping[str, Any]) -> int:
    """How many tries there were when a person last cleared the task: clearing sets `max_tries` to them plus `retries`.

    0 when nobody did, and when `retries` was changed since, so that the number is unknown.
    """
    ti = context.get("ti")
    before = _number(ti, "max_tries", 0) - (_retries(context) or 0)
    return before if 0 < before < _number(ti, "try_number", 1) else 0


def run_started_at(context: Mapping[str, Any]) -> float | None:
    """When the run started (epoch seconds). A run that a person clears after its end starts anew."""
    run = context.get("dag_run")
    moment = getattr(run, "start_date", None) or getattr(run, "run_after", None)
    return None if moment is None else float(moment.timestamp())


def _names(ti: Any) -> tuple[str, str, str, int]:
    return ti.dag_id, ti.run_id, ti.task_id, getattr(ti, "map_index", -1)


def _retries(context: Mapping[str, Any]) -> int | None:
    retries = getattr(context.get("task"), "retries", None)
    return None if retries is None else int(retries)


def _number(ti: Any, name: str, otherwise: int) -> int:
    value = getattr(ti, name, None)
    return otherwise if value is None else max(0, int(value))


class WorkerRun:
    """One run of a task on a worker: from its start or the end of a deferral, to its end or the next deferral.

    Requests and seconds waited add up over all runs of the task. They are written to the ledger as they occur, since a
    killed process cannot write at its end, and at the end to Airflow's task state store (3.3 and later), which other
    machines see. Success resets them.
    """

    def __init__(self, context: Mapping[str, Any], *, deferrable: bool) -> None:
        ti = context.get("ti")
        self._task = None if ti is None else digest(*_names(ti))
        self._task_state = context.get("task_state_store")
        self._deferrable = deferrable
        self.client: RingCentralClient | None = None

    def attach(self, client: RingCentralClient) -> None:
        """Add the usage of earlier runs to the client's; a deferrable task queues for the rate limit by its name."""
        self.client = client
        if self._task is None:
            return
        if self._deferrable:
            client.attempt.deferrable_task = self._task
        usage, values = client.usage, LedgerKeyValueStore(client.ledger, self._task)
        stored = self._task_state and self._task_state.get(USAGE_KEY)
        usage.earlier = max(_decode_usage(values.get(USAGE_KEY)), _decode_usage(stored))
        observe = usage.observe

        def store(what: str, amount: float, group: str) -> None:
            observe(what, amount, group)
            if what in ("requests", "wait_seconds"):
                values.set(USAGE_KEY, usage.total())

        usage.observe = store

    def keep_reservation(self, seconds: float) -> tuple[Reservation, float] | None:
        """As `RingCentralClient.keep_reservation`."""
        return None if self.client is None else self.client.keep_reservation(seconds)

    def end(self, *, succeeded: bool, keeps_place: bool = False) -> None:
        """The task has succeeded, has failed, or is deferred; a deferred one may keep its place in the queue."""
        if self.client is None:
            return
        if not keeps_place:
            self.client.end_turn()
        if self._task is None:
            return
        if succeeded:
            LedgerKeyValueStore(self.client.ledger, self._task).set(USAGE_KEY, NO_USAGE)
        if self._task_state is not None and (not succeeded or self.client.usage.earlier != NO_USAGE):
            self._task_state.set(USAGE_KEY, list(NO_USAGE if succeeded else self.client.usage.total()))


def _decode_usage(stored: Any) -> tuple[int, float]:
    """Requests and seconds as stored; no usage when the entry is missing, damaged or of another version."""
    if not isinstance(stored, list | tuple) or len(stored) != 2:
        return NO_USAGE
    requests, waited = stored
    return (requests, float(waited)) if isinstance(requests, int) and isinstance(waited, int | float) else NO_USAGE
