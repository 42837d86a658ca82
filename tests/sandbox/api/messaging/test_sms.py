from __future__ import annotations

import hashlib
import json
import time

import pytest

E = "/restapi/v1.0/account/~/extension/~"
SMS, MMS, PAGER, STORE = f"{E}/sms", f"{E}/mms", f"{E}/company-pager", f"{E}/message-store"
ALICE, BOB = "+14155550111", "+14155550112"


@pytest.fixture
def caller(start):
    return start(calls=0, scale=0.05)


def own_number(caller):
    return caller.get(f"{E}/phone-number").json()["records"][0]["phoneNumber"]


def text(caller, to=ALICE, text="Hello", **more):
    numbers = [to] if isinstance(to, str) else to
    recipients = numbers and [{"phoneNumber": one} if isinstance(one, str) else one for one in numbers]
    body = {"from": {"phoneNumber": own_number(caller)}, "to": recipients, "text": text}
    return caller.post(SMS, {name: value for name, value in (body | more).items() if value is not None})


def code(answer):
    return answer.status_code, answer.json()["errors"][0]["errorCode"]


def record_of(caller, message_id):
    return caller.get(f"{STORE}/{message_id}").json()


def wait_for(caller, message_id, status):
    deadline = time.monotonic() + 60
    while (found := record_of(caller, message_id))["messageStatus"] != status:
        assert time.monotonic() < deadline, found["messageStatus"]
        time.sleep(0.01)
    return found


def test_a_text_is_accepted_then_sent_then_delivered(start):
    caller = start(calls=0)
    first = text(caller).json()
    assert (first["messageStatus"], first["type"], first["direction"]) == ("Queued", "SMS", "Outbound")
    assert (first["subject"], first["segmentCount"], first["to"][0]["phoneNumber"]) == ("Hello", 1, ALICE)
    assert first["id"] > 2**53
    assert first["conversation"]["id"] == str(first["conversationId"])
    caller.sandbox.set(sent_seconds=0.05, delivered_seconds=0.2)
    second = text(caller, text="RetryLater").json()
    assert second["conversationId"] == first["conversationId"]
    wait_for(caller, second["id"], "Sent")
    done = wait_for(caller, second["id"], "Delivered")
    assert done["lastModifiedTime"] == done["smsDeliveryTime"] > done["creationTime"]
    assert "deliveryErrorCode" not in done


@pytest.mark.parametrize(
    ("outcome", "status", "error"),
    [
        ({"status": "DeliveryFailed", "code": "SMS-CAR-413", "after_seconds": 4}, "DeliveryFailed", "SMS-CAR-413"),
        ({"status": "SendingFailed", "code": "SMS-RC-403"}, "SendingFailed", "SMS-RC-403"),
        ({"status": "Sent"}, "Sent", None),
        ({"status": "Queued"}, "Queued", None),
        ({"status": "Translated"}, "Translated", None),
    ],
)
def test_outcomes_of_a_text(caller, outcome, status, error):
    caller.sandbox.number_outcome(ALICE, **outcome)
    sent = text(caller).json()
    assert sent["messageStatus"] == "Queued"
    if status == "Queued":
        time.sleep(0.3)
    assert wait_for(caller, sent["id"], status).get("deliveryErrorCode") == error
    time.sleep(0.2)
    assert record_of(caller, sent["id"])["messageStatus"] == status


def test_an_opted_out_recipient_is_accepted_and_fails_later(caller):
    caller.sandbox.opt_out(ALICE)
    sent = text(caller)
    assert (sent.status_code, sent.json()["messageStatus"]) == (200, "Queued")
    assert wait_for(caller, sent.json()["id"], "SendingFailed")["deliveryErrorCode"] == "SMS-RC-413"
    caller.sandbox.opt_out(ALICE, out=False)
    assert wait_for(caller, text(caller).json()["id"], "Delivered")


def test_the_status_of_a_message_can_be_set(caller):
    caller.sandbox.number_outcome(ALICE, status="Queued")
    sent = text(caller).json()
    caller.sandbox.change_message(sent["id"], "DeliveryFailed", "SMS-CAR-431")
    moved = record_of(caller, sent["id"])
    assert (moved["messageStatus"], moved["deliveryErrorCode"]) == ("DeliveryFailed", "SMS-CAR-431")


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"text": "x" * 1001}, 400, "CMN-101"),
        ({"text": "\N{GRINNING FACE}" * 501}, 400, "CMN-101"),
        ({"text": ""}, 400, "CMN-101"),
        ({"text": None}, 400, "CMN-100"),
        ({"from": None}, 400, "CMN-100"),
        ({"from": {"phoneNumber": "+14155550199"}}, 400, "MSG-245"),
        ({"from": {"phoneNumber": "+16505551002"}}, 403, "MSG-304"),
        ({"from": {"phoneNumber": "+16505550100"}}, 403, "MSG-367"),
        ({"to": None}, 400, "CMN-100"),
        ({"to": []}, 400, "CMN-100"),
        ({"to": [{}]}, 400, "CMN-100"),
        ({"to": [{"phoneNumber": "(415) 555-0111"}]}, 400, "CMN-101"),
        ({"to": [{"phoneNumber": "101"}]}, 400, "MSG-246"),
        ({"to": [{"phoneNumber": "45678"}]}, 400, "MSG-247"),
        ({"to": [{"phoneNumber": "+442079460000"}]}, 403, "MSG-240"),
        ({"to": [{"phoneNumber": f"+1415555{n:04}"} for n in range(11)]}, 400, "MSG-381"),
        ({"country": {"id": "1", "isoCode": "US"}}, 400, "MSG-365"),
    ],
)
def test_texts_that_are_refused(caller, body, status, error):
    assert code(text(caller, **body)) == (status, error)
    assert caller.sandbox.messages() == []


