from __future__ import annotations

import time

import pytest

RING = "/restapi/v1.0/account/~/extension/~/ring-out"
ALICE, OWN = "+14155550111", "+16505551001"


@pytest.fixture
def caller(start):
    return start(calls=0, scale=0.1)


def ring(caller, **body):
    return caller.post(RING, {"from": {"phoneNumber": OWN}, "to": {"phoneNumber": ALICE}} | body)


def course(caller, call_id):
    """Return all statuses of a call, until it answers 404."""
    seen = []
    deadline = time.monotonic() + 60
    while (answer := caller.get(f"{RING}/{call_id}")).status_code == 200:
        assert time.monotonic() < deadline
        status = tuple(answer.json()["status"].values())
        if status not in seen:
            seen.append(status)
        time.sleep(0.01)
    assert answer.json()["errors"][0]["errorCode"] == "CMN-102"
    return seen


WAITING = ("InProgress", "InProgress", "InProgress")


def test_a_call_from_its_first_ring_to_its_end(caller):
    placed = ring(caller, callerId={"phoneNumber": OWN}, playPrompt=True)
    assert placed.status_code == 200
    assert tuple(placed.json()["status"].values()) == WAITING
    assert course(caller, placed.json()["id"]) == [
        WAITING,
        ("InProgress", "Success", "InProgress"),
        ("Success", "Success", "Success"),
        ("Success", "Finished", "Finished"),
    ]
    [truth] = caller.sandbox.calls_placed()
    assert (truth["from"], truth["to"], truth["caller_id"], truth["prompt"]) == (OWN, ALICE, OWN, True)
    assert truth["cancelled"] is False


@pytest.mark.parametrize(
    ("number", "status", "end"),
    [
        (ALICE, "Busy", ("CannotReach", "Success", "Busy")),
        (ALICE, "NoAnsweringMachine", ("NoAnsweringMachine", "Success", "NoAnsweringMachine")),
        (OWN, "NoAnswer", ("CannotReach", "NoAnswer", "InProgress")),
    ],
)
def test_calls_that_are_not_answered(caller, number, status, end):
    caller.sandbox.number_outcome(number, status=status)
    assert course(caller, ring(caller).json()["id"])[-1] == end


def test_cancelling_while_the_first_phone_rings(start):
    caller = start(calls=0, scale=100)
    placed = ring(caller).json()["id"]
    assert caller.send("DELETE", f"{RING}/{placed}").status_code == 204
    assert caller.get(f"{RING}/{placed}").status_code == 404
    assert caller.send("DELETE", f"{RING}/{placed}").status_code == 404
    assert caller.sandbox.calls_placed()[0]["cancelled"] is True


def test_an_answered_call_cannot_be_cancelled(caller):
    caller.sandbox.number_outcome(ALICE, status="Queued")
    placed = ring(caller).json()["id"]
    time.sleep(0.25)
    refused = caller.send("DELETE", f"{RING}/{placed}")
    assert (refused.status_code, refused.json()["errors"][0]["errorCode"]) == (400, "CMN-101")
    assert caller.get(f"{RING}/{placed}").json()["status"]["callStatus"] == "InProgress"


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"to": None}, "to"),
        ({"to": {}}, "to.phoneNumber"),
        ({"to": {"phoneNumber": "101"}}, "to.phoneNumber"),
        ({"from": None}, "from"),
        ({"from": {}}, "from.phoneNumber"),
        ({"from": {"phoneNumber": "x"}}, "from.phoneNumber"),
    ],
)
def test_calls_that_are_refused(caller, body, parameter):
    answer = ring(caller, **body)
    assert (answer.status_code, answer.json()["errors"][0]["parameterName"]) == (400, parameter)
    assert caller.sandbox.calls_placed() == []


def test_the_scope_and_the_group(start):
    caller = start(calls=0, limits=True, permissions=["ReadAccounts"])
    answer = ring(caller)
    assert (answer.json()["permissionName"], answer.headers["X-Rate-Limit-Group"]) == ("RingOut", "heavy")
