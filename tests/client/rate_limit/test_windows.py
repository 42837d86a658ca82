"""Window arithmetic, by tables and in a simulation with a strict sliding window."""

from __future__ import annotations

import heapq
import random

import msgspec
import pytest

from airflow_provider_ringcentral.client.rate_limit import windows
from airflow_provider_ringcentral.client.rate_limit.queue import EXPIRY_SECONDS, RECHECK_SECONDS
from airflow_provider_ringcentral.client.rate_limit.windows import RateLimitInfo, Window

RNG = random.Random(7)


def answered(window: Window, ticket: str, now: float, **info: float) -> None:
    windows.record_response(window, ticket, now, RateLimitInfo(**info), random.Random(7))


@pytest.mark.parametrize(
    ("group", "limit"), [("light", 50), ("medium", 40), ("heavy", 10), ("auth", 5), ("some new name", 10)]
)
def test_windows_start_with_the_documented_limit(group, limit):
    assert windows.new_window(group).limit == limit


def test_slots_are_given_up_to_the_limit_and_then_a_time():
    window = Window(limit=3)

    assert [windows.reserve(window, f"t{n}", 100.0, 70) for n in range(3)] == [100.0, 100.0, 100.0]
    assert windows.reserve(window, "t3", 100.0, 70) == 160.0


def test_a_slot_counts_from_the_response():
    window = Window(limit=1)
    windows.reserve(window, "a", 100.0, 70)
    answered(window, "a", 103.5)

    assert windows.reserve(window, "b", 104.0, 70) == 163.5


def test_waiters_are_served_in_order_and_each_gets_its_own_slot():
    window = Window(limit=2)
    for ticket, at in (("a", 100.0), ("b", 101.0)):
        windows.reserve(window, ticket, at, 70)
        answered(window, ticket, at + 1)

    assert [windows.reserve(window, ticket, 105.0, 70) for ticket in "cdef"] == [161.0, 162.0, 221.0, 222.0]
    for now in (125.0, 145.0):
        assert [windows.reserve(window, ticket, now, 70) for ticket in "cdef"] == [161.0, 162.0, 221.0, 222.0]
    assert windows.reserve(window, "d", 161.5, 70) == 162.0
    assert windows.reserve(window, "c", 161.5, 70) == 161.5


def test_a_waiter_that_does_not_check_loses_its_reservation():
    window = Window(limit=1)
    windows.reserve(window, "a", 100.0, 70)
    answered(window, "a", 100.0)
    windows.reserve(window, "dead", 101.0, 70)
    windows.reserve(window, "b", 101.0, 70)

    assert windows.reserve(window, "b", 101.0 + EXPIRY_SECONDS, 70) == 160.0


def test_a_request_that_is_never_reported_counts_from_the_end_of_its_hold():
    window = Window(limit=1)
    windows.reserve(window, "killed", 100.0, 70)

    assert windows.reserve(window, "b", 175.0, 70) == 230.0


def test_a_slot_of_a_request_that_was_not_sent_is_free_at_once():
    window = Window(limit=1)
    windows.reserve(window, "a", 100.0, 70)
    windows.release(window, "a")

    assert windows.reserve(window, "b", 100.0, 70) == 100.0


def test_an_interrupted_request_counts_and_one_that_still_waited_does_not():
    window = Window(limit=1)
    windows.reserve(window, "under way", 100.0, 70)
    windows.reserve(window, "in the queue", 100.0, 70)
    windows.abandon(window, "under way", 103.0)
    windows.abandon(window, "in the queue", 103.0)

    assert (window.answered, window.held, window.queue) == ([103.0], [], [])
    assert windows.reserve(window, "b", 104.0, 70) == 163.0


@pytest.mark.parametrize(("limit", "remaining", "left"), [(1e6, 999_990, 10_000), (1e12, 3, 3), (2e9, 0, 0)])
def test_a_limit_of_a_million_is_capped(limit, remaining, left):
    window = Window(limit=10)
    windows.reserve(window, "a", 100.0, 70)
    answered(window, "a", 100.0, limit=int(limit), seconds=60.0, remaining=remaining)

    assert windows.slots_left(window, 100.0) == pytest.approx(left, abs=1)
    assert len(window.other_clients) <= windows.MAX_LIMIT


