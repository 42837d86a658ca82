from __future__ import annotations

import pytest
import requests

T = "/team-messaging/v1"
CARD = {"type": "AdaptiveCard", "version": "1.3", "body": [{"type": "TextBlock", "text": "Red"}]}


@pytest.fixture
def url(caller):
    return caller.sandbox.add_webhook()


def send(url, body, **how):
    return requests.post(url, json=body, timeout=10, **how)


def test_a_post_needs_no_login(caller, url):
    body = {"activity": "Airflow", "title": "dag", "iconUri": "https://example.com/i.png", "text": "Failed"}
    answer = send(url, body | {"attachments": [CARD]})
    assert (answer.status_code, answer.json()) == (200, {"status": "OK"})
    assert send(url.replace("/webhook/v2/", "/webhook/"), {"text": "Old form"}).json() == {"status": "OK"}
    first, second = caller.sandbox.webhook_posts()
    assert first["body"]["attachments"] == [CARD]
    assert second["path"] == first["path"].replace("/v2/", "/")
    told = caller.sandbox.posts(first["chat"])
    assert [(post["text"], post.get("title")) for post in told] == [("Failed", "dag"), ("Old form", None)]
    assert caller.sandbox.stats()["groups"]["NoThrottling"] == 2


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "text or attachments must be given"),
        ([], "body must be an object"),
        ({"text": 7}, "text must be text"),
        ({"attachments": {}}, "attachments must be a list"),
        ({"attachments": [{"body": []}]}, "attachments[0]: type must be AdaptiveCard or Card"),
        ({"attachments": [{"type": "Card", "title": "x" * 301}]}, "attachments[0]: title is too long"),
        ({"attachments": [{"type": "Card", "text": "x" * 1001}]}, "attachments[0]: text is too long"),
        ({"attachments": [CARD | {"speak": "x" * 1_500_000}]}, "attachments are too large"),
    ],
)
def test_errors_have_status_200_by_default(caller, url, body, problem):
    answer = send(url, body)
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "error",
        "message": "Your request was accepted, however a post was not generated",
        "error": "Payload is invalid",
        "validation": [problem],
    }
    assert caller.sandbox.webhook_posts() == []
    assert caller.sandbox.posts() == []


def test_the_status_of_errors_is_an_option(start):
    caller = start(calls=0, webhook_error_status=400)
    answer = send(caller.sandbox.add_webhook(), {})
    assert (answer.status_code, answer.json()["status"]) == (400, "error")


def test_suspended_and_deleted_webhooks_accept_nothing(caller, url):
    unknown = send(url[:-4] + "0000", {"text": "x"})
    assert (unknown.status_code, unknown.json()["status"]) == (404, "error")
    suspended = send(caller.sandbox.add_webhook(status="Suspended"), {"text": "x"})
    assert (suspended.status_code, suspended.json()["error"]) == (200, "Webhook is suspended")
    garbage = requests.post(url, data=b"text", timeout=10)
    assert garbage.json()["error"] == "Body is not JSON"


def test_posts_beyond_the_limit_are_refused(start):
    caller = start(calls=0, limits=True, webhooks_per_minute=2)
    url = caller.sandbox.add_webhook()
    assert [send(url, {"text": "x"}).status_code for _ in range(3)] == [200, 200, 429]
    refused = send(url, {"text": "x"})
    assert 0 < float(refused.headers["Retry-After"]) <= 60
    assert refused.json()["status"] == "error"


def test_webhooks_of_a_chat(caller):
    chat = caller.get(f"{T}/chats", {"type": "Team"}).json()["records"][0]["id"]
    hooks = f"{T}/groups/{chat}/webhooks"
    made = caller.send("POST", hooks).json()
    assert (made["status"], made["groupIds"], made["creatorId"]) == ("Active", [chat], "400131427008")
    assert made["uri"] == f"{caller.sandbox.url}/webhook/v2/{made['id']}"
    one = f"{T}/webhooks/{made['id']}"
    assert caller.send("POST", f"{one}/suspend").status_code == 200
    assert send(made["uri"], {"text": "x"}).json()["status"] == "error"
    assert caller.get(one).json()["records"][0]["status"] == "Suspended"
    caller.send("POST", f"{one}/activate")
    assert send(made["uri"], {"text": "x"}).json()["status"] == "OK"
    assert caller.get(hooks).json() == caller.get(f"{T}/webhooks").json() == caller.get(one).json()
    assert caller.send("DELETE", one).status_code == 200
    assert caller.get(one).status_code == 404
    assert caller.get(hooks).json()["records"] == []
    assert send(made["uri"], {"text": "x"}).status_code == 404
