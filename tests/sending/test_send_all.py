"""Lists of recipients: no recipient keeps the others from theirs, and each outcome is reported."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred

from airflow_provider_ringcentral.client.errors import (
    BadRequest,
    LoginFailed,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    RingCentralError,
    Unavailable,
)
from airflow_provider_ringcentral.client.ledger.memory import MemoryLedger
from airflow_provider_ringcentral.sending.once.store import IdempotencyStore, LedgerKeyValueStore
from airflow_provider_ringcentral.sending.outcomes import Outcomes, SendStatus
from airflow_provider_ringcentral.sending.send_all import (
    FAILING_SECONDS,
    AddressedMessage,
    concerns_everybody,
    send_all,
    send_all_then_look_up,
)
from tests.sending.conftest import Store, context_of
from tests.sending.post_office import Note, PostOffice

BLOCKED = BadRequest("blocked", status=400, codes=["MSG-243"])
ABROAD = PermissionDenied("abroad", status=403, codes=["MSG-240"])
BUSY = RateLimited("too many", status=429, retry_after=30.0)
DOWN = Unavailable("down", status=503, retry_after=20.0)
LOST = OutcomeUnknown("no answer", status=502)


class Clock(MemoryLedger):
    """A ledger whose time passes as told."""

    at = 1_000_000.0

    def now(self) -> float:
        return self.at


def send(office: PostOffice, count: int, ledger: MemoryLedger | None = None, **how: Any) -> Outcomes:
    store = IdempotencyStore(
        LedgerKeyValueStore(ledger or MemoryLedger(), "task"), ledger or MemoryLedger(), "server", **how
    )
    messages = [AddressedMessage(Note(f"+1650555{place:04}"), (place,)) for place in range(count)]
    return send_all(office, messages, store, on_unknown="fail")


def statuses(outcomes: Outcomes) -> list[SendStatus]:
    return [one.status for one in outcomes.all]


def test_everybody_is_tried_whatever_the_others_met():
    office = PostOffice(plan=[BLOCKED, ABROAD, NotFound("no such", status=404), DOWN, BUSY, LOST, "ok"])

    outcomes = send(office, 8)

    refused, later = SendStatus.REFUSED, SendStatus.LATER
    assert statuses(outcomes) == [
        refused,
        refused,
        refused,
        later,
        later,
        SendStatus.UNKNOWN,
        SendStatus.SENT,
        SendStatus.SENT,
    ]
    assert (outcomes.complete, outcomes.may_have_sent, outcomes.retryable) == (False, True, True)


def test_the_error_says_what_became_of_each_and_that_trying_again_helps():
    error = send(PostOffice(plan=[BLOCKED, BUSY, "ok", BLOCKED, LOST]), 5).error()

    assert isinstance(error, RateLimited)
    assert error.retry_after == 30.0
    assert error.message == (
        "of 5 messages 1 is sent (to[2]); 2 are refused (to[0, 3] HTTP 400 MSG-243); 1 is unknown (to[4] HTTP 502); "
        "1 is not sent yet (to[1] HTTP 429); to[1]: too many"
    )


def test_the_outcome_of_each_as_json():
    assert send(PostOffice(plan=[ABROAD, "ok", LOST]), 3).as_json() == [
        {"to": [0], "outcome": "refused", "id": None, "status": 403, "codes": ["MSG-240"]},
        {"to": [1], "outcome": "sent", "id": "7000000000000000001"},
        {"to": [2], "outcome": "unknown", "id": None, "status": 502, "codes": []},
    ]


EVERYBODY = [
    LoginFailed("no", status=401),
    PermissionDenied("scope", status=403, codes=["CMN-401"]),
    BadRequest("sender", status=400, codes=["MSG-245"]),
    PermissionDenied("sender", status=403, codes=["FeatureNotAvailable", "MSG-304"]),
    BadRequest("text", status=400, codes=["CMN-101"], parameter="text"),
    BadRequest("text", status=400, codes=["CMN-101"], parameter="from.phoneNumber"),
    BadRequest("too large", status=400, codes=["MSG-338"]),
    PermissionDenied("used up", status=403, codes=["MSG-384"]),
    RateLimited("not waiting any longer", retry_after=60.0),
]
ONE_ONLY = [BLOCKED, ABROAD, BUSY, DOWN, LOST, BadRequest("to", status=400, codes=["CMN-101"], parameter="to[0]")]


@pytest.mark.parametrize("error", EVERYBODY, ids=str)
def test_what_all_have_in_common_ends_it(error: RingCentralError):
    outcomes = send(PostOffice(plan=["ok", error, "ok"]), 3)

    assert concerns_everybody(error)
    assert [outcomes.all[0].status, outcomes.all[2].status] == [SendStatus.SENT, SendStatus.UNTRIED]
    assert "1 is not tried (to[2])" in str(outcomes.error())


@pytest.mark.parametrize("error", ONE_ONLY, ids=str)
def test_what_concerns_one_recipient_does_not(error: RingCentralError):
    outcomes = send(PostOffice(plan=[error] * 20), 21)

    assert not concerns_everybody(error)
    assert outcomes.all[20].status is SendStatus.SENT


def test_an_outage_ends_it_after_a_while():
    """A thousand recipients, a minute each, would keep a worker for a day."""
    ledger = Clock()

    def slow(record: Any) -> Any:
        ledger.at += FAILING_SECONDS / 2 + 1
        raise Unavailable("down", status=503)

    outcomes = send(PostOffice(plan=[slow] * 6), 6, ledger)

    assert statuses(outcomes) == [SendStatus.LATER] * 3 + [SendStatus.UNTRIED] * 3


def test_the_next_leg_begins_with_whoever_was_not_tried_and_does_not_ask_the_refused_again():
    ledger, used_up = MemoryLedger(), RateLimited("used up", retry_after=10.0)
    first = PostOffice(plan=[BLOCKED, "ok", used_up])
    assert statuses(send(first, 5, ledger))[2:] == [SendStatus.LATER, SendStatus.UNTRIED, SendStatus.UNTRIED]

    second = PostOffice(plan=[])
    outcomes = send(second, 5, ledger)

    assert [one["to"] for one in second.messages] == ["+16505550003", "+16505550004", "+16505550002"]
    assert statuses(outcomes) == [SendStatus.REFUSED] + [SendStatus.SENT] * 4
    assert isinstance(outcomes.error(), BadRequest)


def test_the_next_try_asks_the_refused_again_and_last():
    ledger = MemoryLedger()
    send(PostOffice(plan=[BLOCKED, DOWN]), 3, ledger)

    office = PostOffice()
    assert send(office, 3, ledger, attempt=2).complete
    assert [one["to"] for one in office.messages] == ["+16505550000", "+16505550001"]


def test_who_has_little_time_looks_when_everybody_was_sent_to():
    office = PostOffice(plan=["lost", BLOCKED, "dropped", "ok"])
    ledger = MemoryLedger()
    store = IdempotencyStore(LedgerKeyValueStore(ledger, "alert"), ledger, "server")

    messages = [AddressedMessage(Note(f"+1650555{place:04}"), (place,)) for place in range(4)]
    outcomes = send_all_then_look_up(office, messages, store, settling=0.1)

    assert statuses(outcomes) == [SendStatus.SENT, SendStatus.REFUSED, SendStatus.UNKNOWN, SendStatus.SENT]
    assert [one["to"] for one in office.messages] == ["+16505550000", "+16505550003"]
    first, _, third, _ = outcomes.all
    assert first.sent is not None
    assert first.sent.found
    assert third.error is not None
    assert third.error.status == 502


class Task:
    """A task instance that keeps what is pushed."""

    def __init__(self, ti: Any) -> None:
        self.__dict__.update(vars(ti))
        self.pushed: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


@pytest.mark.parametrize("sender", ["SMS", "MMS", "pager", "fax"])
def test_refused_with_403(desk, senders, there, sender):
    """The first three are refused, of whatever channel; the fourth gets it, and the error and XCom say so."""
    numbers = ["102", "103", "104", "105"] if sender == "pager" else [f"+1212555030{place}" for place in range(4)]
    operations = {"SMS": "createSMSMessage", "MMS": "createMMS", "fax": "createFaxMessage"}
    operation = operations.get(sender, "createInternalTextMessage")
    desk.fault("status", status=403, code="MSG-240", operation=operation, every=1, times=3)
    context = context_of()
    context["ti"] = ti = Task(context["ti"])

    with pytest.raises(
        AirflowFailException, match=r"of 4 messages 1 is sent \(to\[3\]\); 3 are refused \(to\[0, 1, 2\]"
    ):
        senders[sender](to=numbers).execute(context)

    assert desk.stats()["operations"][operation] == 4
    assert [one["outcome"] for one in ti.pushed["outcomes"]] == ["refused"] * 3 + ["sent"]


def test_a_list_with_one_in_trouble_comes_back(desk, senders, there):
    """503 with Retry-After for longer than the task waits: the others have it before the task is deferred."""
    numbers = [f"+1212555040{place}" for place in range(3)]
    desk.fault("status", status=503, retry_after=100, operation="createSMSMessage", nth=1)
    store = Store()

    with pytest.raises(TaskDeferred):
        senders["SMS"](to=numbers, deferrable=True).execute(context_of(store=store))
    assert len(there()) == 2

    desk.fault("status", status=503, retry_after=2000, operation="createSMSMessage", nth=1)
    with pytest.raises(Unavailable, match="2 are sent"):
        senders["SMS"](to=numbers).execute(context_of(store=store))
    results = senders["SMS"](to=numbers).execute(context_of(attempt=2, store=store))
    assert [one["to"] for one in results] == [[0], [1], [2]]
    assert len(there()) == 3


def test_those_that_went_out_are_waited_for_before_the_refusal_is_raised(desk, senders, there):
    numbers = ["+12125550500", "+12125550501"]
    desk.fault("status", status=400, code="MSG-243", operation="createSMSMessage", nth=1)

    with pytest.raises(AirflowFailException, match="1 is refused"):
        senders["SMS"](to=numbers, wait_for="delivered", poll_interval=0.05).execute(context_of())

    (message,) = [one for one in desk.messages(direction="Outbound") if one["to"] == [numbers[1]]]
    assert message["status"] == "Delivered"


@pytest.mark.parametrize("code", ["MSG-384", "MSG-245"])
def test_when_the_text_or_the_sender_is_at_fault_the_rest_is_not_tried(desk, senders, there, code):
    desk.fault("status", status=400, code=code, operation="createSMSMessage", every=1)

    with pytest.raises(AirflowFailException, match=r"5 are not tried \(to\[1, 2, 3, 4, 5\]\)"):
        senders["SMS"](to=[f"+1212555060{place}" for place in range(6)]).execute(context_of())

    assert desk.stats()["operations"]["createSMSMessage"] == 1
