"""Sending once, against a server in memory: what was accepted, what was answered, and who died in between."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_ringcentral.client.errors import (
    BadRequest,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    Unavailable,
)
from airflow_provider_ringcentral.client.ledger.protocol import Ledger
from airflow_provider_ringcentral.sending.once.message import Sent
from airflow_provider_ringcentral.sending.once.send_once import send_once
from airflow_provider_ringcentral.sending.once.store import IdempotencyStore, LedgerKeyValueStore
from tests.sending.post_office import Blind, Clock, ClockedStore, Killed, Lookalike, Note, PostOffice

SETTLING = 0.3


@pytest.fixture
def ledger() -> Clock:
    return Clock()


@pytest.fixture
def office(ledger: Clock) -> PostOffice:
    return PostOffice(clock=ledger.now)


def idempotency_store(ledger: Ledger, task: str = "task", **how: Any) -> IdempotencyStore:
    return ClockedStore(LedgerKeyValueStore(ledger, task), ledger, "server", **{"in_flight_seconds": 0.2, **how})


def send(office: PostOffice, store: IdempotencyStore, message: Note | None = None, **how: Any) -> Sent:
    return send_once(office, message or Note(), store, **{"settling": SETTLING, **how})


def test_a_send_is_sent_and_known(office, ledger):
    sent = send(office, idempotency_store(ledger))

    assert (sent.id, sent.found, sent.earlier) == (office.ids[0], False, False)
    assert sent.record["messageStatus"] == "Queued"


@pytest.mark.parametrize("on_unknown", ["look", "resend"])
def test_a_lost_answer_is_found(office, ledger, on_unknown):
    office.plan = ["lost"]

    sent = send(office, idempotency_store(ledger), on_unknown=on_unknown)

    assert (sent.id, sent.found, len(office.messages)) == (office.ids[0], True, 1)


def test_what_shows_up_late_is_found_within_the_settling_time(office, ledger):
    office.plan, office.lists = ["lost"], ["nothing"] * 3

    sent = send(office, idempotency_store(ledger))

    assert (sent.id, office.looks) == (office.ids[0], 4)


def test_nothing_found_is_an_error_that_says_what_to_do(office, ledger):
    office.plan = ["dropped"]

    with pytest.raises(OutcomeUnknown) as caught:
        send(office, idempotency_store(ledger))

    assert caught.value.status == 502
    assert "clear the task" in caught.value.remedy.cure
    assert office.looks > 3
    assert office.messages == []


def test_resend_sends_once_more_and_no_more(office, ledger):
    office.plan = ["dropped", "dropped"]

    with pytest.raises(OutcomeUnknown):
        send(office, idempotency_store(ledger), on_unknown="resend")
    with pytest.raises(OutcomeUnknown):
        send(office, idempotency_store(ledger), on_unknown="resend")

    assert (office.plan, office.messages) == ([], [])


def test_resend_that_is_answered(office, ledger):
    office.plan = ["dropped"]

    assert send(office, idempotency_store(ledger), on_unknown="resend").id == office.ids[0]


def test_fail_neither_looks_nor_repeats(office, ledger):
    office.plan = ["lost"]

    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            send(office, idempotency_store(ledger), on_unknown="fail")

    assert (office.looks, len(office.messages)) == (0, 1)


def test_a_message_that_cannot_be_looked_up(office, ledger):
    office.plan = ["lost"]

    for _ in range(2):
        with pytest.raises(OutcomeUnknown) as caught:
            send(office, idempotency_store(ledger), Blind())
        assert "not found" not in caught.value.message

    assert (office.looks, len(office.messages)) == (0, 1)


def test_killed_after_acceptance_the_retry_finds_it(office, ledger):
    office.plan = ["killed"]
    with pytest.raises(Killed):
        send(office, idempotency_store(ledger))

    sent = send(office, idempotency_store(ledger))

    assert (sent.id, sent.found, len(office.messages)) == (office.ids[0], True, 1)


def test_killed_before_it_went_out_the_retry_sends_without_looking(office, ledger):
    office.plan = ["killed early"]
    with pytest.raises(Killed):
        send(office, idempotency_store(ledger))

    sent = send(office, idempotency_store(ledger))

    assert (sent.found, len(office.messages), office.looks) == (False, 1, 0)


def test_killed_when_nobody_can_tell_the_retry_does_not_repeat(office, ledger):
    def die(record):
        office.messages.remove(record)
        raise Killed

    office.plan = [die]
    with pytest.raises(Killed):
        send(office, idempotency_store(ledger))

    with pytest.raises(OutcomeUnknown):
        send(office, idempotency_store(ledger))

    assert office.messages == []


def test_a_person_who_clears_it_then_has_decided(office, ledger):
    office.plan = ["dropped"]
    with pytest.raises(OutcomeUnknown):
        send(office, idempotency_store(ledger, max_tries=0))
    looks = office.looks

    sent = send(office, idempotency_store(ledger, max_tries=1))

    assert (sent.id, sent.found) == (office.ids[0], False)
    assert office.looks > looks


def test_a_person_who_clears_it_while_it_is_there_gets_it(office, ledger):
    office.plan = ["killed"]
    with pytest.raises(Killed):
        send(office, idempotency_store(ledger, max_tries=0))

    sent = send(office, idempotency_store(ledger, max_tries=1))

    assert (sent.found, len(office.messages)) == (True, 1)


def test_a_retry_after_success_gives_the_same_id(office, ledger):
    first = send(office, idempotency_store(ledger))

    again = send(office, idempotency_store(ledger))

    assert (again.id, again.earlier, again.found, len(office.messages)) == (first.id, True, False, 1)
    assert again.record["messageStatus"] == "Queued"


def test_a_retry_with_another_text_sends_nothing(office, ledger, caplog):
    first = send(office, idempotency_store(ledger), Note(text="try 1"))

    again = send(office, idempotency_store(ledger), Note(text="try 2"))

    assert (again.id, len(office.messages)) == (first.id, 1)
    assert "other content" in caplog.text


def test_a_retry_looks_for_the_text_that_went_out(office, ledger):
    office.plan = ["killed"]
    with pytest.raises(Killed):
        send(office, idempotency_store(ledger), Note(text="try 1"))

    sent = send(office, idempotency_store(ledger), Note(text="try 2"))

    assert (sent.found, [message["text"] for message in office.messages]) == (True, ["try 1"])


@pytest.mark.parametrize(("on_rerun", "messages"), [("send", 2), ("skip", 1)])
def test_a_finished_task_that_is_cleared(office, ledger, on_rerun, messages):
    first = idempotency_store(ledger, max_tries=2)
    earlier = send(office, first)
    first.finish()

    sent = send(office, idempotency_store(ledger, max_tries=3), on_rerun=on_rerun)

    assert len(office.messages) == messages
    assert (sent.id == earlier.id) == (on_rerun == "skip")


def test_a_finished_task_whose_report_was_lost_does_not_send_again(office, ledger):
    store = idempotency_store(ledger, max_tries=2)
    earlier = send(office, store)
    store.finish()

    assert send(office, idempotency_store(ledger, max_tries=2)).id == earlier.id
    assert len(office.messages) == 1


def test_a_failed_task_that_is_cleared_keeps_what_it_has_sent(office, ledger):
    earlier = send(office, idempotency_store(ledger, max_tries=0))

    assert send(office, idempotency_store(ledger, max_tries=1)).id == earlier.id


def test_a_cleared_send_whose_answer_is_lost_does_not_find_the_earlier_one(office, ledger):
    first = idempotency_store(ledger, max_tries=0)
    send(office, first)
    first.finish()
    office.plan = ["dropped"]

    with pytest.raises(OutcomeUnknown):
        send(office, idempotency_store(ledger, max_tries=1))


def test_what_came_to_nothing_is_sent_anew(office, ledger):
    store = idempotency_store(ledger)
    failed = send(office, store)
    store.forget(Note().key)

    assert send(office, idempotency_store(ledger)).id != failed.id
    assert len(office.messages) == 2


REFUSALS = [BadRequest("bad", status=400), RateLimited("later", retry_after=60), Unavailable("no connection")]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda error: type(error).__name__)
def test_what_was_refused_is_raised_and_a_retry_sends(office, ledger, refusal):
    office.plan = [refusal]

    with pytest.raises(type(refusal)):
        send(office, idempotency_store(ledger))
    sent = send(office, idempotency_store(ledger))

    assert (sent.found, len(office.messages), office.looks) == (False, 1, 0)


def test_an_answer_without_an_id_is_looked_for(office, ledger):
    office.plan = [lambda record: {"messageStatus": record["messageStatus"]}]

    sent = send(office, idempotency_store(ledger))

    assert (sent.id, sent.found) == (office.ids[0], True)


@pytest.mark.parametrize("failure", [Unavailable("down"), RateLimited("later", retry_after=9)])
def test_not_looked_is_not_the_same_as_not_found(office, ledger, failure):
    office.plan, office.lists = ["lost"], [failure]

    with pytest.raises(type(failure)):
        send(office, idempotency_store(ledger))
    sent = send(office, idempotency_store(ledger))

    assert (sent.found, len(office.messages)) == (True, 1)


def test_who_may_not_look_does_not_know(office, ledger):
    office.plan, office.lists = ["lost"], [PermissionDenied("no ReadMessages")]

    with pytest.raises(OutcomeUnknown, match="no ReadMessages"):
        send(office, idempotency_store(ledger))


def test_two_tasks_with_lost_answers_get_a_message_each(office, ledger):
    office.plan = ["lost", "lost"]
    found: dict[str, Sent] = {}

    def work(task: str) -> None:
        found[task] = send(office, idempotency_store(ledger, task))

    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(sent.id for sent in found.values()) == office.ids
    assert len(office.ids) == 2


def test_of_two_lost_answers_with_one_message_one_task_gets_it(office, ledger):
    office.plan = ["lost", "dropped"]

    first = send(office, idempotency_store(ledger, "a"))
    with pytest.raises(OutcomeUnknown):
        send(office, idempotency_store(ledger, "b"))

    assert [first.id] == office.ids


def test_a_message_whose_answer_is_still_to_come_is_left_to_its_sender(office, ledger):
    """Task a is accepted and waits for its answer; task b was dropped and must not take a's message for its own."""
    accepted, answer = threading.Event(), threading.Event()

    def slow(record):
        accepted.set()
        answer.wait()
        return record

    office.plan = [slow, "dropped"]
    found: list[Sent] = []
    patient = {"in_flight_seconds": 1e9}
    a = threading.Thread(target=lambda: found.append(send(office, idempotency_store(ledger, "a", **patient))))
    a.start()
    accepted.wait()
    caught: list[BaseException] = []

    def second() -> None:
        try:
            send(office, idempotency_store(ledger, "b", **patient))
        except OutcomeUnknown as error:
            caught.append(error)

    b = threading.Thread(target=second)
    b.start()
    while office.looks < 3:
        time.sleep(0.01)
    answer.set()
    a.join()
    b.join()

    assert (found[0].id, found[0].found, len(caught)) == (office.ids[0], False, 1)


