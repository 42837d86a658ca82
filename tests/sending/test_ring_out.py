"""Calls by RingOut over HTTP: placed once, followed to their end, cancelled when the task is killed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred
from requests_mock import ANY

from airflow_provider_ringcentral.client.errors import BadRequest, DeliveryFailed, OutcomeUnknown
from airflow_provider_ringcentral.client.errors.remedies.delivery import RING_OUT
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.operators.ring_out import RingCentralRingOutOperator
from airflow_provider_ringcentral.sending.channels.ring_out import CallState, read_call_state
from airflow_provider_ringcentral.sending.status.status import NotConfirmed, WaitState
from airflow_provider_ringcentral.triggers.ring_out import RingCentralRingOutTrigger

from .conftest import Store, context_of
from .test_kills import kill, wait_until
from .test_lost_answers import LOSSES

FROM, TO, CREATE = "+16505551001", "+14155550111", "createRingOutCall"


@pytest.fixture
def calls(desk) -> Callable[[], list[dict[str, Any]]]:
    """The calls of this test. They are remembered long enough for a busy machine to look at their end."""
    before = len(desk.calls_placed())
    desk.set(ring_memory_seconds=100, talk_seconds=5)
    return lambda: desk.calls_placed()[before:]


@pytest.fixture
def outcome(desk):
    """Chooses how phones end, for this test."""
    yield desk.number_outcome
    for number in (FROM, TO):
        desk.number_outcome(number)


def operator(**how: Any) -> RingCentralRingOutOperator:
    usual = {"task_id": "call", "to": TO, "from_number": FROM, "poll_interval": 0.02}
    return RingCentralRingOutOperator(**{**usual, **how})


def ring(context: Any = None, **how: Any) -> dict[str, Any]:
    return operator(**how).execute(context or context_of("call"))


@pytest.mark.parametrize(
    ("wait_for", "told"),
    [
        ("placed", ("InProgress", "InProgress", "InProgress")),
        ("connected", ("Success",)),
        ("ended", ("Success", "Finished", "Finished")),
    ],
)
def test_a_call(desk, calls, wait_for, told):
    result = ring(wait_for=wait_for, caller_id=FROM, play_prompt="True")

    (call,) = calls()
    assert (call["from"], call["to"], call["caller_id"], call["prompt"]) == (FROM, TO, FROM, True)
    assert result["id"] == call["id"]
    assert (result["status"], result["caller"], result["callee"])[: len(told)] == told
    assert (wait_for == "placed") is ("readRingOutCallStatus" not in desk.stats()["operations"])


def test_a_forwarding_number(calls):
    ring(from_number=None, forwarding_number_id="{{ 5 }}", wait_for="placed")

    assert calls()[0]["from"] == "{{ 5 }}"


def test_an_end_that_is_forgotten_already(desk, calls):
    """Connected at one poll, gone at the next: it has ended."""
    desk.set(talk_seconds=100_000)
    with ThreadPoolExecutor() as pool:
        task = pool.submit(ring, timeout=600)
        wait_until(lambda: calls() and calls()[0]["callStatus"] == "Success")
        polled = desk.stats()["operations"].get("readRingOutCallStatus", 0)
        # One poll may have been under way before; the second has seen the connected call.
        wait_until(lambda: desk.stats()["operations"].get("readRingOutCallStatus", 0) > polled + 1)
        desk.fault("status", operation="readRingOutCallStatus", status=404, every=1)
        result = task.result()

    assert (result["status"], result["callee"]) == ("Success", "Success")


@pytest.mark.parametrize(
    ("number", "status", "cause"),
    [
        (TO, "Busy", "Nobody answered"),
        (TO, "NoAnsweringMachine", "Nobody answered"),
        (FROM, "NoAnswer", "Nobody answered"),
        (TO, "InternationalDisabled", "not allowed to call"),
        (TO, "Invalid", "cannot be called"),
    ],
)
def test_a_call_that_reaches_nobody(outcome, calls, number, status, cause):
    outcome(number, status=status)
    store = Store()

    with pytest.raises(DeliveryFailed, match="the call was not connected") as caught:
        ring(context_of("call", store=store))
    assert isinstance(caught.value, AirflowFailException) is (cause != "Nobody answered")
    assert cause in caught.value.remedy.cause

    outcome(number)
    assert ring(context_of("call", attempt=2, store=store))["status"] == "Success"
    assert len(calls()) == 2


SPELT = [
    ("success", "SUCCESS", "success", ("Success", True, False)),
    ("Success", "success", "finished", ("Success", True, True)),
    ("noanswer", "InProgress", "NO ANSWER", ("NoAnswer", False, False)),
    ("In Progress", "inprogress", "in progress", ("InProgress", False, False)),
    ("nosessionfound", "Success", "Success", ("InProgress", False, True)),
    ("Considering", "Success", "Success", ("Considering", False, False)),
]


@pytest.mark.parametrize(("statuses", "told"), [(spelt[:3], spelt[3]) for spelt in SPELT], ids=str)
def test_statuses_are_compared_without_case(requests_mock, connection, statuses, told):
    status = dict(zip(("callStatus", "callerStatus", "calleeStatus"), statuses, strict=True))
    requests_mock.post(ANY, json={"access_token": "t", "expires_in": 3600, "owner_id": "1"})
    requests_mock.get(ANY, json={"id": "7", "status": status})

    call = read_call_state(RingCentralJWTHook().get_conn(), "7", CallState())

    assert (call.call, call.connected, call.over) == told


def test_a_call_that_was_over_before_anybody_looked(desk, calls):
    store = Store()
    desk.set(ring_memory_seconds=0)
    ring(context_of("call", store=store), wait_for="placed")
    wait_until(lambda: calls()[0]["calleeStatus"] == "Finished")

    with pytest.raises(OutcomeUnknown, match="does not say any more whether it was connected"):
        ring(context_of("call", attempt=2, store=store))
    assert len(calls()) == 1


@pytest.mark.parametrize("loss", ["timeout", "reset", "500", "502", "504"])
def test_an_answer_that_is_lost_is_not_called_again(desk, calls, in_haste, loss):
    in_haste(loss)
    desk.fault(**LOSSES[loss], operation=CREATE, executed=True)
    store = Store()

    for attempt in (1, 2):
        with pytest.raises(OutcomeUnknown) as caught:
            ring(context_of("call", attempt=attempt, store=store))
        assert isinstance(caught.value, AirflowFailException)
        assert "clear the task" in caught.value.remedy.cure
    assert len(calls()) == 1

    ring(context_of("call", attempt=3, clears=2, store=store))
    assert len(calls()) == 2


def test_refused_for_now_is_placed_once_after_waiting(desk, calls):
    desk.fault("status", status=429, retry_after=0.2, operation=CREATE, times=2)
    ring(wait_for="placed")

    assert len(calls()) == 1


def test_refused_is_an_error_with_a_remedy(desk, calls):
    desk.fault("status", status=403, code="CMN-401", operation=CREATE, times=3)
    with pytest.raises(AirflowFailException) as caught:
        ring()

    assert caught.value.remedy
    assert calls() == []


def test_a_worker_that_is_killed_goes_on_with_its_call(desk, calls, start_call, tmp_path):
    from .worker import FileStore

    desk.set(talk_seconds=60)
    process = start_call()
    wait_until(lambda: calls() and calls()[0]["callStatus"] == "Success")
    wait_until(lambda: "readRingOutCallStatus" in desk.stats()["operations"])
    kill(process)
    result = ring(context_of("call", attempt=2, store=FileStore(str(tmp_path / "store.json"))))

    assert [call["id"] for call in calls()] == [result["id"]]
    assert result["status"] == "Success"


@pytest.fixture
def start_call(desk, tmp_path):
    import json
    import subprocess
    import sys

    from .test_kills import WORKER

    def start() -> subprocess.Popen:
        job = {
            "class": "operators.ring_out.RingCentralRingOutOperator",
            "arguments": {"to": TO, "from_number": FROM, "poll_interval": 0.05},
            "store": str(tmp_path / "store.json"),
        }
        return subprocess.Popen([sys.executable, str(WORKER), json.dumps(job)])

    return start


def killed(task: RingCentralRingOutOperator, when: Callable[[], Any]) -> list[Exception]:
    """Run it in a thread, and kill it (as Airflow tells an operator) when it is time."""
    raised: list[Exception] = []

    def work() -> None:
        try:
            task.execute(context_of("call"))
        except Exception as error:  # noqa: BLE001
            raised.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    wait_until(when)
    task.on_kill()
    worker.join()
    return raised


def test_a_killed_task_cancels_its_call(outcome, calls):
    outcome(FROM, status="Queued")
    task = operator()
    raised = killed(task, lambda: task._call_id)

    (call,) = calls()
    assert call["cancelled"] is True
    assert [type(error) for error in raised] == [DeliveryFailed]
    assert raised[0].remedy.cure == "No action is needed: a retry of the task calls again."

    outcome(FROM)
    assert ring(context_of("call", attempt=2))["status"] == "Success"
    assert [one["cancelled"] for one in calls()] == [True, False]


def test_a_call_that_a_person_ended_in_the_triggerer_is_placed_anew(desk, outcome, calls):
    outcome(FROM, status="Queued")
    store = Store()
    with pytest.raises(TaskDeferred) as deferred:
        operator(deferrable=True).execute(context_of("call", store=store))
    _, arguments = deferred.value.trigger.serialize()
    asyncio.run(RingCentralRingOutTrigger(**arguments).on_kill())
    outcome(FROM)

    assert ring(context_of("call", attempt=2, clears=1, store=store))["status"] == "Success"
    assert [one["cancelled"] for one in calls()] == [True, False]


def test_a_call_of_which_nobody_knows_how_it_ended_is_placed_anew_when_a_person_clears_the_task(desk, calls):
    """Its end was forgotten before anybody looked: a retry does not call again, a person has decided."""
    store = Store()
    desk.set(ring_memory_seconds=0)
    ring(context_of("call", store=store), wait_for="placed")
    wait_until(lambda: calls()[0]["calleeStatus"] == "Finished")
    with pytest.raises(OutcomeUnknown):
        ring(context_of("call", attempt=2, store=store), wait_for="connected")
    store.pop("ringcentral:finished")
    desk.set(ring_memory_seconds=100)

    assert ring(context_of("call", attempt=3, clears=2, store=store))["status"] == "Success"
    assert len(calls()) == 2


def test_a_call_that_was_answered_goes_on(outcome, calls):
    outcome(TO, status="Queued")
    task = operator(timeout=0.5)
    raised = killed(task, lambda: calls() and calls()[0]["callerStatus"] == "Success" and task._call_id)

    assert calls()[0]["cancelled"] is False
    assert [type(error) for error in raised] == [NotConfirmed]


def test_a_task_that_placed_nothing_has_nothing_to_cancel(desk):
    operator().on_kill()

    assert desk.stats()["operations"].get("deleteRingOutCall") is None


def test_a_call_that_rings_for_ever_times_out(outcome, calls):
    outcome(TO, status="Queued")
    with pytest.raises(NotConfirmed, match=r"not ended after 0\.3 s \(InProgress\)") as caught:
        ring(timeout=0.3)

    assert not isinstance(caught.value, AirflowFailException)


def test_a_deferrable_task_waits_without_a_worker(desk, calls):
    context = context_of("call", store=Store())
    task = operator(deferrable=True, wait_for="connected")
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(context)
    assert deferred.value.method_name == "execute_complete"
    wait_until(lambda: calls()[0]["callStatus"] == "Success")

    assert task.execute_complete(context)["status"] == "Success"
    assert len(calls()) == 1


async def test_a_deferred_task_that_a_person_ends_cancels_its_call(desk, outcome, calls):
    outcome(FROM, status="Queued")
    with pytest.raises(TaskDeferred) as deferred:
        operator(deferrable=True).execute(context_of("call"))
    path, arguments = deferred.value.trigger.serialize()
    assert calls()[0]["cancelled"] is False

    assert path == f"{RingCentralRingOutTrigger.__module__}.{RingCentralRingOutTrigger.__qualname__}"
    await RingCentralRingOutTrigger(**arguments).on_kill()

    assert calls()[0]["cancelled"] is True
    assert set(arguments) == {"moment", "ringcentral_conn_id", "call_id"}


BAD = [
    ({"to": "415"}, "to is not a valid phone number"),
    ({"from_number": "650"}, "from_number is not a valid phone number"),
    ({"from_number": None}, "either from_number or forwarding_number_id"),
    ({"forwarding_number_id": "5"}, "either from_number or forwarding_number_id"),
    ({"caller_id": "x"}, "caller_id is not a valid phone number"),
    ({"play_prompt": "maybe"}, "neither True nor False"),
    ({"wait_for": "answered"}, "'placed', 'connected' or 'ended'"),
    ({"on_rerun": "skip"}, "Airflow 3.3 or later"),
]


@pytest.mark.parametrize(("how", "problem"), BAD)
def test_bad_input_is_named_before_anything_rings(calls, how, problem):
    with pytest.raises(BadRequest, match=problem) as caught:
        ring(**how)

    assert isinstance(caught.value, AirflowFailException)
    assert calls() == []


STANDS = [
    (CallState("Success", "Success", "Success", connected=True), "ended", WaitState.WAIT),
    (CallState("Success", "Finished", "Success", connected=True, over=True), "ended", WaitState.DONE),
    (CallState("Dreaming"), "connected", WaitState.WAIT),
    (CallState("InProgress", over=True), "connected", WaitState.FAILED),
    *[(CallState(word), "placed", WaitState.FAILED) for word in RING_OUT],
]


@pytest.mark.parametrize(("call", "wait_for", "stands"), STANDS)
def test_how_a_call_stands(call, wait_for, stands):
    assert call.wait_state(wait_for) is stands


def test_no_log_line_has_a_number(desk, outcome, caplog, capsys):
    caplog.set_level("INFO")
    outcome(TO, status="Busy")
    with pytest.raises(DeliveryFailed) as caught:
        ring()

    everything = caplog.text + capsys.readouterr().out + str(caught.value)
    assert "Placed call " in everything
    for secret in (TO[1:], FROM[1:], desk.jwt, desk.client_secret):
        assert secret not in everything


def test_every_value_is_a_template_field():
    own = set(RingCentralRingOutOperator.__init__.__annotations__) - {"kwargs", "return", "deferrable"}

    assert own == set(RingCentralRingOutOperator.template_fields)
