"""Turns of deferrable tasks: pure, and a crowd of them in simulated time."""

from __future__ import annotations

import random

import pytest

from airflow_provider_ringcentral.client.rate_limit import windows
from airflow_provider_ringcentral.client.rate_limit.queue import EARLY_SECONDS, WAKING_SECONDS
from airflow_provider_ringcentral.client.rate_limit.windows import RateLimitInfo, Window
from scenarios.turns import simulate


def full(limit: int, now: float = 100.0) -> Window:
    """A window whose requests are used up until `now` + 60."""
    window = Window(limit=limit)
    for number in range(limit):
        windows.reserve(window, f"sent{number}", now, 75)
        windows.record_response(window, f"sent{number}", now, RateLimitInfo(), random.Random(7))
    return window


def test_a_deferred_task_keeps_its_position_until_its_turn():
    window = full(10)
    for name in ("first", "second", "third"):
        windows.release(window, name)
        windows.await_turn(window, name, 101.0, 180.0)

    assert windows.await_turn(window, "first", 150.0, 180.0) == (160.0, 0)
    assert windows.await_turn(window, "second", 150.0, 180.0) == (160.0, 1)
    # A minute has ten slots, and each turn is taken to need five of them.
    assert windows.await_turn(window, "third", 150.0, 180.0) == (220.0, 2)
    assert windows.await_turn(window, "third", 160.0 - EARLY_SECONDS, 180.0) == (220.0, 2)
    assert windows.await_turn(window, "first", 160.0 - EARLY_SECONDS, 180.0) == (155.0, 0)
    assert [turn.name for turn in window.turns] == ["first"]


def test_tasks_that_hold_a_worker_go_before_deferred_tasks():
    window = full(2)
    windows.await_turn(window, "deferred", 101.0, 900.0)

    assert windows.reserve(window, "held", 102.0, 75) == 160.0
    assert windows.reserve(window, "held too", 102.0, 75) == 160.0
    assert windows.await_turn(window, "deferred", 103.0, 900.0) == (220.0, 0)


def test_a_woken_task_sends_before_those_that_are_deferred():
    window = full(10)
    for name in ("first", "second", "third"):
        windows.await_turn(window, name, 101.0, 180.0)
    windows.await_turn(window, "first", 160.0, 180.0)

    for number in range(6):
        assert windows.reserve(window, f"first's {number}", 161.0, 75, "first") == 161.0
    assert windows.reserve(window, "second's", 161.0, 75, "second") == 161.0, "four slots are left"
    assert windows.reserve(window, "third's", 161.0, 75, "third") == 221.0, "they are for the two that are awake"


def test_a_turn_ends_with_a_window_s_requests_while_others_wait():
    window = Window(limit=4)
    for number in range(4):
        assert windows.reserve(window, f"first's {number}", 100.0 + number, 75, "first") == 100.0 + number
        windows.record_response(window, f"first's {number}", 100.0 + number, RateLimitInfo(), random.Random(7))
    windows.await_turn(window, "second", 104.0, 180.0)

    assert windows.reserve(window, "first's 4", 105.0, 75, "first") > 160.0
    assert [waiter.ticket for waiter in window.queue] == ["second", "first"]


@pytest.mark.parametrize("ends", ["told", "forgotten"])
def test_a_turn_that_nobody_uses_is_given_away(ends):
    window = full(2)
    windows.await_turn(window, "killed", 101.0, 180.0)
    windows.await_turn(window, "next", 101.0, 900.0)
    assert windows.await_turn(window, "killed", 160.0, 180.0) == (160.0, 0)
    assert windows.await_turn(window, "next", 161.0, 900.0)[0] == 161.0, "a turn wants one of two slots"
    windows.await_turn(window, "third", 161.0, 900.0)
    assert windows.await_turn(window, "third", 162.0, 900.0)[0] > 162.0

    if ends == "told":
        windows.end_turn(window, "killed")
        assert windows.await_turn(window, "third", 163.0, 900.0)[0] == 163.0
    else:
        assert windows.await_turn(window, "third", 161.0 + WAKING_SECONDS, 900.0)[0] == 161.0 + WAKING_SECONDS


def test_a_hundred_tasks_of_five_pages_wake_once_each():
    crowd = simulate()
    forgetful = simulate(keeps=False)

    assert crowd.wakings * 10 <= 500 * 3
    assert max(task.starts for task in crowd.tasks) == 2
    assert forgetful.wakings > 20 * crowd.wakings
    # 500 pages need 49 minutes after the first ten.
    assert (crowd.most_in_a_window, len(crowd.counted)) == (10, 500)
    assert 2940.0 < crowd.seconds < 3000.0


@pytest.mark.parametrize(
    ("pages", "wakings", "seconds"),
    [((1,) * 100, 100, 640.0), ((30,) * 20, 150, 3700.0), ((50, 50), 20, 570.0), ((1, 5, 20) * 10, 80, 1580.0)],
)
def test_a_crowd_uses_the_whole_quota(pages, wakings, seconds):
    crowd = simulate(pages)

    assert crowd.wakings <= wakings
    assert crowd.seconds < seconds
    assert (len(crowd.counted), crowd.most_in_a_window) == (sum(pages), 10)


def test_a_triggerer_that_cannot_see_the_ledger_wakes_tasks_by_their_instants():
    crowd = simulate(sees_ledger=False)

    assert crowd.wakings <= 200
    assert crowd.seconds < 3100.0
