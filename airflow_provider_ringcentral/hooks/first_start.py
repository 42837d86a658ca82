"""When a task began to wait, whatever tries, deferrals and reschedules came between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.hooks.notebook import notebook_of, start_of_run, tries_before
from airflow_provider_ringcentral.sending.once.store import PREFIX

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.sending.once.store import Pages


@dataclass(frozen=True, slots=True)
class Beginning:
    """Since when a task waits (epoch seconds), and what was there before. `pages` is None when an author gave it."""

    since: float
    pages: Pages | None = None
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
) -> Beginning:
    """When the first try of the task began; a person who clears it makes it begin anew.

    It is noted in Airflow's task state store (3.3+), else in the ledger. A note may be missing: a ledger that is not
    shared lies on the machine of the first try. Then the first look of a task that `reschedules` counts, which Airflow
    knows, and for a retry and for one that has `resumed` the start of the run: earlier, so that nothing is missed.
    """
    # Sensors look many times in one try, which is then here again.
    notebook = notebook_of(context, client, resumed=True)
    name = f"{PREFIX}since:{notebook.order}"
    noted = notebook.pages.get(name)
    if not isinstance(noted, int | float):
        looked = first_look(context) if reschedules else None
        again = resumed or notebook.attempt > tries_before(context) + 1
        began = start_of_run(context) if again and context.get("task_state_store") is None else None
        noted = looked.timestamp() if looked else notebook.now() if began is None else began
        notebook.pages.set(name, noted)
    return Beginning(float(noted), notebook.pages, notebook.order)


def first_look(context: Mapping[str, Any]) -> datetime | None:
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