def test_the_longest_text(caller):
    assert text(caller, text="\N{GRINNING FACE}" * 500).json()["segmentCount"] == 15
    assert text(caller, text="x" * 161).json()["segmentCount"] == 2


def test_bodies_that_are_not_json(caller):
    assert code(caller.send("POST", SMS, data=b"{", headers={"Content-Type": "application/json"})) == (400, "CMN-103")
    assert code(caller.send("POST", SMS, data=b"text=1")) == (415, "CMN-104")


def test_a_sender_without_the_feature(caller):
    number = own_number(caller)
    caller.sandbox.change_user(sms_features=["CallerId"], numbers={"+16505559001": ["SmsSender"]})
    assert code(text(caller)) == (403, "MSG-242")
    assert text(caller, **{"from": {"phoneNumber": "+16505559001"}}).status_code == 200
    assert code(text(caller, to=[ALICE, BOB], **{"from": {"phoneNumber": "+16505559001"}})) == (403, "MSG-380")
    listed = {entry["phoneNumber"]: entry["features"] for entry in caller.get(f"{E}/phone-number").json()["records"]}
    assert listed == {number: ["CallerId"], "+16505559001": ["SmsSender"], "+16505550100": ["CallerId"]}


def test_sending_as_another_extension_is_refused(caller):
    answer = caller.post(SMS.replace("extension/~", "extension/400131428008"), {"text": "x", "to": [{}]})
    assert code(answer) == (403, "CMN-404")


def test_a_number_can_refuse_the_request(caller):
    caller.sandbox.number_outcome(ALICE, refuse="MSG-243")
    assert code(text(caller)) == (400, "MSG-243")
    caller.sandbox.number_outcome(ALICE, refuse="MSG-290")
    assert code(text(caller)) == (503, "MSG-290")


def test_several_recipients_get_one_group_message(caller):
    caller.sandbox.number_outcome(BOB, status="DeliveryFailed", code="SMS-CAR-410")
    sent = text(caller, to=[ALICE, BOB]).json()
    done = wait_for(caller, sent["id"], "DeliveryFailed")
    assert [(one["phoneNumber"], one["messageStatus"]) for one in done["to"]] == [
        (ALICE, "Delivered"),
        (BOB, "DeliveryFailed"),
    ]
    assert len(caller.sandbox.messages()) == 1


def test_the_limit_of_texts_is_per_user_whatever_the_app(start):
    caller = start(calls=0, limits={"Medium": 100_000, "Light": 100_000}, sms_per_minute=3, scale=0.5)
    assert [text(caller).status_code for _ in range(3)] == [200, 200, 200]
    refused = text(caller)
    assert code(refused) == (429, "MSG-305")
    assert 0 < float(refused.headers["Retry-After"]) <= 30
    assert "X-Rate-Limit-Limit" not in refused.headers
    assert len(caller.sandbox.messages()) == 3


def test_the_limit_of_texts_resets_after_a_minute(start):
    caller = start(calls=0, sms_per_minute=1, scale=0.005)
    assert text(caller).status_code == 200
    time.sleep(0.35)
    assert text(caller).status_code == 200
    assert len(caller.sandbox.messages()) == 2


PICTURE = b"\x89PNG" + bytes(range(256)) * 40


def mms(caller, *files, envelope=True, text="Look", **more):
    body = {"from": {"phoneNumber": own_number(caller)}, "to": [{"phoneNumber": ALICE}], "text": text} | more
    head = [("json", ("request.json", json.dumps(body), "application/json"))] if envelope else []
    return caller.send("POST", MMS, files=head + [("attachment", file) for file in files])


