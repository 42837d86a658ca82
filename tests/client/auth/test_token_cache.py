"""The shared token: who logs in, who waits, when a token is renewed or dropped. Pure."""

from __future__ import annotations

import msgspec
import pytest

from airflow_provider_ringcentral.client.auth import token_cache
from airflow_provider_ringcentral.client.auth.token_cache import (
    AccessToken,
    LogIn,
    LoginRefused,
    TokenState,
    WaitForLogin,
)

ANSWER = {"expires_in": 3600, "owner_id": "11", "scope": "ReadCallLog"}


def logged_in(now: float = 1000.0, **answer) -> TokenState:
    state = TokenState()
    token_cache.store_token(state, "sealed", "id-1", {**ANSWER, **answer}, now)
    return state


def test_the_first_caller_logs_in_and_the_others_wait_for_it():
    state = TokenState()

    assert token_cache.next_step(state, "a", 1000.0) == LogIn()
    assert token_cache.next_step(state, "b", 1001.0) == WaitForLogin(1030.0)
    assert token_cache.next_step(state, "a", 1010.0) == LogIn()


def test_a_killed_login_blocks_nobody_longer_than_its_lock():
    state = TokenState()
    token_cache.next_step(state, "killed", 1000.0)

    assert token_cache.next_step(state, "b", 1000.0 + token_cache.LOGIN_LOCK_SECONDS) == LogIn()


@pytest.mark.parametrize(
    ("life", "good_until"),
    [(3600, 1000 + 3600 - 90), (600, 1000 + 540), (30, 1000 + 27)],
)
def test_a_token_is_renewed_early_by_its_expires_in(life, good_until):
    state = logged_in(expires_in=life)

    assert token_cache.next_step(state, "a", good_until - 0.1) == AccessToken("sealed", "id-1", "11")
    assert token_cache.next_step(state, "a", good_until) == LogIn()
    assert token_cache.next_step(state, "b", good_until) == AccessToken("sealed", "id-1", "11")
    state.login_until = 1000.0 + life + 5
    assert token_cache.next_step(state, "b", 1000.0 + life) == WaitForLogin(1000.0 + life + 5)


def test_the_shorter_of_token_and_session_counts():
    assert logged_in(session_expires_in=600).expires == 1600.0


def test_only_the_dead_token_is_dropped():
    state = logged_in()
    token_cache.drop_token(state, "id-0")
    assert isinstance(token_cache.next_step(state, "a", 1001.0), AccessToken)

    token_cache.drop_token(state, "id-1")
    assert token_cache.next_step(state, "a", 1001.0) == LogIn()


def test_a_refusal_is_remembered_for_a_minute():
    state = TokenState()
    token_cache.next_step(state, "a", 1000.0)
    token_cache.store_refusal(state, {"message": "no"}, 1000.0)

    assert token_cache.next_step(state, "b", 1059.0) == LoginRefused({"message": "no"})
    assert token_cache.next_step(state, "b", 1060.0) == LogIn()


def test_a_refused_renewal_leaves_the_old_token_in_use():
    state = logged_in()
    token_cache.store_refusal(state, {"message": "no"}, 4520.0)

    assert isinstance(token_cache.next_step(state, "a", 4530.0), AccessToken)


def test_one_login_in_ten_minutes_may_find_a_new_scope():
    state = logged_in()
    assert token_cache.renew_for_scope(state, "id-1", 1100.0)
    assert state.token is None

    token_cache.store_token(state, "sealed", "id-2", ANSWER, 1101.0)
    assert token_cache.renew_for_scope(state, "id-1", 1102.0), "another process has renewed it already"
    assert not token_cache.renew_for_scope(state, "id-2", 1699.0)
    assert token_cache.renew_for_scope(state, "id-2", 1700.0)


def test_a_clock_that_is_set_back_makes_nothing_immortal():
    state = logged_in(now=1_000_000.0)
    token_cache.next_step(state, "a", 1000.0)
    assert state.expires == 4600.0

    state = TokenState(login_caller="x", login_until=1_000_030.0)
    assert token_cache.next_step(state, "a", 1000.0) == WaitForLogin(1030.0)


def test_the_ledger_keeps_the_field_names_of_earlier_versions():
    earlier = b"""{"token":"encrypted","token_id":"1","owner_id":"11","scope":"SMS","obtained":1.0,"expires":2.0,"turn":"a",
        "turn_until":3.0,"refusal":null,"refused_until":0.0,"scope_renewed":0.0}"""
    state = msgspec.json.decode(earlier, type=TokenState)

    assert (state.login_caller, state.login_until) == ("a", 3.0)
    assert msgspec.json.decode(msgspec.json.encode(state)) == msgspec.json.decode(earlier)
