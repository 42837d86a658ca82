"""Events that triggers of the version before the new house have fired resume the tasks of this one."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout

from airflow_provider_ringcentral.client.auth.encryption import TokenEncryptor
from airflow_provider_ringcentral.client.errors import DeliveryFailed, PermissionDenied
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.sensors.api import RingCentralApiSensor
from airflow_provider_ringcentral.sensors.calls import RingCentralCallSensor
from airflow_provider_ringcentral.sensors.messages import RingCentralMessageStatusSensor, RingCentralNewMessageSensor

from .conftest import context_of, resumed

FOUND = [{"id": "7", "type": "SMS"}]
SENSORS: dict[str, Any] = {
    "api": lambda: RingCentralApiSensor(task_id="wait", deferrable=True, path="/restapi/v1.0/account/~"),
    "call": lambda: RingCentralCallSensor(task_id="wait", deferrable=True),
    "message": lambda: RingCentralNewMessageSensor(task_id="wait", deferrable=True),
    "status": lambda: RingCentralMessageStatusSensor(task_id="wait", deferrable=True, message_id=["1", "2"]),
}


@pytest.mark.parametrize("name", ["call", "message"])
def test_what_arrived(desk, name):
    event = {"status": "success", "found": FOUND, "deadline": 1795000000.0}

    assert resumed(SENSORS[name](), event, context_of()) == FOUND


def test_statuses(desk):
    found = [[{"messageStatus": "Delivered", "type": "SMS", "segmentCount": 1}, ["2", "1"]]]

    assert resumed(SENSORS["status"](), {"status": "success", "found": found, "deadline": 0.0}, context_of()) == [
        {"id": one, "status": "Delivered", "code": None} for one in ("1", "2")
    ]


def test_a_failed_status(desk):
    found = [
        [{"messageStatus": "Delivered", "type": "SMS"}, ["1"]],
        [{"messageStatus": "SendingFailed", "type": "SMS", "deliveryErrorCode": "SMS-UP-410"}, ["2"]],
    ]

    with pytest.raises(DeliveryFailed, match="SMS-UP-410"):
        resumed(SENSORS["status"](), {"status": "success", "found": found, "deadline": 0.0}, context_of())


def test_an_encrypted_answer(desk):
    encrypted = TokenEncryptor(RingCentralJWTHook().credentials).encrypt('{"id": 7}')

    assert resumed(SENSORS["api"](), {"status": "success", "sealed": encrypted}, context_of()) == {"id": 7}


@pytest.mark.parametrize("name", SENSORS)
def test_timeouts_and_errors(desk, name):
    error = {"kind": "PermissionDenied", "message": "missing", "status": 403, "codes": ["CMN-401"], "remedy": None}

    with pytest.raises(AirflowSensorTimeout, match="The last poll: nothing yet"):
        resumed(SENSORS[name](), {"status": "timeout", "reason": "nothing yet"}, context_of())
    with pytest.raises(PermissionDenied):
        resumed(SENSORS[name](), {"status": "error", "error": error}, context_of())
