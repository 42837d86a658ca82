"""The promise of a window extract: no call lost, none twice, whatever the log does meanwhile."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_ringcentral.extract.call_log import extract_window
from airflow_provider_ringcentral.extract.query import CallLogQuery

DAY = datetime(2026, 1, 2, tzinfo=UTC)
PATH = "/restapi/v1.0/account/~/call-log"


def day(**changes) -> CallLogQuery:
    return CallLogQuery(PATH, **{"start": DAY, "end": DAY + timedelta(days=1), **changes})


def ids(path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_bytes().splitlines()]


def check(log, query, path, *, may_lose: int = 0) -> None:
    found = ids(path)
    start, end = (round(moment.timestamp() * 1e6) for moment in (query.start, query.end))
    inside = {name for name, at in log.ever.items() if start <= at < end}
    due = (log.initial & inside) - log.deleted
    assert len(found) == len(set(found)), "a call twice"
    assert set(found) <= inside, "a call outside the window"
    assert len(due - set(found)) <= may_lose, "a call lost"


SHAPES = ["spread", "instant", "milliseconds", "bursts"]
ORDERS = ["newest", "newest second", "oldest", "nearly", "none", "shuffled pages"]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_no_call_is_lost_or_twice(log_of, calls_of, folder, shape, order):
    for seed in range(40):
        dice = random.Random(f"{seed}{shape}{order}")
        # Of a log in no order a page of one row shows nothing, and one of two often looks ordered.
        sizes = [1, 2, 7, 50] if order.startswith("newest") or order == "oldest" else [10, 50]
        size = dice.choice(sizes)
        deleting = order.startswith("newest") and size > 2
        log = log_of(
            calls_of(
                seed, dice.choice([0, 1, 2, 30, 130]), shape, hide=order.startswith("newest") or order == "oldest"
            ),
            seed=seed,
            order=order,
            inclusive=dice.random() < 0.5,
            cut_rows=dice.random() < 0.5,
            per_page=size,
            pretty=dice.random() < 0.2,
            zone=dice.choice(["Z", "+00:00", "+0000"]),
            head_inserts=dice.choice([0, 0.5 if size > 2 else 0.1]),
            # Inside one second a deletion and an insertion between two requests can hide each other, and so can more
            # deletions than a page has rows.
            **dice.choice([{}, {"inner_inserts": 0.3 if size > 2 else 0.1}, {"deletions": 0.3 if deleting else 0}]),
        )
        query = day(view=dice.choice(["Simple", "Detailed"]))
        path = folder / "calls.ndjson"
        receipt = extract_window(log, query, path)
        check(log, query, path)
        assert receipt.records == len(ids(path))
        assert receipt.requests == len(log.requests)
        assert [entry.name for entry in folder.iterdir()] == ["calls.ndjson"]
