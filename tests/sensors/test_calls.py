"""The sensor of calls, and its trigger, against the sandbox."""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout, AirflowSkipException

from airflow_provider_ringcentral.client.errors import PermissionDenied
from airflow_provider_ringcentral.sensors.calls import POKE_INTERVAL_SECONDS, RingCentralCallSensor
from airflow_provider_ringcentral.triggers.calls import (
    LATE_SECONDS,
    EndedCallFilter,
    RingCentralCallTrigger,
    ended_calls_result,
)

from .conftest import ALICE, BOB, OWN, WAYS, Store, context_of, deferred, ended, resumed

NOBODY = "+12125550199"


def call(**arguments) -> RingCentralCallSensor:
    given = {"poke_interval": 0.1, "timeout": 20.0, "since": datetime.now(UTC)} | arguments
    return RingCentralCallSensor(task_id="wait", **given)


def rung(desk, *, began: timedelta = timedelta(), seconds: int = 60, **fields) -> str:
    """A call that began a while before now and lasted some seconds."""
    start = (datetime.now(UTC) - began).isoformat(timespec="milliseconds")
    record = {
        "direction": "Inbound",
        "type": "Voice",
        "result": "Accepted",
        "duration": seconds,
        "from": {"phoneNumber": ALICE},
        "to": {"phoneNumber": OWN, "extensionId": "400131428008"},
    }
    (made,) = desk.insert_calls(1, start_time=start, fields=record | fields)
    return made


def row(**fields: Any) -> dict[str, Any]:
    return {
        "id": "A1",
        "startTime": "2026-11-01T10:00:00.000Z",
        "duration": 60,
        "type": "Voice",
        "direction": "Inbound",
        "result": "Missed",
        "from": {"phoneNumber": "+1 (212) 555-0101", "name": "A Caller"},
        "to": {"extensionNumber": "102", "extensionId": "7"},
        "extension": {"id": 7},
        **fields,
    }


SINCE = datetime(2026, 11, 1, 10, 1, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("wanted", "fields", "passes"),
    [
        ({}, {}, True),
        ({}, {"duration": 58}, False),
        ({}, {"startTime": "2026-11-01T09:00:00.000Z", "duration": 7200}, True),
        ({}, {"result": "In Progress"}, False),
        ({}, {"result": "inprogress"}, False),
        ({"results": ("No Answer",)}, {"result": "NoAnswer"}, True),
        ({"direction": "Inbound", "call_type": "Voice"}, {"direction": "inbound", "type": "VOICE"}, True),
        ({}, {"result": None}, False),
        ({}, {"duration": None}, False),
        ({}, {"deleted": True}, False),
        ({"direction": "Outbound"}, {}, False),
        ({"call_type": "Fax"}, {}, False),
        ({"results": ("Voicemail", "MISSED")}, {}, True),
        ({"results": ("Voicemail",)}, {}, False),
        ({"from_numbers": ("+12125550101",)}, {}, True),
        ({"from_numbers": ("+12125550101",)}, {"from": {}}, False),
        ({"from_numbers": ("+12125550101",)}, {"from": None}, False),
        ({"to_numbers": ("102",)}, {}, True),
        ({"to_numbers": ("103",)}, {}, False),
        ({"extensions": ("7",)}, {"to": {}}, True),
        ({"extensions": ("7",)}, {"extension": {"id": 8}}, True),
        ({"extensions": ("9",)}, {}, False),
    ],
    ids=str,
)
def test_which_calls_are_waited_for(wanted, fields, passes):
    assert EndedCallFilter(SINCE, **wanted).passes(row(**fields)) is passes


def test_what_is_told_of_a_call_and_of_its_later_version():
    first, later = row(result="Accepted"), row(message={"id": "5", "type": "VoiceMail"}, recording={"id": "6"})
    (told,) = ended_calls_result(EndedCallFilter(SINCE), [first, later]).value

    assert (told["id"], told["result"], told["message"], told["recording"]) == ("A1", "Missed", "5", "6")
    assert "555" not in json.dumps(told)
    assert "Caller" not in json.dumps(told)


@WAYS
async def test_a_long_call_counts_when_it_ends(desk, deferrable):
    caller = "+12125550103" if deferrable else "+12125550104"
    since = datetime.now(UTC) - timedelta(seconds=5)
    sensor = call(from_number=caller, result="Voicemail", since=since, deferrable=deferrable)
    rung(desk, began=timedelta(minutes=10), result="Voicemail", **{"from": {"phoneNumber": caller}})
    running = rung(
        desk, began=timedelta(hours=3), seconds=3 * 3600, result="In Progress", **{"from": {"phoneNumber": caller}}
    )
    desk.correct_calls([running], {"result": "Voicemail"}, after_seconds=0.2)

    (told,) = await ended(sensor)

    assert (told["id"], told["result"], told["duration"]) == (running, "Voicemail", 3 * 3600)


