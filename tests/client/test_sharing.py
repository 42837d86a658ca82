"""Two processes that open the same SQLite file are one user for RingCentral."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.client.errors import LoginFailed, RateLimited, RingCentralError
from airflow_provider_ringcentral.client.ledger.factory import open_ledger
from airflow_provider_ringcentral.client.ledger.sqlite import SqliteLedger
from airflow_provider_ringcentral.client.policy import Policy
from tests.client.conftest import EXTENSION, LOG, credentials_of


def work(url: str, credentials: Credentials, job: tuple[str, int, float], results: Any) -> None:
    """What a process does (path, times, max_wait); puts (requests, logins, 429s, error) into `results`."""
    path, times, max_wait = job
    policy = Policy(backoff=0.01, max_wait=max_wait)
    client, error = RingCentralClient(credentials, open_ledger(url), policy=policy), None
    try:
        for _ in range(times):
            client.request_json("GET", path)
    except (LoginFailed, RateLimited) as refused:
        error = refused
    results.put((client.usage.requests, client.usage.logins, client.usage.throttled, error))


@pytest.fixture
def run(tmp_path: Path):
    """Runs so many processes at once; gives what each of them put."""

    def run(processes: int, credentials: Credentials, *job: Any) -> list[tuple[int, int, int, RingCentralError | None]]:
        context = multiprocessing.get_context("spawn")
        results = context.Queue()
        url = f"sqlite://{tmp_path}/ledger.sqlite"
        started = [context.Process(target=work, args=(url, credentials, job, results)) for _ in range(processes)]
        for process in started:
            process.start()
        found = [results.get(timeout=60) for _ in started]
        for process in started:
            process.join()
        results.close()
        results.join_thread()
        return found

    return run


def test_they_share_login_and_window(start, run):
    sandbox = start(limits={"Heavy": {"requests": 10, "window": 1.5, "penalty": 1.5}})

    found = run(2, credentials_of(sandbox), LOG, 9, 60)

    stats = sandbox.stats()
    assert (stats["logins"], stats["limited"], stats["in_penalty"], stats["groups"]["Heavy"]) == (1, 0, 0, 18)
    assert sorted((requests, logins) for requests, logins, _, _ in found) == [(9, 0), (10, 1)]


def test_they_share_penalties(start, run, client_of, tmp_path):
    sandbox = start(limits={"Light": 3})
    stranger = client_of(sandbox, on=SqliteLedger(tmp_path / "strangers.sqlite"))
    for _ in range(3):
        stranger.request_json("GET", EXTENSION)
    first = run(1, credentials_of(sandbox), EXTENSION, 1, 0)
    others = run(2, credentials_of(sandbox), EXTENSION, 1, 0)

    assert [found[:3] for found in (*first, *others)] == [(2, 1, 1), (0, 0, 0), (0, 0, 0)]
    assert [type(error) for *_, error in (*first, *others)] == [RateLimited] * 3
    assert all(45 < error.retry_after <= 63 for *_, error in others)
    assert (sandbox.stats()["limited"], sandbox.stats()["in_penalty"]) == (1, 0)


def test_they_share_a_refusal(start, run):
    sandbox = start()
    sandbox.change_app(refusal="jwt_flow_disabled")

    errors = [error for *_, error in run(2, credentials_of(sandbox), EXTENSION, 1, 30)]

    assert sandbox.stats()["operations"] == {"getToken": 1}
    assert [error.code for error in errors] == ["OAU-251", "OAU-251"]
    assert errors[0].remedy == errors[1].remedy
    assert "JWT auth flow" in errors[0].remedy.cure
