"""The answer is lost after the server has accepted the message: every sender, every way to lose it, over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_ringcentral.client.errors import OutcomeUnknown

from .conftest import ALIKE, OPERATIONS, Store, context_of

LOSSES = {
    "timeout": {"kind": "slow", "seconds": 20},
    "reset": {"kind": "reset"},
    "reset in the body": {"kind": "reset", "where": "body"},
    "truncated": {"kind": "truncate"},
    "broken JSON": {"kind": "broken_json"},
    "a page of HTML": {"kind": "html"},
    "408": {"kind": "status", "status": 408},
    "500": {"kind": "status", "status": 500},
    "502": {"kind": "status", "status": 502, "body": "html"},
    "503": {"kind": "status", "status": 503},
    "504": {"kind": "status", "status": 504, "body": "empty"},
}

EVERY = [
    (sender, loss)
    for sender in OPERATIONS
    for loss in LOSSES
    if sender == "SMS" or loss in ("timeout", "reset", "500", "502", "504")
]


def lose(desk: Any, sender: str, loss: str, **rule: Any) -> None:
    """The next answer to that sender is lost, after the message was accepted."""
    desk.fault(**LOSSES[loss], operation=OPERATIONS[sender], executed=True, **rule)


@pytest.mark.parametrize("case", EVERY, ids=" ".join)
def test_exactly_one_message_and_its_id(desk, senders, there, in_haste, case):
    sender, loss = case
    in_haste(loss)
    lose(desk, sender, loss)

    (result,) = senders[sender]().execute(context_of())

    assert there() == [result["id"]]
    assert result["found"] is True


@pytest.mark.parametrize("sender", OPERATIONS)
def test_a_message_that_shows_up_late_is_waited_for(desk, senders, there, sender):
    desk.set(message_lag=20)  # of scaled seconds: 0.4 s
    lose(desk, sender, "502")
    try:
        (result,) = senders[sender]().execute(context_of())
    finally:
        desk.set(message_lag=0)

    assert there() == [result["id"]]


@pytest.mark.parametrize("sender", OPERATIONS)
def test_not_accepted_and_not_answered_is_told_and_not_retried(desk, senders, there, sender):
    desk.fault("status", status=502, operation=OPERATIONS[sender])

    with pytest.raises(OutcomeUnknown, match=r"not found within 0\.2 s") as caught:
        senders[sender](settling=0.2).execute(context_of())

    assert isinstance(caught.value, AirflowFailException)
    assert caught.value.remedy.who == "DAG author"
    assert there() == []


@pytest.mark.parametrize("sender", OPERATIONS)
def test_resend_sends_what_was_not_found(desk, senders, there, sender):
    desk.fault("status", status=502, operation=OPERATIONS[sender])

    (result,) = senders[sender](settling=0.2, on_unknown="resend").execute(context_of())

    assert there() == [result["id"]]
    assert result["found"] is False


def test_resend_finds_what_was_accepted(desk, senders, there):
    lose(desk, "SMS", "504")

    (result,) = senders["SMS"](on_unknown="resend").execute(context_of())

    assert there() == [result["id"]]


def test_fail_fails_at_once(desk, senders, there):
    lose(desk, "SMS", "504")

    with pytest.raises(OutcomeUnknown):
        senders["SMS"](on_unknown="fail").execute(context_of())

    assert len(there()) == 1
    assert "listMessages" not in desk.stats()["operations"]


def two_tasks_at_once(sender: Callable[..., Any], *, with_store: bool) -> list[Any]:
    """What each returned or raised."""
    results: list[Any] = []

    def work(task: str) -> None:
        context = context_of(task, store=Store() if with_store else None)
        try:
            results.extend(sender().execute(context))
        except OutcomeUnknown as error:
            results.append(error)

    threads = [threading.Thread(target=work, args=(task,)) for task in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.parametrize("with_store", [True, False])
@pytest.mark.parametrize("sender", ALIKE)
def test_two_tasks_at_once_get_a_message_each(desk, senders, there, sender, with_store):
    lose(desk, sender, "502", times=2)

    ids = [result["id"] for result in two_tasks_at_once(senders[sender], with_store=with_store)]

    assert sorted(ids) == there()
    assert len(set(ids)) == 2


def test_two_faxes_that_cannot_be_told_apart_are_nobodys(desk, senders, there, in_haste):
    in_haste()
    lose(desk, "fax", "timeout", times=2)

    results = two_tasks_at_once(lambda: senders["fax"](settling=1.5), with_store=True)

    assert [type(result).__name__ for result in results] == ["OutcomeUncertain"] * 2
    assert all("cannot be told from others" in result.message for result in results)
    assert len(there()) == 2


def test_two_faxes_with_other_files_are_told_apart(desk, senders, there, in_haste):
    in_haste()
    lose(desk, "fax", "timeout", times=2)
    texts = iter(["short", "much longer"])

    results = two_tasks_at_once(
        lambda: senders["fax"](files={"name": "letter.txt", "text": next(texts)}), with_store=True
    )

    assert sorted(result["id"] for result in results) == there()
    assert len(set(there())) == 2


@pytest.mark.parametrize("with_store", [True, False])
def test_many_tasks_of_which_every_other_loses_its_answer(desk, senders, there, with_store):
    lose(desk, "SMS", "500", every=2, times=6)
    results: list[str] = []

    def work(task: str) -> None:
        (result,) = senders["SMS"]().execute(context_of(task, store=Store() if with_store else None))
        results.append(result["id"])

    threads = [threading.Thread(target=work, args=(f"task {number}",)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(results)) == 12
    assert sorted(results) == there()


def test_a_retry_of_a_lost_ledger_looks_from_the_start_of_the_run(desk, senders, there, monkeypatch, tmp_path):
    """Below Airflow 3.3 on another machine: neither notes nor claims are there."""
    first = context_of(attempt=1)
    (sent,) = senders["SMS"]().execute(first)
    monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/elsewhere.sqlite")

    (result,) = senders["SMS"]().execute({**context_of(attempt=2), "dag_run": first["dag_run"]})

    assert there() == [sent["id"]] == [result["id"]]
    assert result["found"] is True


@pytest.mark.parametrize("with_store", [True, False])
@pytest.mark.parametrize("sender", ["SMS", "fax", "post"])
def test_a_cleared_task_sends_again(desk, senders, there, sender, with_store):
    store = Store() if with_store else None
    (first,) = senders[sender]().execute(context_of(store=store))

    (second,) = senders[sender]().execute(context_of(attempt=2, clears=1, store=store))

    assert there() == [first["id"], second["id"]]
    assert second["found"] is False


def test_a_cleared_task_whose_answer_is_lost_does_not_take_the_first_message(desk, senders, there):
    store = Store()
    (first,) = senders["SMS"]().execute(context_of(store=store))
    lose(desk, "SMS", "502")

    (second,) = senders["SMS"]().execute(context_of(attempt=2, clears=1, store=store))

    assert there() == [first["id"], second["id"]]
    assert second["found"] is True


@pytest.mark.parametrize("sender", ["SMS", "card"])
def test_a_cleared_task_may_be_told_to_skip(desk, senders, there, sender):
    store = Store()
    (first,) = senders[sender]().execute(context_of(store=store))

    (second,) = senders[sender](on_rerun="skip").execute(context_of(attempt=2, clears=1, store=store))

    assert there() == [first["id"]] == [second["id"]]


def test_skipping_needs_the_task_state_store(desk, senders, there):
    with pytest.raises(AirflowFailException, match=r"Airflow 3\.3 or later"):
        senders["SMS"](on_rerun="skip").execute(context_of())
    assert there() == []


def test_what_can_be_skipped_must_not_be_cleared_by_airflow(desk, senders, monkeypatch):
    monkeypatch.setenv("AIRFLOW__STATE_STORE__CLEAR_ON_SUCCESS", "True")

    with pytest.raises(AirflowFailException, match="clear_on_success"):
        senders["SMS"](on_rerun="skip").execute(context_of(store=Store()))


def test_a_retry_of_a_list_sends_only_the_rest(desk, senders, there):
    numbers = [f"+1212555020{number}" for number in range(4)]
    desk.fault("status", status=400, code="CMN-101", operation="createSMSMessage", nth=3)
    store = Store()

    with pytest.raises(
        AirflowFailException, match=r"3 are sent \(to\[0, 1, 3\]\); 1 is refused \(to\[2\] HTTP 400 CMN-101\)"
    ):
        senders["SMS"](to=numbers).execute(context_of(store=store))
    assert len(there()) == 3
    results = senders["SMS"](to=numbers).execute(context_of(attempt=2, clears=1, store=store))

    assert sorted(result["id"] for result in results) == there()
    assert [result["to"] for result in results] == [[0], [1], [2], [3]]
