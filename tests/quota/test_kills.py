"""SIGKILL at the worst moments."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime

import pytest
from upath import UPath

from airflow_provider_ringcentral.client.auth.token_cache import LOGIN_LOCK_SECONDS
from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.client.ledger.factory import open_ledger
from airflow_provider_ringcentral.client.ledger.protocol import Change
from airflow_provider_ringcentral.client.policy import Policy
from airflow_provider_ringcentral.extract.call_log.extract import extract_window
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from scenarios import quota_runs
from scenarios.processes import ProcessSpec, start_processes, wait_until
from scenarios.quota_jobs import EXTENSION, light, update_ledger
from scenarios.shared_quota import WIDE_OPEN, shared_quota


class Later:
    """A ledger as it will be found some seconds from now."""

    def __init__(self, url: str, seconds: float) -> None:
        self._ledger = open_ledger(url)
        self._seconds = seconds

    def read(self, key: str) -> bytes | None:
        return self._ledger.read(key)

    def update(self, key: str, change: Change):
        return self._ledger.update(key, change)

    def now(self) -> float:
        return time.time() + self._seconds

    @property
    def shared(self) -> bool:
        return True

    def close(self) -> None:
        self._ledger.close()


def test_killed_while_logging_in_blocks_nobody_longer_than_the_turn():
    dice = random.Random(5)
    with shared_quota(limits=WIDE_OPEN, sessions=100) as here:
        for n in range(20):
            # Far longer than it takes to kill it.
            here.sandbox.fault("slow", operation="getToken", times=1, seconds=5)
            url = f"sqlite://{here.folder}/{n}.sqlite"
            killed = start_processes([ProcessSpec(here.credentials, url, light, (1,))])[0]
            ledger = open_ledger(url)
            wait_until(lambda ledger=ledger: quota_runs.turn(ledger, here.credentials) is not None)
            time.sleep(dice.uniform(0, 0.09))
            killed.kill()
            assert quota_runs.turn(ledger, here.credentials) is not None, "killed within its turn"

            client = RingCentralClient(here.credentials, Later(url, LOGIN_LOCK_SECONDS), policy=Policy(max_wait=2))
            assert client.request_json("GET", EXTENSION)["id"] > 0
            assert client.usage.logins == 1


def test_killed_in_the_midst_of_reservations_leaves_the_file_usable():
    dice = random.Random(6)
    with shared_quota() as here:
        for _ in range(10):
            members = start_processes(
                ProcessSpec(here.credentials, here.ledger, update_ledger, (500,)) for _ in range(3)
            )
            time.sleep(dice.uniform(0.05, 0.2))
            for member in members:
                member.kill()
        run = here.run(2, light, 1)

    assert (run.logins, run.finished) == (1, 2)


def test_an_extract_killed_anywhere_and_started_again_gives_the_same_bytes_in_every_format():
    names = ["calls.ndjson", "calls.ndjson.gz", "calls.csv", "calls.parquet"]
    found = quota_runs.killed_extracts(names, kills=20, calls=6000, seed=random.randrange(1000))

    assert [kill["same"] for kill in found] == [True] * 20
    assert all(kill["again"] <= 1 for kill in found)


@pytest.mark.parametrize("change", ["window", "view"])
def test_parts_of_another_window_or_view_are_discarded_and_said_so(change, tmp_path, caplog):
    caplog.set_level("INFO")
    day, end = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    with shared_quota(calls=4000, limits=WIDE_OPEN, **quota_runs.DAY) as here:
        client = RingCentralClient(here.credentials, open_ledger(here.ledger), policy=Policy(attempts=1))
        here.sandbox.fault("status", status=502, operation="readCompanyCallLog", nth=3)
        path = UPath(tmp_path / "calls.ndjson")
        first = CallLogQuery("/restapi/v1.0/account/~/call-log", day, end)
        with pytest.raises(Unavailable):
            extract_window(client, first, path)
        assert (tmp_path / "calls.ndjson.parts").exists()
        start = datetime(2026, 3, 1, 12, tzinfo=UTC) if change == "window" else day
        view = "Detailed" if change == "view" else "Simple"
        receipt = extract_window(client, CallLogQuery(first.path, start, end, view=view), path)

        assert receipt.records == len(
            here.sandbox.call_ids(start.isoformat().replace("+00:00", "Z"), quota_runs.DAY["end"])
        )
    assert "Discarded" in caplog.text
    assert not (tmp_path / "calls.ndjson.parts").exists()