def test_a_killed_sender_gives_way_after_the_flight_of_its_request(office, ledger):
    office.plan = ["killed", "lost"]
    with pytest.raises(Killed):
        send(office, idempotency_store(ledger, "a"))

    b = send(office, idempotency_store(ledger, "b"))
    a = send(office, idempotency_store(ledger, "a"))

    assert sorted([a.id, b.id]) == office.ids


def test_an_answer_whose_id_was_taken_takes_the_double(office, ledger):
    def taken(record):
        IdempotencyStore(LedgerKeyValueStore(ledger, "b"), ledger, "server").claims.claim(
            "note", str(record["id"]), "b's ticket"
        )
        office.accept(record["to"], record["text"])
        return record

    office.plan = [taken]

    sent = send(office, idempotency_store(ledger, "a"))

    assert (sent.id, sent.found) == (office.ids[1], True)


def test_an_answer_whose_id_was_taken_keeps_it_when_there_is_no_double(office, ledger):
    def taken(record):
        IdempotencyStore(LedgerKeyValueStore(ledger, "b"), ledger, "server").claims.claim(
            "note", str(record["id"]), "b's ticket"
        )
        return record

    office.plan = [taken]

    assert send(office, idempotency_store(ledger, "a")).id == office.ids[0]


@pytest.mark.parametrize(("doubles", "found"), [(0, True), (1, False)])
def test_lookalikes_are_taken_only_when_there_is_one(office, ledger, doubles, found):
    office.plan = ["lost"]
    for _ in range(doubles):
        office.accept(Lookalike().to, Lookalike().text)

    if found:
        assert send(office, idempotency_store(ledger), Lookalike()).id == office.ids[0]
    else:
        with pytest.raises(OutcomeUnknown):
            send(office, idempotency_store(ledger), Lookalike())


