"""A month of calls, synced hourly and loaded: the tables have what RingCentral has, whatever the runs went through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest
import sqlalchemy as sa

from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.sandbox import Sandbox
from tests.warehouse.month import HOURS, Month
from tests.warehouse.pipeline import Pipeline, StormyPipeline

CALL_LOG = "/restapi/v1.0/account/~/call-log"
START = (datetime.now(tz=UTC) - timedelta(days=31)).replace(minute=0, second=0, microsecond=0)
END = START + timedelta(days=30)


@dataclass
class Lived:
    """What there was in the end: the server's calls by id, and the pipelines with the URLs of their databases."""

    month: Month
    truth: dict[str, dict[str, Any]]
    calm: Pipeline
    calm_url: str
    stormy: StormyPipeline
    stormy_url: str


@pytest.fixture(scope="module")
def lived(tmp_path_factory, postgres_server) -> Iterator[Lived]:
    """The month, lived through once with both pipelines. The stormy one loads into PostgreSQL."""
    folder = tmp_path_factory.mktemp("month")
    calm_url, stormy_url = f"sqlite:///{folder}/calm.db", postgres_server.url("month")
    with closing(psycopg2.connect(postgres_server.url())) as connection:
        connection.autocommit = True
        connection.cursor().execute("CREATE DATABASE month")
    # A window of a second: the ledger remembers the requests of one.
    limits = {"Heavy": {"requests": 100_000, "window": 1, "penalty": 1}}
    with (
        pytest.MonkeyPatch.context() as patch,
        Sandbox(process=True, calls=0, start=START, end=END, limits=limits) as sandbox,
    ):
        patch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        patch.setenv("AIRFLOW_CONN_CALM", calm_url)
        patch.setenv("AIRFLOW_CONN_STORMY", stormy_url)
        month = Month(sandbox, START, per_hour=4, seed=30)
        calm, stormy = Pipeline(folder / "calm", "calm", START), StormyPipeline(folder / "stormy", "stormy", START)
        for hour in range(HOURS):
            month.pass_hour(hour)
            calm.pass_hour(hour)
            stormy.pass_hour(hour)
        calm.finish()
        stormy.finish()
        yield Lived(month, truth_of(sandbox), calm, calm_url, stormy, stormy_url)


def truth_of(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    window = {"dateFrom": START - timedelta(days=1), "dateTo": datetime.now(tz=UTC) + timedelta(days=1)}
    rows = {row["id"]: row for row in RingCentralJWTHook().get_conn().records(CALL_LOG, {"view": "Detailed", **window})}
    assert rows.keys() == set(sandbox.call_ids())
    return rows


def check(url: str, truth: dict[str, dict[str, Any]]) -> None:
    """Each call is there as the server has it, raw and in columns, with its legs, and nothing else."""
    engine, metadata = sa.create_engine(url), sa.MetaData()
    with engine.connect() as connection:
        tables = [sa.Table(f"ringcentral_{name}", metadata, autoload_with=connection) for name in ("calls", "legs")]
        calls, legs = ([row._asdict() for row in connection.execute(sa.select(table))] for table in tables)
    engine.dispose()
    assert {row["id"]: decoded(row["raw"]) for row in calls} == truth
    assert len(calls) == len(truth)
    for row in calls:
        assert told(row) == expected(truth[row["id"]])
        assert moment(row["last_modified_time"]) == moment(truth[row["id"]]["lastModifiedTime"])
    expected_legs = {(name, n): expected(leg) for name, call in truth.items() for n, leg in enumerate(call["legs"], 1)}
    assert {(leg["call_id"], leg["position"]): told(leg) for leg in legs} == expected_legs
    assert len(legs) == len(expected_legs)


def decoded(raw: Any) -> Any:
    return json.loads(raw) if isinstance(raw, str) else raw


def told(row: dict[str, Any]) -> tuple[Any, ...]:
    names = ("direction", "action", "result", "duration", "from_phone_number", "to_extension_number", "recording_id")
    return moment(row["start_time"]), *(row[name] for name in names)


def expected(record: dict[str, Any]) -> tuple[Any, ...]:
    given = [record.get(name) for name in ("direction", "action", "result", "duration")]
    nested = [("from", "phoneNumber"), ("to", "extensionNumber"), ("recording", "id")]
    return moment(record["startTime"]), *given, *(record.get(outer, {}).get(inner) for outer, inner in nested)


def moment(value: Any) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def test_the_month_was_one(lived):
    month = lived.month

    assert len(lived.truth) == month.calls - month.deleted > 2500
    assert 0.04 < month.late / month.calls < 0.06
    assert 0.04 < month.corrected / month.calls < 0.06
    assert 0.005 < month.deleted / month.calls < 0.015


def test_synced_hourly_the_tables_are_the_log(lived):
    extras = lived.calm.events.extras

    assert len(extras) == HOURS + 1
    assert not any(extra["full_sync"] for extra in extras[1:])
    assert sum(extra["records_deleted"] for extra in extras) == lived.month.deleted
    check(lived.calm_url, lived.truth)


def test_killed_cleared_and_repeated_the_tables_are_the_same(lived):
    assert all(lived.stormy.seen.values()), lived.stormy.seen
    assert lived.stormy.seen["killed syncs"] + lived.stormy.seen["killed loads"] > 30
    check(lived.stormy_url, lived.truth)
