"""What is kept apart and what is shared, by whose it is at RingCentral."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.client.errors import LoginFailed
from airflow_provider_ringcentral.client.ledger.factory import open_ledger
from airflow_provider_ringcentral.client.policy import Policy
from airflow_provider_ringcentral.client.rate_limit.limiter import read_window
from airflow_provider_ringcentral.client.rate_limit.windows import slots_left
from airflow_provider_ringcentral.sandbox import Sandbox
from scenarios.quota_jobs import heavy, light
from scenarios.shared_quota import credentials_of


@pytest.fixture
def sandbox():
    with Sandbox(calls=10) as sandbox:
        yield sandbox


@pytest.fixture
def ledger(tmp_path):
    ledger = open_ledger(f"sqlite://{tmp_path}/ledger.sqlite")
    yield ledger
    ledger.close()


@pytest.fixture
def client(ledger):
    """Makes clients of the one ledger that wait for nothing."""
    clients = []

    def client(credentials: Credentials) -> RingCentralClient:
        clients.append(RingCentralClient(credentials, ledger, policy=Policy(max_wait=2)))
        return clients[-1]

    yield client
    for made in clients:
        made.close()


def left_for_logins(ledger, credentials: Credentials) -> int:
    return slots_left(read_window(ledger, credentials.app_key, "auth"), ledger.now())


def test_a_wrong_secret_beside_the_right_one_poisons_nothing(sandbox, client, ledger):
    right = credentials_of(sandbox)
    wrong = replace(right, client_secret="rotated-away")
    for _ in range(2):
        with pytest.raises(LoginFailed) as caught:
            light(client(wrong), 1)
        assert caught.value.remedy is not None
        assert light(client(right), 1) == 1

    assert sandbox.stats()["groups"]["Auth"] == 2, "the refusal is remembered, the token shared"
    assert left_for_logins(ledger, right) == left_for_logins(ledger, wrong) == 3


def test_two_users_of_one_app_have_windows_of_their_own_and_one_for_logins(sandbox, client, ledger):
    first = credentials_of(sandbox)
    second = replace(first, jwt=sandbox.add_jwt(user_id=sandbox.add_user()["id"]))
    for credentials in (first, second):
        assert heavy(client(credentials), 10) == 10

    stats = sandbox.stats()
    assert (stats["logins"], stats["limited"], stats["groups"]["Heavy"]) == (2, 0, 20)
    assert left_for_logins(ledger, first) == left_for_logins(ledger, second) == 3


def test_one_user_in_two_apps_shares_nothing(sandbox, client, ledger):
    first = credentials_of(sandbox)
    app = sandbox.add_app()
    second = replace(first, client_id=app["client_id"], client_secret=app["client_secret"])
    for credentials in (first, second):
        assert heavy(client(credentials), 10) == 10

    stats = sandbox.stats()
    assert (stats["logins"], stats["limited"], stats["groups"]["Heavy"]) == (2, 0, 20)
    assert left_for_logins(ledger, first) == left_for_logins(ledger, second) == 4


def test_two_jwts_of_one_user_share_windows_and_not_tokens(sandbox, client):
    first = credentials_of(sandbox)
    second = replace(first, jwt=sandbox.add_jwt())
    heavy(client(first), 5)
    heavy(client(second), 5)

    assert client(first).rate_limiter is not None
    assert sandbox.stats()["logins"] == 2
    assert sandbox.stats()["limited"] == 0
