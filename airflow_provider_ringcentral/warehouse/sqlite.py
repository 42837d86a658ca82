"""SQLite (3.24 and later): INSERT … ON CONFLICT, and the database's one write lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from airflow_provider_ringcentral.warehouse.dialect import Dialect

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

    def lock(self, connection: sa.engine.Connection, name: str) -> None:
        """Temporary tables lie in a database of their own, and so are kept by this commit."""
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def put(self, connection: sa.engine.Connection, table: sa.Table, rows: Any) -> None:
        """By ON CONFLICT."""
        insert = sqlite.insert(table)
        key = [column.name for column in table.primary_key.columns]
        others = {column.name: insert.excluded[column.name] for column in table.columns if column.name not in key}
        names = [column.name for column in table.columns]
        # SQLite takes the ON of ON CONFLICT for that of a join unless the select has a WHERE.
        found = insert.from_select(names, rows.where(sa.true()))
        connection.execute(found.on_conflict_do_update(index_elements=key, set_=others))
