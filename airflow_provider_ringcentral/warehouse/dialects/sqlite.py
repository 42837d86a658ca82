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
    """SQLite with the standard library's driver. Times are stored as text in UTC, JSON as text."""

    @contextmanager
    def transaction(self, engine: sa.engine.Engine) -> Iterator[sa.engine.Connection]:
        """Stage the file in a separate transaction, because the write lock must be taken before reading."""
        with super().transaction(engine) as connection:
            driver: Any = connection.connection
            # By itself sqlite3 would begin transactions late, not before a CREATE.
            driver.isolation_level = None
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {_WAIT_MS}")
            connection.exec_driver_sql("BEGIN")
            yield connection

    def clear(self, connection: sa.engine.Connection) -> None:
        """Drop them one by one."""
        for name in STAGE:
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS temp.{name}")

    def lock(self, connection: sa.engine.Connection, name: str) -> None:
        """Take SQLite's write lock. Temporary tables live in a separate database and survive this commit."""
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def put(self, connection: sa.engine.Connection, table: sa.Table, rows: Any) -> None:
        """Insert with ON CONFLICT DO UPDATE."""
        connection.execute(insert_or_replace(sqlite.insert(table), table, rows))
