"""The quota over a real connection: never past the limit, never inside a penalty, and no longer waits than that takes."""

from __future__ import annotations

import threading

import pytest
import requests

from airflow_provider_ringcentral.client.errors import NotFound, RateLimited
from airflow_provider_ringcentral.client.rate_limit.limiter import read_window
from tests.client.conftest import EXTENSION, LOG, UNKNOWN, ClockedLedger

ACCOUNT = "/restapi/v1.0/account/~"
SYNC = "/restapi/v1.0/account/~/call-log-sync"
FSYNC = {"syncType": "FSync", "recordCount": 10}


def stranger(sandbox, path: str = LOG, times: int = 1) -> list[int]:
    """Requests of the same app and user by somebody who knows no ledger."""
    grant = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": sandbox.jwt}
    with requests.Session() as http:
        answer = http.post(
            f"{sandbox.url}/restapi/oauth/token", data=grant, auth=(sandbox.client_id, sandbox.client_secret)
        )
        bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return [http.get(sandbox.url + path, headers=bearer).status_code for _ in range(times)]


def test_the_window_is_used_up_and_never_passed(start, client_of, seen):
    sandbox = start(limits={"Heavy": {"requests": 4, "window": 0.5, "penalty": 0.5}})
    client = client_of(sandbox)
    for _ in range(10):
        client.raw_page(LOG, {})

    assert sandbox.stats()["limited"] == 0
    assert client.usage.requests == 11
    times = [entry["time"] for entry in seen(sandbox, "readCompanyCallLog")]
    assert len(times) == 10
    assert all(later - earlier >= 0.5 for earlier, later in zip(times, times[4:], strict=False))


def test_what_is_left_is_known(start, client_of):
    client = client_of(start())
    assert client.remaining("heavy") is None
    for _ in range(3):
        client.raw_page(LOG, {})

    assert (client.remaining("heavy"), client.remaining("light")) == (7, None)


