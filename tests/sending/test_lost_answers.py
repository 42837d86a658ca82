"""The answer is lost after the server has accepted the message: every sender, every way to lose it, over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_ringcentral.client.errors import DeliveryFailed, OutcomeUnknown
from airflow_provider_ringcentral.operators.webhook import RingCentralPostWebhookOperator

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


@pytest.fixture
def other_machine(monkeypatch, tmp_path) -> Callable[[], None]:
    """From here on, a ledger that the machine before does not share."""
    return lambda: monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/elsewhere.sqlite")


@pytest.fixture
def many_machines(monkeypatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")


@pytest.mark.parametrize("sender", OPERATIONS)
def test_a_retry_on_another_machine_does_not_take_what_looks_the_same(desk, senders, there, other_machine, sender):
    """Below Airflow 3.3: neither notes nor claims are there, and a person may have sent what is."""
    (sent,) = senders[sender]().execute(context_of())
    other_machine()

    with pytest.raises(OutcomeUnknown, match=sent["id"]) as caught:
        senders[sender]().execute(context_of(attempt=2))
    assert there() == [sent["id"]]
    assert "ledger_url" in caught.value.remedy.cure

    (result,) = senders[sender]().execute(context_of(attempt=3, clears=2))
    assert there() == [sent["id"], result["id"]]


def test_a_retry_on_another_machine_sends_what_is_not_there(desk, senders, there, other_machine):
    desk.fault("status", status=403, code="CMN-408", operation="createSMSMessage")
    with pytest.raises(AirflowFailException):
        senders["SMS"]().execute(context_of())
    other_machine()

    (result,) = senders["SMS"]().execute(context_of(attempt=2))

    assert (there(), result["found"]) == ([result["id"]], False)


@pytest.mark.usefixtures("many_machines")
def test_a_webhook_on_another_machine_is_not_repeated(text, there, other_machine):
    RingCentralPostWebhookOperator(task_id="send", text=text).execute(context_of())
    other_machine()

    with pytest.raises(OutcomeUnknown, match="its records are not in this ledger"):
        RingCentralPostWebhookOperator(task_id="send", text=text).execute(context_of(attempt=2))

    assert len(there()) == 1


@pytest.mark.usefixtures("many_machines")
def test_a_retry_on_the_same_machine_knows_what_went_out(desk, senders, text, there):
    """Its tries entered themselves in the ledger, so no note means that nothing is out."""
    desk.fault("status", status=400, code="CMN-101", operation="createSMSMessage")
    with pytest.raises(AirflowFailException):
        senders["SMS"]().execute(context_of())
    desk.fault("status", status=404, operation="postToWebhook")
    with pytest.raises(AirflowFailException):
        RingCentralPostWebhookOperator(task_id="hook", text=text).execute(context_of("hook"))

    senders["SMS"]().execute(context_of(attempt=2))
    RingCentralPostWebhookOperator(task_id="hook", text=text).execute(context_of("hook", attempt=2))

    assert (len(there()), "listMessages" in desk.stats()["operations"]) == (2, False)


@pytest.mark.usefixtures("many_machines")
@pytest.mark.parametrize(
    "case", [(sender, with_store) for sender in OPERATIONS for with_store in (True, False)], ids=str
)
def test_the_message_of_a_task_on_another_machine_is_not_ours(desk, senders, there, other_machine, case):
    sender, with_store = case
    (other,) = senders[sender]().execute(context_of("other", store=Store() if with_store else None))
    other_machine()
    desk.fault("status", status=502, operation=OPERATIONS[sender], times=2)
    context = context_of("ours", store=Store() if with_store else None)

    with pytest.raises(OutcomeUnknown, match="may be another task's or a person's"):
        senders[sender](settling=0.2).execute(context)
    (result,) = senders[sender](settling=0.2, on_unknown="resend").execute(
        context_of("third", store=Store() if with_store else None)
    )

    assert there() == [other["id"], result["id"]]


@pytest.mark.parametrize("with_store", [True, False])
@pytest.mark.parametrize("retries", [(3, 0), (3, 2), (0, 3), (2, 2)], ids=str)
def test_a_cleared_task_sends_whatever_became_of_its_retries(senders, there, with_store, retries):
    """Clearing sets max_tries to the tries so far and the retries of now: the same number may come of it."""
    before, after = retries
    store = Store() if with_store else None
    sent = [*senders["SMS"]().execute(context_of(retries=before, store=store))]

    for tries in (1, 2):
        context = context_of(attempt=tries + 1, retries=after, clears=tries, store=store)
        sent += senders["SMS"]().execute(context)

    assert there() == [one["id"] for one in sent]
    assert len(sent) == 3


def run_of(context: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The context in a run that began so much later."""
    began = context["dag_run"].start_date + timedelta(seconds=seconds)
    return {**context, "dag_run": SimpleNamespace(start_date=began, run_after=began)}


@pytest.mark.parametrize("sender", ["SMS", "fax", "post"])
def test_a_run_that_is_made_anew_under_its_name_sends(desk, senders, there, sender):
    """Also one of another Airflow with the same ledger."""
    (first,) = senders[sender]().execute(context_of())

    (second,) = senders[sender]().execute(run_of(context_of(), 5))

    assert there() == [first["id"], second["id"]]


