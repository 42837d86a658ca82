from __future__ import annotations

import email
import json
import time

import pytest

E = "/restapi/v1.0/account/~/extension/~"
STORE, SYNC = f"{E}/message-store", f"{E}/message-sync"
VENDOR = "application/vnd.ringcentral.multipart+json"
ALICE, BOB = "+14155550111", "+14155550112"


def listed(caller, **params):
    return [record["id"] for record in caller.get(STORE, params).json()["records"]]


def receive(caller, *texts, **fields):
    return [caller.sandbox.receive_message(text=text, from_number=ALICE, **fields)["id"] for text in texts]


def availability(caller, message_id):
    return caller.get(f"{STORE}/{message_id}").json()["availability"]


def code(answer):
    return answer.status_code, answer.json()["errors"][0]["errorCode"]


def test_the_list_is_newest_first_and_paged(caller):
    ids = receive(caller, *map(str, range(5)))
    first = caller.get(STORE, {"perPage": 2}).json()
    assert [record["id"] for record in first["records"]] == [ids[4], ids[3]]
    assert first["paging"] == {
        "page": 1, "perPage": 2, "pageStart": 0, "pageEnd": 1, "totalPages": 3, "totalElements": 5,
    }  # fmt: skip
    second = caller.get(first["navigation"]["nextPage"]["uri"]).json()
    last = caller.get(second["navigation"]["nextPage"]["uri"]).json()
    assert [record["id"] for record in second["records"] + last["records"]] == [ids[2], ids[1], ids[0]]
    assert "nextPage" not in last["navigation"]
    assert caller.get(STORE, {"perPage": 5000}).json()["paging"]["perPage"] == 1000


def test_without_dates_the_list_is_the_last_day(caller):
    [old] = receive(caller, "old", created="2026-01-02T10:00:00Z")
    [new] = receive(caller, "new")
    assert listed(caller) == [new]
    assert listed(caller, dateFrom="2026-01-01T00:00:00Z") == [new, old]
    assert listed(caller, dateFrom="2026-01-01T00:00:00Z", dateTo="2026-01-03T00:00:00Z") == [old]
    assert listed(caller, dateTo="2026-01-03T00:00:00Z") == [old]
    assert code(caller.get(STORE, {"dateFrom": "yesterday"})) == (400, "CMN-101")


def test_filters(caller):
    own = caller.get(f"{E}/phone-number").json()["records"][0]["phoneNumber"]
    body = {"from": {"phoneNumber": own}, "to": [{"phoneNumber": BOB}], "text": "out"}
    out = caller.post(f"{E}/sms", body).json()
    [sms] = receive(caller, "in")
    [voice] = receive(caller, "", type="VoiceMail", duration=7)
    fax = caller.sandbox.receive_message("Fax", from_number=BOB, pages=3)["id"]
    pager = caller.sandbox.receive_message("Pager", text="psst")["id"]
    assert listed(caller) == [pager, fax, voice, sms, out["id"]]
    assert listed(caller, messageType=["SMS", "Fax"]) == [fax, sms, out["id"]]
    assert listed(caller, messageType="SMS,Fax") == []
    assert listed(caller, direction="Outbound") == [out["id"]]
    assert listed(caller, phoneNumber=BOB) == listed(caller, phoneNumber=BOB[1:]) == [fax, out["id"]]
    assert listed(caller, conversationId=out["conversationId"]) == [out["id"]]
    assert listed(caller, readStatus="Read") == [out["id"]]
    assert code(caller.get(STORE, {"messageType": "Letter"})) == (400, "CMN-101")


def test_inbound_messages(caller):
    [voice] = receive(caller, "call me", type="VoiceMail", duration=7, media="sound")
    record = caller.get(f"{STORE}/{voice}").json()
    assert (record["messageStatus"], record["readStatus"], record["direction"]) == ("Received", "Unread", "Inbound")
    assert (record["vmTranscriptionStatus"], record["from"]["phoneNumber"]) == ("Completed", ALICE)
    audio, transcription = record["attachments"]
    assert (audio["type"], audio["vmDuration"]) == ("AudioRecording", 7)
    assert caller.get(audio["uri"]).content == b"sound"
    assert caller.get(transcription["uri"]).text == "call me"
    [fax] = receive(caller, "", type="Fax", pages=3)
    assert caller.get(f"{STORE}/{fax}").json()["faxPageCount"] == 3
    [much_later] = receive(caller, "much later", after_seconds=3600)
    [late] = receive(caller, "later", after_seconds=0.1)
    time.sleep(0.2)
    found = listed(caller)
    assert late in found
    assert much_later not in found


