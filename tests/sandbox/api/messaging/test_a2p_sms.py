from __future__ import annotations

import time

import pytest

A = "/restapi/v1.0/account/~/a2p-sms"
BATCHES, MESSAGES, STATUSES, OPT_OUTS = f"{A}/batches", f"{A}/messages", f"{A}/statuses", f"{A}/opt-outs"
CONSENTS = "/restapi/v2/accounts/~/sms/consents"
SENDER = "+16505550120"
ALICE, BOB, CAROL = "+14155550111", "+14155550112", "+14155550113"


@pytest.fixture
def caller(start):
    return start(calls=0, scale=0.05)


def send(caller, *to, text="Hello", **more):
    messages = [{"to": [one]} if isinstance(one, str) else one for one in to]
    body = {"from": SENDER, "text": text, "messages": messages} | more
    return caller.post(BATCHES, {name: value for name, value in body.items() if value is not None})


def wait_for(caller, batch_id, status):
    deadline = time.monotonic() + 60
    while (found := caller.get(f"{BATCHES}/{batch_id}").json())["status"] != status:
        assert time.monotonic() < deadline, found
        time.sleep(0.01)
    return found


def code(answer):
    entry = answer.json()["errors"][0]
    assert answer.json()["errorCode"]
    return answer.status_code, entry["errorCode"], entry.get("parameterName")


def test_a_batch_is_processed_then_sent_then_completed(start):
    caller = start(calls=0, a2p_per_second=10, sent_seconds=0, delivered_seconds=0.5)
    made = send(caller, ALICE, BOB)
    shown = made.json()
    assert made.status_code == 201
    assert (shown["status"], shown["batchSize"], shown["processedCount"], shown["rejected"]) == ("Processing", 2, 0, [])
    assert "cost" not in shown
    assert wait_for(caller, shown["id"], "Sent")["processedCount"] == 2
    done = wait_for(caller, shown["id"], "Completed")
    assert (done["cost"], "rejected" in done) == (0.014, False)
    assert done["lastModifiedTime"] > done["creationTime"]


def test_personal_texts_and_rejected_recipients(caller):
    made = send(caller, ALICE, {"to": ["12"], "text": "x"}, {"to": [BOB], "text": "Dear Bob"}, "+442079460000")
    shown = made.json()
    assert [(one["index"], one["to"], one["errorCode"]) for one in shown["rejected"]] == [
        (2, ["12"], "SMS-RC-410"), (4, ["+442079460000"], "SMS-RC-410"),
    ]  # fmt: skip
    assert shown["batchSize"] == 2
    assert "rejected" not in caller.get(f"{BATCHES}/{shown['id']}").json()
    [truth] = caller.sandbox.batches()
    assert [(one["to"], one["text"]) for one in truth["messages"]] == [(ALICE, "Hello"), (BOB, "Dear Bob")]
    assert len(truth["rejected"]) == 2
    caller.sandbox.number_outcome(CAROL, refuse="SMS-RC-500")
    assert send(caller, CAROL).json()["rejected"][0]["errorCode"] == "SMS-RC-500"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"from": None}, (400, "CMN-100", "from")),
        ({"from": "+16505551001"}, (400, "CMN-101", "from")),
        ({"from": {"phoneNumber": SENDER}}, (400, "CMN-101", "from")),
        ({"messages": []}, (400, "CMN-100", "messages")),
        ({"messages": [{}]}, (400, "CMN-100", "messages.to")),
        ({"messages": [{"to": [ALICE, BOB]}]}, (400, "CMN-101", "messages.to")),
        ({"messages": [{"to": [{"phoneNumber": ALICE}]}]}, (400, "CMN-101", "messages.to")),
        ({"messages": [{"to": [ALICE], "text": "x" * 1001}]}, (400, "CMN-101", "text")),
        ({"text": None}, (400, "CMN-100", "text")),
        ({"messages": [{"to": [ALICE]}] * 10_001}, (400, "CMN-106", "messages")),
    ],
)
def test_batches_that_are_refused(caller, body, error):
    assert code(send(caller, ALICE, **body)) == error
    assert caller.sandbox.batches() == []


