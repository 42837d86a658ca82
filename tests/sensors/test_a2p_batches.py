"""The sensor of batches of texts, and its trigger, against the sandbox."""

from __future__ import annotations

import asyncio
import importlib
import json
import time

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSensorTimeout

from airflow_provider_ringcentral.client.errors import PermissionDenied
from airflow_provider_ringcentral.sensors.messages import RingCentralA2PBatchSensor
from airflow_provider_ringcentral.triggers import poll_coordinator
from airflow_provider_ringcentral.triggers.batches import MAX_BATCHES, RingCentralA2PBatchTrigger

from .conftest import WAYS, context_of, ended

BATCHES = "/restapi/v1.0/account/~/a2p-sms/batches"
SENDER = "+16505550120"
CAROL, DAVE, ERIN = "+14155550113", "+14155550114", "+14155550115"


@pytest.fixture(autouse=True)
def _outcomes(desk):
    desk.number_outcome(CAROL, status="Delivered", after_seconds=12)
    desk.number_outcome(DAVE, status="DeliveryFailed", code="SMS-CAR-410", after_seconds=12)
    desk.number_outcome(ERIN, status="Queued")


def posted(client, *numbers) -> str:
    body = {"from": SENDER, "text": "The ledger is closed", "messages": [{"to": [one]} for one in numbers]}
    return str(client.request_json("POST", BATCHES, json=body)["id"])


def batch(batch_id, **arguments) -> RingCentralA2PBatchSensor:
    given = {"poke_interval": 0.1, "timeout": 20.0} | arguments
    return RingCentralA2PBatchSensor(task_id="wait", batch_id=batch_id, **given)


@WAYS
async def test_it_waits_until_no_status_changes_and_tells_the_counts(client, desk, deferrable):
    ids = [posted(client, CAROL, DAVE, "+14155550116"), posted(client, CAROL)]

    first, second = await ended(batch(ids, wait_for="delivered", deferrable=deferrable))

    assert first == {
        "id": ids[0],
        "status": "Completed",
        "size": 3,
        "cost": 0.021,
        "counts": {"queued": 0, "sent": 0, "delivered": 2, "sendingFailed": 0, "deliveryFailed": 1},
        "codes": {"SMS-CAR-410": 1},
    }
    assert (second["id"], second["size"], second["counts"]["delivered"]) == (ids[1], 1, 1)


def test_sent_is_enough_when_all_are_processed(client, desk):
    (told,) = batch(posted(client, CAROL)).execute(context_of())

    assert told["status"] in ("Sent", "Completed")


@WAYS
async def test_an_id_that_nobody_knows_is_waited_for(desk, deferrable):
    with pytest.raises(AirflowSensorTimeout):
        await ended(batch("42", deferrable=deferrable, timeout=0.3))


async def test_many_waits_are_answered_by_the_list(client, desk):
    ids = [posted(client, CAROL) for _ in range(12)]
    now = time.time()
    triggers = [
        RingCentralA2PBatchTrigger(
            ringcentral_conn_id="ringcentral_default",
            ids=[one],
            wait_for="delivered",
            since=now - 60,
            poke_interval=0.05,
            deadline=now + 60,
        )
        for one in ids
    ]
    desk.reset_stats()
    events = await asyncio.gather(*(trigger._event() for trigger in triggers))

    assert [next(iter(event["found"])) for event in events] == ids
    assert desk.stats()["operations"]["listA2PBatches"] > 0
    assert desk.stats()["requests"] < len(ids)
    assert SENDER not in json.dumps(events)
    assert poll_coordinator._coordinators == {}


def test_the_trigger_survives_the_database_and_is_small():
    trigger = RingCentralA2PBatchTrigger(
        ringcentral_conn_id="ringcentral_default",
        ids=[str(2**63 - number) for number in range(MAX_BATCHES)],
        wait_for="sent",
        since=time.time(),
        poke_interval=60.0,
        deadline=time.time(),
    )
    path, arguments = json.loads(json.dumps(trigger.serialize()))
    module, name = path.rsplit(".", 1)

    assert getattr(importlib.import_module(module), name)(**arguments).serialize() == trigger.serialize()
    assert len(json.dumps(arguments)) < 48_000


@WAYS
async def test_a_missing_scope_fails_with_its_cure(desk, deferrable):
    desk.fault("status", operation="readA2PBatch", status=403, code="CMN-401", times=2)
    with pytest.raises(PermissionDenied) as caught:
        await ended(batch("42", deferrable=deferrable))

    assert caught.value.remedy.who == "developer console"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"batch_id": "abc"}, "ids have digits only"),
        ({"batch_id": str(2**63)}, "ids have digits only"),
        ({"batch_id": list(range(101))}, "may have 100"),
        ({"batch_id": "1", "wait_for": "Completed"}, "not valid; .*'sent'.*'delivered'"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_input_is_refused_before_anything_is_sent(desk, arguments, says):
    with pytest.raises(AirflowFailException, match=says):
        batch(**arguments).execute(context_of())
    assert desk.stats()["requests"] == 0