def test_limits_and_window_length_are_learned_from_answers():
    window = Window(limit=10)
    windows.reserve(window, "a", 100.0, 70)
    answered(window, "a", 100.0, limit=2, seconds=30.0, remaining=1)

    assert windows.reserve(window, "b", 100.0, 70) == 100.0
    assert windows.reserve(window, "c", 100.0, 70) == 130.0


def test_other_clients_are_counted_when_fewer_requests_are_left_than_we_used():
    window = Window(limit=10)
    windows.reserve(window, "a", 100.0, 70)
    answered(window, "a", 100.0, limit=10, seconds=60.0, remaining=3)

    assert windows.slots_left(window, 100.0) == 3
    windows.reserve(window, "b", 101.0, 70)
    answered(window, "b", 101.0, limit=10, seconds=60.0, remaining=2)
    assert windows.slots_left(window, 101.0) == 2


def test_a_request_that_leaves_our_window_meanwhile_is_not_taken_for_another_client():
    window = Window(limit=2)
    windows.reserve(window, "a", 100.0, 70)
    answered(window, "a", 100.0, limit=2, seconds=60.0, remaining=1)
    windows.reserve(window, "b", 159.9, 70)
    answered(window, "b", 160.2, limit=2, seconds=60.0, remaining=0)

    assert windows.slots_left(window, 160.2) == 1


def test_a_penalty_closes_the_window_for_everybody_and_its_extra_grows():
    window = Window(limit=10)
    extras = []
    now = 100.0
    for _ in range(10):
        windows.reserve(window, "a", now, 70)
        answered(window, "a", now, penalty=60.0)
        assert windows.reserve(window, "b", now + 1, 70) == window.closed_until
        windows.release(window, "b")
        extras.append(window.closed_until - now - 60.0)
        now = window.closed_until
    longest = [60 * min(32.0, 0.05 * 3.0**n) for n in range(10)]
    assert all(0.0 <= extra <= most for extra, most in zip(extras, longest, strict=True))
    assert longest[0] == 3.0
    assert extras[-1] > 100 * extras[0]


def test_a_thousand_penalties_of_an_hour_close_the_window_for_at_most_an_hour_and_a_half():
    window, now = Window(limit=10), 100.0
    for _ in range(1000):
        windows.reserve(window, "a", now, 70)
        answered(window, "a", now, penalty=3600.0)
        assert 3600.0 <= window.closed_until - now <= windows.MAX_CLOSED_SECONDS
        now = window.closed_until


def test_a_window_that_another_version_closed_for_days_opens_within_the_longest_penalty():
    window = Window(limit=10, closed_until=100.0 + 9 * 86_400, closed_seconds=9 * 86_400.0)

    first = windows.reserve(window, "a", 100.0, 70)
    assert first <= 100.0 + windows.MAX_CLOSED_SECONDS + windows.CLOCK_TOLERANCE_SECONDS
    assert windows.reserve(window, "a", 5000.0, 70) == first, "and does not move on with the clock"


def test_429s_of_requests_under_way_together_count_once():
    window = Window(limit=10)
    for ticket in "abc":
        windows.reserve(window, ticket, 100.0, 70)
    for ticket in "abc":
        answered(window, ticket, 101.0, penalty=60.0)

    assert window.consecutive_429s == 1
    assert 161.0 <= window.closed_until <= 164.0


def test_after_a_penalty_one_request_goes_first():
    window = Window(limit=10)
    windows.reserve(window, "a", 100.0, 70)
    answered(window, "a", 100.0, penalty=60.0)
    now = window.closed_until

    assert windows.reserve(window, "probe", now, 70) == now
    assert windows.reserve(window, "b", now, 70) == now + windows.PROBE_SECONDS
    answered(window, "probe", now + 0.2, limit=10, seconds=60.0, remaining=9)
    assert windows.reserve(window, "b", now + 0.5, 70) == now + 0.5


