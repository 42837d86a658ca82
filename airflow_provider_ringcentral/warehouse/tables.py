"""The tables of calls, and the temporary tables that a file is staged in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.files.columns import Column, ColumnType
from airflow_provider_ringcentral.warehouse.columns import CALLS, KEYS, LEGS, sql_name

_PREFIX = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_]{0,39})?\Z")


@dataclass(frozen=True, slots=True)
class Types:
    """SQL types of a database. `key` is the type of indexed text; `json` takes JSON as text."""

    text: Any
    key: Any
    time: Any
    json: Any
    integer: Any = sa.BigInteger
    number: Any = sa.Float
    flag: Any = sa.Boolean

    def of(self, column: Column) -> Any:
        """Return the type of a column."""
        if column.name in KEYS:
            return self.key
        return {
            ColumnType.TEXT: self.text,
            ColumnType.INTEGER: self.integer,
            ColumnType.NUMBER: self.number,
            ColumnType.FLAG: self.flag,
            ColumnType.TIME: self.time,
        }[column.kind]


class Tables:
    """`calls` (key `id`), `legs` (key `call_id`, `position`) and `deleted` (key `id`) under a prefix in a schema.

    `legs.position` counts from 1 in RingCentral's order. `calls.raw` is the record as received, `calls.loaded_at` the
    time (UTC) of the load that wrote the row; for `calls.member_missed` see `flag_members`. `deleted` records deleted
    calls, so that an older file does not restore them. `bad_records` (key `sha256` of the text) holds, as text, records
    that cannot be loaded; it is created only with `keep_bad_records`.
    """

    def __init__(
        self,
        types: Types,
        prefix: str,
        schema: str | None,
        options: dict[str, Any],
        *,
        keep_bad_records: bool = False,
    ) -> None:
        if not isinstance(prefix, str) or not _PREFIX.match(prefix):
            raise BadArgument(
                f"table_prefix {prefix!r} is not a valid start of a table name: use up to 40 letters, digits and _, "
                "and do not start with a digit.",
                parameter="table_prefix",
            )
        metadata = sa.MetaData(schema=schema)
        self.calls = sa.Table(
            f"{prefix}calls",
            metadata,
            *_columns(CALLS, types, key="id"),
            sa.Column("raw", types.json, nullable=False),
            sa.Column("member_missed", types.flag, nullable=False, server_default=sa.false()),
            sa.Column("loaded_at", types.time, nullable=False),
            sa.Index(f"{prefix}calls_start_time", "start_time"),
            sa.Index(f"{prefix}calls_session", "telephony_session_id"),
            **options,
        )
        self.legs = sa.Table(
            f"{prefix}legs",
            metadata,
            sa.Column("call_id", types.key, primary_key=True),
            sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
            *_columns(LEGS, types),
            **options,
        )
        self.deleted = sa.Table(
            f"{prefix}deleted_calls",
            metadata,
            sa.Column("id", types.key, primary_key=True),
            sa.Column("last_modified_time", types.time),
            sa.Column("deleted_at", types.time, nullable=False),
            **options,
        )
        self.bad_records = sa.Table(
            f"{prefix}bad_records",
            metadata,
            sa.Column("sha256", types.key, primary_key=True),
            *_columns_of_bad_records(types),
            sa.Column("loaded_at", types.time, nullable=False),
            **options,
        )
        self._keep_bad_records = keep_bad_records

    def __iter__(self) -> Iterator[sa.Table]:
        return iter((self.calls, self.legs, self.deleted, *([self.bad_records] if self._keep_bad_records else [])))


class Stage:
    """Temporary tables of one connection: the calls and legs of a file, and intermediate results of the merge.

    `calls.place` numbers the rows of the file; `legs.place` is the number of the row that the leg belongs to.
    """

    def __init__(self, types: Types, options: dict[str, Any]) -> None:
        self._metadata = sa.MetaData()
        self._options: dict[str, Any] = {"prefixes": ["TEMPORARY"], **options}
        self.calls = self._table(
            "rc_calls",
            sa.Column("place", sa.BigInteger),
            sa.Column("detailed", types.flag),
            sa.Column("deleted", types.flag),
            *_columns(CALLS, types),
            sa.Column("raw", types.json),
        )
        self.legs = self._table(
            "rc_legs",
            sa.Column("place", sa.BigInteger),
            sa.Column("position", sa.Integer),
            *_columns(LEGS, types),
        )
        self.beaten = self._table("rc_beaten", sa.Column("place", sa.BigInteger))
        self.gone = self._table("rc_gone", sa.Column("id", types.key), sa.Column("last_modified_time", types.time))
        self.sessions = self._table("rc_sessions", sa.Column("telephony_session_id", types.key))
        self.flagged = self._table("rc_flagged", sa.Column("id", types.key))
        self.bad_records = self._table(
            "rc_bad_records", sa.Column("sha256", types.key), *_columns_of_bad_records(types)
        )

    def create(self, connection: sa.engine.Connection) -> None:
        """Create the temporary tables."""
        for table in self._metadata.tables.values():
            table.create(connection, checkfirst=False)

    def drop(self, connection: sa.engine.Connection) -> None:
        """Drop the temporary tables."""
        for table in self._metadata.tables.values():
            table.drop(connection, checkfirst=False)

    def _table(self, name: str, *columns: Any) -> sa.Table:
        return sa.Table(name, self._metadata, *columns, **self._options)


STAGE: Final = ("rc_calls", "rc_legs", "rc_beaten", "rc_gone", "rc_sessions", "rc_flagged", "rc_bad_records")
"""Names of the temporary tables."""


def _columns_of_bad_records(types: Types) -> list[Any]:
    """Return the columns `file`, `line` (Parquet: row, from 1), `reason` and `text`."""
    texts = [sa.Column(name, types.text) for name in ("reason", "text")]
    return [sa.Column("file", types.text), sa.Column("line", sa.BigInteger), *texts]


def _columns(columns: Sequence[Column], types: Types, key: str | None = None) -> list[Any]:
    return [sa.Column(sql_name(each.name), types.of(each), primary_key=each.name == key) for each in columns]
