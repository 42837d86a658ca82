"""How waits begin and end, in the log and in errors: all sensors, all ways of waiting."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout, AirflowSkipException, AirflowTaskTimeout
from airflow.sdk.exceptions import AirflowRescheduleException

from airflow_provider_ringcentral.sensors.api import RingCentralApiSensor
from airflow_provider_ringcentral.sensors.calls import RingCentralCallSensor
from airflow_provider_ringcentral.sensors.messages import (
    RingCentralA2PBatchSensor,
    RingCentralMessageStatusSensor,
    RingCentralNewMessageSensor,
)

from .conftest import BOB, OWN, TEXT, context_of, deferred, ended, resumed

NOBODY = "+12125550177"
SMS = "/restapi/v1.0/account/~/extension/~/sms"
USUAL: dict[str, Any] = {"task_id": "wait", "poke_interval": 0.1, "timeout": 0.5}
WAITS = {
    "status": (RingCentralMessageStatusSensor, {"message_id": "42"}, "1 of 1 messages are not sent"),
    "batch": (RingCentralA2PBatchSensor, {"batch_id": "42"}, "1 of 1 batches are not sent"),
    "message": (RingCentralNewMessageSensor, {"from_number": NOBODY}, "no such message since"),
    "call": (RingCentralCallSensor, {"from_number": NOBODY}, "no such call ended since"),
    "api": (
        RingCentralApiSensor,
        {"path": "/restapi/v1.0/account/~", "condition": "id == 1"},
        "the condition does not hold yet",
    ),
}


def context(*, minutes_ago: float = 0.0, first_look: datetime | None = None) -> dict[str, Any]:
    made = context_of()
    made["ti"].start_date = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    made["ti"].get_first_reschedule_date = lambda _: first_look
    return made


@pytest.fixture
def logged(caplog, capsys):
    """What was logged so far. Airflow 3 writes the lines of operators to stdout."""
    caplog.set_level(logging.INFO)
    return lambda: caplog.text + capsys.readouterr().out


@pytest.mark.parametrize("name", WAITS)
@pytest.mark.parametrize("way", ["poke", "skips", "reschedule", "deferred"])
async def test_a_wait_that_times_out_tells_what_the_last_look_found(client, desk, name, way):
    kind, arguments, said = WAITS[name]
    how: dict[str, Any] = {"skips": {"soft_fail": True}, "deferred": {"deferrable": True}}.get(way, {})
    error = AirflowSkipException if way == "skips" else AirflowSensorTimeout
    made = context()
    if way == "reschedule":
        how, made = {"mode": "reschedule"}, context(first_look=datetime.now(UTC) - timedelta(minutes=1))

    with pytest.raises(error, match=f"The last poll: .*{said}"):
        await ended(kind(**USUAL, **arguments, **how), made)


@pytest.mark.parametrize("name", WAITS)
def test_the_log_tells_what_is_waited_for_and_until_when(client, desk, name, logged):
    kind, arguments, _ = WAITS[name]
    before = datetime.now(UTC) + timedelta(seconds=600)
    deferred(kind(**USUAL | {"timeout": 600}, **arguments, deferrable=True), context())
    text = logged()

    assert "Waiting for " in text
    assert f"until {before:%F %H:%M}" in text or f"until {before + timedelta(minutes=1):%F %H:%M}" in text
    assert "Deferring for up to " in text
    assert NOBODY not in text


def test_a_look_that_comes_back_from_its_reschedule_does_not_begin_anew_in_the_log(client, desk, logged):
    kind, arguments, _ = WAITS["status"]
    made = context(first_look=datetime.now(UTC))

    with pytest.raises(AirflowRescheduleException):
        kind(**USUAL | {"timeout": 600}, **arguments, mode="reschedule").execute(made)

    assert "Waiting for " not in logged()


@pytest.mark.parametrize("deferrable", [False, True])
async def test_the_log_tells_what_was_found_and_after_how_long(client, desk, logged, deferrable):
    desk.number_outcome(BOB, status="Delivered", after_seconds=0)
    body = {"from": {"phoneNumber": OWN}, "to": [{"phoneNumber": BOB}], "text": TEXT}
    sent = str(client.request_json("POST", SMS, json=body)["id"])
    sensor = RingCentralMessageStatusSensor(**USUAL | {"timeout": 20}, message_id=sent, deferrable=deferrable)

    await ended(sensor, context(minutes_ago=3))

    (seconds,) = re.findall(rf"Found after (\d+) s: 1 record \({sent}\)\.", logged())
    assert int(seconds) >= 180


@pytest.mark.parametrize("name", WAITS)
def test_execution_timeout_bounds_a_deferred_wait(client, desk, name):
    kind, arguments, said = WAITS[name]
    sensor = kind(**USUAL | {"timeout": 7200}, **arguments, deferrable=True, execution_timeout=timedelta(minutes=10))
    made = context(minutes_ago=4) | {"task": sensor}
    trigger = deferred(sensor, made).trigger

    assert trigger.deadline == made["ti"].start_date.timestamp() + 600
    over = context(minutes_ago=11) | {"task": sensor}
    with pytest.raises(AirflowTaskTimeout, match=f"execution_timeout .* is over. The last poll: {said}"):
        resumed(sensor, {"status": "timeout", "reason": said}, over)


def test_what_a_mapped_operator_returned_is_a_list_of_lists(client, desk):
    body = {"from": {"phoneNumber": OWN}, "to": [{"phoneNumber": BOB}], "text": TEXT}
    desk.number_outcome(BOB, status="Delivered", after_seconds=0)
    ids = [str(client.request_json("POST", SMS, json=body)["id"]) for _ in range(3)]
    returned = [[{"to": [0], "id": ids[0]}], [{"to": [0], "id": ids[1]}, {"to": [1], "id": ids[2]}], []]

    told = RingCentralMessageStatusSensor(**USUAL | {"timeout": 20}, message_id=returned).execute(context())

    assert [one["id"] for one in told] == ids
