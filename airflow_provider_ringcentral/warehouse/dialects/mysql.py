"""MySQL 8 and MariaDB 10.5, and later: INSERT … ON DUPLICATE KEY UPDATE, and a named lock."""

from __future__ import annotations

import contextlib
import zlib
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from airflow_provider_ringcentral.warehouse.dialects.dialect import Dialect
from airflow_provider_ringcentral.warehouse.errors import LoadFailed
from airflow_provider_ringcentral.warehouse.tables import STAGE, Stage, Types

_WAIT_SECONDS = 3600


class _Json(mysql.LONGTEXT):
    """A JSON column that takes text: SQLAlchemy's own type would encode the text again."""

    __visit_name__ = "JSON"


class MySql(Dialect):
    """Times are DATETIME(6) in UTC."""

    # Some ids differ only by case, which MySQL's default collations ignore.
    types = Types(
        text=mysql.MEDIUMTEXT(),
        key=sa.String(128),
        time=mysql.DATETIME(fsp=6),
        json=_Json(),
        number=mysql.DOUBLE(asdecimal=False),
    )
    table_options: ClassVar[dict[str, Any]] = {
        f"{name}_{option}": value
        for name in ("mysql", "mariadb")
        for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", "utf8mb4_bin"))
    }
    isolation = "READ COMMITTED"

    def lock(self, connection: sa.engine.Connection, name: str) -> None:
        """Take a named lock (GET_LOCK), which `leave` or the end of the session releases."""
        key = f"ringcentral_{zlib.crc32(name.encode()):08x}"
        if not connection.scalar(sa.select(sa.func.get_lock(key, _WAIT_SECONDS))):
            raise LoadFailed(f"Another load into {name} did not finish within {_WAIT_SECONDS} s. Retry later.")

    def clear(self, connection: sa.engine.Connection) -> None:
        """Drop them in one statement, which does not end the transaction."""
        connection.exec_driver_sql(f"DROP TEMPORARY TABLE IF EXISTS {', '.join(STAGE)}")

    def drop(self, connection: sa.engine.Connection, stage: Stage) -> None:
        """Drop them in one statement."""
        self.clear(connection)

    def leave(self, connection: sa.engine.Connection) -> None:
        """Drop temporary tables and release locks, which outlive a transaction."""
        with contextlib.suppress(sa.exc.SQLAlchemyError):
            self.clear(connection)
            connection.execute(sa.select(sa.func.release_all_locks()))

    def put(self, connection: sa.engine.Connection, table: sa.Table, rows: Any) -> None:
        """Insert with ON DUPLICATE KEY UPDATE."""
        insert = mysql.insert(table)
        key = {column.name for column in table.primary_key.columns}
        others = {column.name: insert.inserted[column.name] for column in table.columns if column.name not in key}
        names = [column.name for column in table.columns]
        connection.execute(insert.from_select(names, rows).on_duplicate_key_update(others))
