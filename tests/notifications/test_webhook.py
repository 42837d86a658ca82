"""The webhook notifier over HTTP."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from airflow_provider_ringcentral.notifications.webhook import RingCentralWebhookNotifier

from .conftest import failed
from .test_alert_text import DEADLINE

CONNECTION = "AIRFLOW_CONN_RINGCENTRAL_WEBHOOK_DEFAULT"


@pytest.fixture
def url(desk, monkeypatch) -> str:
    url = desk.add_webhook()
    monkeypatch.setenv(CONNECTION, json.dumps({"conn_type": "http", "password": url, "extra": {"timeout": "1"}}))
    return url


@pytest.fixture
def bodies(desk, url):
    """What this test's webhook accepted."""
    return lambda: [one["body"] for one in desk.webhook_posts() if one["webhook"] == url.rpartition("/")[2]]


def notifier(**how: Any) -> RingCentralWebhookNotifier:
    return RingCentralWebhookNotifier(**{"gather": 0.3, **how})


def test_a_task_fails(bodies, logged):
    notifier(title="{{ ti.dag_id }}", activity="Airflow")(failed())

    (body,) = bodies()
    assert (body["title"], body["activity"]) == ("etl", "Airflow")
    assert body["text"].startswith(r"Airflow: task etl.load failed with ValueError in scheduled\_\_2026-")
    assert "The alert about etl.load is sent: webhook post " in logged()


async def test_a_deadline(bodies):
    await RingCentralWebhookNotifier(context=dict(DEADLINE), text="{{ dag_run.dag_id }} is late")

    assert bodies() == [{"text": "etl is late"}]


def test_many_tasks_fail_at_once(desk, bodies):
    threads = [threading.Thread(target=notifier(gather=0.7), args=(failed(f"load_{n}"),)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    first, second = bodies()
    assert first["text"].startswith(r"Airflow: task etl.load\_")
    assert second["text"].startswith("Airflow: 19 more alerts since ")


def test_an_answer_that_is_lost_is_not_posted_again(desk, bodies, logged):
    desk.fault("status", status=502, operation="postToWebhook", executed=True)
    notifier(text="once", gather=0)(failed())
    notifier(text="twice", gather=0)(failed("extract"))

    assert [body["text"] for body in bodies()] == ["once", "twice"]
    assert "The alert about etl.load may have been sent or not: HTTP 502" in logged()


@pytest.mark.parametrize("password", ["https://example.com/webhook/v2/abcdefgh", "", None])
def test_nothing_is_raised_and_the_url_is_not_shown(bodies, url, logged, monkeypatch, password):
    monkeypatch.setenv(CONNECTION, json.dumps({"conn_type": "http", "password": password}))
    notifier()(failed())
    asyncio.run(notifier().async_notify(failed()))

    assert bodies() == []
    assert logged().count("The alert was not sent") >= 2
    assert "abcdefgh" not in logged()


def test_no_log_line_has_the_url_or_the_text(desk, bodies, url, logged):
    desk.fault("status", status=400, operation="postToWebhook")
    for task in ("extract", "load"):
        notifier(text="the payroll is wrong", gather=0)(failed(task))

    assert bodies()[0]["text"].startswith("the payroll is wrong\n(Held since ")
    for hidden in (url, url.rpartition("/")[2], "payroll"):
        assert hidden not in logged()


@pytest.mark.parametrize("on_loop", [False, True])
def test_what_heeds_no_timeout_is_left_to_itself(url, logged, on_loop):
    """Such as a name server: the callback goes on, whenever that ends."""
    never = threading.Event()

    class Hanging(RingCentralWebhookNotifier):
        total_seconds = 0.0

        def send(self, client: Any, text: str) -> Any:
            never.wait()

    try:
        one = Hanging(gather=0, text="help")
        if on_loop:
            asyncio.run(one.async_notify(failed()))
        else:
            one(failed())
        assert "The alert may have been sent or not: no result after" in logged()
    finally:
        never.set()
