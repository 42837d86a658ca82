"""The sandbox's responses against the slice of RingCentral's OpenAPI file in tests/data."""

from __future__ import annotations

import json
from typing import Any

import pytest

DAY = {"start": "2026-06-01T00:00:00Z", "end": "2026-06-02T00:00:00Z"}
WINDOW = {"dateFrom": DAY["start"], "dateTo": DAY["end"]}

A = "/restapi/v1.0/account/{accountId}"
E = f"{A}/extension/{{extensionId}}"


@pytest.fixture
def check(specification):
    """Check a response against the schema of its operation and status."""
    from jsonschema import Draft202012Validator

    def check(
        template: str, answer: Any, method: str = "get", status: int = 200, media: str = "application/json"
    ) -> None:
        assert answer.status_code == status, answer.text
        response = specification["paths"][template][method]["responses"][str(status)]
        schema = response["content"][media]["schema"]
        validator = Draft202012Validator({**schema, "components": specification["components"]})
        problems = [f"{error.json_path}: {error.message}"[:300] for error in validator.iter_errors(answer.json())]
        assert problems == []

    return check


@pytest.fixture(scope="module")
def caller(shared):
    caller = shared(calls=2000, **DAY)
    caller.sandbox.insert_calls(2)
    caller.sandbox.delete_calls([5])
    caller.sandbox.correct_calls([6], {"result": "Voicemail"})
    return caller


def spelled(template: str, **ids: str) -> str:
    return template.format(**{"accountId": "~", "extensionId": "~"} | ids)


def test_a_login(caller, check):
    check("/restapi/oauth/token", caller.login(), "post")


@pytest.mark.parametrize("jwt", ["a.b.c", ""])
def test_a_refused_login(caller, check, jwt):
    caller.sandbox.set(jwt_refusal_code="OAU-999")
    check("/restapi/oauth/token", caller.login(jwt or "a.b.c", auth=None), "post", 400)
    check("/restapi/oauth/token", caller.login(jwt or "a.b.c"), "post", 400)


def test_versions(caller, check):
    check("/restapi", caller.get("/restapi"))
    check("/restapi/{apiVersion}", caller.get("/restapi/v1.0"))


@pytest.mark.parametrize(
    ("template", "params"),
    [
        (A, {}),
        (f"{A}/extension", {"perPage": 10}),
        (E, {}),
        (f"{E}/phone-number", {}),
        (f"{E}/authz-profile", {}),
        (f"{E}/authz-profile/check", {"permissionId": "ReadCallLog"}),
        (f"{E}/authz-profile/check", {"permissionId": "Nothing"}),
        (f"{A}/call-log", {**WINDOW, "perPage": 1000, "showDeleted": "true"}),
        (f"{A}/call-log", {**WINDOW, "perPage": 1000, "page": 2}),
        (f"{A}/call-log", {**WINDOW, "perPage": 250, "view": "Detailed", "showDeleted": "true"}),
        (f"{A}/call-log", {**WINDOW, "page": 900}),
        (f"{E}/call-log", {**WINDOW, "view": "Detailed"}),
        (f"{A}/call-log-sync", {"recordCount": 250, "view": "Detailed"}),
        (f"{E}/call-log-sync", {"recordCount": 250}),
        (f"{A}/call-log-extract-sync", {"dateFrom": DAY["start"], "recordCount": 1000, "view": "Detailed"}),
        (f"{A}/call-log-extract-sync", {"dateFrom": DAY["start"]}),
    ],
)
def test_answers(caller, check, template, params):
    check(template, caller.get(spelled(template), params))


def test_increments(caller, check):
    for name in ("call-log-sync", "call-log-extract-sync"):
        template = f"{A}/{name}"
        token = caller.get(spelled(template), {"recordCount": 250}).json()["syncInfo"]["syncToken"]
        caller.sandbox.insert_calls(3)
        check(template, caller.get(spelled(template), {"syncType": "ISync", "syncToken": token}))