def test_the_latest_of_every_conversation(caller):
    receive(caller, "one")
    [second] = receive(caller, "two")
    other = caller.sandbox.receive_message(from_number=BOB, text="three")["id"]
    assert listed(caller, distinctConversations="true") == [other, second]


def test_lists_show_a_sent_message_after_the_lag(start):
    caller = start(calls=0, message_lag=3600)
    own = caller.get(f"{E}/phone-number").json()["records"][0]["phoneNumber"]
    body = {"from": {"phoneNumber": own}, "to": [{"phoneNumber": BOB}], "text": "out"}
    sent = caller.post(f"{E}/sms", body).json()["id"]
    token = caller.get(SYNC, {"syncType": "FSync"}).json()["syncInfo"]["syncToken"]
    assert listed(caller) == []
    assert caller.get(f"{STORE}/{sent}").status_code == 200
    assert [message["id"] for message in caller.sandbox.messages()] == [sent]
    caller.sandbox.set(message_lag=0.1)
    late = caller.post(f"{E}/sms", body).json()["id"]
    time.sleep(0.2)
    assert listed(caller) == [late]
    told = caller.get(SYNC, {"syncType": "ISync", "syncToken": token}).json()["records"]
    assert [record["id"] for record in told] == [late]


def test_each_of_many_ids_has_its_own_status(caller):
    ids = receive(caller, "one", "two")
    path = f"{STORE}/{ids[0]},77,{ids[1]}"
    answer = caller.get(path, Accept=VENDOR)
    assert (answer.status_code, answer.headers["Content-Type"]) == (207, VENDOR)
    assert [(item["resourceId"], item["status"]) for item in answer.json()] == [
        (str(ids[0]), 200), ("77", 404), (str(ids[1]), 200),
    ]  # fmt: skip
    assert answer.json()[2]["body"]["subject"] == "two"
    assert answer.json()[1]["body"]["errors"][0]["errorCode"] == "CMN-102"
    mixed = caller.get(path)
    assert mixed.status_code == 207
    head = f"Content-Type: {mixed.headers['Content-Type']}\r\n\r\n".encode()
    parts = [json.loads(part.get_payload()) for part in email.message_from_bytes(head + mixed.content).get_payload()]
    assert [item["status"] for item in parts[0]["response"]] == [200, 404, 200]
    assert [part.get("id") for part in parts[1:]] == [ids[0], None, ids[1]]
    assert code(caller.get(f"{STORE}/{','.join(map(str, range(51)))}")) == (400, "CMN-106")
    assert code(caller.get(f"{STORE}/77")) == (404, "CMN-102")


def test_the_read_status(caller):
    ids = receive(caller, "one", "two")
    before = caller.get(f"{STORE}/{ids[0]}").json()["lastModifiedTime"]
    done = caller.send("PUT", f"{STORE}/{ids[0]}", json={"readStatus": "Read"}).json()
    assert done["readStatus"] == "Read"
    assert done["lastModifiedTime"] > before
    both = caller.send("PUT", f"{STORE}/{ids[0]},{ids[1]}", json={"readStatus": "Unread"}, headers={"Accept": VENDOR})
    assert [item["body"]["readStatus"] for item in both.json()] == ["Unread", "Unread"]
    each = [{"resourceId": str(one), "body": {"readStatus": "Read"}} for one in ids]
    headers = {"Content-Type": VENDOR, "Accept": VENDOR}
    starred = caller.send("PUT", f"{STORE}/*", data=json.dumps(each), headers=headers)
    assert [item["body"]["readStatus"] for item in starred.json()] == ["Read", "Read"]
    assert code(caller.send("PUT", f"{STORE}/{ids[0]}", json={"readStatus": "Torn"})) == (400, "CMN-101")
    assert code(caller.send("PUT", f"{STORE}/{ids[0]}", json={})) == (400, "CMN-100")


def test_deleting_twice_purges(caller):
    [one] = receive(caller, "one", type="VoiceMail")
    audio = caller.get(f"{STORE}/{one}").json()["attachments"][0]["uri"]
    assert caller.send("DELETE", f"{STORE}/{one}").status_code == 204
    assert (availability(caller, one), listed(caller)) == ("Deleted", [])
    assert listed(caller, availability=["Deleted", "Alive"]) == [one]
    assert caller.get(audio).status_code == 200
    assert caller.send("PATCH", f"{STORE}/{one}", json={"availability": "Alive"}).json()["availability"] == "Alive"
    caller.send("DELETE", f"{STORE}/{one}")
    caller.send("DELETE", f"{STORE}/{one}")
    assert availability(caller, one) == "Purged"
    assert caller.get(audio).status_code == 404
    assert code(caller.send("PATCH", f"{STORE}/{one}", json={"availability": "Alive"})) == (400, "CMN-101")
    [two] = receive(caller, "two")
    caller.send("DELETE", f"{STORE}/{two}", params={"purge": "true"})
    assert availability(caller, two) == "Purged"


