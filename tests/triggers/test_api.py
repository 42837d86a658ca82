"""The API sensor's triggers under a real event loop, against the sandbox."""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import time

import pytest
from airflow.providers.common.compat.sdk import redact

from airflow_provider_ringcentral.client import errors
from airflow_provider_ringcentral.client.auth.encryption import TokenEncryptor
from airflow_provider_ringcentral.client.errors import error_of
from airflow_provider_ringcentral.client.rate_limit.limiter import groups_of, read_window
from airflow_provider_ringcentral.hooks import client as hook_client
from airflow_provider_ringcentral.hooks import settings
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.sandbox import Sandbox
from airflow_provider_ringcentral.triggers.api import RingCentralApiTrigger, RingCentralPauseTrigger

ACCOUNT = "/restapi/v1.0/account/~"
EXTENSION = f"{ACCOUNT}/extension/~"
LOG = f"{ACCOUNT}/call-log"
CONNECTION = "AIRFLOW_CONN_RINGCENTRAL_DEFAULT"


@pytest.fixture
def sandbox():
    with Sandbox(calls=500, limits={"Heavy": 100_000}) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def _connected(connection):
    yield
    assert hook_client._clients == {}, "the last one closes the client"


def trigger(path=EXTENSION, condition="name == 'Airflow Service'", *, seconds=120.0, **arguments):
    given = {"query": None, "missing_ok": False, "poke_interval": 0.2} | arguments
    return RingCentralApiTrigger(
        ringcentral_conn_id="ringcentral_default",
        path=path,
        condition=condition,
        deadline=time.time() + seconds,
        **given,
    )


async def fired(trigger):
    """The payload of its event, without the pause before the first look."""
    return await trigger._event()


def value_of(event):
    return json.loads(TokenEncryptor(RingCentralJWTHook().credentials).decrypt(event["sealed"]))


def heavy_window(sandbox):
    hook = RingCentralJWTHook()
    ledger = settings.shared_ledger(settings.ledger_url())
    owner = hook.credentials.owner_key(hook.get_conn().login.token("test").owner_id)
    return read_window(ledger, owner, "heavy") if "heavy" in groups_of(ledger, owner) else None


async def eventually(what):
    for _ in range(3000):
        if what():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came true")


@pytest.mark.parametrize(
    "made",
    [
        trigger(LOG, None, query={"view": "Simple", "type": ["Voice", "Fax"]}, missing_ok=True),
        RingCentralPauseTrigger(1_700_000_000.5, 1_700_009_000.0),
    ],
    ids=lambda made: type(made).__name__,
)
def test_it_survives_the_database(made):
    path, arguments = json.loads(json.dumps(made.serialize()))
    module, name = path.rsplit(".", 1)
    again = getattr(importlib.import_module(module), name)(**arguments)

    assert again.serialize() == made.serialize()


async def test_the_answer_comes_back_sealed():
    event = await fired(trigger())

    assert event["status"] == "success"
    assert value_of(event)["name"] == "Airflow Service"
    assert "Airflow Service" not in json.dumps(event)


async def test_records_are_judged_like_expressions(sandbox):
    event = await fired(trigger(LOG, None, query={"perPage": 3}))

    assert [record["id"] for record in value_of(event)] == sandbox.call_ids()[:3]


async def test_what_is_too_large_for_an_event_is_left_to_the_worker():
    event = await fired(trigger(LOG, None, query={"perPage": 500}))

    assert event == {"status": "success", "sealed": None}


async def test_it_looks_until_the_condition_holds(sandbox):
    call = sandbox.call_ids()[0]
    watching = asyncio.create_task(fired(trigger(f"{LOG}/{call}", "result == 'Handed over'")))
    await eventually(lambda: sandbox.stats()["operations"].get("readCompanyCallRecord"))
    assert not watching.done()
    sandbox.correct_calls([call], {"result": "Handed over"})

    assert value_of(await watching)["id"] == call


async def test_404_may_mean_not_yet(sandbox):
    (call,) = sandbox.call_ids()[:1]
    sandbox.fault("status", operation="readCompanyCallRecord", status=404, code="CMN-102", times=2)

    event = await fired(trigger(f"{LOG}/{call}", "id", missing_ok=True))

    assert event["status"] == "success"
    assert sandbox.stats()["operations"]["readCompanyCallRecord"] == 3


