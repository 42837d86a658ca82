"""Legs: a deferred or repeated task has several, and what counts for the whole task outlasts each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sending.once.message import digest
from airflow_provider_ringcentral.sending.once.store import PREFIX, LedgerKeyValueStore

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.rate_limit.limiter import Reservation

NOTE = f"{PREFIX}usage"
NOTHING = (0, 0.0)


class Leg:
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

    def joined(self, client: RingCentralClient) -> None:
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

    def ended(self, *, done: bool, keeps_place: bool = False) -> None:
        """The task gives its worker back, or has failed, or (`done`) has succeeded."""
        if self.client is None:
            return
        if not keeps_place:
            self.client.end_turn()
        if self._task is None:
            return
        if done:
            LedgerKeyValueStore(self.client.ledger, self._task).set(NOTE, NOTHING)
        if self._store is not None and (not done or self.client.usage.earlier != NOTHING):
            self._store.set(NOTE, list(NOTHING if done else self.client.usage.whole()))


def _counts(noted: Any) -> tuple[int, float]:
    """What was noted; nothing when it is damaged or of another version."""
    if not isinstance(noted, list | tuple) or len(noted) != 2:
        return NOTHING
    requests, waited = noted
    return (requests, float(waited)) if isinstance(requests, int) and isinstance(waited, int | float) else NOTHING
