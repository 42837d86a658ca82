"""The Team Messaging notifier over HTTP."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from airflow_provider_ringcentral.notifications.team_messaging import RingCentralTeamMessagingNotifier

from .conftest import failed
from .test_alert_text import DEADLINE


@pytest.fixture(scope="module")
def chat(office) -> str:
    return str(office.add_chat(name="On call")["id"])


@pytest.fixture
def posts(desk, chat):
    """The texts that were posted in this test."""
    before = len(desk.posts(chat))
    return lambda: [post["text"] for post in desk.posts(chat)[before:]]


def notifier(**how: Any) -> RingCentralTeamMessagingNotifier:
    given = {} if {"chat", "email"} & set(how) else {"team": "On call"}
    return RingCentralTeamMessagingNotifier(**{"gather": 0.3, **given, **how})


def test_a_task_fails(posts, chat, logged):
    notifier()(failed())
    notifier(text="**{{ ti.task_id }}**", chat="{{ where }}", dedup_key="other")(failed(where=chat))

    first, second = posts()
    assert first.startswith(r"Airflow: task etl.load failed with ValueError in scheduled\_\_2026-")
    assert second == "**load**"
    assert "The alert about etl.load is sent: post " in logged()


async def test_a_deadline(posts):
    await RingCentralTeamMessagingNotifier(context=dict(DEADLINE), team="On call", text="{{ dag_run.dag_id }} is late")

    assert posts() == ["etl is late"]


def test_many_tasks_fail_at_once(desk, posts):
    threads = [threading.Thread(target=notifier(gather=0.7), args=(failed(f"load_{n}"),)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    first, second = posts()
    assert first.startswith(r"Airflow: task etl.load\_")
    assert second.startswith("Airflow: 19 more alerts since ")


def test_an_answer_that_is_lost(desk, posts):
    desk.fault("status", status=502, operation="createGlipPostNew", executed=True)
    notifier(text="once")(failed())

    assert posts() == ["once"]


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ({"team": "Nobody"}, "the team 'Nobody' does not exist"),
        ({"email": "nobody"}, "email is not an e-mail address"),
        ({"team": None}, "neither chat, team nor email is given"),
    ],
)
def test_nothing_is_raised_and_everything_is_logged(posts, logged, how, problem):
    notifier(**how)(failed())

    assert posts() == []
    assert problem in logged()
