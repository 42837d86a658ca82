"""The operator that loads calls: its Connection, its source, its arguments, its receipt."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_ringcentral.operators.warehouse import RingCentralLoadCallLogOperator

RECEIPT = [
    "files",
    "rows_read",
    "calls_inserted",
    "calls_updated",
    "calls_unchanged",
    "calls_deleted",
    "legs",
    "seconds",
]


@pytest.fixture
def calls(tmp_path):
    """A file of three calls."""
    path = tmp_path / "calls.ndjson"
    path.write_text(
        "".join(json.dumps({"id": f"I{n}", "startTime": "2026-11-01T00:00:00.000Z"}) + "\n" for n in range(3))
    )
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path, monkeypatch):
    """The URL of an empty database, which the Connection `warehouse` leads to."""
    url = f"sqlite:///{tmp_path}/warehouse.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", url)
    return url


def load(source, **arguments):
    operator = RingCentralLoadCallLogOperator(task_id="load", source=source, sql_conn_id="warehouse", **arguments)
    return operator.execute({})


def rows(url, statement="select id from ringcentral_calls order by id"):
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(sa.text(statement))]
    engine.dispose()
    return found


def test_a_file_goes_through_the_connection_into_the_tables(database_url, calls):
    receipt = load(str(calls))

    assert list(receipt) == RECEIPT
    assert (receipt["files"], receipt["rows_read"], receipt["calls_inserted"]) == (1, 3, 3)
    assert rows(database_url) == [("I0",), ("I1",), ("I2",)]
    assert json.loads(json.dumps(receipt)) == receipt


def test_a_receipt_without_a_file_loads_nothing(database_url):
    assert load({"destination": None, "records": 0})["files"] == 0


def test_a_connection_of_something_else_is_refused(connection, calls):
    with pytest.raises(AirflowFailException, match="ringcentral_default is none of an SQL database"):
        RingCentralLoadCallLogOperator(task_id="load", source=str(calls), sql_conn_id=connection).execute({})