def test_deleting_many(caller):
    ids = receive(caller, "one", "two", "three")
    assert caller.send("DELETE", f"{STORE}/{ids[0]},{ids[1]}").status_code == 204
    partly = caller.send("DELETE", f"{STORE}/{ids[2]},77", headers={"Accept": VENDOR})
    assert [item["status"] for item in partly.json()] == [204, 404]
    assert listed(caller) == []
    assert code(caller.send("DELETE", f"{STORE}/77")) == (404, "CMN-102")


def test_deleting_a_conversation(caller):
    [mine] = receive(caller, "one")
    other = caller.sandbox.receive_message(from_number=BOB)["conversation"]
    assert caller.send("DELETE", STORE, params={"conversationId": other}).status_code == 204
    assert listed(caller) == [mine]


@pytest.mark.parametrize("path", [STORE, f"{STORE}/", f"{STORE}/*"])
def test_deleting_without_ids_deletes_everything(caller, path):
    receive(caller, "one", "two")
    assert caller.send("DELETE", path).status_code == 204
    assert listed(caller) == []
    assert {message["availability"] for message in caller.sandbox.messages()} == {"Deleted"}


def sync(caller, token=None, **params):
    ask = {"syncType": "ISync", "syncToken": token} if token else {"syncType": "FSync"}
    answer = caller.get(SYNC, ask | params)
    assert answer.status_code == 200, answer.text
    return answer.json()["records"], answer.json()["syncInfo"]


def test_the_message_sync(start):
    caller = start(calls=0, scale=0.4)
    ids = receive(caller, "one", "two")
    records, info = sync(caller)
    assert [record["id"] for record in records] == [ids[1], ids[0]]
    assert info["olderRecordsExist"] is False
    again, info = sync(caller, info["syncToken"])
    assert [record["id"] for record in again] == [ids[1], ids[0]], "within the overlap changes come twice"
    time.sleep(2.1)
    _, info = sync(caller, info["syncToken"])
    records, info = sync(caller, info["syncToken"])
    assert records == []
    caller.send("DELETE", f"{STORE}/{ids[0]}")
    [new] = receive(caller, "three")
    caller.send("PUT", f"{STORE}/{ids[1]}", json={"readStatus": "Read"})
    records, _ = sync(caller, info["syncToken"])
    assert {"id": ids[0], "availability": "Deleted"} in records
    assert [(record["id"], record.get("readStatus")) for record in records] == [
        (new, "Unread"), (ids[1], "Read"), (ids[0], None),
    ]  # fmt: skip


def test_a_sync_keeps_its_filters_and_its_count(caller):
    receive(caller, "one", "two", "three")
    records, info = sync(caller, recordCount=2, messageType="SMS")
    assert len(records) == 2
    assert info["olderRecordsExist"] is True
    receive(caller, "", type="VoiceMail")
    records, _ = sync(caller, info["syncToken"])
    assert {record["type"] for record in records} == {"SMS"}


def test_sync_tokens_that_are_refused(start):
    caller = start(calls=0, sync_token_seconds=0.2)
    assert code(caller.get(SYNC, {"syncType": "ISync"})) == (400, "CMN-100")
    assert code(caller.get(SYNC, {"syncType": "ISync", "syncToken": "x"})) == (400, "MSG-333")
    token = sync(caller)[1]["syncToken"]
    time.sleep(0.25)
    assert code(caller.get(SYNC, {"syncType": "ISync", "syncToken": token})) == (400, "MSG-333")
    caller.sandbox.set(sync_token_seconds=None)
    token = sync(caller)[1]["syncToken"]
    caller.sandbox.refuse_sync_tokens()
    assert code(caller.get(SYNC, {"syncType": "ISync", "syncToken": token})) == (400, "MSG-333")


def test_messages_of_another_extension(caller):
    other = 400131428008
    theirs = caller.sandbox.receive_message(text="not yours", extension=other)["id"]
    path = STORE.replace("extension/~", f"extension/{other}")
    assert listed(caller) == []
    assert [record["id"] for record in caller.get(path).json()["records"]] == [theirs]
    assert code(caller.get(f"{STORE}/{theirs}")) == (404, "CMN-102")
    caller.sandbox.change_user(extended=False)
    assert code(caller.get(path)) == (403, "CMN-419")