async def test_all_who_wait_share_a_request(desk):
    numbers = [f"+1212555{number:04d}" for number in range(110, 130)]
    triggers = [deferred(call(from_number=one, deferrable=True), context_of()).trigger for one in numbers]
    made = [rung(desk, began=timedelta(seconds=60), seconds=61, **{"from": {"phoneNumber": one}}) for one in numbers]
    desk.reset_stats()
    events = await asyncio.gather(*(trigger._event() for trigger in triggers))

    assert [[one["id"] for one in event["found"]] for event in events] == [[one] for one in made]
    assert desk.stats()["operations"]["extractSyncAccountCallLog"] <= 2, "one for the first, one for all who joined it"


@pytest.mark.parametrize(("deferrable", "error"), [(False, AirflowSensorTimeout), (True, AirflowSkipException)])
async def test_no_call(desk, deferrable, error):
    with pytest.raises(error):
        await ended(call(from_number=NOBODY, deferrable=deferrable, timeout=0.3, soft_fail=deferrable))


@WAYS
async def test_a_missing_role_fails_with_its_cure(desk, deferrable):
    desk.fault("status", operation="extractSyncAccountCallLog", status=403, code="CMN-408", times=2)
    with pytest.raises(PermissionDenied) as caught:
        await ended(call(deferrable=deferrable))

    assert isinstance(caught.value, AirflowFailException)


def test_the_trigger_looks_no_further_back_than_calls_may_come_late(desk):
    long_ago = datetime.now(UTC) - timedelta(days=3)
    before = time.time()
    trigger = deferred(call(since=long_ago, from_number=NOBODY, deferrable=True), context_of()).trigger
    path, arguments = json.loads(json.dumps(trigger.serialize()))
    module, name = path.rsplit(".", 1)

    assert arguments["wanted"]["since"] == long_ago.timestamp()
    assert arguments["start"] == pytest.approx(before - LATE_SECONDS, abs=5)
    assert type(trigger) is RingCentralCallTrigger
    assert getattr(importlib.import_module(module), name)(**arguments).serialize() == trigger.serialize()


async def test_a_server_whose_clock_is_behind_hides_no_call(desk, tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__RINGCENTRAL__LEDGER_URL", f"sqlite://{tmp_path}/ledger.sqlite")
    caller = {"from": {"phoneNumber": "+12125550131"}}
    # They ended 20 s ago by its clock, one of them before the sensor looked first.
    rung(desk, began=timedelta(seconds=80), seconds=60, **caller)
    sensor = call(since=None, from_number="+12125550131", deferrable=True)
    trigger = deferred(sensor, context_of()).trigger
    ended_since = rung(desk, began=timedelta(seconds=80), seconds=60, **caller)

    (told,) = resumed(sensor, await trigger._event(), context_of())

    assert told["id"] == ended_since


def test_since_is_the_first_try_for_retries(desk):
    store = Store()
    first, second = (
        deferred(call(since=None, from_number=NOBODY, deferrable=True), context_of(store, attempt=attempt)).trigger
        for attempt in (1, 2)
    )

    assert first.wanted["since"] == second.wanted["since"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"direction": "inbound"}, "did you mean 'Inbound'"),
        ({"call_type": "voice"}, "did you mean 'Voice'"),
        ({"result": ["Missed", 7]}, "contains 7"),
        ({"from_number": "2125550101x"}, "E.164"),
        ({"extension_id": "ext-7"}, "ids have digits only"),
        ({"since": "2026-01-01"}, "no time zone"),
    ],
    ids=str,
)
def test_bad_input_is_refused_before_anything_is_sent(desk, arguments, says):
    with pytest.raises(AirflowFailException, match=says):
        call(**arguments).execute(context_of())
    assert desk.stats()["requests"] == 0


def test_no_number_is_logged(desk, caplog):
    caplog.set_level(logging.INFO)
    sensor = call(from_number=BOB, to_number=OWN)
    rung(desk, seconds=1, **{"from": {"phoneNumber": BOB}})
    sensor.execute(context_of())

    assert not [number for number in (BOB, OWN, "555") if number in caplog.text]


def test_looks_are_rare_unless_asked_for_and_template_fields_stay_as_given():
    given = {name: f"{{{{ {name} }}}}" for name in RingCentralCallSensor.template_fields}
    made = RingCentralCallSensor(task_id="x", **given)

    assert made.poke_interval == POKE_INTERVAL_SECONDS
    assert {name: getattr(made, name) for name in given} == given