def test_outcomes_of_the_messages(caller):
    caller.sandbox.number_outcome(BOB, status="DeliveryFailed", code="SMS-CAR-431")
    caller.sandbox.opt_out(CAROL, sender=SENDER)
    batch = send(caller, ALICE, BOB, CAROL, text="x" * 161).json()["id"]
    wait_for(caller, batch, "Completed")
    records = caller.get(MESSAGES, {"batchId": batch}).json()["records"]
    assert [(one["to"], one["messageStatus"], one.get("errorCode"), one["segmentCount"]) for one in records] == [
        ([ALICE], "Delivered", None, 2),
        ([BOB], "DeliveryFailed", "SMS-CAR-431", 2),
        ([CAROL], "SendingFailed", "SMS-RC-413", 2),
    ]
    assert "text" not in records[0]
    assert caller.get(f"{MESSAGES}/{records[0]['id']}").json()["text"] == "x" * 161
    counts = caller.get(STATUSES, {"batchId": batch}).json()
    assert {name: found["count"] for name, found in counts.items()} == {
        "queued": 0, "sent": 0, "delivered": 1, "sendingFailed": 1, "deliveryFailed": 1,
    }  # fmt: skip
    assert counts["deliveryFailed"]["errorCodeCounts"] == {"SMS-CAR-431": 1}
    assert counts["delivered"]["cost"] == 0.014


def test_messages_are_paged_and_filtered(caller):
    numbers = [f"+1415555{number:04}" for number in range(7)]
    batch = send(caller, *numbers).json()["id"]
    send(caller, ALICE)
    page = caller.get(MESSAGES, {"batchId": batch, "perPage": 3, "view": "Detailed"}).json()
    assert page["paging"].keys() == {"perPage", "nextPageToken"}
    pages = [page]
    while "nextPageToken" in pages[-1]["paging"]:
        pages.append(caller.get(MESSAGES, {"pageToken": pages[-1]["paging"]["nextPageToken"]}).json())
    assert [len(one["records"]) for one in pages] == [3, 3, 1]
    assert [one["to"][0] for page in pages for one in page["records"]] == numbers
    assert pages[2]["records"][0]["text"] == "Hello"
    found = caller.get(MESSAGES, {"phoneNumber": [ALICE, numbers[0]]}).json()["records"]
    assert [one["to"][0] for one in found] == [numbers[0], ALICE]
    assert caller.get(MESSAGES, {"direction": "Inbound"}).json()["records"] == []
    assert code(caller.get(MESSAGES, {"phoneNumber": [ALICE] * 16})) == (400, "CMN-101", "phoneNumber")
    assert caller.get(MESSAGES, {"perPage": 5000}).json()["paging"]["perPage"] == 1000


def test_the_last_day_is_the_default(start):
    caller = start(calls=0, start="2026-06-01T00:00:00Z", end="2026-06-02T00:00:00Z")
    batch = send(caller, ALICE).json()["id"]
    old = {"dateFrom": "2020-01-01T00:00:00Z", "dateTo": "2020-02-01T00:00:00Z"}
    for path in (BATCHES, MESSAGES):
        assert len(caller.get(path).json()["records"]) == 1
        assert caller.get(path, old).json()["records"] == []
    assert caller.get(STATUSES, old | {"batchId": batch}).json()["queued"]["count"] == 0


def test_batches_are_listed_newest_first(start):
    caller = start(calls=0, message_lag=3600)
    first = send(caller, ALICE).json()["id"]
    assert caller.get(BATCHES).json()["records"] == []
    caller.sandbox.set(message_lag=0)
    second = send(caller, ALICE, BOB).json()["id"]
    page = caller.get(BATCHES, {"perPage": 1, "from": SENDER}).json()
    assert [(one["id"], one["batchSize"]) for one in page["records"]] == [(second, 2)]
    rest = caller.get(BATCHES, {"pageToken": page["paging"]["nextPageToken"]}).json()
    assert [one["id"] for one in rest["records"]] == [first]
    assert caller.get(BATCHES, {"from": "+16505550121"}).json()["records"] == []
    assert [one["id"] for one in caller.get(BATCHES, {"status": "Processing"}).json()["records"]] == []
    assert code(caller.get(BATCHES, {"status": "Lost"})) == (400, "CMN-101", "status")
    assert code(caller.get(f"{BATCHES}/7")) == (404, "CMN-102", "batchId")


