from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime, timedelta

import pytest

E = "/restapi/v1.0/account/~/extension/~"
FAX, STORE = f"{E}/fax", f"{E}/message-store"
ALICE, BOB = "+14155550111", "+14155550112"
PDF = b"%PDF-1.4\n1 0 obj << /Type /Pages /Count 2 >>\n" + b"<< /Type /Page >>\n" * 2 + bytes(range(256)) * 300


@pytest.fixture
def caller(start):
    return start(calls=0, scale=0.02)


def fax(caller, *files, to=(ALICE,), **fields):
    parts = [("to", (None, number)) for number in to] + [(name, (None, value)) for name, value in fields.items()]
    parts += [("attachment", file) for file in files or [("report.pdf", PDF, "application/pdf")]]
    return caller.send("POST", FAX, files=parts)


def mixed(caller, envelope, *files):
    parts = [b"Content-Type: application/json\r\n\r\n" + json.dumps(envelope).encode()]
    parts += [
        f'Content-Type: {kind}\r\nContent-Disposition: attachment; filename="{name}"\r\n\r\n'.encode() + data
        for name, data, kind in files
    ]
    body = b"".join(b"--cut\r\n" + part + b"\r\n" for part in parts) + b"--cut--"
    return caller.send("POST", FAX, data=body, headers={"Content-Type": "multipart/mixed; boundary=cut"})


def code(answer):
    return answer.status_code, answer.json()["errors"][0]["errorCode"]


def wait_for(caller, message_id, status):
    deadline = time.monotonic() + 60
    while (found := caller.get(f"{STORE}/{message_id}").json())["messageStatus"] != status:
        assert time.monotonic() < deadline, found["messageStatus"]
        time.sleep(0.01)
    return found


