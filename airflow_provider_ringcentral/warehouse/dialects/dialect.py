"""What databases do differently. Here: any with temporary tables; `dialects.py` has those with ways of their own."""

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
    """A database that SQLAlchemy knows and nothing is known about but `CREATE TEMPORARY TABLE`.

    Rows are replaced by deleting and inserting. Loads at the same time wait for nothing but what the database itself
    makes them wait for.
    """

    types: Types = Types(text=sa.Text(), key=sa.String(128), time=sa.DateTime(), json=sa.Text())
    table_options: ClassVar[dict[str, Any]] = {}
    isolation: str | None = None
    time: Converter = staticmethod(time_without_zone)

    def moment(self, value: datetime) -> datetime:
        """An aware time as the database's drivers take it."""
        return value.astimezone(UTC).replace(tzinfo=None)

    @contextmanager
    def transaction(self, engine: sa.engine.Engine) -> Iterator[sa.engine.Connection]:
        """A connection of its own in a transaction, which the end of the block commits."""
        # SQLAlchemy 2 counts inserted rows only when asked to.
        options = {"preserve_rowcount": True, **({"isolation_level": self.isolation} if self.isolation else {})}
        with engine.execution_options(**options).connect() as connection:
            # What a load leaves in a session goes with it, so it must not go back to a pool of ours.
            connection.detach()
            try:
                with connection.begin():
                    yield connection
            finally:
                self.leave(connection)

    def leave(self, connection: sa.engine.Connection) -> None:
        """Called after the transaction: a pooler, such as PgBouncer, may give the session to somebody else."""

    def clear(self, connection: sa.engine.Connection) -> None:
        """Remove temporary tables of ours that the session has from an earlier load, and no others."""

    def drop(self, connection: sa.engine.Connection, stage: Stage) -> None:
        """Remove the temporary tables that the load has made."""
        stage.drop(connection)

    def pack(self, row: Row) -> Any:
        """A row as `fill` takes it; done ahead of that, in another thread."""
        # An empty text is none: COPY, which PostgreSQL gets, cannot tell them apart.
        return [None if cell == "" else cell for cell in row]

    def fill(self, connection: sa.engine.Connection, table: sa.Table, rows: Sequence[Any]) -> None:
        """Put packed rows, cells in the order of the table's columns, into a temporary table."""
        if rows:
            names = [column.name for column in table.columns]
            connection.execute(sa.insert(table), [dict(zip(names, row, strict=True)) for row in rows])

    def filled(self, connection: sa.engine.Connection, tables: Sequence[sa.Table]) -> None:
        """Called when the temporary tables hold the whole file."""

    def lock(self, connection: sa.engine.Connection, name: str) -> None:
        """Wait until no other load writes to the tables called `name`; held until the connection's end."""

    def put(self, connection: sa.engine.Connection, table: sa.Table, rows: Any) -> None:
        """Put the rows of a select, which has the table's columns in order, in place of those with the same key."""
        found = rows.subquery()
        (key,) = table.primary_key.columns
        connection.execute(sa.delete(table).where(key.in_(sa.select(found.c[key.name]))))
        connection.execute(sa.insert(table).from_select([column.name for column in table.columns], rows))
