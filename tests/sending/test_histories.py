"""Histories of a task made at random: lost answers, kills, refusals, clears, other retries, another machine."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_ringcentral.client.errors import BadRequest, OutcomeUnknown, Unavailable
from airflow_provider_ringcentral.client.ledger.memory import MemoryLedger
from airflow_provider_ringcentral.hooks.task_state import idempotency_store
from airflow_provider_ringcentral.sending.once.send_once import send_once
from airflow_provider_ringcentral.sending.once.store import IdempotencyStore
from tests.sending.conftest import Store
from tests.sending.post_office import Killed, Note, PostOffice

STEPS = ["ok", "lost", "dropped", "killed", "killed early", Unavailable("no connection"), BadRequest("no")]
CREDENTIALS = SimpleNamespace(server="https://server", client_id="app", timeout=60.0)


class Clock(MemoryLedger):
    """A ledger whose time passes when somebody waits."""

    shared = True
    ahead = 0.0

    def now(self) -> float:
        return datetime.now(UTC).timestamp() + Clock.ahead


@dataclass
class Quick(IdempotencyStore):
    def sleep(self, seconds: float) -> None:
        Clock.ahead += seconds


@dataclass
class Office(PostOffice):
    ledger: Any = None
    credentials: Any = field(default_factory=lambda: CREDENTIALS)

    clock: Any = lambda: time.time() + Clock.ahead


@dataclass
class Task:
    """A task instance as Airflow keeps it, and the store of Airflow 3.3."""

    name: str
    store: Store | None
    retries: int = 2
    attempt: int = 0
    max_tries: int = 2
    state: str = "up for retry"
    out: int = 0
    """Messages of the present order, and how many there may be: a person may decide to send what is unknown again."""
    allowed: int = 1

    def context(self) -> dict[str, Any]:
        self.attempt += 1
        ti = SimpleNamespace(
            dag_id="dag",
            run_id="run",
            task_id=self.name,
            map_index=-1,
            try_number=self.attempt,
            max_tries=self.max_tries,
        )
        run = SimpleNamespace(start_date=datetime(2026, 11, 1, tzinfo=UTC))
        context = {"ti": ti, "task": SimpleNamespace(retries=self.retries), "dag_run": run}
        return context if self.store is None else {**context, "task_state_store": self.store}

    def clear(self, retries: int) -> None:
        self.out, self.allowed = (0, 1) if self.state == "success" else (self.out, self.allowed + 1)
        self.retries, self.max_tries, self.state = retries, self.attempt + retries, "up for retry"

    def runs(self, office: Office) -> list[str]:
        """One try; the id that it succeeded with."""
        base = idempotency_store(self.context(), office)  # type: ignore[arg-type]
        store = Quick(**{one.name: getattr(base, one.name) for one in fields(base) if one.init})
        try:
            sent = send_once(office, Note(), store, settling=1.0)
        except (Killed, Unavailable):
            self.state = "up for retry" if self.attempt <= self.max_tries else "failed"
        except BadRequest:
            self.state = "failed"
        except OutcomeUnknown:
            self.state = "unknown"
        else:
            store.finish()
            self.state = "success"
            return [sent.id]
        return []


@pytest.mark.parametrize("machines", [1, 2])
@pytest.mark.parametrize("with_store", [True, False])
def test_no_history_sends_twice_or_takes_what_is_another_tasks(monkeypatch, with_store, machines):
    """Two tasks send the same text; an order has one message, or ends in OutcomeUnknown."""
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor" if machines > 1 else "LocalExecutor")
    chance = random.Random(11)
    ended: Counter[str] = Counter()
    for _ in range(60):
        office, ledgers = Office(), [Clock() for _ in range(machines)]
        tasks = [Task(name, Store() if with_store else None) for name in ("a", "b")]
        ids: list[str] = []
        for _ in range(10):
            task = chance.choice(tasks)
            if task.state != "up for retry":
                task.clear(chance.choice([0, 1, 2, 5]))
            office.ledger, office.plan, before = chance.choice(ledgers), [chance.choice(STEPS)], len(office.messages)
            ids += task.runs(office)
            task.out += len(office.messages) - before
            ended[task.state] += 1
            assert task.out <= task.allowed, "an order has more than one message, and no person has decided so"
            assert set(ids) <= set(office.ids)
        assert len(ids) == len(set(ids)), "two orders have one message"
    assert min(ended[state] for state in ("success", "unknown", "failed", "up for retry")) > 10
