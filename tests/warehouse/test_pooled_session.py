"""Loads over one session of the database that goes from hand to hand without being reset, as poolers do it."""

from __future__ import annotations

import sqlite3

import psycopg
import psycopg2.extensions
import pymysql.connections
import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from airflow_provider_ringcentral.warehouse.dialects.dialect import Dialect
from airflow_provider_ringcentral.warehouse.errors import WarehouseError
from tests.warehouse.conftest import Warehouse, call, leg, make_warehouse

KINDS = ["sqlite", "psycopg2", "psycopg", "mariadb", "other"]


class ReturnedPsycopg2(psycopg2.extensions.connection):
    def close(self):
        """Back to the pooler: a transaction that is left open ends, the session stays."""
        self.rollback()


class ReturnedPsycopg(psycopg.Connection):
    def close(self):
        self.rollback()


class ReturnedPyMySql(pymysql.connections.Connection):
    def close(self):
        self.rollback()


class ReturnedSqlite(sqlite3.Connection):
    def close(self):
        self.rollback()


def connect(kind, url):
    """A connection of the driver that outlives its `close`."""
    made = sa.engine.make_url(url)
    arguments = {"host": made.host, "port": made.port, "user": made.username, "password": made.password}
    if kind == "psycopg2":
        arguments |= {"dbname": made.database, "connection_factory": ReturnedPsycopg2}
        return psycopg2.connect(**arguments)
    if kind == "psycopg":
        return ReturnedPsycopg.connect(dbname=made.database, **arguments)
    if kind == "mariadb":
        return ReturnedPyMySql(database=made.database, **arguments)
    return sqlite3.connect(made.database, factory=ReturnedSqlite, check_same_thread=False)


@pytest.fixture(params=KINDS)
def pooled(request, tmp_path):
    """A warehouse whose loads all get the same session."""
    warehouse = make_warehouse(request, tmp_path, request.param)
    session = connect(request.param, warehouse.url)
    warehouse.engine = sa.create_engine(warehouse.url, poolclass=NullPool, creator=lambda: session)
    yield warehouse
    super(type(session), session).close()


def direct(warehouse: Warehouse) -> Warehouse:
    """The same database by sessions of its own."""
    return Warehouse(warehouse.url, warehouse.folder, warehouse.dialect)


def test_a_second_load_over_the_same_session_works(pooled):
    pooled.load(call("I1", legs=[leg()]), '{"id', on_bad_record="keep")
    pooled.load(call("I1", "10:30", result="Accepted", legs=[leg(), leg()]), call("I2"), '["', on_bad_record="keep")

    assert {key: row.get("result") for key, row in direct(pooled).calls().items()} == {"I1": "Accepted", "I2": None}
    assert len(direct(pooled).legs()) == 2


def test_nothing_of_a_load_stays_in_the_session(pooled):
    pooled.load(call("I1", legs=[leg()]))

    with pooled.engine.connect() as connection:
        for name in ("rc_calls", "rc_legs", "rc_bad_records"):
            with pytest.raises(sa.exc.DBAPIError):
                connection.execute(sa.text(f"SELECT * FROM {name}"))
            connection.rollback()


def test_a_load_that_failed_stands_in_nobodys_way(pooled):
    first = direct(pooled)
    first.load(call("I1"))
    if "sqlite" in pooled.url:
        first.run(
            "CREATE TRIGGER picky BEFORE INSERT ON ringcentral_calls WHEN new.result = 'no' "
            "BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    else:
        first.run("ALTER TABLE ringcentral_calls ADD CONSTRAINT picky CHECK (result <> 'no')")

    with pytest.raises(WarehouseError, match="refused a row of the file"):
        pooled.load(call("I2", result="no"))

    # No lock is held: a session of its own would wait for it.
    assert first.load(call("I3"))["calls_inserted"] == 1
    # A database that nothing is known of has no name for temporary tables alone, so that none is dropped unseen.
    if type(pooled.dialect) is not Dialect:
        assert pooled.load(call("I4"))["calls_inserted"] == 1
        assert sorted(first.calls()) == ["I1", "I3", "I4"]
