"""Deferrable tasks: what bounds them, what they keep while they are deferred, and what is counted over all their legs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from airflow.providers.common.compat.sdk import AirflowTaskTimeout, TaskDeferred

from airflow_provider_ringcentral.client.errors import RingCentralError, Unavailable
from airflow_provider_ringcentral.client.ledger.factory import open_ledger
from airflow_provider_ringcentral.client.rate_limit.limiter import Reservation, read_window
from airflow_provider_ringcentral.client.rate_limit.queue import Turn
from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator
from airflow_provider_ringcentral.operators.sms import RingCentralSendSmsOperator
from airflow_provider_ringcentral.sandbox import Sandbox
from airflow_provider_ringcentral.triggers.quota import RingCentralQuotaTrigger, pause_seconds
from tests.operators.conftest import Store

START = datetime(2026, 3, 1, tzinfo=UTC)


def run_of(operator: Any, *, minutes_ago: float = 0.0, store: Store | None = None) -> dict[str, Any]:
    """The context of a task that began some minutes ago, deferrals included."""
    began = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    ti = SimpleNamespace(
        dag_id="dag", run_id="run", task_id="task", map_index=-1, try_number=1, max_tries=0, start_date=began
    )
    return {"ti": ti, "task": operator, **({} if store is None else {"task_state_store": store})}


def sms(**how: Any) -> RingCentralSendSmsOperator:
    return RingCentralSendSmsOperator(task_id="task", to="+12125550101", text="late", deferrable=True, **how)


def extract(path: Path, **how: Any) -> RingCentralExtractCallLogOperator:
    window = {"start": START, "end": START + timedelta(days=1)}
    return RingCentralExtractCallLogOperator(task_id="task", destination=str(path), **window, **how)


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sandbox]:
    """A day of calls, three pages long."""
    with Sandbox(calls=2_500, start=START, end=START + timedelta(days=1)) as sandbox:
        connection = json.loads(sandbox.connection_json)
        connection["extra"]["max_wait"] = 0.5
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", json.dumps(connection))
        monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", ledger_url(tmp_path))
        yield sandbox


def ledger_url(folder: Path, name: str = "ledger") -> str:
    return f"sqlite://{folder}/{name}.sqlite"


def test_a_lasting_503_ends_a_task_when_its_timeout_is_over(desk):
    desk.fault("status", status=503, retry_after=30, operation="createSMSMessage", every=1)
    operator = sms(timeout=60)
    context = run_of(operator)
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context)
    ends = deferred.value.trigger.deadline

    with pytest.raises(TaskDeferred) as again:
        sms(timeout=60).execute_complete(context, {})
    assert again.value.trigger.deadline == ends, "a deferral does not move it"
    with pytest.raises(Unavailable) as caught:
        sms(timeout=20).execute(run_of(operator) | {"ti": SimpleNamespace(**{**vars(context["ti"]), "try_number": 2})})

    assert caught.value.retry_after == 30
    assert desk.messages() == []


@pytest.mark.parametrize(
    ("minutes_ago", "error"), [(11.0, AirflowTaskTimeout), (9.9, Unavailable), (8.0, TaskDeferred)]
)
def test_execution_timeout_bounds_all_legs_together(desk, minutes_ago, error):
    desk.fault("status", status=503, retry_after=30, operation="createSMSMessage", every=1)
    desk.reset_stats()
    operator = sms(execution_timeout=timedelta(minutes=10))
    context = run_of(operator, minutes_ago=minutes_ago)

    with pytest.raises(error) as caught:
        operator.execute_complete(context, {})

    assert desk.stats()["operations"].get("createSMSMessage", 0) == (0 if error is AirflowTaskTimeout else 1)
    if error is TaskDeferred:
        ends = context["ti"].start_date.timestamp() + 600
        assert caught.value.trigger.deadline == ends
        assert caught.value.timeout.total_seconds() > 600, "Airflow itself ends it when the trigger never answers"


def test_execution_timeout_bounds_the_wait_for_a_status(desk, caplog, capsys):
    caplog.set_level("INFO")
    operator = sms(wait_for="delivered", timeout=3600, execution_timeout=timedelta(minutes=10))
    desk.number_outcome("+12125550101", status="Queued")
    context = run_of(operator, minutes_ago=2)

    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context)

    ends = context["ti"].start_date.timestamp() + 600
    assert abs(deferred.value.trigger.deadline - ends) < 60
    assert "Deferring for up to 4" in caplog.text + capsys.readouterr().out


def test_a_deferred_task_keeps_its_place_in_the_queue(day, tmp_path):
    day.change_limits(Heavy=1)
    operator = extract(tmp_path / "calls.ndjson", deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(run_of(operator))

    place = deferred.value.trigger.serialize()[1]["place"]
    window = read_window(open_ledger(ledger_url(tmp_path)), place["owner"], place["group"])
    assert [(waiter.ticket, waiter.deferred) for waiter in window.queue] == [(place["turn"], True)]
    assert abs(window.queue[0].instant - deferred.value.trigger.moment) < 1
    assert window.queue[0].kept > 60

    day.change_limits(Heavy=100)
    day.reset_limits()
    ledger = open_ledger(ledger_url(tmp_path))
    ledger.update(f"window:{place['owner']}:{place['group']}", lambda _: (None, None))
    resumed = extract(tmp_path / "calls.ndjson", deferrable=True)
    receipt = resumed.execute_complete(run_of(resumed), {})

    window = read_window(ledger, place["owner"], place["group"])
    assert (receipt["records"], window.queue, window.turns) == (2_500, [], []), "who is done leaves the queue"


def test_a_task_that_fails_leaves_the_queue(day, tmp_path):
    day.change_limits(Heavy=1)
    operator = extract(tmp_path / "calls.ndjson", deferrable=True, execution_timeout=timedelta(seconds=600))
    context = run_of(operator)
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context)
    place = deferred.value.trigger.place

    day.change_limits(Heavy=100)
    day.reset_limits()
    day.fault("status", status=400, operation="readCompanyCallLog", every=1)
    ledger = open_ledger(ledger_url(tmp_path))
    window = read_window(ledger, place["owner"], place["group"])
    window.queue.clear()
    window.answered.clear()
    window.limit = 10
    window.turns.append(Turn(place["turn"], ledger.now(), 60.0))
    ledger.update(f"window:{place['owner']}:{place['group']}", lambda _: (json_of(window), None))
    with pytest.raises(RingCentralError):
        extract(tmp_path / "calls.ndjson", deferrable=True).execute_complete(context, {})

    assert read_window(ledger, place["owner"], place["group"]).turns == []


def json_of(window: Any) -> bytes:
    return msgspec.json.encode(window)


@pytest.mark.parametrize("store", [None, Store()])
@pytest.mark.parametrize("deferrable", [True, False])
def test_requests_are_counted_over_all_legs(day, tmp_path, monkeypatch, store, deferrable):
    """Deferred, or tried again; on one machine, or with Airflow's task state store on two."""
    fault = day.fault("status", status=503, retry_after=30, operation="readCompanyCallLog", after=1, every=1)
    path = tmp_path / "calls.ndjson"
    for leg in range(3):
        if leg == 2:
            day.clear_faults(fault)
        if store is not None:
            monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", ledger_url(tmp_path, f"machine{leg}"))
        operator = extract(path, deferrable=deferrable)
        try:
            receipt = operator.execute(run_of(operator, store=store))
        except (TaskDeferred, Unavailable):
            continue
    told = day.stats()

    assert receipt["records"] == 2_500
    assert receipt["requests"] == told["requests"], "three pages, two refusals, and the logins"
    operator = extract(path, deferrable=deferrable)
    again = operator.execute(run_of(operator, store=store))
    assert again["requests"] == 3, "a task that is cleared after its success begins at nothing"


