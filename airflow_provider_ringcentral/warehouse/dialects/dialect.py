"""The base dialect: any database with temporary tables. Subclasses override what a database does better."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar

import sqlalchemy as sa

from airflow_provider_ringcentral.files.columns import Converter, Row
from airflow_provider_ringcentral.warehouse.columns import time_without_zone
from airflow_provider_ringcentral.warehouse.tables import Stage, Types


class Dialect:
    """A database that supports `CREATE TEMPORARY TABLE`, with SQL that SQLAlchemy writes.

    Rows are replaced by deleting and inserting. Concurrent loads are not serialised beyond the database's own locks.
    """

    types: Types = Types(text=sa.Text(), key=sa.String(128), time=sa.DateTime(), json=sa.Text())
    table_options: ClassVar[dict[str, Any]] = {}
    isolation: str | None = None
    time: Converter = staticmethod(time_without_zone)

    def moment(self, value: datetime) -> datetime:
        """Convert an aware time for the database's drivers."""
        return value.astimezone(UTC).replace(tzinfo=None)

    @contextmanager
    def transaction(self, engine: sa.engine.Engine) -> Iterator[sa.engine.Connection]:
        """Open a new connection with a transaction that commits at the end of the block."""
        # SQLAlchemy 2 counts inserted rows only when asked to.
        options = {"preserve_rowcount": True, **({"isolation_level": self.isolation} if self.isolation else {})}
        with engine.execution_options(**options).connect() as connection:
            # A load leaves state in its session, so the session must not return to the pool.
            connection.detach()
            try:
                with connection.begin():
                    yield connection
            finally:
                self.leave(connection)

    def leave(self, connection: sa.engine.Connection) -> None:
        """Clean up after the transaction: a pooler such as PgBouncer may give the session to another client."""

    def clear(self, connection: sa.engine.Connection) -> None:
        """Drop our temporary tables that an earlier load left in the session."""

    def drop(self, connection: sa.engine.Connection, stage: Stage) -> None:
        """Drop the temporary tables of this load."""
        stage.drop(connection)

    def pack(self, row: Row) -> Any:
        """Convert a row for `fill`; runs ahead, in another thread."""
        # An empty string becomes NULL everywhere, because PostgreSQL's COPY cannot tell them apart.
        return [None if cell == "" else cell for cell in row]

    def fill(self, connection: sa.engine.Connection, table: sa.Table, rows: Sequence[Any]) -> None:
        """Insert packed rows, with cells in the order of the table's columns, into a temporary table."""
        if rows:
            names = [column.name for column in table.columns]
            connection.execute(sa.insert(table), [dict(zip(names, row, strict=True)) for row in rows])

    def filled(self, connection: sa.engine.Connection, tables: Sequence[sa.Table]) -> None:
        """Prepare the merge once the temporary tables hold the whole file."""

    def lock(self, connection: sa.engine.Connection, name: str) -> None:
        """Wait until no other load writes to the tables `name`, and keep others out until the connection ends."""

    def put(self, connection: sa.engine.Connection, table: sa.Table, rows: Any) -> None:
        """Insert the rows of a select, with the table's columns in order, and replace rows of the same key."""
        found = rows.subquery()
        (key,) = table.primary_key.columns
        connection.execute(sa.delete(table).where(key.in_(sa.select(found.c[key.name]))))
        connection.execute(sa.insert(table).from_select([column.name for column in table.columns], rows))
