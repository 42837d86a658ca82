"""PostgreSQL: COPY into temporary tables, one INSERT … ON CONFLICT, and an advisory lock."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from airflow_provider_ringcentral.files.columns import Row
from airflow_provider_ringcentral.warehouse.columns import time_as_text
from airflow_provider_ringcentral.warehouse.dialects.dialect import Dialect
from airflow_provider_ringcentral.warehouse.dialects.on_conflict import insert_or_replace
from airflow_provider_ringcentral.warehouse.errors import WarehouseError
from airflow_provider_ringcentral.warehouse.tables import STAGE, Stage, Types

# Control characters that JSON never holds as they are: hardly a cell needs quotes.
_DELIMITER, _QUOTE = "\x02", "\x01"
_COPY = "COPY {table} FROM STDIN WITH (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')"
_LOCKS = 0x52436C6C


class Postgres(Dialect):
    """By psycopg2 or psycopg."""

    # Keys are compared byte by byte: faster, and the same in every locale.
    types = Types(
        text=sa.Text(),
        key=postgresql.TEXT(collation="C"),
        time=sa.DateTime(timezone=True),
        json=postgresql.JSONB(),
    )
    isolation = "READ COMMITTED"
    time = staticmethod(time_as_text)

    def moment(self, value: datetime) -> datetime:
        """As it is."""
        return value

    def pack(self, row: Row) -> str:
        """A line for COPY, to which no value and an empty text are the same. Thousands of lists would busy the GC."""
        line = _DELIMITER.join(["" if cell is None else str(cell) for cell in row])
        if line.count(_DELIMITER) < len(row) and "\n" not in line and "\r" not in line and _QUOTE not in line:
            return line + "\n"
        quoted = io.StringIO()
        # Looks at every character, which takes long. Its lines end with CR, too, so that it puts those into quotes.
        csv.writer(quoted, delimiter=_DELIMITER, quotechar=_QUOTE, lineterminator="\r\n").writerow(row)
        return quoted.getvalue().removesuffix("\r\n") + "\n"

    def fill(self, connection: sa.engine.Connection, table: sa.Table, rows: Sequence[Any]) -> None:
        """By COPY."""
        text = "".join(rows)
        statement = _COPY.format(table=table.name)
        driver: Any = connection.connection
        with driver.cursor() as cursor:
            if hasattr(cursor, "copy_expert"):
                cursor.copy_expert(statement, io.StringIO(text), 2**20)
            elif hasattr(cursor, "copy"):
                with cursor.copy(statement) as copy:
                    copy.write(text)
            else:
                raise WarehouseError(
                    f"The driver {connection.dialect.driver} has no COPY; install psycopg2-binary or psycopg[binary]."
                )

    def filled(self, connection: sa.engine.Connection, tables: Sequence[sa.Table]) -> None:
        """Without figures about them, plans for a table of millions would be guessed."""
        for table in tables:
            # Of the columns that statements join by; all of them would take as long as a merge.
            joined = [name for name in ("id", "place", "telephony_session_id") if name in table.columns]
            connection.exec_driver_sql(f"ANALYZE {table.name} ({', '.join(joined)})")

    def clear(self, connection: sa.engine.Connection) -> None:
        """In one statement."""
        names = ", ".join(f"pg_temp.{name}" for name in STAGE)
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {names}")

    def drop(self, connection: sa.engine.Connection, stage: Stage) -> None:
        """In one statement."""
        self.clear(connection)

    def lock(self, connection: sa.engine.Connection, name: str) -> None:
        """By an advisory lock, which the end of the transaction gives back."""
        key = zlib.crc32(name.encode()) - 2**31
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCKS, key)))

    def put(self, connection: sa.engine.Connection, table: sa.Table, rows: Any) -> None:
        """By ON CONFLICT."""
        connection.execute(insert_or_replace(postgresql.insert(table), table, rows))