def test_two_airflows_with_one_ledger_and_the_same_names_keep_their_notes_apart(desk, senders, there):
    production = senders["SMS"]().execute(context_of())
    staging = senders["SMS"]().execute(run_of(context_of(), 5))

    assert senders["SMS"]().execute(context_of(attempt=2))[0]["id"] == production[0]["id"]
    assert senders["SMS"]().execute(run_of(context_of(attempt=2), 5))[0]["id"] == staging[0]["id"]
    assert len(there()) == 2


def test_a_failed_run_that_is_cleared_begins_anew_and_keeps_what_is_out(desk, senders, there):
    numbers = [f"+1212555020{number}" for number in range(3)]
    desk.fault("status", status=400, code="CMN-101", operation="createSMSMessage", nth=2)
    with pytest.raises(AirflowFailException):
        senders["SMS"](to=numbers).execute(context_of())

    results = senders["SMS"](to=numbers).execute(run_of(context_of(attempt=2, clears=1), 60))

    assert sorted(result["id"] for result in results) == sorted(there())
    assert len(there()) == 3


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


GONE = [("MMS", True), ("MMS", False), ("fax", True), ("fax", False)]


@pytest.mark.parametrize("case", GONE, ids=str)
def test_what_is_out_needs_no_file_any_more(senders, there, picture, case):
    sender, with_store = case
    store = Store() if with_store else None
    (first,) = senders[sender]().execute(context_of(store=store))
    Path(picture).unlink()

    (again,) = senders[sender]().execute(context_of(attempt=2, store=store))

    assert there() == [first["id"]] == [again["id"]]


def test_a_post_needs_no_file_any_more(senders, there, picture):
    (first,) = senders["post"](files=picture).execute(context_of())
    Path(picture).unlink()

    (again,) = senders["post"](files=picture).execute(context_of(attempt=2))

    assert there() == [first["id"]] == [again["id"]]


@pytest.mark.parametrize("sender", ["MMS", "fax"])
def test_what_may_be_out_is_found_without_its_file(desk, senders, there, picture, sender):
    """The answer is lost and the store is down; by the retry the file is gone."""
    lose(desk, sender, "502")
    desk.fault("status", status=403, code="CMN-408", operation="listMessages", times=3)
    store = Store()
    with pytest.raises(OutcomeUnknown, match="cannot be looked for"):
        senders[sender]().execute(context_of(store=store))
    desk.clear_faults()
    Path(picture).unlink()

    (result,) = senders[sender]().execute(context_of(attempt=2, clears=1, store=store))

    assert there() == [result["id"]]


@pytest.mark.parametrize("sender", ["MMS", "fax"])
def test_what_is_not_out_needs_its_file(senders, there, picture, sender):
    Path(picture).unlink()

    with pytest.raises(AirflowFailException, match="cannot be read"):
        senders[sender]().execute(context_of())
    assert there() == []


def test_what_is_out_needs_no_number_to_send_from(desk, senders, there):
    store = Store()
    (first,) = senders["SMS"]().execute(context_of(store=store))
    desk.fault("status", status=404, operation="listExtensionPhoneNumbers", every=1)

    (again,) = senders["SMS"]().execute(context_of(attempt=2, store=store))

    assert there() == [first["id"]] == [again["id"]]


@pytest.mark.parametrize("on_unknown", ["look", "resend"])
def test_a_card_that_is_rendered_otherwise_in_the_retry_is_found(desk, senders, there, on_unknown, arguments):
    lose(desk, "card", "502")
    desk.fault("status", status=403, code="CMN-408", operation="readGlipPostsNew", times=3)
    store, card = Store(), arguments["card"]["card"]
    with pytest.raises(OutcomeUnknown):
        senders["card"]().execute(context_of(store=store))
    desk.clear_faults()
    other = {**card, "body": [{"type": "TextBlock", "text": "tried again at 12:01"}]}

    (result,) = senders["card"](card=other, on_unknown=on_unknown).execute(context_of(attempt=2, store=store))

    assert (there(), result["found"]) == ([result["id"]], True)


def test_a_fax_that_is_sent_anew_is_not_sent_twice_when_the_first_one_is_gone(desk, senders, fax_number):
    desk.number_outcome(fax_number, status="SendingFailed", code="LineBusy")
    with pytest.raises(DeliveryFailed):
        senders["fax"](wait_for="sent", poll_interval=0.02).execute(context_of("first"))
    desk.number_outcome(fax_number)
    (failed,) = desk.messages(to=fax_number)
    anew = {"to": (), "files": (), "original_message_id": failed["id"]}
    (sent,) = senders["fax"](**anew).execute(context_of())
    desk.fault("status", status=404, operation="readMessage", every=1)

    (again,) = senders["fax"](**anew).execute(context_of(attempt=2))

    assert [str(one["id"]) for one in desk.messages(to=fax_number)] == [str(failed["id"]), sent["id"]]
    assert again["id"] == sent["id"]