def test_media(caller):
    sent = mms(caller, ("a.png", PICTURE, "image/png"), ("b.png", b"2", "image/png"))
    assert sent.status_code == 200, sent.text
    shown = sent.json()
    media = [one for one in shown["attachments"] if one["type"] == "MmsAttachment"]
    assert [(one["fileName"], one["size"], one["contentType"]) for one in media] == [
        ("a.png", len(PICTURE), "image/png"),
        ("b.png", 1, "image/png"),
    ]
    assert caller.get(media[0]["uri"]).content == PICTURE
    partly = caller.get(media[0]["uri"], Range="bytes=4-7")
    assert (partly.status_code, partly.content) == (206, PICTURE[4:8])
    [truth] = caller.sandbox.messages(to=ALICE)
    assert truth["attachments"][1]["sha256"] == hashlib.sha256(PICTURE).hexdigest()


def test_media_in_multipart_mixed(caller):
    envelope = {"from": {"phoneNumber": own_number(caller)}, "to": [{"phoneNumber": ALICE}]}
    body = (
        b"--cut\r\nContent-Type: application/json\r\n\r\n"
        + json.dumps(envelope).encode()
        + b'\r\n--cut\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename="a.png"\r\n\r\n'
        + PICTURE
        + b"\r\n--cut--\r\n"
    )
    sent = caller.send("POST", SMS, data=body, headers={"Content-Type": "multipart/mixed; boundary=cut"})
    assert sent.status_code == 200, sent.text
    assert [one["type"] for one in sent.json()["attachments"]] == ["MmsAttachment"]
    for broken in (body[:-10], body.replace(b"--cut", b"--other"), b""):
        refused = caller.send("POST", MMS, data=broken, headers={"Content-Type": "multipart/mixed; boundary=cut"})
        assert (refused.json()["errorCode"], code(refused)) == ("InvalidMultipartRequest", (400, "CMN-104"))
    assert len(caller.sandbox.messages()) == 1


@pytest.mark.parametrize(
    ("files", "status", "error"),
    [
        ([], 400, "CMN-100"),
        ([("a.png", b"", "image/png")], 400, "MSG-347"),
        ([("a.exe", b"1", "application/x-msdownload")], 415, "MSG-348"),
        ([("a.png", b"1" * 1_500_001, "image/png")], 400, "MSG-337"),
        ([(f"{n}.png", b"1" * 800_000, "image/png") for n in range(2)], 400, "MSG-338"),
        ([(f"{n}.png", b"1", "image/png") for n in range(11)], 400, "CMN-101"),
        ([("", b"1", "image/png")], 400, "MSG-351"),
    ],
)
def test_media_that_are_refused(caller, files, status, error):
    assert code(mms(caller, *files)) == (status, error)
    assert caller.sandbox.messages() == []


def test_media_without_an_envelope(caller):
    assert code(mms(caller, ("a.png", PICTURE, "image/png"), envelope=False)) == (400, "MSG-349")


def test_a_pager_message_is_sent_at_once(caller):
    sent = caller.post(PAGER, {"to": [{"extensionNumber": "102"}, {"extensionNumber": "700"}], "text": "Build is red"})
    shown = sent.json()
    assert (sent.status_code, shown["messageStatus"], shown["pgToDepartment"]) == (200, "Sent", True)
    assert [one["extensionNumber"] for one in shown["to"]] == ["102", "700"]
    reply = caller.post(PAGER, {"replyOn": shown["id"], "text": "And green"}).json()
    assert reply["conversationId"] == shown["conversationId"]
    assert [one["extensionNumber"] for one in reply["to"]] == ["102", "700"]


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"text": "x" * 1025}, 400, "CMN-101"),
        ({"to": None}, 400, "CMN-100"),
        ({"to": [{"extensionNumber": "999"}]}, 400, "MSG-316"),
        ({"to": [{"extensionId": "400131428008", "extensionNumber": "101"}]}, 400, "MSG-335"),
        ({"from": {"extensionNumber": "102"}}, 400, "MSG-331"),
        ({"from": {"extensionId": "1"}}, 400, "MSG-332"),
        ({"replyOn": 7}, 404, "CMN-102"),
    ],
)
def test_pager_messages_that_are_refused(caller, body, status, error):
    whole = {"to": [{"extensionNumber": "102"}], "text": "x"} | body
    assert code(caller.post(PAGER, {key: value for key, value in whole.items() if value is not None})) == (
        status,
        error,
    )


def test_a_disabled_colleague_gets_no_pager_message(caller):
    colleague = caller.sandbox.add_user(status="Disabled")
    assert code(caller.post(PAGER, {"to": [{"extensionId": str(colleague["id"])}], "text": "x"})) == (400, "MSG-324")


@pytest.mark.parametrize(
    ("path", "scope", "permission"),
    [(SMS, "SMS", "OutboundSMS"), (MMS, "SMS", "OutboundSMS"), (PAGER, "InternalMessages", "InternalSMS")],
)
def test_who_may_send(start, path, scope, permission):
    caller = start(calls=0, permissions=["ReadAccounts"])
    assert caller.post(path, {}).json()["permissionName"] == scope
    caller = start(calls=0, user_permissions=[])
    assert caller.post(path, {}).json()["permissionName"] == permission