def test_an_older_message_of_the_same_text_comes_second(office, ledger):
    office.accept(Note().to, Note().text, ago=30)
    office.plan = ["lost"]

    assert send(office, idempotency_store(ledger)).id == office.ids[1]


def test_what_is_older_than_the_clocks_may_differ_is_another_message(office, ledger):
    office.accept(Note().to, Note().text, ago=90)
    office.plan = ["dropped"]

    with pytest.raises(OutcomeUnknown):
        send(office, idempotency_store(ledger))


def elsewhere(ledger: Ledger, **how: Any) -> IdempotencyStore:
    """The store of a retry whose records may be on another machine, which has a ledger of its own."""
    return idempotency_store(ledger, may_have_sent_since=ledger.now() - 400, claims_complete=False, **how)


def test_a_retry_whose_records_may_be_elsewhere_does_not_take_what_looks_the_same(office, ledger):
    office.accept(Note().to, Note().text, ago=300)

    with pytest.raises(OutcomeUnknown, match="looks the same, but may be another task's or a person's") as caught:
        send(office, elsewhere(ledger))

    assert (len(office.messages), office.looks) == (1, 1)
    assert "ledger_url" in caught.value.remedy.cure


def test_a_retry_whose_records_may_be_elsewhere_resends_if_told(office, ledger):
    office.accept(Note().to, Note().text, ago=300)

    assert send(office, elsewhere(ledger), on_unknown="resend").id == office.ids[1]


