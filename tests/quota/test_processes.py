"""Many processes on one credential: real processes, a sandbox in a process of its own, and any shared ledger."""

from __future__ import annotations

import time
from email.utils import formatdate, parsedate_to_datetime

import pytest

from airflow_provider_ringcentral.client.endpoints import HEAVY
from airflow_provider_ringcentral.client.errors import RateLimited
from scenarios import quota_runs
from scenarios.quota_jobs import heavy, light
from scenarios.shared_quota import shared_quota

pytestmark = pytest.mark.filterwarnings("ignore:.*leaked semaphore")


@pytest.fixture(params=["sqlite", "redis"])
def ledgers(request) -> list[str]:
    """None for the world's own SQLite file, or two clients of one Redis server under two names."""
    if request.param == "sqlite":
        return []
    url = request.getfixturevalue("redis_url")
    return [url, url.replace("127.0.0.1", "localhost")]


def test_fifty_start_at_once_with_one_login_and_no_429(ledgers):
    run = quota_runs.start_together(50, ledgers)

    assert (run.logins, run.limited, run.in_penalty, run.finished) == (1, 0, 0, 50)


def test_twenty_share_the_heavy_quota_without_a_429(ledgers):
    run, _ = quota_runs.share(20, 60, scale=0.02, ledgers=ledgers)

    assert (run.logins, run.limited, run.in_penalty, run.finished) == (1, 0, 0, 20)
    assert len(run.of_group("Heavy")) == 61


def test_another_client_keeps_its_share_and_no_known_penalty_is_restarted():
    scale = 0.04
    run = quota_runs.with_other_client(4, 16, scale=scale)

    assert run.finished == 4
    # A request that had its place before the 429 was known may get to the server a while later.
    assert run.into_known_penalty(60 * scale, flight=30 * scale) == 0


FORMS = {
    "seconds": lambda: {"Retry-After": "600"},
    "date": lambda: {"Retry-After": formatdate(time.time() + 600)},
    "none": dict,
}


@pytest.mark.parametrize(("form", "shortest", "longest"), [("seconds", 600, 600), ("date", 1, 600), ("none", 30, 30)])
def test_one_429_closes_the_gate_for_all_processes(form, shortest, longest):
    headers = FORMS[form]()
    with shared_quota() as here:
        here.sandbox.fault("status", status=429, headers=headers, rate_headers=False, operation="readCompanyCallLog")
        first = here.run(1, heavy, 1, max_wait=1)
        gate = here.window(HEAVY)
        # However slow this machine, the others come in time.
        here.change_window(HEAVY, closed_until=gate.closed_until + 3000, closed_seconds=gate.closed_seconds + 3000)
        others = here.run(10, heavy, 1, max_wait=1)

    assert [outcome.error for outcome in (*first.outcomes, *others.outcomes)] == [RateLimited.__name__] * 11
    assert (first.limited, others.limited, len(others.of_group("Heavy"))) == (1, 0, 1), "nobody else sent anything"
    assert shortest <= gate.closed_seconds <= longest * 1.05
    refused = others.of_group("Heavy")[0]["time"]
    assert gate.closed_until >= refused + shortest
    if form == "date":
        assert gate.closed_until >= parsedate_to_datetime(headers["Retry-After"]).timestamp()


def test_four_hours_need_five_logins_at_most():
    run, _ = quota_runs.tokens_expire(4, life=3.0)

    assert run.logins <= 5
    assert run.finished == 4
    assert set(run.stats["statuses"]) <= {"200", "401"}


def test_a_token_that_dies_costs_one_login_and_no_request():
    run = quota_runs.token_killed(20)

    assert (run.logins, run.finished) == (2, 20)
    assert run.stats["statuses"]["401"] >= 1


def test_a_refused_login_is_asked_once_and_told_to_all():
    run = quota_runs.login_refused(50)

    assert run.logins == 1
    assert [outcome.error for outcome in run.outcomes] == ["LoginFailed"] * 50
    assert all("Cure" in outcome.message for outcome in run.outcomes)


@pytest.mark.parametrize(("processes", "requests"), [(2, 24), (4, 24)])
def test_processes_that_share_nothing_finish(processes, requests):
    run = quota_runs.alone(processes, requests, scale=0.005)

    assert run.finished == processes
    assert run.stats["groups"]["Heavy"] >= requests


def test_redis_that_goes_away_costs_a_login_and_no_request(redis_url):
    """Half of the processes cannot reach it: they go on alone."""
    gone = "redis://127.0.0.1:1/0"
    with shared_quota() as here:
        run = here.run(4, light, 2, ledgers=[redis_url, gone])

    assert run.finished == 4
    assert run.logins == 3, "one for those that share, one each for the two others"