def test_up_to_half_of_the_slots_is_left_to_other_clients_for_a_while():
    window = Window(limit=10)
    windows.reserve(window, "a", 100.0, 70)
    answered(window, "a", 100.0, limit=10, seconds=60.0, remaining=2)
    assert windows.slots_left(window, 100.0) == 2

    later = 100.0 + 2 * 60
    assert windows.slots_left(window, later) == 5, "the other clients will come again"
    assert [windows.reserve(window, str(n), later, 70) for n in range(6)] == [later] * 5 + [later + 60.0]
    for n in range(5):
        answered(window, str(n), later, limit=10, seconds=60.0, remaining=9 - n)

    assert windows.slots_left(window, 100.0 + (windows.OTHER_CLIENTS_WINDOWS + 2.1) * 60) == 10


def test_a_429_shows_other_clients():
    window = Window(limit=10)
    windows.reserve(window, "a", 100.0, 70)
    answered(window, "a", 100.0, penalty=60.0)

    assert windows.slots_left(window, window.closed_until) == 5


def test_an_answer_within_the_penalty_does_not_end_it():
    window = Window(limit=10)
    for ticket in "ab":
        windows.reserve(window, ticket, 100.0, 70)
    answered(window, "a", 101.0, penalty=60.0)
    answered(window, "b", 102.0, remaining=0)

    assert window.closed_until >= 161.0
    assert window.consecutive_429s == 1


def test_a_caller_that_read_the_clock_a_moment_ago_changes_no_time():
    window = Window(limit=2)
    for ticket in "ab":
        windows.reserve(window, ticket, 100.0, 70)
    answered(window, "a", 101.0)
    answered(window, "b", 100.4)

    assert sorted(window.answered) == [100.4, 101.0]
    answered(window, "c", 102.0, penalty=60.0)
    assert windows.reserve(window, "d", 101.0, 70) == window.closed_until > 162.0


def test_a_clock_that_is_set_back_does_no_harm():
    window = Window(limit=1)
    windows.reserve(window, "a", 10_000.0, 70)
    answered(window, "a", 10_000.0, penalty=60.0)
    windows.reserve(window, "w", 10_000.0, 70)

    assert windows.reserve(window, "b", 500.0, 70) <= 500.0 + 120.0


@pytest.mark.parametrize("seed", range(8))
def test_many_callers_use_the_whole_quota_and_never_more(seed):
    """A server that counts at a random moment between sending and answering sees no window with more than its limit."""
    rng = random.Random(seed)
    limit, requests = 10, 120
    window = Window(limit=limit)
    events = [(rng.uniform(0, 5), n, "look") for n in range(requests)]
    heapq.heapify(events)
    counted: list[float] = []
    while events:
        now, n, what = heapq.heappop(events)
        if what == "answer":
            recent = sum(1 for moment in counted if moment > now - 60.0)
            answered(window, str(n), now, limit=limit, seconds=60.0, remaining=max(0, limit - recent))
        elif (instant := windows.reserve(window, str(n), now, 75.0)) > now:
            wake = min(instant, now + RECHECK_SECONDS) + rng.uniform(0, 0.02)
            heapq.heappush(events, (wake, n, "look"))
        else:
            latency = rng.uniform(0.01, 0.4)
            counted.append(now + rng.uniform(0, latency))
            heapq.heappush(events, (now + latency, n, "answer"))
    counted.sort()

    for first, last in zip(counted, counted[limit:], strict=False):
        assert last - first > 60.0
    assert counted[-1] < 5 + (requests // limit - 1) * 60 * 1.02


def test_the_ledger_keeps_the_field_names_of_earlier_versions():
    earlier = b"""{"limit":10,"seconds":60.0,"answered":[],"strangers":[100.0],"usual":1,"usual_seen":100.0,"held":[],
        "queue":[],"turns":[],"gate":160.0,"gate_seconds":60.0,"strikes":2,"remaining":3}"""
    window = msgspec.json.decode(earlier, type=Window)

    assert (window.other_clients, window.other_clients_peak, window.other_clients_peak_at) == ([100.0], 1, 100.0)
    assert (window.closed_until, window.closed_seconds, window.consecutive_429s) == (160.0, 60.0, 2)
    assert msgspec.json.decode(msgspec.json.encode(window)) == msgspec.json.decode(earlier)