def test_a_fax_arrives_byte_for_byte(caller):
    sent = fax(caller, to=[ALICE, BOB], faxResolution="Low", coverIndex="0")
    shown = sent.json()
    assert sent.status_code == 200, sent.text
    assert (shown["type"], shown["messageStatus"], shown["faxPageCount"]) == ("Fax", "Queued", 0)
    done = wait_for(caller, shown["id"], "Sent")
    assert (done["faxPageCount"], done["faxResolution"], done["coverIndex"]) == (2, "Low", 0)
    assert [(one["phoneNumber"], one["messageStatus"]) for one in done["to"]] == [(ALICE, "Sent"), (BOB, "Sent")]
    [attachment] = done["attachments"]
    assert caller.get(attachment["uri"]).content == PDF
    [truth] = caller.sandbox.messages(type="Fax", to=BOB)
    assert truth["attachments"][0]["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert (truth["attachments"][0]["filename"], truth["attachments"][0]["size"]) == ("report.pdf", len(PDF))


def test_a_large_fax(caller):
    data = bytes(range(251)) * 40_000
    assert fax(caller, ("scan.tiff", data, "image/tiff")).status_code == 200
    [truth] = caller.sandbox.messages()
    assert truth["attachments"][0]["sha256"] == hashlib.sha256(data).hexdigest()
    partly = caller.get(caller.get(f"{STORE}/{truth['id']}").json()["attachments"][0]["uri"], Range="bytes=9999990-")
    assert partly.content == data[9_999_990:]


def test_multipart_mixed(caller):
    envelope = {"to": [{"phoneNumber": ALICE, "name": "Alice"}], "coverIndex": 4, "coverPageText": "Please read"}
    sent = mixed(caller, envelope, ("a.txt", b"line\n" * 61, "text/plain"), ("b.png", b"1", "image/png"))
    assert sent.status_code == 200, sent.text
    done = wait_for(caller, sent.json()["id"], "Sent")
    assert (done["faxPageCount"], done["coverIndex"], done["coverPageText"]) == (4, 4, "Please read")
    assert done["to"][0]["name"] == "Alice"


def test_form_fields_with_an_envelope(caller):
    body = json.dumps({"to": [{"phoneNumber": ALICE}]})
    files = [("json", ("request.json", body, "application/json")), ("attachment", ("a.pdf", PDF, "application/pdf"))]
    assert caller.send("POST", FAX, files=files).status_code == 200


@pytest.mark.parametrize(
    ("given", "status", "error"),
    [
        ({"to": []}, 400, "CMN-100"),
        ({"to": ["4155550111"]}, 400, "CMN-101"),
        ({"faxResolution": "Ultra"}, 400, "CMN-101"),
        ({"coverIndex": "14"}, 400, "CMN-101"),
        ({"coverPageText": "x" * 1025}, 400, "CMN-101"),
        ({"sendTime": "tomorrow"}, 400, "CMN-101"),
        ({"colour": "red"}, 400, "MSG-349"),
        ({"files": [("a.exe", b"1", "application/pdf")]}, 415, "MSG-348"),
        ({"files": [("a&b.pdf", b"1", "application/pdf")]}, 400, "MSG-351"),
        ({"files": [("", b"1", "application/pdf")]}, 400, "MSG-351"),
        ({"files": [("a.pdf", b"", "application/pdf")]}, 400, "MSG-347"),
    ],
)
def test_faxes_that_are_refused(caller, given, status, error):
    files = given.pop("files", [])
    assert code(fax(caller, *files, **given)) == (status, error)
    assert caller.sandbox.messages() == []


def test_other_refused_faxes(caller):
    assert code(mixed(caller, {"to": [{"phoneNumber": ALICE}]})) == (400, "CMN-100")
    assert code(mixed(caller, {}, ("a.pdf", PDF, "application/pdf"))) == (400, "CMN-100")
    large = [("attachment", (f"{n}.pdf", b"1" * 26_000_000, "application/pdf")) for n in range(2)]
    assert code(caller.send("POST", FAX, files=[("to", (None, ALICE)), *large])) == (400, "MSG-338")
    caller.sandbox.number_outcome(ALICE, refuse="MSG-340")
    assert fax(caller).status_code == 400


def test_each_recipient_has_its_own_status(caller):
    caller.sandbox.number_outcome(ALICE, status="SendingFailed", code="LineBusy")
    sent = fax(caller, to=[ALICE, BOB]).json()
    done = wait_for(caller, sent["id"], "SendingFailed")
    assert [(one["messageStatus"], one.get("faxErrorCode")) for one in done["to"]] == [
        ("SendingFailed", "LineBusy"), ("Sent", None),
    ]  # fmt: skip


def test_too_many_pages(caller):
    caller.sandbox.set(fax_page_seconds=0.01)
    sent = fax(caller, ("book.pdf", b"<< /Type /Page >>" * 200, "application/pdf"))
    assert wait_for(caller, sent.json()["id"], "SendingFailed")["to"][0]["faxErrorCode"] == "TooManyPages"


def test_resending(caller):
    caller.sandbox.number_outcome(ALICE, status="SendingFailed", code="NoAnswer")
    first = fax(caller).json()
    assert code(caller.post(FAX, {"originalMessageId": str(first["id"])})) == (406, "MSG-343")
    wait_for(caller, first["id"], "SendingFailed")
    caller.sandbox.number_outcome(ALICE, status="Sent")
    again = caller.post(FAX, {"originalMessageId": str(first["id"])}).json()
    assert again["id"] != first["id"]
    done = wait_for(caller, again["id"], "Sent")
    assert caller.get(done["attachments"][0]["uri"]).content == PDF
    assert code(caller.post(FAX, {"originalMessageId": str(again["id"])})) == (406, "MSG-343")
    other = caller.post(FAX, {"originalMessageId": str(again["id"]), "to": [{"phoneNumber": BOB}]}).json()
    assert other["to"][0]["phoneNumber"] == BOB
    assert code(caller.post(FAX, {"originalMessageId": "7"})) == (404, "CMN-102")
    assert code(caller.post(FAX, {})) == (400, "CMN-100")


def test_a_scheduled_fax_waits_and_can_be_cancelled(caller):
    later = (datetime.now(UTC) + timedelta(seconds=0.6)).isoformat(timespec="milliseconds")
    kept, cancelled = fax(caller, sendTime=later).json(), fax(caller, sendTime=later).json()
    assert caller.send("DELETE", f"{STORE}/{cancelled['id']}").status_code == 204
    assert {message["status"] for message in caller.sandbox.messages()} == {"Queued"}
    wait_for(caller, kept["id"], "Sent")
    [gone] = caller.sandbox.messages(id=cancelled["id"])
    assert (gone["status"], gone["availability"]) == ("Queued", "Deleted")


def test_cover_pages(caller):
    pages = caller.get("/restapi/v1.0/dictionary/fax-cover-page").json()["records"]
    assert (len(pages), pages[0], pages[7]) == (14, {"id": "0", "name": "None"}, {"id": "7", "name": "Contempo"})


def test_who_may_fax(start):
    assert fax(start(calls=0, permissions=["SMS"])).json()["permissionName"] == "Faxes"
    assert fax(start(calls=0, user_permissions=[])).json()["permissionName"] == "OutboundFaxes"