def test_a_full_batch(start):
    caller = start(calls=0, a2p_per_second=1_000_000)
    numbers = [f"+1415{number:07}" for number in range(2_000_000, 2_010_000)]
    made = send(caller, *({"to": [one], "text": f"Dear {one}"} for one in numbers))
    assert (made.status_code, made.json()["batchSize"]) == (201, 10_000)
    seen, params = [], {"batchId": made.json()["id"]}
    while params:
        page = caller.get(MESSAGES, params).json()
        seen += [one["to"][0] for one in page["records"]]
        following = page["paging"].get("nextPageToken")
        params = {"pageToken": following} if following else None
    assert seen == numbers


def test_consents(caller):
    own = "+16505551001"
    entries = [
        {"from": sender, "to": to, "optStatus": "OptOut", "source": "Api"}
        for sender in (own, SENDER)
        for to in (ALICE, BOB)
    ]
    answer = caller.send("PATCH", CONSENTS, json={"records": [*entries, entries[0] | {"from": "+14155550100"}]})
    assert [one["error"]["errorCode"] for one in answer.json()["failedRecords"]] == ["CMN-101"]
    page = caller.post(f"{CONSENTS}/search", {"perPage": 3, "optStatus": "OptOut"}).json()
    rest = caller.post(f"{CONSENTS}/search", {"pageToken": page["paging"]["nextPageToken"]}).json()
    found = page["records"] + rest["records"]
    assert [(one["from"], one["to"]) for one in found] == [(one["from"], one["to"]) for one in entries]
    assert caller.send("PATCH", CONSENTS, json={"records": [entries[0] | {"optStatus": "OptIn"}]}).json() == {}
    assert [
        one["to"] for one in caller.post(f"{CONSENTS}/search", {"from": [own], "optStatus": "OptOut"}).json()["records"]
    ] == [BOB]
    assert caller.post(f"{CONSENTS}/search", {"coverage": ["Account"]}).json()["records"] == []
    listed = caller.get(OPT_OUTS, {"from": SENDER}).json()["records"]
    assert listed == [{"from": SENDER, "to": to, "status": "OptOut", "source": "Account"} for to in (ALICE, BOB)]
    assert [one["to"] for one in caller.get(OPT_OUTS, {"status": "optin"}).json()["records"]] == [ALICE]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"from": []}, (400, "CMN-101", "from")),
        ({"to": [ALICE] * 21}, (400, "CMN-101", "to")),
        ({"to": ["4155550111"]}, (400, "CMN-101", "to")),
        ({"coverage": ["World"]}, (400, "CMN-101", "coverage")),
        ({"optStatus": "Maybe"}, (400, "CMN-101", "optStatus")),
        ({"perPage": 0}, (400, "CMN-101", "perPage")),
        ({"pageToken": "x"}, (400, "CMN-101", "pageToken")),
    ],
)
def test_searches_that_are_refused(caller, body, error):
    assert code(caller.post(f"{CONSENTS}/search", body)) == error


def test_a_consent_applies_to_texts_too(caller):
    record = {"from": "+16505551001", "to": ALICE, "optStatus": "OptOut", "source": "Api"}
    caller.send("PATCH", CONSENTS, json={"records": [record]})
    body = {"from": {"phoneNumber": "+16505551001"}, "to": [{"phoneNumber": ALICE}], "text": "x"}
    sent = caller.post("/restapi/v1.0/account/~/extension/~/sms", body)
    assert sent.status_code == 200
    time.sleep(0.3)
    [truth] = caller.sandbox.messages()
    assert (truth["status"], truth["code"]) == ("SendingFailed", "SMS-RC-413")


def test_who_may_broadcast(start):
    caller = start(calls=0, permissions=["ReadAccounts"])
    assert send(caller, ALICE).json()["permissionName"] == "A2PSMS"
    assert caller.post(f"{CONSENTS}/search", {}).json()["permissionName"] == "SMS"
