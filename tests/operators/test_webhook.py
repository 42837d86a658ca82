"""Incoming webhooks over HTTP: what arrives, answers that say 200 and mean no, and a URL that nobody sees."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred

from airflow_provider_ringcentral.client.answer import Answer
from airflow_provider_ringcentral.client.errors import (
    BadRequest,
    ConfigurationError,
    NotFound,
    OutcomeUnknown,
    Unavailable,
)
from airflow_provider_ringcentral.client.webhook import classify_webhook, webhook_address
from airflow_provider_ringcentral.hooks.settings import ledger_url, shared_ledger
from airflow_provider_ringcentral.operators.steps.post_operator import RingCentralPostOperator
from airflow_provider_ringcentral.operators.webhook import RingCentralPostWebhookOperator
from airflow_provider_ringcentral.sandbox import Sandbox

from .conftest import Store

CARD = {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "Late"}]}
TEXT = "The ledger is late"
POST = "postToWebhook"


@pytest.fixture
def url(desk: Sandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    """A webhook of this test, in the Connection."""
    url = desk.add_webhook()
    connect(monkeypatch, password=url, extra={"timeout": "1"})
    return url


@pytest.fixture
def posted(office: Sandbox, url: str) -> Callable[[], list[dict[str, Any]]]:
    """What this test's webhook accepted."""
    return lambda: [one["body"] for one in office.webhook_posts() if one["webhook"] == url.rpartition("/")[2]]


