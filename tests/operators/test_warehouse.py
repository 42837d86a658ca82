"""The operator that loads calls: its Connection, its source, its arguments, its receipt."""

from __future__ import annotations

import json
import sys

import pytest
import sqlalchemy as sa
from airflow.providers.common.compat.sdk import AirflowFailException, Asset

from airflow_provider_ringcentral.operators.warehouse import RingCentralLoadCallLogOperator

RECEIPT = [
    "files",
    "rows_read",
    "calls_inserted",
    "calls_updated",
    "calls_unchanged",
    "calls_deleted",
    "legs",
    "bad_records",
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


def test_the_arguments_arrive(database_url, calls):
    """As templates give them: texts."""
    receipt = {
        "destination": str(calls),
        "records": 3,
        "window_start": "2026-11-01T00:00:00Z",
        "window_end": "2026-11-02T00:00:00Z",
        "complete_as_of": "2126-11-02T00:00:00Z",
    }
    load(str(calls), table_prefix="pbx_", schema="None")
    calls.write_text(calls.read_text().splitlines()[0] + "\n")

    loaded = load(receipt | {"records": 1}, table_prefix="pbx_", delete_missing="True")

    assert loaded["calls_deleted"] == 2
    assert rows(database_url, "select id from pbx_calls") == [("I0",)]
    calls.write_text('{"id": "I0"}\n{"id')
    assert load(str(calls), table_prefix="pbx_", on_bad_record="keep")["bad_records"] == 1
    with pytest.raises(AirflowFailException, match="line 2 is not a JSON object"):
        load(str(calls), table_prefix="pbx_")
    with pytest.raises(AirflowFailException, match="schema 'nowhere'"):
        load(str(calls), schema="nowhere")
    with pytest.raises(AirflowFailException, match="delete_missing 'perhaps' is neither"):
        load(str(calls), delete_missing="perhaps")


def test_every_argument_is_a_template():
    operator = RingCentralLoadCallLogOperator(task_id="load", source="x", sql_conn_id="warehouse")

    assert set(operator.template_fields) == {
        "source",
        "sql_conn_id",
        "schema",
        "table_prefix",
        "delete_missing",
        "on_bad_record",
    }
    operator.source = {"destination": "{{ ds }}"}
    operator.render_template_fields({"ds": "2026-11-01"})
    assert operator.source == {"destination": "2026-11-01"}


class Events(dict):
    """Airflow's accessor: an event for whatever asset is asked for."""

    def __missing__(self, asset):
        self[asset] = type("Event", (), {"extra": {}})()
        return self[asset]


def test_the_receipt_goes_with_the_events_of_outlets(database_url, calls):
    asset, events = Asset(name="calls_in_tables"), Events()
    operator = RingCentralLoadCallLogOperator(
        task_id="load", source=str(calls), sql_conn_id="warehouse", outlets=[asset]
    )

    receipt = operator.execute({"outlet_events": events})

    assert events[asset].extra == receipt


def test_nothing_of_a_row_is_logged(database_url, calls, caplog):
    calls.write_text('{"id": "I1", "from": {"name": "Ms Secret", "phoneNumber": "+16505550199"}}\n')
    caplog.set_level("DEBUG")

    load(str(calls))

    assert "1 records read; calls: 1 new" in caplog.text
    assert "Secret" not in caplog.text
    assert "0199" not in caplog.text


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        (None, "The Connection warehouse cannot be used: .*warehouse"),
        ("nosuchtype://host", "The Connection warehouse cannot be used"),
        ("http://host", "The Connection warehouse is not of an SQL database: its hook HttpHook is not a DbApiHook"),
        ("ringcentral://host", "The Connection warehouse is not of an SQL database: its hook RingCentralJWTHook"),
    ],
    ids=["unknown", "unknown type", "http", "ours"],
)
def test_a_connection_of_something_else_is_refused(uri, said, calls, monkeypatch):
    if uri:
        monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", uri)

    with pytest.raises(AirflowFailException, match=said):
        load(str(calls))


def test_without_an_id_there_is_no_connection(calls):
    with pytest.raises(AirflowFailException, match="sql_conn_id is ''"):
        RingCentralLoadCallLogOperator(task_id="load", source=str(calls), sql_conn_id="").execute({})


def test_a_driver_that_is_missing_is_named(calls, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", "postgresql://host/db")
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(AirflowFailException, match="needs a driver that is not installed"):
        load(str(calls))