def test_single_records_and_recordings(caller, check):
    record = caller.log(**WINDOW, recordingType="All").json()["records"][0]
    template = f"{A}/call-log/{{callRecordId}}"
    for view in ("Simple", "Detailed"):
        check(template, caller.get(spelled(template, callRecordId=record["id"]), {"view": view}))
    template = f"{A}/recording/{{recordingId}}"
    check(template, caller.get(spelled(template, recordingId=record["recording"]["id"])))


STORE = f"{E}/message-store"
MESSAGE = f"{STORE}/{{messageId}}"
VENDOR = "application/vnd.ringcentral.multipart+json"


def test_messages(start, check):
    caller = start(calls=0)
    sender = {"phoneNumber": caller.get(spelled(f"{E}/phone-number")).json()["records"][0]["phoneNumber"]}
    text = {"from": sender, "to": [{"phoneNumber": "+14155550111"}], "text": "Hello"}
    check(f"{E}/sms", caller.post(spelled(f"{E}/sms"), text), "post")
    files = [("json", ("r.json", json.dumps(text), "application/json")), ("attachment", ("a.png", b"1", "image/png"))]
    check(f"{E}/mms", caller.send("POST", spelled(f"{E}/mms"), files=files), "post")
    pager = caller.post(spelled(f"{E}/company-pager"), {"to": [{"extensionNumber": "102"}], "text": "Hello"})
    check(f"{E}/company-pager", pager, "post")
    files = [("to", (None, "+14155550111")), ("attachment", ("a.pdf", b"1", "application/pdf"))]
    check(f"{E}/fax", caller.send("POST", spelled(f"{E}/fax"), files=files), "post")
    check("/restapi/v1.0/dictionary/fax-cover-page", caller.get("/restapi/v1.0/dictionary/fax-cover-page"))
    ids = [caller.sandbox.receive_message(kind)["id"] for kind in ("SMS", "VoiceMail", "Fax", "Pager")]
    check(STORE, caller.get(spelled(STORE)))
    check(f"{E}/message-sync", caller.get(spelled(f"{E}/message-sync"), {"syncType": "FSync"}))
    path = spelled(MESSAGE, messageId=",".join(map(str, ids)))
    check(MESSAGE, caller.get(path, Accept=VENDOR), status=207, media=VENDOR)
    marked = caller.send("PUT", path, json={"readStatus": "Read"}, headers={"Accept": VENDOR})
    check(MESSAGE, marked, "put", 207, VENDOR)
    one = spelled(MESSAGE, messageId=str(ids[0]))
    check(MESSAGE, caller.send("PUT", one, json={"readStatus": "Read"}), "put")
    check(MESSAGE, caller.send("PATCH", one, json={"availability": "Alive"}), "patch")


A2P, RING = f"{A}/a2p-sms", f"{E}/ring-out"
CONSENTS = "/restapi/v2/accounts/{accountId}/sms/consents"


def test_broadcasts_and_calls_placed(start, check):
    caller = start(calls=0, scale=0.01)
    body = {"from": "+16505550120", "text": "x", "messages": [{"to": ["+14155550111"]}, {"to": ["nobody"]}]}
    made = caller.post(spelled(f"{A2P}/batches"), body)
    check(f"{A2P}/batches", made, "post", 201)
    check(f"{A2P}/batches", caller.post(spelled(f"{A2P}/batches"), {}), "post", 400)
    check(f"{A2P}/batches/{{batchId}}", caller.get(spelled(f"{A2P}/batches/{made.json()['id']}")))
    for path in ("batches", "messages", "statuses"):
        check(f"{A2P}/{path}", caller.get(spelled(f"{A2P}/{path}")))
    messages = caller.get(spelled(f"{A2P}/messages"), {"view": "Detailed"})
    check(f"{A2P}/messages", messages)
    message = messages.json()["records"][0]["id"]
    check(f"{A2P}/messages/{{messageId}}", caller.get(spelled(f"{A2P}/messages/{message}")))
    caller.sandbox.opt_out("+14155550111")
    check(f"{A2P}/opt-outs", caller.get(spelled(f"{A2P}/opt-outs")))
    check(f"{CONSENTS}/search", caller.post(spelled(f"{CONSENTS}/search"), {"perPage": 1}), "post")
    record = {"from": "+16505550120", "to": "+14155550112", "optStatus": "OptOut", "source": "Api"}
    records = {"records": [record, record | {"from": "+14155550100"}]}
    check(CONSENTS, caller.send("PATCH", spelled(CONSENTS), json=records), "patch")
    placed = caller.post(spelled(RING), {"from": {"forwardingNumberId": "7"}, "to": {"phoneNumber": "+14155550111"}})
    check(RING, placed, "post")
    check(f"{RING}/{{ringoutId}}", caller.get(spelled(f"{RING}/{placed.json()['id']}")))