def test_seconds_waited_are_counted_over_all_legs(day, tmp_path):
    day.fault("status", status=503, retry_after=0.2, operation="readCompanyCallLog", times=1)
    fault = day.fault("status", status=503, retry_after=30, operation="readCompanyCallLog", after=2, every=1)
    path = tmp_path / "calls.ndjson"
    operator = extract(path)
    with pytest.raises(Unavailable):
        operator.execute(run_of(operator))
    day.clear_faults(fault)

    assert extract(path).execute(run_of(operator))["seconds_waited"] >= 0.2


@pytest.mark.parametrize(
    ("left", "in_front", "pause"),
    [(3000.0, 98, 60.0), (3000.0, 20, 20.0), (120.0, 1, 5.0), (8.0, 0, 3.0), (5.5, 0, 1.0)],
)
def test_a_trigger_looks_the_more_often_the_sooner_its_turn_may_come(left, in_front, pause):
    assert pause_seconds(left, in_front) == pause


def place_in(ledger: Any) -> dict[str, str]:
    Reservation("owner", "heavy", "turn").renew(ledger, 60.0)
    return {"owner": "owner", "group": "heavy", "turn": "turn"}


async def fired(trigger: RingCentralQuotaTrigger) -> Any:
    async for event in trigger.run():
        return event.payload
    return None


async def test_the_trigger_fires_when_it_is_the_task_s_turn_however_late_its_moment_is(monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", ledger_url(tmp_path))
    place = place_in(open_ledger(ledger_url(tmp_path)))

    event = await asyncio.wait_for(fired(RingCentralQuotaTrigger(4e9, place=place)), 60)

    assert event == {"status": "success"}


async def test_without_its_place_in_the_ledger_the_trigger_goes_by_its_moment(monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", ledger_url(tmp_path))
    place = {"owner": "owner", "group": "heavy", "turn": "turn"}

    assert await asyncio.wait_for(fired(RingCentralQuotaTrigger(0.0, place=place)), 60) == {"status": "success"}
    assert Reservation(**place).check(open_ledger(ledger_url(tmp_path)), 60.0) is None


async def test_the_trigger_ends_at_its_deadline():
    place = {"owner": "owner", "group": "heavy", "turn": "turn"}

    trigger = RingCentralQuotaTrigger(4e9, place=place, deadline=1.0)

    assert await asyncio.wait_for(fired(trigger), 60) == {"status": "success"}
    assert trigger.serialize()[1] == {"moment": 4e9, "place": place, "deadline": 1.0}


def test_arguments_that_other_versions_wrote_down_are_read():
    kind, arguments = RingCentralQuotaTrigger(moment=5.0).serialize()

    assert (kind, arguments) == ("airflow_provider_ringcentral.triggers.quota.RingCentralQuotaTrigger", {"moment": 5.0})


def test_quota_that_is_used_up_is_said_in_plain_words(desk, caplog, capsys):
    caplog.set_level("INFO")
    desk.fault("status", status=429, retry_after=30, operation="createSMSMessage", every=1)
    operator = sms()

    with pytest.raises(TaskDeferred):
        operator.execute(run_of(operator))

    assert "Quota used up; deferring for 3" in caplog.text + capsys.readouterr().out
