"""Sends that are accepted although the client gets no response."""

from __future__ import annotations

import json
import time

import pytest
import requests

E = "/restapi/v1.0/account/~/extension/~"
T = "/team-messaging/v1"

PATIENCE = 2.0

BREAKS = {
    "reset": ({"kind": "reset", "executed": True}, None),
    "reset in the body": ({"kind": "reset", "where": "body"}, None),
    "timeout": ({"kind": "slow", "seconds": 3.0, "executed": True}, None),
    "truncated": ({"kind": "truncate"}, None),
    "broken JSON": ({"kind": "broken_json"}, None),
    "HTML": ({"kind": "html", "executed": True}, 200),
    "500": ({"kind": "status", "status": 500, "executed": True}, 500),
    "502": ({"kind": "status", "status": 502, "body": "html", "executed": True}, 502),
    "504": ({"kind": "status", "status": 504, "body": "empty", "executed": True}, 504),
}


def sms(caller):
    body = {"from": {"phoneNumber": "+16505551001"}, "to": [{"phoneNumber": "+14155550111"}], "text": "Once"}
    return caller.post(f"{E}/sms", body, timeout=PATIENCE)


def mms(caller):
    body = {"from": {"phoneNumber": "+16505551001"}, "to": [{"phoneNumber": "+14155550111"}], "text": "Once"}
    files = [
        ("json", ("request.json", json.dumps(body), "application/json")),
        ("attachment", ("a.png", b"1" * 5000, "image/png")),
    ]
    return caller.send("POST", f"{E}/mms", files=files, timeout=PATIENCE)


def pager(caller):
    return caller.post(f"{E}/company-pager", {"to": [{"extensionNumber": "102"}], "text": "Once"}, timeout=PATIENCE)


def fax(caller):
    files = [("to", (None, "+14155550111")), ("attachment", ("a.pdf", b"1" * 5000, "application/pdf"))]
    return caller.send("POST", f"{E}/fax", files=files, timeout=PATIENCE)


def chat(caller):
    return next(one["id"] for one in caller.sandbox.chats() if one["type"] == "Team")


def post(caller):
    return caller.post(f"{T}/chats/{chat(caller)}/posts", {"text": "Once"}, timeout=PATIENCE)


def card(caller):
    body = {"type": "AdaptiveCard", "fallbackText": "Once", "body": []}
    return caller.post(f"{T}/chats/{chat(caller)}/adaptive-cards", body, timeout=PATIENCE)


def file(caller):
    params = {"groupId": chat(caller), "name": "a.txt"}
    headers = {"Content-Type": "text/plain"}
    return caller.send("POST", f"{T}/files", params=params, data=b"Once", headers=headers, timeout=PATIENCE)


def webhook(caller):
    if not hasattr(caller, "webhook"):
        caller.webhook = caller.sandbox.add_webhook()
    return requests.post(caller.webhook, json={"text": "Once"}, timeout=PATIENCE)


def batch(caller):
    body = {"from": "+16505550120", "text": "Once", "messages": [{"to": ["+14155550111"]}]}
    return caller.post("/restapi/v1.0/account/~/a2p-sms/batches", body, timeout=PATIENCE)


def batches(caller):
    return [(found["size"], found["messages"][0]["text"]) for found in caller.sandbox.batches()]


def ring(caller):
    body = {"from": {"phoneNumber": "+16505551001"}, "to": {"phoneNumber": "+14155550111"}}
    return caller.post(f"{E}/ring-out", body, timeout=PATIENCE)


def rings(caller):
    return [(found["from"], found["to"]) for found in caller.sandbox.calls_placed()]


def posts(caller):
    return [(found["text"], len(found["attachments"])) for found in caller.sandbox.posts()]


def texts(caller):
    return [message["text"] for message in caller.sandbox.messages()]


SENDERS = {
    "createSMSMessage": (sms, texts),
    "createMMS": (mms, texts),
    "createFaxMessage": (fax, texts),
    "createA2PSMS": (batch, batches),
    "createRingOutCall": (ring, rings),
    "createGlipPostNew": (post, posts),
    "createGlipAdaptiveCardNew": (card, posts),
    "createGlipFileNew": (file, posts),
    "postToWebhook": (webhook, posts),
    "createInternalTextMessage": (pager, texts),
}


@pytest.mark.parametrize("operation", SENDERS)
def test_a_send_whose_response_is_lost_has_happened(start, operation):
    caller = start(calls=0)
    caller.log_in()
    send, there = SENDERS[operation]
    for count, (name, (fault, status)) in enumerate(BREAKS.items(), start=1):
        caller.sandbox.fault(operation=operation, **fault)
        if status is None:
            with pytest.raises(requests.RequestException):
                send(caller).json()
        else:
            assert send(caller).status_code == status, name
        assert len(there(caller)) == count, name
    assert len(set(map(str, there(caller)))) == 1


@pytest.mark.parametrize("operation", SENDERS)
def test_a_send_refused_by_a_fault_has_not_happened(start, operation):
    caller = start(calls=0)
    caller.log_in()
    send, there = SENDERS[operation]
    for status in (429, 503, 500):
        caller.sandbox.fault("status", status=status, operation=operation)
        assert send(caller).status_code == status
    caller.sandbox.fault("reset", operation=operation)
    with pytest.raises(requests.RequestException):
        send(caller)
    time.sleep(0.1)
    assert there(caller) == []
    assert send(caller).ok
    assert len(there(caller)) == 1
