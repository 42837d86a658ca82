"""What an earlier version stored of sends is read, and written back in the same form. Its bytes are here literally."""

from __future__ import annotations

import msgspec
import pytest
from upath import UPath

from airflow_provider_ringcentral.client.errors import BadRequest
from airflow_provider_ringcentral.client.ledger.memory import MemoryLedger
from airflow_provider_ringcentral.sending.broadcast.broadcast import Plan
from airflow_provider_ringcentral.sending.broadcast.folder import BroadcastFolder, Line, Rejected
from airflow_provider_ringcentral.sending.channels.ring_out import CallState, record_call_state, recorded_call_state
from airflow_provider_ringcentral.sending.once.store import IdempotencyStore, LedgerKeyValueStore, SendState
from airflow_provider_ringcentral.sending.send_all import EarlierFailures

SENT = (
    b'{"order":3,"content":"c0ffee","sends":1,"since":1790000000.0,"id":"77","found":true,"closed":false,'
    b'"kept":{"messageStatus":"Queued"},"ticket":"t1","traits":{"sizes":[5]}}'
)
CALL = (
    b'{"order":0,"content":"c0ffee","sends":1,"since":1790000000.0,"id":"7","found":false,"closed":false,'
    b'"kept":{"call":"Success","caller":"Success","callee":"Success","connected":true,"over":false},"ticket":"t1",'
    b'"traits":{}}'
)
FAILED = (
    b'{"attempt":1,"refused":[{"error":{"kind":"BadRequest","message":"blocked","status":400,"codes":["MSG-243"],'
    b'"request_id":null,"parameter":null,"permission":null,"retry_after":null,"remedy":null},"keys":["aaaaaaaaaaaa"]}],'
    b'"failed":["aaaaaaaaaaaa","bbbbbbbbbbbb"]}'
)
PLAN = (
    b'{"token":"5d0c5d0c5d0c5d0c","order":2,"sender":"+16505550100","destination":"s3://b/result.csv","chunks":3,'
    b'"receipt":null}'
)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


def put(ledger: MemoryLedger, key: str, value: bytes) -> None:
    ledger.update(key, lambda _: (value, None))


def store_of(ledger: MemoryLedger, *, max_tries: int = 3) -> IdempotencyStore:
    return IdempotencyStore(LedgerKeyValueStore(ledger, "owner"), ledger, "server", max_tries=max_tries, retries=3)


def test_the_state_of_a_message(ledger):
    put(ledger, "sent:owner:ringcentral:key", SENT)
    store = store_of(ledger)

    state = store.read("key")

    assert state == SendState(
        3,
        "c0ffee",
        1,
        1790000000.0,
        "77",
        found=True,
        record={"messageStatus": "Queued"},
        ticket="t1",
        traits={"sizes": [5]},
    )
    store.write("key", state)
    assert ledger.read("sent:owner:ringcentral:key") == SENT


@pytest.mark.parametrize(("max_tries", "cleared"), [(3, False), (7, True)])
def test_a_finished_generation(ledger, max_tries, cleared):
    put(ledger, "sent:owner:ringcentral:finished", b'{"number":1,"order":3,"retries":3}')
    put(ledger, "sent:owner:ringcentral:1:key", SENT)
    store = store_of(ledger, max_tries=max_tries)

    assert store.cleared_after_success is cleared
    assert (store.read("key") is None) is cleared
    store.finish()
    number = 2 if cleared else 1
    expected = f'{{"number":{number},"order":{max_tries},"retries":3}}'
    assert ledger.read("sent:owner:ringcentral:finished") == expected.encode()


def test_claims_and_requests_in_flight(ledger):
    put(ledger, "claim:server:SMS:77", b"t1")
    put(ledger, "rivals:server:c0ffee", b'{"t1":99999999999.0}')
    claims = store_of(ledger).claims

    assert claims.holder("SMS", "77") == "t1"
    assert (claims.claim("SMS", "77", "t2"), claims.claim("SMS", "77", "t1")) == (False, True)
    assert claims.others_in_flight("c0ffee", "t2") == 1
    claims.request_started("c0ffee", "t2", 99999999999.0)
    assert ledger.read("rivals:server:c0ffee") == b'{"t1":99999999999.0,"t2":99999999999.0}'


def test_who_of_a_list_failed(ledger):
    put(ledger, "sent:owner:ringcentral:failed", FAILED)
    keys = ["a" * 32, "b" * 32, "c" * 32]
    earlier = EarlierFailures(store_of(ledger))

    assert earlier.order(keys) == [2, 0, 1]
    assert isinstance(earlier.refusal(keys[0]), BadRequest)
    assert earlier.refusal(keys[1]) is None


def test_the_state_of_a_call(ledger):
    put(ledger, "sent:owner:ringcentral:key", CALL)
    store, connected = store_of(ledger), CallState("Success", "Success", "Success", connected=True)

    assert recorded_call_state(store, "key") == connected
    record_call_state(store, "key", connected)
    assert ledger.read("sent:owner:ringcentral:key") == CALL


def test_the_plan_of_a_broadcast():
    plan = msgspec.json.decode(PLAN, type=Plan)

    assert (plan.token[:4], plan.max_tries, plan.sender, plan.chunks) == ("5d0c", 2, "+16505550100", 3)
    assert msgspec.json.encode(plan) == PLAN


def test_the_folder_of_a_broadcast(tmp_path):
    files = {
        "recipients-0001.ndjson": b'{"row":1,"to":"+16505550101","text":"Hi"}\n{"row":2,"to":"+1","status":"OptedOut"}\n',
        "rejected-0001.ndjson": b'{"index":1,"errorCode":"SMS-RC-410"}\n',
        "result-1-0001.ndjson": b'{"row":1,"to":"+16505550101","status":"Sent"}\n',
    }
    hidden = tmp_path / ".result.csv.5d0c5d0c5d0c"
    hidden.mkdir()
    for name, data in files.items():
        (hidden / name).write_bytes(data)

    folder = BroadcastFolder(UPath(tmp_path / "result.csv"), "5d0c5d0c5d0c5d0c", 1)

    assert folder.lines(1) == [Line(1, "+16505550101", "Hi"), Line(2, "+1", status="OptedOut")]
    assert folder.rejected(1) == {1: Rejected(1, "SMS-RC-410")}
    assert (folder.has_results(1), folder.result_bytes(1)) == (True, files["result-1-0001.ndjson"])
    folder.put_lines(1, folder.lines(1))
    assert (hidden / "recipients-0001.ndjson").read_bytes() == files["recipients-0001.ndjson"]
