"""Where a task instance keeps what it has sent.

When a task began to wait, whatever tries, deferrals and reschedules came between.

How much time Airflow gives a task: `execution_timeout` holds for all of it, deferrals included.

Legs: a deferred or repeated task has several, and what counts for the whole task outlasts each of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.hooks import settings
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
    from airflow_provider_ringcentral.sending.once.store import KeyValueStore


@dataclass(frozen=True, slots=True)
class FirstStart:
    """Since when a task waits (epoch seconds), and what was there before. `pages` is None when an author gave it."""

    since: float
    pages: KeyValueStore | None = None
    order: int = 0

    def before(self, ids: Iterable[str]) -> frozenset[str] | None:
        """Ids of what was there when the task looked first; `ids` are those that this look takes for older.

        A server whose clock is behind ours dates what comes after the beginning before it. None when an author said
        since when.
        """
        if self.pages is None:
            return None
        name = f"{PREFIX}before:{self.order}"
        noted = self.pages.get(name)
        if not isinstance(noted, list):
            noted = sorted(ids)
            self.pages.set(name, noted)
        return frozenset(map(str, noted))


def first_start(
    context: Mapping[str, Any], client: RingCentralClient, *, resumed: bool, reschedules: bool
) -> FirstStart:
    """When the first try of the task began; a person who clears it makes it begin anew.

    It is noted in Airflow's task state store (3.3+), else in the ledger. A note may be missing: a ledger that is not
    shared lies on the machine of the first try. Then the first look of a task that `reschedules` counts, which Airflow
    knows, and for a retry and for one that has `resumed` the start of the run: earlier, so that nothing is missed.
    """
    # Sensors look many times in one try, which is then here again.
    store = idempotency_store(context, client, resumed=True)
    name = f"{PREFIX}since:{store.max_tries}"
    noted = store.values.get(name)
    if not isinstance(noted, int | float):
        looked = first_poke_date(context) if reschedules else None
        again = resumed or store.attempt > tries_before_clear(context) + 1
        began = run_started_at(context) if again and context.get("task_state_store") is None else None
        noted = looked.timestamp() if looked else store.now() if began is None else began
        store.values.set(name, noted)
    return FirstStart(float(noted), store.values, store.max_tries)


def first_poke_date(context: Mapping[str, Any]) -> datetime | None:
    """When the first look of a task began that gave its worker back between looks; None before that."""
    ti = context.get("ti")
    asked = getattr(ti, "get_first_reschedule_date", None)
    if asked is not None:
        date: datetime | None = asked(context)
        return date
    return None if ti is None else _first_look_on_airflow_2(ti, int(getattr(context.get("task"), "retries", 0) or 0))


def _first_look_on_airflow_2(ti: Any, retries: int) -> datetime | None:
    """Airflow 2 keeps its reschedules by dag, task, run and try; its sensors read them from the database, too."""
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


def task_deadline(context: Mapping[str, Any]) -> float | None:
    """Epoch seconds at which this try has to be over; None when nothing says so.

    Airflow keeps the start of a try across its deferrals. Airflow 3 starts its own clock anew with each of them.
    """
    limit = getattr(context.get("task"), "execution_timeout", None)
    began = getattr(context.get("ti"), "start_date", None)
    return None if limit is None or began is None else float(began.timestamp() + limit.total_seconds())


ANSWER_SECONDS = 15.0
"""Beyond its timeout, how long a request may still be under way."""


def idempotency_store(
    context: Mapping[str, Any], client: RingCentralClient | WebhookClient, *, resumed: bool = False
) -> IdempotencyStore:
    """The notebook of the task instance in `context`: Airflow's task state store (3.3+), else pages of the ledger.

    `resumed`: this try was here before, and comes back from a deferral. A ledger that is a file may not be the one that
    an earlier try has used; when that try did not enter itself here, what has no note is looked for from the run's
    start.
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
        values, all_known = _pages(context, client, resumed=resumed)
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