def connect(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> None:
    name = "AIRFLOW_CONN_RINGCENTRAL_WEBHOOK_DEFAULT"
    monkeypatch.setenv(name, json.dumps({"conn_type": "http", **fields}))


def post(context: dict[str, Any] | None = None, **how: Any) -> dict[str, Any]:
    operator = RingCentralPostWebhookOperator(**{"task_id": "post", "text": TEXT, **how})
    return operator.execute(context or {})


def test_a_text(office, url, posted):
    assert post() == {"posted": True}
    assert posted() == [{"text": TEXT}]
    assert office.stats()["logins"] == 0


def test_a_whole_post(url, posted):
    post(title="Backup", activity="Airflow", icon_uri="https://example.com/a.png", attachments=[CARD, json.dumps(CARD)])

    assert posted() == [
        {
            "title": "Backup",
            "activity": "Airflow",
            "iconUri": "https://example.com/a.png",
            "text": TEXT,
            "attachments": [CARD, CARD],
        }
    ]


def test_a_card_alone(url, posted):
    post(text="", attachments=CARD)

    assert posted() == [{"attachments": [CARD]}]


def test_an_old_url_posts_in_the_new_format(office, url, posted, monkeypatch):
    connect(monkeypatch, password=f" {url.replace('/v2/', '/')}\n")
    post()

    assert posted() == [{"text": TEXT}]
    assert "/webhook/v2/" in office.webhook_posts()[-1]["path"]


@pytest.mark.parametrize("status", [200, 400])
def test_an_error_in_the_answer_is_an_error_whatever_its_status(office, url, posted, monkeypatch, status):
    connect(monkeypatch, password=office.add_webhook(status="Suspended"))
    office.set(webhook_error_status=status)
    try:
        with pytest.raises(BadRequest, match="Webhook is suspended") as caught:
            post()
    finally:
        office.set(webhook_error_status=200)

    assert isinstance(caught.value, AirflowFailException)
    assert caught.value.remedy.cause == "RingCentral received the request and did not make a post of it."


def test_what_ringcentral_finds_wrong_is_told(url, posted):
    with pytest.raises(BadRequest, match=r"Payload is invalid: attachments\[0\]: title is too long"):
        post(attachments={"type": "Card", "title": "a" * 301})

    assert posted() == []


def test_a_webhook_that_is_gone(office, url, monkeypatch):
    connect(monkeypatch, password=f"{office.url}/webhook/v2/gone")

    with pytest.raises(NotFound, match="does not exist any more") as caught:
        post()

    assert isinstance(caught.value, AirflowFailException)


LOSSES = {
    "timeout": {"kind": "slow", "seconds": 1.5},
    "reset": {"kind": "reset"},
    "truncated": {"kind": "truncate"},
    "a page of HTML": {"kind": "html"},
    "500": {"kind": "status", "status": 500},
    "502": {"kind": "status", "status": 502, "body": "html"},
    "504": {"kind": "status", "status": 504, "body": "empty"},
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_lost_answer_is_told_and_the_retry_posts_nothing(office, url, posted, loss):
    office.fault(**LOSSES[loss], operation=POST, executed=True)
    store = Store()

    for _ in range(2):
        with pytest.raises(OutcomeUnknown) as caught:
            post({"task_state_store": store})
        assert isinstance(caught.value, AirflowFailException)

    assert posted() == [{"text": TEXT}]


def test_resend_posts_again(office, url, posted):
    office.fault("status", status=502, operation=POST, executed=True)

    post(on_unknown="resend")

    assert len(posted()) == 2


def test_two_tasks_at_once_post_twice(url, posted):
    threads = [threading.Thread(target=post) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert posted() == [{"text": TEXT}] * 2


def test_a_retry_after_success_posts_nothing_and_a_cleared_task_does(url, posted):
    store = Store()
    for _ in range(2):
        assert post({"task_state_store": store}) == {"posted": True}

    assert len(posted()) == 1


def test_too_many_posts_are_waited_for(office, url, posted):
    office.fault("status", status=429, retry_after=0.2, operation=POST, times=2)

    post()

    assert len(posted()) == 1
    assert office.stats()["operations"][POST] == 3


def test_a_deferrable_task_gives_its_worker_back_meanwhile(office, url, posted):
    office.fault("status", status=429, retry_after=30, operation=POST)

    with pytest.raises(TaskDeferred):
        post(deferrable=True)

    assert posted() == []


def test_no_connection_may_be_retried(office, url, monkeypatch):
    monkeypatch.setattr("random.uniform", lambda *_: 0.0)
    connect(monkeypatch, password="http://127.0.0.1:9/webhook/v2/abc")

    with pytest.raises(Unavailable) as caught:
        post()

    assert not isinstance(caught.value, AirflowFailException)


CONNECTIONS: list[tuple[str, dict[str, Any], str]] = [
    ("nothing", {}, "password: is missing"),
    ("an id", {"password": "abc-def"}, "password: is not a URL"),
    ("plain http", {"password": "http://hooks.ringcentral.com/webhook/v2/s3cret"}, "is not an https URL"),
    ("another host", {"password": "https://hooks.example.com/webhook/v2/s3cret"}, "leads to hooks.example.com"),
    (
        "a lookalike",
        {"password": "https://ringcentral.com.example.com/webhook/v2/s3cret"},
        "leads to ringcentral.com.ex",
    ),
    ("a user", {"password": "https://a:b@hooks.ringcentral.com/webhook/v2/s3cret"}, "leads to hooks.ringcentral.com"),
    ("an API path", {"password": "https://hooks.ringcentral.com/restapi/s3cret"}, "not the URL of an incoming webhook"),
    (
        "a query",
        {"password": "https://hooks.ringcentral.com/webhook/v2/s3cret?a=b"},
        "not the URL of an incoming webhook",
    ),
    ("in the host", {"host": "https://hooks.ringcentral.com/webhook/v2/s3cret"}, "move the URL to password"),
    ("as a URI", {"host": "hooks.ringcentral.com", "schema": "webhook/v2/s3cret"}, "move the URL to password"),
    (
        "timeout",
        {"password": "https://hooks.ringcentral.com/webhook/v2/s3cret", "extra": {"timeout": "soon"}},
        "timeout",
    ),
]


@pytest.mark.parametrize(("fields", "problem"), [row[1:] for row in CONNECTIONS], ids=[row[0] for row in CONNECTIONS])
def test_a_bad_connection_is_named_without_its_secret(url, monkeypatch, fields, problem):
    connect(monkeypatch, **fields)

    with pytest.raises(ConfigurationError, match=problem) as caught:
        post()

    assert isinstance(caught.value, AirflowFailException)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "https://hooks.ringcentral.com/webhook/v2/abc-1",
        "https://hooks.ringcentral.com/webhook/abc-1",
        "https://hooks.glip.com/webhook/abc-1",
        "https://hooks.ringcentral.com/webhooks/abc-1/",
        "http://127.0.0.1:8080/webhook/v2/abc-1",
        "https://hooks.example.com/webhook/v2/abc-1",
    ],
)
def test_the_urls_that_are_taken(text):
    address = webhook_address(text, ["hooks.example.com"])

    assert (address.path, text.startswith(address.server)) == ("/webhook/v2/abc-1", True)
    assert "abc-1" not in repr(address)


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("nothing", {"text": ""}, "text is empty"),
    ("a long text", {"text": "a" * 10_001}, "10001 UTF-16 units"),
    ("a title", {"title": 5}, "title must be a str, not int"),
    ("a list as card", {"attachments": [[]]}, r"attachments\[0\] must be an object"),
    ("a card without type", {"attachments": [CARD, {}]}, r"attachments\[1\] must be an object"),
    ("a file", {"attachments": {"type": "File"}}, r"attachments\[0\] must be an object"),
    ("no JSON", {"attachments": "{"}, r"attachments\[0\] is not valid JSON"),
    ("a huge card", {"attachments": {**CARD, "speak": "a" * 1_500_000}}, "the limit is 1500000"),
    ("on_unknown", {"on_unknown": "repeat"}, "'look', 'resend' or 'fail'"),
]


