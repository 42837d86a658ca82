"""The triggers that wait for messages, under a real event loop, against the sandbox."""

from __future__ import annotations

import asyncio
import importlib
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.client.errors import PermissionDenied, error_of
from airflow_provider_ringcentral.hooks import client as hook_client
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.sandbox import Sandbox
from airflow_provider_ringcentral.sending.status.arrival import LATE_SECONDS, Arrival
from airflow_provider_ringcentral.sending.status.status import ungrouped
from airflow_provider_ringcentral.triggers import poll_coordinator
from airflow_provider_ringcentral.triggers.messages import (
    MAX_KNOWN_IDS,
    MAX_MESSAGES,
    MailboxTarget,
    RingCentralMessageStatusTrigger,
    RingCentralNewMessageTrigger,
    arrivals_result,
)
from airflow_provider_ringcentral.triggers.new_records import NewRecordSubscription

EXTENSION = "/restapi/v1.0/account/~/extension/~"
OWN, ALICE, BOB, STRANGER = "+16505551001", "+12125550101", "+12125550102", "+12125550199"
CROWD = 1000


@pytest.fixture(scope="module")
def office() -> Iterator[Sandbox]:
    """One sandbox for the module: messages are told apart by their ids."""
    limits = {"Auth": 1000, "Light": {"requests": 50, "window": 6, "penalty": 6}, "Medium": 100_000}
    with Sandbox(calls=0, limits=limits, sms_per_minute=0, scale=0.1) as sandbox:
        yield sandbox


