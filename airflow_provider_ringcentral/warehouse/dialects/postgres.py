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

# JSON never holds these control characters unescaped, so hardly any cell needs quotes.
_DELIMITER, _QUOTE = "\x02", "\x01"
_COPY = "COPY {table} FROM STDIN WITH (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')"
_LOCKS = 0x52436C6C


class Postgres(Dialect):
    """PostgreSQL with the driver psycopg2 or psycopg."""

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
        """Return the time unchanged."""
        return value

    def pack(self, row: Row) -> str:
        """Return a line for COPY. Keeping strings instead of thousands of lists spares the garbage collector."""
        line = _DELIMITER.join(["" if cell is None else str(cell) for cell in row])
        if line.count(_DELIMITER) < len(row) and "\n" not in line and "\r" not in line and _QUOTE not in line:
            return line + "\n"
        quoted = io.StringIO()
        # csv is slow, because it looks at every character. With lines that end in CR LF it quotes CR, too.
        csv.writer(quoted, delimiter=_DELIMITER, quotechar=_QUOTE, lineterminator="\r\n").writerow(row)
        return quoted.getvalue().removesuffix("\r\n") + "\n"

    def fill(self, connection: sa.engine.Connection, table: sa.Table, rows: Sequence[Any]) -> None:
        """Insert with COPY."""
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
                    f"The driver {connection.dialect.driver} does not support COPY. Install psycopg2-binary or "
                    "psycopg[binary]."
                )

    def filled(self, connection: sa.engine.Connection, tables: Sequence[sa.Table]) -> None:
        """Collect statistics, without which PostgreSQL plans badly for millions of rows."""
        for table in tables:
            # Only for join columns: statistics of all columns would take as long as the merge.
            joined = [name for name in ("id", "place", "telephony_session_id") if name in table.columns]
            connection.exec_driver_sql(f"ANALYZE {table.name} ({', '.join(joined)})")

    def clear(self, connection: sa.engine.Connection) -> None:
        """Drop them in one statement."""
        names = ", ".join(f"pg_temp.{name}" for name in STAGE)
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {names}")

    def drop(self, connection: sa.engine.Connection, stage: Stage) -> None:
        """Drop them in one statement."""
        self.clear(connection)

    def lock(self, connection: sa.engine.Connection, name: str) -> None:
        """Take an advisory lock, which the end of the transaction releases."""
        key = zlib.crc32(name.encode()) - 2**31
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCKS, key)))

    def put(self, connection: sa.engine.Connection, table: sa.Table, rows: Any) -> None:
        """Insert with ON CONFLICT DO UPDATE."""
        connection.execute(insert_or_replace(postgresql.insert(table), table, rows))