def test_a_retry_whose_records_may_be_elsewhere_sends_what_is_not_there(office, ledger):
    sent = send(office, elsewhere(ledger))

    assert (sent.found, len(office.messages), office.looks) == (False, 1, 1)


@pytest.mark.parametrize(("message", "how"), [(Blind(), {}), (Note(), {"on_unknown": "fail"})])
def test_a_retry_whose_records_may_be_elsewhere_and_that_cannot_look_does_not_send(office, ledger, message, how):
    with pytest.raises(OutcomeUnknown, match="its records are not in this ledger"):
        send(office, elsewhere(ledger), message, **how)

    assert (office.messages, office.looks) == ([], 0)


def test_where_claims_are_not_shared_what_looks_the_same_is_nobodys(office, ledger):
    """A task on another machine sends; ours is dropped, and must not take the other's message for its own."""
    send(office, idempotency_store(Clock(), "other", claims_complete=False))
    office.plan = ["dropped"]

    with pytest.raises(OutcomeUnknown, match=office.ids[0]):
        send(office, idempotency_store(ledger, claims_complete=False))
    assert len(office.messages) == 1

    assert send(office, idempotency_store(ledger, claims_complete=False, max_tries=1)).id == office.ids[1]


def test_where_claims_are_not_shared_an_answer_that_was_had_is_proof(office, ledger):
    """Killed between the claim of the id and the record of it."""
    office.plan = ["killed"]
    with pytest.raises(Killed):
        send(office, idempotency_store(ledger, claims_complete=False))
    store = idempotency_store(ledger, claims_complete=False)
    store.claims.claim("note", office.ids[0], store.read(Note().key).ticket)

    assert send(office, store).id == office.ids[0]


def test_an_old_process_that_waited_for_its_quota_sends_nothing_more(office, ledger):
    """It read its state, waited, and was taken for dead: the retry sends meanwhile."""
    old, calls = idempotency_store(ledger), []

    class Slow(Note):
        def send(self, client, observer):
            calls.append(send(office, idempotency_store(ledger, attempt=2)))
            return super().send(client, observer)

    sent = send(office, old, Slow())

    assert [sent.id] == [calls[0].id] == office.ids


def test_a_retry_that_waits_while_the_old_process_sends_finds_its_message(office, ledger):
    """The old one is accepted and killed before its answer."""

    class Waiting(Note):
        def send(self, client, observer):
            if client.plan:
                with pytest.raises(Killed):
                    send(office, idempotency_store(ledger))
            return super().send(client, observer)

    office.plan = ["killed"]
    sent = send(office, idempotency_store(ledger, attempt=2), Waiting())

    assert ([sent.id], sent.found) == (office.ids, True)