async def test_the_deadline_ends_it_and_the_last_look_is_told(sandbox):
    event = await fired(trigger(condition="nam == 'x'", seconds=1.5))

    assert event["status"] == "timeout"
    assert event["reason"].startswith("'nam' is undefined; the answer has ")
    assert 1 <= sandbox.stats()["operations"]["readExtension"] <= 3


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 503, "retry_after": 0}, {"kind": "reset"}], ids=str)
async def test_what_may_pass_is_waited_for(sandbox, fault):
    sandbox.fault(operation="readExtension", times=2, **fault)

    event = await fired(trigger())

    assert event["status"] == "success"


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"path": f"{EXTENSION}/nothing"}, errors.NotFound),
        ({"path": LOG, "query": {"view": "Wrong"}}, errors.BadRequest),
        ({"path": "https://evil.example/x"}, errors.ConfigurationError),
        ({"condition": None}, errors.BadRequest),
        ({"condition": "name > 3"}, errors.BadRequest),
    ],
    ids=str,
)
async def test_what_waiting_cannot_mend_is_told_at_once(arguments, kind):
    event = await fired(trigger(**arguments))
    error = error_of(json.loads(json.dumps(event["error"])))

    assert (event["status"], type(error)) == ("error", kind)


async def test_a_missing_permission_is_told_with_its_cure(sandbox):
    sandbox.change_app(permissions=["ReadCallLog"])

    event = await fired(trigger())
    error = error_of(event["error"])

    assert type(error) is errors.PermissionDenied
    assert (error.permission, error.remedy.who) == ("ReadAccounts", "developer console")


async def test_no_secret_in_event_or_log(sandbox, caplog):
    caplog.set_level(logging.DEBUG)
    sandbox.change_app(client_secret="a-new-secret-of-the-app")

    event = await fired(trigger())

    assert error_of(event["error"]).remedy
    for secret in (RingCentralJWTHook().credentials.client_secret, sandbox.jwt):
        assert secret not in json.dumps(event)
        assert secret not in caplog.text


async def test_the_token_is_masked(sandbox):
    await fired(trigger())
    token = RingCentralJWTHook().get_conn().login.token("test").token

    assert token not in str(redact(f"a line with {token} in it"))


async def test_a_secret_replaced_meanwhile_is_taken_up(sandbox, monkeypatch):
    watching = asyncio.create_task(fired(trigger(LOG, "nothing is defined")))
    await eventually(lambda: sandbox.stats()["logins"] == 1)
    sandbox.change_app(client_secret="a-new-secret-of-the-app")
    monkeypatch.setenv(
        CONNECTION,
        sandbox.connection_for(app={"client_id": sandbox.client_id, "client_secret": "a-new-secret-of-the-app"}),
    )
    sandbox.kill_tokens()

    await eventually(lambda: sandbox.stats()["logins"] == 2)
    looks = sandbox.stats()["operations"]["readCompanyCallLog"]
    await eventually(lambda: sandbox.stats()["operations"]["readCompanyCallLog"] > looks)
    watching.cancel()
    await asyncio.wait([watching])

    assert watching.cancelled(), "it goes on with the new secret"


async def test_all_triggers_of_one_credential_share_a_client(sandbox, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_OTHER_NAME", sandbox.connection_uri)
    triggers = [trigger(condition="nothing is defined", seconds=2) for _ in range(20)]
    triggers[0].ringcentral_conn_id = "other_name"
    watching = asyncio.gather(*(fired(each) for each in triggers))
    await eventually(lambda: sandbox.stats()["operations"].get("readExtension", 0) > 0)
    clients = len(hook_client._clients)
    events = [event["status"] for event in await watching]

    assert clients == 1
    assert events == ["timeout"] * 20
    assert (sandbox.stats()["logins"], sandbox.stats()["limited"]) == (1, 0)


async def test_slow_answers_do_not_block_the_loop(sandbox):
    """While a request is under way, the loop does other things. How long they wait is measured in `bench/waits.py`."""
    sandbox.fault("slow", seconds=3, every=1)

    watching = asyncio.gather(*(fired(trigger(LOG, None, query={"perPage": 500})) for _ in range(3)))
    await eventually(lambda: sandbox.faults()[0]["done"] > 0)
    waiting = not watching.done()
    events = await watching

    assert waiting
    assert [event["status"] for event in events] == ["success"] * 3


async def test_cancelled_it_leaves_the_queue(sandbox):
    sandbox.change_limits(Heavy={"requests": 1, "window": 60, "penalty": 60})
    await fired(trigger(LOG, None))
    waiting = asyncio.create_task(fired(trigger(LOG, None, seconds=120)))
    await eventually(lambda: len(heavy_window(sandbox).queue) == 1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert heavy_window(sandbox).queue == []


async def test_it_does_not_fire_within_five_seconds(sandbox):
    """Sooner, Airflow fails tasks at random (apache/airflow#66374)."""
    looking = asyncio.create_task(anext(trigger(poke_interval=0).run()))
    pausing = asyncio.create_task(anext(RingCentralPauseTrigger(time.time(), 7.0).run()))
    done, _ = await asyncio.wait([looking, pausing], timeout=4.9)

    assert done == set()
    assert (await pausing).payload == {"status": "again", "deadline": 7.0}
    assert (await looking).payload["status"] == "success"
