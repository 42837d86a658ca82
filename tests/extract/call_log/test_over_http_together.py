"""Several oddities at once over real HTTP, chosen by seeds: still every call once, late ones at most once."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from upath import UPath

from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.client.ledger.factory import open_ledger
from airflow_provider_ringcentral.client.policy import Policy
from airflow_provider_ringcentral.extract.call_log.extract import extract_window
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from airflow_provider_ringcentral.sandbox import Sandbox

PATH = "/restapi/v1.0/account/~/call-log"
START = datetime(2026, 11, 1, tzinfo=UTC)
SPAN = timedelta(hours=6)
LIMITS = {"Heavy": 100_000}
"""Told in every answer. A sandbox that tells none would be read at the documented pace, ten pages a minute."""
HABITS: dict[str, list[Any]] = {
    "date_to": ["inclusive", "exclusive"],
    "date_bounds": ["exact", "seconds"],
    "layout": ["even", "milliseconds", "instants:700", "clusters:900"],
    "page_fill": [1.0, 0.4, 0.05],
    "empty_pages": [0, 3],
    "pretty": [False, False, True],
    "last_page": ["none", "wrong"],
    "token_seconds": [3600, 3600, 60],
}
FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 429, "retry_after": 0.02},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502, "body": "html"},
    {"kind": "status", "status": 503, "retry_after": 0.02},
    {"kind": "reset"},
    {"kind": "reset", "where": "body", "fraction": 0.9},
    {"kind": "truncate", "fraction": 0.9},
    {"kind": "broken_json", "fraction": 0.99},
    {"kind": "kill_tokens"},
]

Extract = Callable[..., list[str]]


@pytest.fixture
def extract(tmp_path: Path) -> Iterator[Extract]:
    """Extracts a window of the sandbox and gives the ids in the file."""
    clients = []

    def run(sandbox: Sandbox, start: datetime, end: datetime, view: str) -> list[str]:
        credentials = Credentials(sandbox.client_id, sandbox.client_secret, sandbox.jwt, server=sandbox.url)
        ledger = open_ledger(f"sqlite://{tmp_path}/ledger.sqlite")
        client = RingCentralClient(credentials, ledger, policy=Policy(backoff=0.01))
        clients.append(client)
        path = UPath(tmp_path / "calls.ndjson")
        receipt = extract_window(client, CallLogQuery(PATH, start, end, view), path)
        rows = [json.loads(line) for line in path.read_bytes().splitlines()]
        assert receipt.records == len(rows)
        times = [row["startTime"] for row in rows]
        if rows:
            assert (min(times), max(times)) == (rows_text(receipt.first_start_time), rows_text(receipt.last_start_time))
        return [row["id"] for row in rows]

    yield run
    for client in clients:
        client.close()


def rows_text(text: str | None) -> str:
    """A start time of a receipt as the sandbox writes it: always with milliseconds."""
    assert text is not None
    return datetime.fromisoformat(text).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize("seed", range(24))
def test_every_call_once_whatever_comes_together(extract, seed):
    dice = random.Random(seed)
    options = {name: dice.choice(values) for name, values in HABITS.items()}
    # Bounds that fall between, on and beside calls, whole seconds and not.
    start = START + timedelta(milliseconds=dice.choice([0, 1, 999, 3_600_500]))
    end = START + SPAN - timedelta(milliseconds=dice.choice([0, 1, 1500, 3_600_000]))
    with Sandbox(calls=2800, start=START, end=START + SPAN, seed=seed + 1, limits=LIMITS, **options) as sandbox:
        before = sandbox.call_ids(iso(start), iso(end))
        if where := dice.choice([None, "head", "inside", "edge"]):
            # More than is read between two requests would never end.
            sandbox.insert_with_requests(4 if options["page_fill"] == 1.0 else 1, where)
        for fault in dice.sample(FAULTS, dice.choice([0, 2, 4])):
            sandbox.fault(**fault, operation="readCompanyCallLog", after=dice.randrange(6))
        found = extract(sandbox, start, end, dice.choice(["Simple", "Detailed"]))
        after = sandbox.call_ids(iso(start), iso(end))
        stats = sandbox.stats()

    assert len(found) == len(set(found)), f"twice with {options}, inserts {where}"
    assert set(before) <= set(found), f"lost with {options}, inserts {where}"
    assert set(found) <= set(after), f"outside the window with {options}, inserts {where}"
    assert stats["in_penalty"] == 0


@pytest.mark.parametrize("view", ["Simple", "Detailed"])
@pytest.mark.parametrize("date_to", ["inclusive", "exclusive"])
def test_thousands_in_one_instant(extract, view, date_to):
    with Sandbox(
        calls=5000, start=START, end=START + SPAN, layout="instants:2500", limits=LIMITS, date_to=date_to
    ) as sandbox:
        sandbox.insert_with_requests(3, "edge")
        before = sandbox.call_ids()
        found = extract(sandbox, START, START + SPAN, view)

    assert len(found) == len(set(found))
    assert set(before) <= set(found)


@pytest.mark.parametrize("order", ["oldest", "shuffled", "page_shuffled"])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: "-".join(map(str, fault.values())))
def test_failures_in_a_log_of_another_order(extract, order, fault):
    with Sandbox(calls=900, start=START, end=START + SPAN, limits=LIMITS, order=order) as sandbox:
        sandbox.fault(
            **fault, operation="readCompanyCallLog", after=2, times=1 if fault["kind"] == "kill_tokens" else 2
        )
        before = sandbox.call_ids()
        found = extract(sandbox, START, START + SPAN, "Detailed")

    assert sorted(found) == sorted(before)


def test_adjacent_windows_share_no_call_and_leave_none_out(extract):
    cuts = [START, START + timedelta(milliseconds=1), START + timedelta(hours=1, milliseconds=499)]
    cuts += [START + timedelta(hours=1, milliseconds=500), START + timedelta(hours=3), START + SPAN]
    with Sandbox(
        calls=1500, start=START, end=START + SPAN, limits=LIMITS, layout="clusters:50", date_to="inclusive"
    ) as sandbox:
        found = [call for start, end in itertools.pairwise(cuts) for call in extract(sandbox, start, end, "Simple")]
        truth = sandbox.call_ids()

    assert sorted(found) == sorted(truth)


def test_a_call_that_comes_late_is_there_at_most_once(extract):
    with Sandbox(calls=2500, start=START, end=START + SPAN, limits=LIMITS, page_fill=0.2) as sandbox:
        late = list(range(0, 2500, 50))
        sandbox.delay_calls(late, after_requests=4)
        before = sandbox.call_ids()
        found = extract(sandbox, START, START + SPAN, "Simple")
        after = sandbox.call_ids()

    assert len(before) == 2450
    assert len(found) == len(set(found))
    assert set(before) <= set(found) <= set(after)
