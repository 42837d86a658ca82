"""What a task instance keeps: entries as the version before wrote them are read, and damaged ones are discarded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.client.ledger.factory import open_ledger
from airflow_provider_ringcentral.hooks.task_state import (
    WorkerRun,
    first_start,
    idempotency_store,
    run_started_at,
    task_deadline,
    tries_before_clear,
)
from airflow_provider_ringcentral.sending.once.message import digest

JWT = "amlzcGxhY2Vk.amlzcGxhY2Vk.amlzcGxhY2Vk"
NAMES = ("a_dag", "a_run", "a_task", -1)
TASK = "3cfded21a77f6fd2ff272112dc8f0294"
"""The digest of the names, which is part of keys in the ledger and so must not change."""

RUN_START = datetime(2026, 3, 1, tzinfo=UTC)


class Store(dict[str, Any]):
    """Airflow's task state store, as a task sees it."""

    def set(self, key: str, value: Any) -> None:
        self[key] = value


@pytest.fixture
def client(tmp_path):
    ledger = open_ledger(f"sqlite://{tmp_path}/ledger.sqlite")
    yield RingCentralClient(Credentials("the-client", "the-secret", JWT), ledger)
    ledger.close()


def context_of(*, attempt: int = 2, max_tries: int = 3, **more: Any) -> dict[str, Any]:
    dag_id, run_id, task_id, map_index = NAMES
    ti = SimpleNamespace(
        dag_id=dag_id, run_id=run_id, task_id=task_id, map_index=map_index, try_number=attempt, max_tries=max_tries
    )
    task = SimpleNamespace(retries=3, execution_timeout=None)
    return {"ti": ti, "task": task, "dag_run": SimpleNamespace(start_date=RUN_START), **more}


def write(ledger, key: str, value: bytes) -> None:
    ledger.update(key, lambda _: (value, None))


def test_keys_in_the_ledger_are_those_of_the_version_before():
    assert digest(*NAMES) == TASK


def test_the_start_of_a_wait_is_read_from_the_task_state_store(client):
    store = Store({"ringcentral:since:3": 1234.5, "ringcentral:before:3": ["7", "8"]})
    start = first_start(context_of(task_state_store=store), client, resumed=True, reschedules=False)

    assert start.since == 1234.5
    assert start.before(["9"]) == {"7", "8"}


def test_the_start_of_a_wait_is_read_from_the_ledger(client):
    generation = f'[{{"name":"{"ab" * 16}","began":{RUN_START.timestamp()},"tries":[1]}}]'
    write(client.ledger, f"lives:{digest(client.credentials.server, 'the-client', *NAMES)}", generation.encode())
    write(client.ledger, f"sent:{'ab' * 16}:ringcentral:since:3", b"1234.5")
    write(client.ledger, f"sent:{'ab' * 16}:ringcentral:before:3", b'["7","8"]')
    start = first_start(context_of(), client, resumed=False, reschedules=False)

    assert start.since == 1234.5
    assert start.before(["9"]) == {"7", "8"}


def test_a_damaged_start_of_a_wait_is_discarded(client):
    store = Store({"ringcentral:since:3": "yesterday", "ringcentral:before:3": {"7": "8"}})
    start = first_start(context_of(attempt=1, task_state_store=store), client, resumed=False, reschedules=False)

    assert abs(start.since - client.ledger.now()) < 60
    assert start.before(["9"]) == {"9"}
    assert store["ringcentral:before:3"] == ["9"]


def test_sends_of_the_version_before_are_read(client):
    entry = {"order": 3, "content": "abc", "sends": 1, "since": 5.0, "id": "77", "kept": {"id": "77"}, "ticket": "t"}
    store = idempotency_store(context_of(task_state_store=Store({"ringcentral:key": entry})), client)
    state = store.read("key")

    assert state is not None
    assert (state.max_tries, state.id, state.record, state.ticket) == (3, "77", {"id": "77"}, "t")


@pytest.mark.parametrize(
    ("in_ledger", "in_store", "earlier"),
    [
        (b"[3, 1.5]", None, (3, 1.5)),
        (None, [4, 2], (4, 2.0)),
        (b"[3, 1.5]", [4, 2.0], (4, 2.0)),
        (b"[5, 1.5]", [4, 2.0], (5, 1.5)),
        (b'{"requests": 3}', ["many", 2.0], (0, 0.0)),
        (b"broken", [1], (0, 0.0)),
    ],
)
def test_the_usage_of_earlier_runs_is_added(client, in_ledger, in_store, earlier):
    if in_ledger is not None:
        write(client.ledger, f"sent:{TASK}:ringcentral:usage", in_ledger)
    store = Store({} if in_store is None else {"ringcentral:usage": in_store})
    run = WorkerRun(context_of(task_state_store=store), deferrable=False)
    run.attach(client)
    assert client.usage.earlier == earlier

    client.usage.count_request("light")
    run.end(succeeded=False)
    assert store["ringcentral:usage"] == [earlier[0] + 1, earlier[1]]


def test_success_resets_the_usage(client):
    store = Store({"ringcentral:usage": [4, 2.0]})
    run = WorkerRun(context_of(task_state_store=store), deferrable=False)
    run.attach(client)
    client.usage.count_request("light")
    run.end(succeeded=True)

    assert store["ringcentral:usage"] == [0, 0.0]
    assert client.ledger.read(f"sent:{TASK}:ringcentral:usage") == b"[0,0.0]"


def test_what_airflow_tells_about_a_task_instance():
    context = context_of(attempt=5, max_tries=7)
    context["task"].execution_timeout = timedelta(minutes=5)
    context["ti"].start_date = RUN_START

    assert task_deadline(context) == RUN_START.timestamp() + 300
    assert run_started_at(context) == RUN_START.timestamp()
    assert tries_before_clear(context) == 4
    assert tries_before_clear(context_of()) == 0
    assert (task_deadline({}), run_started_at({}), tries_before_clear({})) == (None, None, 0)