@pytest.mark.parametrize(("how", "problem"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_input_is_named_before_anything_is_posted(office, url, how, problem):
    with pytest.raises(BadRequest, match=problem) as caught:
        post(**how)

    assert isinstance(caught.value, AirflowFailException)
    assert POST not in office.stats()["operations"]


ERROR = b'{"status": "error", "message": "m", "error": "e"}'
ANSWERS = [
    (200, "application/json", b'{"status": "OK"}', None),
    (200, "application/json", b"", None),
    (204, "", b"", None),
    (200, "text/plain", b"ok", None),
    (200, "application/json", ERROR, BadRequest),
    (400, "application/json", ERROR, BadRequest),
    (403, "text/plain", b"", "PermissionDenied"),
    (401, "text/plain", b"", "LoginFailed"),
    (404, "application/json", ERROR, NotFound),
    (302, "text/html", b"", BadRequest),
    (200, "application/json", b'{"status": "er', OutcomeUnknown),
    (200, "text/html", b"<p>Welcome</p>", OutcomeUnknown),
    (500, "application/json", ERROR, OutcomeUnknown),
    (503, "text/html", b"", OutcomeUnknown),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda row: f"{row[0]} {row[2]!r}")
def test_what_answers_mean(answer):
    status, kind, body, error = answer
    verdict = classify_webhook(Answer(status, {"Content-Type": kind}, body))

    name = error if isinstance(error, str) else error and error.__name__
    assert (verdict.error and type(verdict.error).__name__) == name


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """What was logged so far, from INFO on. Airflow 3 writes the lines of operators to stdout."""
    caplog.set_level(logging.INFO)
    return lambda: caplog.text + capsys.readouterr().out


def test_no_log_line_has_the_url_or_the_text(office, url, logged, monkeypatch):
    office.fault("status", status=429, retry_after=0.1, operation=POST)
    post()
    told = []
    office.fault("status", status=502, operation=POST, executed=True)
    with pytest.raises(OutcomeUnknown) as caught:
        post()
    told.append(str(caught.value))
    connect(monkeypatch, password=url.replace("/v2/", "/v3/"))
    with pytest.raises(ConfigurationError) as caught:
        post()
    told.append(str(caught.value))

    everything = logged() + "\n".join(told)
    assert "is at RingCentral" in everything
    for secret in (url, url.rpartition("/")[2], TEXT):
        assert secret not in everything


def test_every_value_is_a_template_field():
    names = {
        name
        for kind in (RingCentralPostWebhookOperator, RingCentralPostOperator)
        for name in kind.__init__.__annotations__
    }

    assert set(RingCentralPostWebhookOperator.template_fields) == names - {"kwargs", "return", "deferrable"}


def test_posts_are_a_second_apart_by_the_ledger_they_share(office, url, posted):
    """The sandbox takes 1000 a second here: what keeps them apart is ours."""
    before = len(office.webhook_posts())
    threads = [threading.Thread(target=post) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(office.webhook_posts()) - before == 3
    ledger = shared_ledger(ledger_url())
    (key,) = ledger.keys("webhook:")
    turns = json.loads(ledger.read(key))
    assert ledger.now() - turns["free"] > -1.0
    assert turns["closed"] == 0.0


def test_a_deferrable_task_gives_its_worker_back_when_others_are_before_it(office, url, posted):
    key = webhook_address(url).session_key
    ledger = shared_ledger(ledger_url())
    ledger.update(f"webhook:{key}", lambda _: (json.dumps({"free": ledger.now() + 100}).encode(), None))

    with pytest.raises(TaskDeferred):
        post(deferrable=True)

    assert posted() == []
