"""SQLite (3.24 and later): INSERT … ON CONFLICT, and the database's one write lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import sqlite

from airflow_provider_ringcentral.warehouse.dialects.dialect import Dialect
from airflow_provider_ringcentral.warehouse.dialects.on_conflict import insert_or_replace
from airflow_provider_ringcentral.warehouse.tables import STAGE

if TYPE_CHECKING:
    import sqlalchemy as sa

_WAIT_MS = 600_000


class Sqlite(Dialect):
    """By the standard library's sqlite3. Times are kept as text in UTC, JSON as text."""

    @contextmanager
    def transaction(self, engine: sa.engine.Engine) -> Iterator[sa.engine.Connection]:
        """The file is staged in a transaction of its own, since the write lock must be taken before reading."""
        with super().transaction(engine) as connection:
            driver: Any = connection.connection
            # sqlite3 would begin transactions by itself, and not before a CREATE.
            driver.isolation_level = None
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {_WAIT_MS}")
            connection.exec_driver_sql("BEGIN")
            yield connection

    def clear(self, connection: sa.engine.Connection) -> None:
        """One by one."""
        for name in STAGE:
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS temp.{name}")

    def lock(self, connection: sa.engine.Connection, name: str) -> None:
        """Temporary tables lie in a database of their own, and so are kept by this commit."""
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def put(self, connection: sa.engine.Connection, table: sa.Table, rows: Any) -> None:
        """By ON CONFLICT."""
        connection.execute(insert_or_replace(sqlite.insert(table), table, rows))
