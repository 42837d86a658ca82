"""Every call exactly once over real HTTP, whatever RingCentral's documentation leaves open and whatever goes wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

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
END = START + timedelta(hours=6)


@pytest.fixture
def run(tmp_path):
    """Extracts the sandbox's window and returns the ids in the file."""

    def run(sandbox: Sandbox, view: str = "Simple") -> list[str]:
        credentials = Credentials(sandbox.client_id, sandbox.client_secret, sandbox.jwt, server=sandbox.url)
        client = RingCentralClient(
            credentials, open_ledger(f"sqlite://{tmp_path}/l.sqlite"), policy=Policy(backoff=0.01)
        )
        path = UPath(tmp_path / "calls.ndjson")
        receipt = extract_window(client, CallLogQuery(PATH, START, END, view), path)
        ids = [json.loads(line)["id"] for line in path.read_text().splitlines()]
        assert receipt.records == len(ids)
        return ids

    return run


def sandbox_with(**options) -> Sandbox:
    return Sandbox(**{"calls": 2600, "start": START, "end": END, "limits": {"Heavy": 100_000}, **options})


@pytest.mark.parametrize("view", ["Simple", "Detailed"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"date_to": "inclusive"},
        {"date_bounds": "seconds"},
        {"date_to": "inclusive", "date_bounds": "seconds"},
        {"layout": "milliseconds"},
        {"layout": "instants:2"},
        {"layout": "clusters:40", "date_to": "inclusive"},
        {"page_fill": 0.3},
        {"empty_pages": 3},
        {"last_page": "wrong"},
        {"order": "oldest"},
        {"order": "shuffled"},
        {"order": "page_shuffled"},
        {"pretty": True},
    ],
    ids=str,
)
def test_whatever_is_left_open(run, options, view):
    with sandbox_with(**options) as sandbox:
        truth = sandbox.call_ids()
        ids = run(sandbox, view)

    assert len(ids) == len(set(ids))
    assert set(ids) == set(truth)


@pytest.mark.parametrize("where", ["head", "inside"])
def test_calls_that_appear_while_paging(run, where):
    with sandbox_with() as sandbox:
        before = sandbox.call_ids()
        sandbox.insert_with_requests(5, where=where)
        ids = run(sandbox)

    assert len(ids) == len(set(ids))
    assert set(before) <= set(ids)


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("status", {"status": 429, "retry_after": 0.2}),
        ("status", {"status": 500}),
        ("status", {"status": 502, "body": "html"}),
        ("status", {"status": 503, "retry_after": 0.2}),
        ("reset", {"where": "before"}),
        ("reset", {"where": "body"}),
        ("truncate", {}),
        ("broken_json", {}),
        ("html", {}),
        ("kill_tokens", {}),
    ],
    ids=str,
)
def test_what_goes_wrong_in_mid_run(run, kind, rule):
    with sandbox_with() as sandbox:
        sandbox.fault(kind, operation="readCompanyCallLog", nth=2, **rule)
        ids = run(sandbox)
        stats = sandbox.stats()

    assert ids == truth()
    assert stats["faults"] == 1
    assert stats["in_penalty"] == 0
    assert stats["logins"] == (2 if kind == "kill_tokens" else 1)


def truth() -> list[str]:
    """The ids of an undisturbed sandbox with the same seed."""
    with sandbox_with() as undisturbed:
        return undisturbed.call_ids()