def test_clients_and_threads_on_one_ledger_share_the_window(start, client_of, ledger):
    sandbox = start(limits={"Heavy": {"requests": 5, "window": 0.4, "penalty": 0.4}})
    clients = [client_of(sandbox, on=ClockedLedger(ledger.path)) for _ in range(3)]
    clients[0].raw_page(LOG, {})
    threads = [threading.Thread(target=client.raw_page, args=(LOG, {})) for client in clients for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    stats = sandbox.stats()
    assert (stats["groups"]["Heavy"], stats["limited"], stats["logins"]) == (19, 0, 1)


def test_the_documented_limit_holds_before_anything_is_heard(start, client_of):
    sandbox = start(rate_headers=False)
    client = client_of(sandbox, max_wait=5)
    for _ in range(10):
        client.raw_page(LOG, {})
    with pytest.raises(RateLimited) as caught:
        client.raw_page(LOG, {})

    assert 0 < caught.value.retry_after <= 60
    assert "heavy" in str(caught.value)
    assert (sandbox.stats()["groups"]["Heavy"], sandbox.stats()["limited"]) == (10, 0)


def test_beyond_max_wait_nothing_is_sent_and_the_time_is_told(start, client_of):
    sandbox = start()
    client = client_of(sandbox, max_wait=0)
    for _ in range(10):
        client.raw_page(LOG, {})
    before = sandbox.stats()["requests"]
    for _ in range(3):
        with pytest.raises(RateLimited) as caught:
            client.raw_page(LOG, {})
        assert 0 < caught.value.retry_after <= 60

    assert sandbox.stats()["requests"] == before
    assert client.request_json("GET", EXTENSION)["id"], "another group is open"


def test_who_gave_up_waiting_leaves_no_place_taken(start, client_of, ledger):
    sandbox = start()
    client = client_of(sandbox, max_wait=1)
    for _ in range(10):
        client.raw_page(LOG, {})
    for _ in range(20):
        with pytest.raises(RateLimited):
            client.raw_page(LOG, {})
    ledger.ahead = 61
    sandbox.reset_limits()
    for _ in range(10):
        client.raw_page(LOG, {})

    assert sandbox.stats()["limited"] == 0


def test_strangers_are_heard_of_and_left_room(start, client_of):
    sandbox = start(limits={"Heavy": 6})
    client = client_of(sandbox, max_wait=0)
    client.raw_page(LOG, {})
    assert stranger(sandbox, times=4) == [200] * 4
    client.raw_page(LOG, {})
    with pytest.raises(RateLimited):
        client.raw_page(LOG, {})

    assert (sandbox.stats()["groups"]["Heavy"], sandbox.stats()["limited"]) == (6, 0)


def test_a_penalty_is_sat_out_by_everybody(start, client_of, ledger, seen):
    sandbox = start()
    hasty, first, second = (client_of(sandbox, on=ClockedLedger(ledger.path), max_wait=wait) for wait in (0, 30, 30))
    hasty.request_json("GET", EXTENSION)
    sandbox.fault("status", status=429, retry_after=0.5, operation="readCompanyCallLog")
    with pytest.raises(RateLimited):
        hasty.raw_page(LOG, {})
    for client in (second, first, second):
        client.raw_page(LOG, {})

    refused, *allowed = seen(sandbox, "readCompanyCallLog")
    assert (refused["status"], [entry["status"] for entry in allowed]) == (429, [200] * 3)
    assert min(entry["time"] for entry in allowed) - refused["time"] >= 0.5


def test_a_429_without_retry_after_closes_the_gate_for_thirty_seconds(start, client_of, ledger):
    sandbox = start(retry_after="none")
    client, other = client_of(sandbox, max_wait=29), client_of(sandbox, on=ClockedLedger(ledger.path), max_wait=29)
    sandbox.fault("status", status=429, operation="readCompanyCallLog")
    with pytest.raises(RateLimited) as refused:
        client.raw_page(LOG, {})
    assert (refused.value.status, refused.value.code, refused.value.retry_after) == (429, "CMN-301", 30.0)
    before = sandbox.stats()["requests"]

    for waiting in (client, other):
        with pytest.raises(RateLimited) as caught:
            waiting.raw_page(LOG, {})
        assert 0 < caught.value.retry_after <= 31.5
    assert sandbox.stats()["requests"] == before
    assert other.request_json("GET", EXTENSION)["id"], "the gate is that of one group"

    ledger.ahead = 31.6
    assert client.raw_page(LOG, {})


def test_the_group_of_an_unknown_path_is_learned_from_its_first_answer(start, client_of):
    sandbox = start()
    client = client_of(sandbox, max_wait=0)
    for _ in range(20):
        assert client.request_json("GET", ACCOUNT)["id"]
    for _ in range(10):
        client.raw_page(LOG, {})

    assert sandbox.stats()["groups"] == {"Auth": 1, "Light": 20, "Heavy": 10}


def test_an_unknown_path_that_names_no_group_counts_as_the_strictest(start, client_of):
    client = client_of(start(), max_wait=0)
    for _ in range(10):
        with pytest.raises(NotFound):
            client.request_json("GET", UNKNOWN)
    with pytest.raises(RateLimited):
        client.request_json("GET", UNKNOWN)


def test_groups_may_be_renamed(start, client_of):
    sandbox = start(group_names={"Heavy": "Bulk"}, limits={"Heavy": {"requests": 3, "window": 0.4, "penalty": 0.4}})
    client = client_of(sandbox)
    for _ in range(3):
        client.raw_page(LOG, {})
        client.request_json("GET", SYNC, params={**FSYNC, "dateFrom": "2026-01-01T00:00:00Z"})

    assert (sandbox.stats()["groups"]["Heavy"], sandbox.stats()["limited"]) == (6, 0)
    assert client.remaining("bulk") == 0


def test_what_is_not_throttled_does_not_wait(start, client_of):
    sandbox = start()
    sandbox.fault(
        "status", status=200, path=UNKNOWN, every=1, headers={"X-Rate-Limit-Group": "NoThrottling"}, body="{}"
    )
    client = client_of(sandbox, max_wait=0)
    for _ in range(15):
        client.request_json("GET", UNKNOWN)

    assert client.usage.requests == 16


def test_what_happens_is_observed(start, client_of):
    sandbox, events = start(), []
    sandbox.fault("status", status=429, retry_after=0.05, operation="readExtension")
    client = client_of(sandbox, observe=lambda *event: events.append(event))
    client.request_json("GET", EXTENSION)

    counted = [event for event in events if event[0] != "wait_seconds"]
    assert counted == [
        ("requests", 1, "auth"),
        ("logins", 1, "auth"),
        ("requests", 1, "light"),
        ("throttled", 1, "light"),
        ("requests", 1, "light"),
    ]
    assert sum(amount for what, amount, _ in events if what == "wait_seconds") == client.usage.waited > 0


def test_a_path_is_counted_by_each_host_in_its_own_group(start, client_of):
    sandbox = start(media_host=True, limits={"Heavy": 100_000, "Media": 7}, recording_bytes_per_second=1)
    client = client_of(sandbox)
    params = {"recordingType": "All", "dateFrom": "2020-01-01T00:00:00Z"}
    on_media = next(client.records(LOG, params))["recording"]["contentUri"]
    assert on_media.startswith(sandbox.media_url)
    on_api = on_media.replace(sandbox.media_url, sandbox.url)
    for uri in (on_media, on_api, on_media, on_api):
        client.request("GET", uri)

    groups = [entry["group"] for entry in sandbox.requests()][-4:]
    assert groups == ["Media", "Heavy", "Media", "Heavy"]
    assert (client.remaining("media"), client.usage.limits["media"]) == (5, (7, 60.0))
    windows = {group: len(window.answered) for group, window in windows_of(client).items()}
    assert (windows["media"], windows["heavy"]) == (2, 3), "the log counts as Heavy, too"


def windows_of(client):
    ledger = client.rate_limiter._ledger
    (owner,) = {key.split(":")[1] for key in ledger.keys("window:") if key.endswith(":heavy")}
    return {group: read_window(ledger, owner, group) for group in ("media", "heavy")}