T = "/team-messaging/v1"


def test_team_messaging(start, check):
    caller = start(calls=0)
    chat = caller.get(f"{T}/chats", {"type": "Team"}).json()["records"][0]["id"]
    check(f"{T}/chats", caller.get(f"{T}/chats"))
    check(f"{T}/teams", caller.get(f"{T}/teams"))
    made = caller.post(f"{T}/conversations", {"members": [{"id": "400131428008"}]})
    check(f"{T}/conversations", made, "post", 201)
    check(f"{T}/conversations", caller.post(f"{T}/conversations", {}), "post")
    check(f"{T}/conversations/{{chatId}}", caller.get(f"{T}/conversations/{made.json()['id']}"))
    check(f"{T}/teams", caller.post(f"{T}/teams", {"name": "New"}), "post", 201)
    check(f"{T}/persons/{{personId}}", caller.get(f"{T}/persons/400131428008"))
    files = caller.send(
        "POST", f"{T}/files", data=b"1", params={"name": "a.txt"}, headers={"Content-Type": "text/plain"}
    )
    check(f"{T}/files", files, "post")
    posts = f"{T}/chats/{{chatId}}/posts"
    body = {"text": "![:Person](400131428008) see", "attachments": [{"id": files.json()[0]["id"], "type": "File"}]}
    first = caller.post(posts.format(chatId=chat), body)
    check(posts, first, "post", 201)
    check(posts, caller.post(posts.format(chatId=chat), {"text": "x", "parentPostId": first.json()["id"]}), "post", 201)
    cards = f"{T}/chats/{{chatId}}/adaptive-cards"
    card = caller.post(cards.format(chatId=chat), {"type": "AdaptiveCard", "version": "1.3", "body": []})
    check(cards, card, "post", 201)
    one = f"{T}/adaptive-cards/{{cardId}}"
    check(one, caller.get(one.format(cardId=card.json()["id"])))
    check(one, caller.send("PUT", one.format(cardId=card.json()["id"]), json={"type": "AdaptiveCard"}), "put")
    check(posts, caller.get(posts.format(chatId=chat)))
    hooks = f"{T}/groups/{{groupId}}/webhooks"
    check(hooks, caller.send("POST", hooks.format(groupId=chat)), "post")
    check(hooks, caller.get(hooks.format(groupId=chat)))
    check(f"{T}/webhooks", caller.get(f"{T}/webhooks"))


def test_errors(start, check):
    caller = start()
    check(f"{A}/call-log", caller.log(perPage="x"), status=400)
    check(
        f"{A}/call-log-extract-sync",
        caller.get(spelled(f"{A}/call-log-extract-sync"), {"syncType": "ISync", "syncToken": "x"}),
        status=400,
    )
    check(f"{A}/call-log/{{callRecordId}}", caller.get(spelled(f"{A}/call-log/x")), status=404)
    caller.sandbox.change_user(permissions=[])
    check(f"{A}/call-log", caller.log(), status=403)


def test_groups_and_permissions_are_those_of_the_specification(specification):
    from airflow_provider_ringcentral.sandbox.api.routes import OPERATIONS

    wrong = []
    for operation in OPERATIONS:
        if operation.id == "postToWebhook":  # in no specification
            continue
        official = specification["paths"][operation.path][operation.method.lower()]
        ours = (operation.id, operation.group, operation.permission, operation.user_permission, operation.media)
        theirs = (
            official["operationId"],
            official["x-throttling-group"],
            official.get("x-app-permission"),
            official.get("x-user-permission"),
            official.get("x-media-api", False),
        )
        if ours != theirs:
            wrong.append((ours, theirs))
    assert wrong == []