def test_of_two_that_resend_one_does(office, ledger):
    office.plan = ["killed"]
    with pytest.raises(Killed):
        send(office, idempotency_store(ledger))
    lost = office.messages.pop()

    class Waiting(Note):
        def send(self, client, observer):
            if not client.messages:
                send(office, idempotency_store(ledger, attempt=2), on_unknown="resend")
            return super().send(client, observer)

    sent = send(office, idempotency_store(ledger), Waiting(), on_unknown="resend")

    assert [sent.id] == office.ids == [str(lost["id"])]


@pytest.mark.parametrize("order", [3, 1, 7], ids=["as many", "fewer retries", "more retries"])
def test_a_finished_task_that_is_cleared_sends_again_whatever_became_of_its_retries(office, ledger, order):
    """One try, cleared: `max_tries` is 1 and the retries of now."""
    store = idempotency_store(ledger, max_tries=3, retries=3)
    send(office, store)
    store.finish()

    for cleared in (1, 2):
        again = idempotency_store(ledger, max_tries=order + cleared - 1, retries=order - 1, attempt=1 + cleared)
        send(office, again)
        again.finish()
        assert len(office.messages) == 1 + cleared


def test_a_damaged_state_is_logged_and_not_sent_over(office, ledger, caplog):
    pages = LedgerKeyValueStore(ledger, "task")
    pages.set("ringcentral:" + Note().key, {"order": 0, "content": 5})

    with pytest.raises(OutcomeUnknown):
        send(office, idempotency_store(ledger))

    assert (office.messages, caplog.text.count("is damaged or of another version")) == ([], 1)


EARLIER = {"order": 3, "content": Note().content, "since": time.time(), "found": False, "kept": {}, "ticket": "t"}
EARLIER_STATES = [
    ({**EARLIER, "sends": 1, "id": "77", "closed": False}, None, "77"),
    ({**EARLIER, "sends": 1, "id": "77", "closed": True}, None, "new"),
    ({**EARLIER, "sends": 1, "id": "", "closed": False}, None, "unknown"),
    ({**EARLIER, "sends": 0, "id": "", "closed": False}, None, "new"),
    ({**EARLIER, "sends": 1, "id": "77", "closed": False}, 3, "77"),
    ({**EARLIER, "sends": 1, "id": "77", "closed": False}, 2, "new"),
]


@pytest.mark.parametrize(("note", "finished", "becomes"), EARLIER_STATES)
def test_states_of_an_earlier_version_count(office, ledger, note, finished, becomes):
    pages = LedgerKeyValueStore(ledger, "task")
    pages.set("ringcentral:" + Note().key, note)
    if finished is not None:
        pages.set("ringcentral:finished", finished)

    if becomes == "unknown":
        with pytest.raises(OutcomeUnknown):
            send(office, idempotency_store(ledger, max_tries=3, retries=3))
        assert office.messages == []
    else:
        sent = send(office, idempotency_store(ledger, max_tries=3, retries=3))
        assert (sent.id, len(office.messages)) == (("77", 0) if becomes == "77" else (office.ids[0], 1))


def test_what_went_out_before_claims_are_forgotten_is_not_looked_for(office, ledger):
    office.plan = ["killed"]
    with pytest.raises(Killed):
        send(office, idempotency_store(ledger))
    store = idempotency_store(ledger)
    entry = store.read(Note().key)
    entry.since -= 7 * 24 * 3600
    store.write(Note().key, entry)

    with pytest.raises(OutcomeUnknown):
        send(office, idempotency_store(ledger))
    assert office.looks == 0


def test_several_messages_of_a_task_have_a_state_each(office, ledger):
    notes = [replace(Note(), to=f"+1650555010{number}") for number in range(3)]
    office.plan = ["ok", "killed"]
    store = idempotency_store(ledger)
    send(office, store, notes[0])
    with pytest.raises(Killed):
        send(office, store, notes[1])

    again = [send(office, idempotency_store(ledger), note) for note in notes]

    assert [sent.id for sent in again] == office.ids
    assert [sent.earlier for sent in again] == [True, False, False]
    assert [sent.found for sent in again] == [False, True, False]
