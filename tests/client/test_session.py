"""What a process that wants to send does about the login, by situation."""

from __future__ import annotations

import pytest

from airflow_provider_ringcentral.client.auth import token_cache as sessions
from airflow_provider_ringcentral.client.auth.token_cache import LogIn, Refused, Session, Use, WaitForTurn

ANSWER = {"expires_in": 3600, "owner_id": "11", "scope": "ReadCallLog"}


def logged_in(now: float = 1000.0, **answer) -> Session:
    session = Session()
    sessions.logged_in(session, "sealed", "id-1", {**ANSWER, **answer}, now)
    return session


def test_the_first_caller_logs_in_and_the_others_wait_for_its_turn():
    session = Session()

    assert sessions.next_step(session, "a", 1000.0) == LogIn()
    assert sessions.next_step(session, "b", 1001.0) == WaitForTurn(1030.0)
    assert sessions.next_step(session, "a", 1010.0) == LogIn()


def test_a_killed_login_blocks_nobody_longer_than_its_turn():
    session = Session()
    sessions.next_step(session, "killed", 1000.0)

    assert sessions.next_step(session, "b", 1000.0 + sessions.TURN_SECONDS) == LogIn()


@pytest.mark.parametrize(
    ("life", "good_until"),
    [(3600, 1000 + 3600 - 90), (600, 1000 + 540), (30, 1000 + 27)],
)
def test_a_token_is_renewed_early_by_what_expires_in_says(life, good_until):
    session = logged_in(expires_in=life)

    assert sessions.next_step(session, "a", good_until - 0.1) == Use("sealed", "id-1", "11")
    assert sessions.next_step(session, "a", good_until) == LogIn()
    assert sessions.next_step(session, "b", good_until) == Use("sealed", "id-1", "11")
    session.turn_until = 1000.0 + life + 5
    assert sessions.next_step(session, "b", 1000.0 + life) == WaitForTurn(1000.0 + life + 5)


def test_the_shorter_of_token_and_session_counts():
    assert logged_in(session_expires_in=600).expires == 1600.0


def test_only_the_dead_token_is_dropped():
    session = logged_in()
    sessions.drop(session, "id-0")
    assert isinstance(sessions.next_step(session, "a", 1001.0), Use)

    sessions.drop(session, "id-1")
    assert sessions.next_step(session, "a", 1001.0) == LogIn()


def test_a_refusal_is_remembered_for_a_minute():
    session = Session()
    sessions.next_step(session, "a", 1000.0)
    sessions.refused(session, {"message": "no"}, 1000.0)

    assert sessions.next_step(session, "b", 1059.0) == Refused({"message": "no"})
    assert sessions.next_step(session, "b", 1060.0) == LogIn()


def test_a_refused_renewal_leaves_the_old_token_in_use():
    session = logged_in()
    sessions.refused(session, {"message": "no"}, 4520.0)

    assert isinstance(sessions.next_step(session, "a", 4530.0), Use)


def test_one_login_in_ten_minutes_may_look_for_a_new_scope():
    session = logged_in()
    assert sessions.renew_for_scope(session, "id-1", 1100.0)
    assert session.token is None

    sessions.logged_in(session, "sealed", "id-2", ANSWER, 1101.0)
    assert sessions.renew_for_scope(session, "id-1", 1102.0), "another process has renewed it already"
    assert not sessions.renew_for_scope(session, "id-2", 1699.0)
    assert sessions.renew_for_scope(session, "id-2", 1700.0)


def test_a_clock_that_jumps_back_makes_nothing_immortal():
    session = logged_in(now=1_000_000.0)
    sessions.next_step(session, "a", 1000.0)
    assert session.expires == 4600.0

    session = Session(turn="x", turn_until=1_000_030.0)
    assert sessions.next_step(session, "a", 1000.0) == WaitForTurn(1030.0)