def _pages(
    context: Mapping[str, Any], client: RingCentralClient | WebhookClient, *, resumed: bool
) -> tuple[KeyValueStore, bool]:
    """The task's pages of the ledger, and whether all of its tries since a person's last clear were noted there."""
    ti = context["ti"]
    names = (ti.dag_id, ti.run_id, ti.task_id, getattr(ti, "map_index", -1))
    app = getattr(client.credentials, "client_id", "")
    trial = TaskTry(_number(ti, "try_number", 1) or 1, tries_before_clear(context), run_started_at(context), resumed)
    owner, known = enter_generation(
        client.ledger, digest(client.credentials.server, app, *names), trial, earlier_owner=digest(*names)
    )
    needed = set(range(trial.before + 1, trial.number + resumed))
    return LedgerKeyValueStore(client.ledger, owner), needed <= set(known)


def tries_before_clear(context: Mapping[str, Any]) -> int:
    """How many tries there were when a person cleared the task last: clearing sets `max_tries` to them and `retries`.

    0 for never, and when `retries` was changed since so that it cannot be told.
    """
    ti = context.get("ti")
    before = _number(ti, "max_tries", 0) - (_retries(context) or 0)
    return before if 0 < before < _number(ti, "try_number", 1) else 0


def run_started_at(context: Mapping[str, Any]) -> float | None:
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


NOTE = f"{PREFIX}usage"
NOTHING = (0, 0.0)


class WorkerRun:
    """A task on a worker, from its start or the end of a deferral to its end or the next deferral.

    Requests and seconds waited are noted as they come in the ledger, which a killed process leaves behind, and at the
    end also in Airflow's task state store (3.3+), which other machines see. A task that succeeds begins at nothing when
    a person clears it.
    """

    def __init__(self, context: Mapping[str, Any], *, deferrable: bool) -> None:
        ti = context.get("ti")
        self._task = None if ti is None else digest(ti.dag_id, ti.run_id, ti.task_id, getattr(ti, "map_index", -1))
        self._store = context.get("task_state_store")
        self._deferrable = deferrable
        self.client: RingCentralClient | None = None

    def attach(self, client: RingCentralClient) -> None:
        """The task's client is made: it goes on counting, and a deferrable one waits under the task's name."""
        self.client = client
        if self._task is None:
            return
        if self._deferrable:
            client.attempt.deferrable_task = self._task
        usage, pages = client.usage, LedgerKeyValueStore(client.ledger, self._task)
        usage.earlier = max(_counts(pages.get(NOTE)), _counts(self._store and self._store.get(NOTE)))
        observe = usage.observe

        def note(what: str, amount: float, group: str) -> None:
            observe(what, amount, group)
            if what in ("requests", "wait_seconds"):
                pages.set(NOTE, usage.whole())

        usage.observe = note

    def keep_reservation(self, seconds: float) -> tuple[Reservation, float] | None:
        """As `RingCentralClient.keep_reservation`."""
        return None if self.client is None else self.client.keep_reservation(seconds)

    def end(self, *, succeeded: bool, keeps_place: bool = False) -> None:
        """The task gives its worker back, or has failed, or (`done`) has succeeded."""
        if self.client is None:
            return
        if not keeps_place:
            self.client.end_turn()
        if self._task is None:
            return
        if succeeded:
            LedgerKeyValueStore(self.client.ledger, self._task).set(NOTE, NOTHING)
        if self._store is not None and (not succeeded or self.client.usage.earlier != NOTHING):
            self._store.set(NOTE, list(NOTHING if succeeded else self.client.usage.whole()))


def _counts(noted: Any) -> tuple[int, float]:
    """What was noted; nothing when it is damaged or of another version."""
    if not isinstance(noted, list | tuple) or len(noted) != 2:
        return NOTHING
    requests, waited = noted
    return (requests, float(waited)) if isinstance(requests, int) and isinstance(waited, int | float) else NOTHING
