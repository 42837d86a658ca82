"""The sensors of messages: poke, reschedule and the triggerer judge alike, against the sandbox."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)
from airflow.sdk.exceptions import AirflowRescheduleException
from requests_mock import ANY

from airflow_provider_ringcentral.client.errors import DeliveryFailed
from airflow_provider_ringcentral.sensors.messages import RingCentralMessageStatusSensor, RingCentralNewMessageSensor

from .conftest import ALICE, BOB, OWN, TEXT, WAYS, Store, context_of, deferred, ended, resumed

STRANGER = "+12125550199"
SMS = "/restapi/v1.0/account/~/extension/~/sms"


def sent(client, number, count=1) -> list[str]:
    body = {"from": {"phoneNumber": OWN}, "to": [{"phoneNumber": number}], "text": TEXT}
    return [str(client.request_json("POST", SMS, json=body)["id"]) for _ in range(count)]


def status(message_id, **arguments) -> RingCentralMessageStatusSensor:
    given = {"poke_interval": 0.1, "timeout": 20.0} | arguments
    return RingCentralMessageStatusSensor(task_id="wait", message_id=message_id, **given)


def new(**arguments) -> RingCentralNewMessageSensor:
    given = {"poke_interval": 0.1, "timeout": 20.0, "since": datetime.now(UTC)} | arguments
    return RingCentralNewMessageSensor(task_id="wait", **given)


# --- status


@WAYS
async def test_it_waits_until_they_are_delivered(client, desk, deferrable):
    desk.number_outcome(ALICE, status="Delivered", after_seconds=12)
    ids = sent(client, ALICE, 2)

    told = await ended(status(ids, wait_for="delivered", deferrable=deferrable))

    assert told == [{"id": one, "status": "Delivered", "code": None} for one in ids]


@pytest.mark.parametrize(
    "given",
    [lambda one: one, int, lambda one: [one, one], lambda one: [{"to": [0], "id": one, "status": "Queued"}]],
    ids=["text", "number", "twice", "operator.output"],
)
def test_how_messages_are_named(client, desk, given):
    (message,) = sent(client, ALICE)

    told = status(given(message), wait_for="accepted").execute(context_of())

    assert [one["id"] for one in told] == [message]


FAILURES = [
    ("SendingFailed", None, "Find the code in"),
    ("DeliveryFailed", "SMS-CAR-410", "Correct the number"),
    ("SendingFailed", "SMS-RC-413", "Remove the recipient"),
    ("DeliveryFailed", "SMS-UP-412", "Send the message again later"),
]


@WAYS
@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: f"{failure[0]}-{failure[1]}")
async def test_what_failed_fails_the_task_at_once_with_the_remedy(client, desk, failure, deferrable):
    end, code, cure = failure
    desk.number_outcome(BOB, status=end, code=code, after_seconds=10)
    ids = sent(client, BOB)
    with pytest.raises(DeliveryFailed, match=cure) as caught:
        await ended(status(ids, wait_for="delivered", deferrable=deferrable, soft_fail=True))

    assert isinstance(caught.value, AirflowFailException), "waiting anew cannot help"
    assert caught.value.codes == ((code,) if code else ())
    assert ids[0] in str(caught.value)


@WAYS
async def test_a_code_by_which_the_carrier_does_not_tell_warns(client, desk, caplog, deferrable):
    desk.number_outcome(BOB, status="SendingFailed", code="SMS-CAR-199", after_seconds=10)
    ids = sent(client, BOB)

    told = await ended(status(ids, deferrable=deferrable))

    assert told == [{"id": ids[0], "status": "SendingFailed", "code": "SMS-CAR-199"}]
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [line for line in warned if ids[0] in line]


@WAYS
@pytest.mark.parametrize(("end", "error"), [("Queued", AirflowSensorTimeout), ("Considering", AirflowSkipException)])
async def test_what_never_ends_times_out_and_may_skip(client, desk, end, error, deferrable):
    desk.number_outcome(BOB, status=end, after_seconds=0)
    ids = sent(client, BOB)
    with pytest.raises(error):
        await ended(status(ids, deferrable=deferrable, soft_fail=error is AirflowSkipException, timeout=0.3))


def test_reschedule_gives_the_worker_back(client, desk):
    desk.number_outcome(BOB, status="Queued")

    class Rescheduled:
        def get_first_reschedule_date(self, context):
            return datetime.now(UTC)

    with pytest.raises(AirflowRescheduleException):
        status(sent(client, BOB), mode="reschedule", poke_interval=60).execute({"ti": Rescheduled()})


def test_the_trigger_carries_ids_and_no_more_than_it_needs(client, desk):
    desk.number_outcome(BOB, status="Queued")
    ids = sent(client, BOB)
    before = time.time()
    _, arguments = deferred(status(ids, deferrable=True, timeout=60), context_of()).trigger.serialize()

    assert before + 59 < arguments.pop("deadline") < before + 62
    assert before - 5 < arguments.pop("since") <= time.time()
    assert arguments == {
        "ringcentral_conn_id": "ringcentral_default",
        "ids": ids,
        "wait_for": "sent",
        "poke_interval": 0.1,
    }


# --- arrivals


@WAYS
@pytest.mark.parametrize("kind", ["SMS", "VoiceMail", "Fax", "Pager"])
async def test_a_message_that_arrives(client, desk, kind, deferrable):
    sensor = new(message_type=kind, deferrable=deferrable)
    other = "Fax" if kind == "SMS" else "SMS"
    desk.receive_message(other)
    arrived = desk.receive_message(kind, text=TEXT, after_seconds=10)

    (told,) = await ended(sensor)

    assert (told["id"], told["type"], told["direction"]) == (str(arrived["id"]), kind, "Inbound")
    assert told["creationTime"] == arrived["created"]
    assert told["attachments"][0]["uri"].startswith("http")
    assert TEXT not in json.dumps(told)


def test_the_recording_of_a_voicemail_can_be_fetched(client, desk, tmp_path):
    sensor = new(message_type="VoiceMail")
    desk.receive_message("VoiceMail", duration=7, media="a voice")
    (told,) = sensor.execute(context_of())
    (recording,) = told["attachments"]
    sensor.hook.download(recording["uri"], str(tmp_path / "voice.mp3"))

    assert (recording["type"], recording["vmDuration"]) == ("AudioRecording", 7)
    assert (tmp_path / "voice.mp3").read_text() == "a voice"


@WAYS
@pytest.mark.parametrize(
    ("filters", "other"),
    [
        ({"from_number": ALICE}, {"from_number": BOB}),
        ({"from_number": ["102", ALICE]}, {"from_number": BOB}),
        ({"to_number": OWN}, {"to": "+16505551002"}),
    ],
    ids=str,
)
async def test_filters_by_number(client, desk, filters, other, deferrable):
    sensor = new(**filters, deferrable=deferrable)
    right = {"from_number": ALICE, "to": OWN}
    desk.receive_message(**{**right, **other})
    arrived = desk.receive_message(**right, after_seconds=10)

    assert [one["id"] for one in await ended(sensor)] == [str(arrived["id"])]


@pytest.mark.parametrize(("direction", "count"), [("Outbound", 1), (None, 2), ("Inbound", 1)])
def test_filters_by_direction(client, desk, direction, count):
    sensor = new(direction=direction)
    desk.receive_message(from_number=ALICE)
    sent(client, ALICE)

    assert len(sensor.execute(context_of())) == count


async def test_a_pattern_is_judged_by_the_worker_which_comes_back_for_what_passes_the_rest(client, desk):
    sensor = new(text_pattern="(?i)^approved?\\b", deferrable=True)
    context = context_of()
    desk.receive_message(text="Rejected")
    first = deferred(sensor, context).trigger
    desk.receive_message(text="I did not approve")
    event = await first._event()
    with pytest.raises(TaskDeferred) as again:
        resumed(sensor, event, context)
    second = again.value.trigger
    arrived = desk.receive_message(text="Approve, please")

    (told,) = resumed(sensor, await second._event(), context)

    assert told["id"] == str(arrived["id"])
    assert (second.deadline, len(second.wanted["but_not"])) == (first.deadline, 2)
    assert "pprove" not in json.dumps([second.serialize(), event, told])


async def test_what_came_between_the_looks_is_not_missed_and_what_was_before_is_not_taken(client, desk):
    desk.receive_message(text="before")
    await asyncio.sleep(0.01)
    store, began = Store(), time.time()
    sensor = new(since=None, deferrable=True)
    trigger = deferred(sensor, context_of(store)).trigger
    arrived = desk.receive_message()

    (told,) = resumed(sensor, await trigger._event(), context_of(store))

    assert told["id"] == str(arrived["id"])
    assert began <= trigger.wanted["since"] <= time.time()


@pytest.mark.parametrize("way", ["poke", "rescheduled", "deferred", "tried again"])
async def test_a_server_whose_clock_is_behind_hides_nothing(client, desk, way, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/ledger.sqlite")
    stranger = f"+1212555012{len(way) % 10}"

    def late() -> str:
        """What arrives now, dated 20 s ago."""
        dated = (datetime.now(UTC) - timedelta(seconds=20)).isoformat()
        return str(desk.receive_message(from_number=stranger, created=dated)["id"])

    def sensor(**how):
        return new(since=None, from_number=stranger, **how)

    late()
    if way == "deferred":
        trigger = deferred(sensor(deferrable=True), context_of()).trigger
        arrived = late()
        told = resumed(sensor(deferrable=True), await trigger._event(), context_of())
    elif way == "poke":
        waits = sensor()
        waits._prepare(context_of())
        assert not waits.poke(context_of()).is_done
        arrived = late()
        told = waits.poke(context_of()).xcom_value
    else:
        how = {"mode": "reschedule"} if way == "rescheduled" else {"timeout": 0.5}
        with pytest.raises((AirflowRescheduleException, AirflowSensorTimeout)):
            sensor(**how).execute(rescheduling())
        arrived = late()
        how.pop("timeout", None)
        told = sensor(**how).execute(rescheduling(attempt=1 + (way == "tried again")))

    assert [one["id"] for one in told] == [arrived], "what was there before is not taken, what came since is"


def test_a_given_moment_is_held_against_the_clock_of_ringcentral(desk, requests_mock):
    """Its answers say that it is 300 s behind."""
    now = datetime.now(UTC)
    date = {"Date": format_datetime(now - timedelta(seconds=300), usegmt=True)}
    dated = [(now - timedelta(seconds=seconds)).isoformat() for seconds in (310, 295)]
    rows = [
        {"id": number, "type": "SMS", "direction": "Inbound", "creationTime": made, "attachments": []}
        for number, made in enumerate(dated)
    ]
    requests_mock.post(ANY, json={"access_token": "t", "expires_in": 3600, "owner_id": "1"}, headers=date)
    requests_mock.get(ANY, json={"records": rows}, headers=date)

    told = new(since=now).execute(context_of())

    assert [one["id"] for one in told] == ["1"]
    asked = requests_mock.last_request.qs["datefrom"][0].upper()
    assert datetime.fromisoformat(asked) < now - timedelta(seconds=300)


def rescheduling(**how):
    """The context of a sensor that gives its worker back between looks."""
    context = context_of(**how)
    context["ti"].get_first_reschedule_date = lambda _: None
    return context


def test_without_its_note_a_rescheduled_sensor_begins_with_its_first_look(client, desk, tmp_path, monkeypatch):
    first = datetime.now(UTC) - timedelta(minutes=5)
    arrived = desk.receive_message(from_number="+12125550140", created=(first + timedelta(minutes=1)).isoformat())
    context = context_of()
    context["ti"].get_first_reschedule_date = lambda _: first
    monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/another-machine.sqlite")

    (told,) = new(since=None, from_number="+12125550140", mode="reschedule", timeout=3600).execute(context)

    assert told["id"] == str(arrived["id"])


@pytest.mark.parametrize("stored", [True, False], ids=["state store", "ledger"])
def test_since_is_the_first_try_for_retries_and_anew_for_a_person_who_clears(desk, stored, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/ledger.sqlite")
    store = Store() if stored else None

    def started(**how) -> float:
        trigger = deferred(new(since=None, deferrable=True), context_of(store, **how)).trigger
        return trigger.wanted["since"]

    first = started()

    assert started(attempt=2) == first
    assert started(attempt=3, clears=2) > first


def test_a_retry_on_another_machine_begins_with_the_run(desk, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/ledger.sqlite")
    start = (datetime.now(UTC) - timedelta(minutes=10)).replace(microsecond=0)
    sensor = new(since=None, deferrable=True, from_number=STRANGER)
    trigger = deferred(sensor, context_of(attempt=2, run_start=start.isoformat())).trigger

    assert trigger.wanted["since"] == start.timestamp()


async def test_after_a_first_look_that_got_no_answer_nothing_is_missed(client, desk):
    sensor = new(since=datetime.now(UTC) - timedelta(hours=3), from_number=STRANGER, deferrable=True)
    desk.receive_message(from_number=STRANGER, created=(datetime.now(UTC) - timedelta(hours=2)).isoformat())
    desk.fault("status", operation="listMessages", status=503, retry_after=60)
    trigger = deferred(sensor, context_of()).trigger
    desk.clear_faults()

    assert len(resumed(sensor, await trigger._event(), context_of())) == 1


@pytest.mark.parametrize(("deferrable", "error"), [(False, AirflowSensorTimeout), (True, AirflowSkipException)])
async def test_nothing_arrives(desk, deferrable, error):
    with pytest.raises(error):
        await ended(new(from_number="+12125550198", deferrable=deferrable, timeout=0.3, soft_fail=deferrable))


def test_of_very_many_the_oldest_are_returned(client, desk):
    sensor = new()
    for _ in range(150):
        desk.receive_message()
    told = sensor.execute(context_of())

    assert 50 < len(told) < 150
    assert len(json.dumps(told)) < 60_000
    assert told == sorted(told, key=lambda one: one["creationTime"])


# --- all of them


BAD = [
    (status, {"message_id": ""}, "not an id"),
    (status, {"message_id": []}, "is empty"),
    (status, {"message_id": None}, "not an id"),
    (status, {"message_id": "[{'id': '1'}]"}, "operator.output"),
    (status, {"message_id": [{"to": [0]}]}, "not an id"),
    (status, {"message_id": list(range(501))}, "may have 500"),
    (status, {"message_id": "1", "wait_for": "Sent"}, "wait_for"),
    (status, {"message_id": "1", "deferrable": True, "exponential_backoff": True}, "leave it out"),
    (new, {"message_type": "Voicemail"}, "did you mean 'VoiceMail'"),
    (new, {"direction": "in"}, "not valid; .*'Inbound'"),
    (new, {"from_number": "555-0100"}, "E.164"),
    (new, {"to_number": [ALICE, ""]}, "E.164"),
    (new, {"extension_id": "1/../2"}, "ids have digits only"),
    (new, {"text_pattern": "("}, "not a regular expression"),
    (new, {"text_pattern": "x", "message_type": "Fax"}, "have no text"),
    (new, {"since": "yesterday"}, "ISO 8601"),
    (new, {"since": "2026-01-01T00:00:00"}, "no time zone"),
]


@pytest.mark.parametrize(
    ("make", "arguments", "says"), BAD, ids=lambda value: getattr(value, "__name__", str(value))[:40]
)
def test_bad_input_is_refused_before_anything_is_sent(desk, make, arguments, says):
    with pytest.raises(AirflowFailException, match=says) as caught:
        make(**arguments).execute(context_of())

    assert desk.stats()["requests"] == 0
    assert "555" not in str(caught.value).replace("+16505550100", "")


def test_no_number_and_no_text_is_logged(client, desk, caplog):
    caplog.set_level(logging.INFO)
    desk.number_outcome(BOB, status="Delivered", after_seconds=10)
    status(sent(client, BOB), wait_for="delivered").execute(context_of())
    sensor = new(from_number=ALICE, text_pattern="ledger")
    desk.receive_message(from_number=ALICE, text=TEXT, after_seconds=10)
    sensor.execute(context_of())

    assert "Message " in caplog.text
    for personal in (OWN, ALICE, BOB, "2125550101", TEXT, "ledger close"):
        assert personal not in caplog.text


@pytest.mark.parametrize("kind", [RingCentralMessageStatusSensor, RingCentralNewMessageSensor])
def test_every_template_field_is_an_attribute_left_as_given(kind):
    given = {name: f"{{{{ {name} }}}}" for name in kind.template_fields}
    made = kind(task_id="x", **given)

    assert {name: getattr(made, name) for name in given} == given