@pytest.fixture
def desk(office: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", office.connection_uri)
    office.number_outcome(ALICE, status="Delivered", after_seconds=0)
    office.reset_limits()
    office.reset_stats()
    yield office
    office.clear_faults()
    assert hook_client._clients == {}, "the last one closes the client"
    assert poll_coordinator._coordinators == {}, "a poller without waits ends"


@pytest.fixture
def client(desk: Sandbox) -> RingCentralClient:
    return RingCentralJWTHook().get_conn()


def text_to(client: RingCentralClient, number: str, count: int = 1) -> list[str]:
    body = {"from": {"phoneNumber": OWN}, "to": [{"phoneNumber": number}], "text": "The ledger is closed"}
    return [str(client.request_json("POST", f"{EXTENSION}/sms", json=body)["id"]) for _ in range(count)]


def made(ids: list[str], *, seconds: float = 120.0, **arguments: Any) -> RingCentralMessageStatusTrigger:
    given: dict[str, Any] = {"wait_for": "delivered", "since": None, "poke_interval": 0.1} | arguments
    deadline = time.time() + seconds
    return RingCentralMessageStatusTrigger(
        ringcentral_conn_id="ringcentral_default", ids=ids, deadline=deadline, **given
    )


def arriving(*, seconds: float = 120.0, since: float | None = None, **filters: Any) -> RingCentralNewMessageTrigger:
    arrival = Arrival(time.time() if since is None else since, **{"direction": "Inbound", **filters})
    return RingCentralNewMessageTrigger(
        ringcentral_conn_id="ringcentral_default",
        path=f"{EXTENSION}/message-store",
        wanted=arrival.as_json(),
        start=arrival.since,
        poke_interval=0.1,
        deadline=time.time() + seconds,
    )


async def eventually(what) -> None:
    for _ in range(3000):
        if what():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came true")


def waiting() -> int:
    """How many waits share the one poller that there is."""
    (only,) = poll_coordinator._coordinators.values()
    return len(only._waits)


def asked(desk: Sandbox) -> list[list[str]]:
    """The operations of each round: rounds are a second apart at least."""
    found: list[list[str]] = []
    ended = 0.0
    for request in desk.requests():
        if request["group"] != "Light":
            continue
        if request["time"] - ended > 0.5:
            found.append([])
        found[-1].append(request["operation"])
        ended = request["time"] + request["seconds"]
    return found


TRIGGERS = [
    made(["1", "2"], since=1.5),
    made(["1"], since=None),
    arriving(types=("SMS", "Fax"), from_numbers=(ALICE,), but_not=frozenset({"2", "1"})),
]


@pytest.mark.parametrize("trigger", TRIGGERS, ids=["since", "never", "arrival"])
def test_it_survives_the_database(trigger):
    path, arguments = json.loads(json.dumps(trigger.serialize()))
    module, name = path.rsplit(".", 1)
    again = getattr(importlib.import_module(module), name)(**arguments)

    assert again.serialize() == trigger.serialize()


def test_what_it_carries_is_small():
    ids = [str(2**63 - number) for number in range(MAX_MESSAGES)]

    known = frozenset(str(2**63 - number) for number in range(MAX_KNOWN_IDS))

    assert len(json.dumps(made(ids).serialize())) < 48_000
    assert len(json.dumps(arriving(but_not=known).serialize())) < 48_000


async def test_it_tells_what_became_of_them_without_number_and_text(client, desk):
    ids = text_to(client, ALICE, 2)
    event = await made(ids)._event()

    assert ungrouped(json.loads(json.dumps(event))["found"]) == {
        one: {"id": one, "type": "SMS", "messageStatus": "Delivered", "segmentCount": 1} for one in ids
    }
    assert ALICE not in json.dumps(event)
    assert "ledger" not in json.dumps(event)


@pytest.mark.parametrize(
    ("status", "code"), [("SendingFailed", "SMS-RC-413"), ("DeliveryFailed", "SMS-CAR-410"), ("SendingFailed", None)]
)
async def test_one_that_failed_ends_the_wait_for_all(client, desk, status, code):
    desk.number_outcome(ALICE, status="Queued")
    desk.number_outcome(BOB, status=status, code=code, after_seconds=0)
    stuck, failed = text_to(client, ALICE) + text_to(client, BOB)

    event = await made([stuck, failed], wait_for="sent")._event()
    told = ungrouped(event["found"])

    assert (told[failed]["messageStatus"], told[failed].get("deliveryErrorCode")) == (status, code)
    assert told[stuck]["messageStatus"] == "Queued"


async def test_what_stays_queued_is_unknown_or_is_not_there_is_waited_for_until_the_deadline(client, desk):
    desk.number_outcome(ALICE, status="Queued")
    desk.number_outcome(BOB, status="Considering", after_seconds=0)
    ids = [*text_to(client, ALICE), *text_to(client, BOB), "42"]

    event = await made(ids, wait_for="sent", seconds=1.5)._event()

    assert event["status"] == "timeout"
    assert event["reason"].startswith("3 of 3 messages are not sent (status Considering, Queued): ")


async def test_a_thousand_waits_are_one(client, desk):
    """By requests. How long they hold the event loop is measured in `bench/waits.py`."""
    desk.number_outcome(ALICE, status="Queued")
    began = time.time()
    ids = await asyncio.to_thread(text_to, client, ALICE, CROWD)
    desk.reset_stats()
    waits = [asyncio.create_task(made([one], since=began, seconds=600)._event()) for one in ids]
    await eventually(lambda: poll_coordinator._coordinators and waiting() == CROWD and len(asked(desk)) > 1)
    await asyncio.to_thread(lambda: [desk.change_message(int(one), "Delivered") for one in ids])

    events = [await each for each in waits]

    told = [ungrouped(event["found"])[one]["messageStatus"] for one, event in zip(ids, events, strict=True)]
    assert told == ["Delivered"] * CROWD
    assert max(map(len, asked(desk))) <= 3
    assert desk.stats()["limited"] == 0


async def test_what_the_list_does_not_show_is_asked_for_by_id_in_turn(client, desk):
    desk.number_outcome(BOB, status="Queued")
    old = await asyncio.to_thread(text_to, client, BOB, 120)
    for message_id in old:
        desk.change_message(int(message_id), "Delivered")
    desk.reset_stats()

    event = await made(old, since=time.time())._event()

    assert set(ungrouped(event["found"])) == set(old)
    operations = [name for names in asked(desk) for name in names]
    assert operations == ["listMessages", "readMessage", "listMessages", "readMessage", "readMessage"]


async def test_of_unknown_age_they_are_looked_up_in_the_list_of_a_day(client, desk):
    ids = await asyncio.to_thread(text_to, client, ALICE, 60)
    desk.reset_stats()

    assert set(ungrouped((await made(ids)._event())["found"])) == set(ids)
    assert {name for names in asked(desk) for name in names} == {"listMessages"}


async def test_a_trigger_that_starts_anew_goes_on_with_the_same_messages(client, desk):
    desk.number_outcome(ALICE, status="Queued")
    (message,) = text_to(client, ALICE)
    trigger = made([message])
    first = asyncio.create_task(trigger._event())
    await eventually(lambda: poll_coordinator._coordinators)
    first.cancel()
    await asyncio.wait([first])
    desk.change_message(int(message), "Delivered")
    again = RingCentralMessageStatusTrigger(**json.loads(json.dumps(trigger.serialize()[1])))

    assert (await again._event())["status"] == "success"


async def test_the_last_look_comes_with_the_deadline_and_not_with_the_interval(client, desk):
    desk.number_outcome(ALICE, status="Queued")
    (message,) = text_to(client, ALICE)
    desk.change_message(int(message), "Delivered")

    assert (await made([message], poke_interval=3600, seconds=1.0)._event())["status"] == "success"
    assert asked(desk) == [["readMessage"]]


async def test_waits_join_and_leave_and_the_rest_goes_on(client, desk):
    desk.number_outcome(ALICE, status="Queued")
    (message,) = text_to(client, ALICE)
    first, second = (asyncio.create_task(made([message])._event()) for _ in range(2))
    await eventually(lambda: poll_coordinator._coordinators and waiting() == 2)
    first.cancel()
    await asyncio.wait([first])
    joined = asyncio.create_task(made([message])._event())
    await eventually(lambda: waiting() == 2)
    desk.change_message(int(message), "Delivered")

    assert [(await each)["status"] for each in (second, joined)] == ["success"] * 2
    assert first.cancelled()


async def test_cancelled_while_it_asks_it_leaves_nothing_behind(client, desk):
    desk.number_outcome(ALICE, status="Queued")
    (message,) = text_to(client, ALICE)
    desk.fault("slow", operation="readMessage", seconds=2)
    task = asyncio.create_task(made([message])._event())
    await eventually(lambda: desk.faults()[0]["done"])
    task.cancel()
    await asyncio.wait([task])

    assert (task.cancelled(), poll_coordinator._coordinators) == (True, {})


async def test_what_may_pass_is_waited_out(client, desk):
    ids = text_to(client, ALICE)
    desk.fault("status", operation="readMessage", status=503, retry_after=0)

    assert (await made(ids)._event())["status"] == "success"


async def test_what_waiting_cannot_mend_is_told_to_all_with_its_cure(client, desk):
    desk.number_outcome(ALICE, status="Queued")
    ids = text_to(client, ALICE, 3)
    waits = [asyncio.create_task(made([one])._event()) for one in ids]
    await eventually(lambda: poll_coordinator._coordinators and waiting() == 3)
    desk.fault("status", operation="readMessage", status=403, code="CMN-401", every=1)
    errors = [error_of((await each)["error"]) for each in waits]

    assert [type(error) for error in errors] == [PermissionDenied] * 3
    assert all(error.remedy and error.remedy.who == "developer console" for error in errors)


async def test_all_who_wait_for_one_mailbox_share_its_list(desk):
    kinds = ["SMS", "Fax", "VoiceMail"]
    waits = [asyncio.create_task(arriving(types=(kind,))._event()) for kind in kinds * 20]
    await eventually(lambda: poll_coordinator._coordinators and waiting() == 60)
    arrived = {kind: str(desk.receive_message(kind)["id"]) for kind in kinds}
    events = [await each for each in waits]

    assert [[one["id"] for one in event["found"]] for event in events] == [[arrived[kind]] for kind in kinds * 20]
    assert desk.stats()["operations"]["listMessages"] < len(waits) / 3


async def test_a_look_goes_back_no_further_than_messages_may_come_late(desk):
    began = time.time()
    long_ago = began - 40 * 86_400
    waiting_long, waiting_new = (
        NewRecordSubscription(Arrival(when, from_numbers=(STRANGER,)), arrivals_result, when)
        for when in (long_ago, began)
    )
    async with hook_client.shared_client("ringcentral_default") as client:
        target = MailboxTarget(f"{EXTENSION}/message-store")
        looks = await target.poll(client, [waiting_long, waiting_new])
        starts = (waiting_long.start, waiting_new.start)

    assert [look.done for look in looks] == [False, False]
    assert starts[0] == pytest.approx(began - LATE_SECONDS, abs=5)
    assert starts[1] == began


async def test_it_does_not_fire_within_five_seconds(client, desk):
    ids = text_to(client, ALICE)
    firing = asyncio.create_task(anext(made(ids).run()))
    done, _ = await asyncio.wait([firing], timeout=4.9)

    assert done == set()
    assert (await firing).payload["status"] == "success"
