"""Load files of calls into tables: one transaction a file, in memory that does not grow with the file."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.warehouse.dialects.registry import dialect_of
from airflow_provider_ringcentral.warehouse.errors import WarehouseError, sql_errors
from airflow_provider_ringcentral.warehouse.merge import Counts, Merge
from airflow_provider_ringcentral.warehouse.rows import Rows
from airflow_provider_ringcentral.warehouse.source import SourceFile
from airflow_provider_ringcentral.warehouse.staging import Staging
from airflow_provider_ringcentral.warehouse.tables import Stage, Tables
from airflow_provider_ringcentral.warehouse.window import Window

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine
    from upath import UPath

    from airflow_provider_ringcentral.warehouse.dialects.dialect import Dialect


@dataclass(frozen=True, slots=True)
class LoadReceipt:
    """The result of loading `files` files in `seconds` seconds, for XCom and asset events."""

    files: int
    counts: Counts
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Return `files`, the fields of `Counts` and `seconds` as JSON values."""
        return {"files": self.files, **asdict(self.counts), "seconds": self.seconds}


def make_tables(connection: sa.engine.Connection, tables: Tables) -> None:
    """Create missing tables and columns. Other columns of the tables stay as they are.

    Raises `BadArgument` for an unknown schema and `WarehouseError` for a table of that name with a different layout,
    before anything is written.
    """
    inspector = sa.inspect(connection)
    schema = tables.calls.schema
    if schema is not None and schema not in inspector.get_schema_names():
        raise BadArgument(
            f"The database has no schema {schema!r}, or does not show it to this user; create it first.",
            parameter="schema",
        )
    missing = {table.name: _missing(inspector, table) for table in tables}
    for table in tables:
        columns = missing[table.name]
        if columns is None:
            table.create(connection, checkfirst=False)
        for column in columns or ():
            _add(connection, table, column)


def _missing(inspector: Any, table: sa.Table) -> list[sa.Column[Any]] | None:
    """Return the columns that the table lacks, None when there is no table."""
    if not inspector.has_table(table.name, schema=table.schema):
        return None
    there = {column["name"] for column in inspector.get_columns(table.name, schema=table.schema)}
    key = inspector.get_pk_constraint(table.name, schema=table.schema).get("constrained_columns") or []
    ours = [column.name for column in table.primary_key.columns]
    # Every version of this package has made these, and they cannot be added to existing rows.
    needed = {column.name for column in table.columns if not column.nullable and column.server_default is None}
    if sorted(key) != sorted(ours) or needed - there:
        lacks = f"; it lacks {', '.join(sorted(needed - there))}" if needed - there else ""
        raise WarehouseError(
            f"The table {table.fullname} exists with a different layout: its primary key is "
            f"({', '.join(key) or 'none'}) instead of ({', '.join(ours)}){lacks}. "
            "Choose another table_prefix or schema, or drop the table."
        )
    return [column for column in table.columns if column.name not in there]


def _add(connection: sa.engine.Connection, table: sa.Table, column: sa.Column[Any]) -> None:
    dialect = connection.dialect
    name = dialect.identifier_preparer.format_table(table)
    connection.exec_driver_sql(f"ALTER TABLE {name} ADD COLUMN {CreateColumn(column).compile(dialect=dialect)}")


log = logging.getLogger(__name__)

ON_BAD_RECORD = ("fail", "keep")


def load_files(
    engine: Engine,
    files: Sequence[SourceFile],
    *,
    schema: str | None = None,
    table_prefix: str = "ringcentral_",
    delete_missing: bool = False,
    on_bad_record: str = "fail",
    dialect: Dialect | None = None,
) -> LoadReceipt:
    """Load the calls of `files`, one file after the other, into `{table_prefix}calls` and `{table_prefix}legs`.

    Missing tables and columns are created. Of several versions of a call, the one with the later lastModifiedTime
    stays; if the times are equal, or one is missing, the one loaded later. A version of the view Simple keeps the
    stored legs, costs and lastModifiedTime. `"deleted": true` removes the call and its legs; only a version that
    changed later brings it back. A row whose values do not change is not written, so its `loaded_at` stays. A file is
    loaded whole or not at all.

    `delete_missing` also removes calls that a receipt's window should contain and its file does not. A record that is
    not a call, or that the database rejects, fails the load of its file (`on_bad_record="fail"`) or is kept as text in
    the table `{table_prefix}bad_records` ("keep").

    `engine` cannot be a SQLite database in memory, because every file gets its own connection. `dialect` defaults to
    the one of the engine.

    Raises `BadArgument` for unusable arguments and files, `WarehouseError` for an unusable database or table, and
    `LoadFailed` when the database aborts a load.
    """
    began = time.monotonic()
    if on_bad_record not in ON_BAD_RECORD:
        raise BadArgument(
            f"on_bad_record is {on_bad_record!r}; it is one of {', '.join(ON_BAD_RECORD)}.", parameter="on_bad_record"
        )
    loading = _Loading(engine, dialect or dialect_of(engine), schema, table_prefix, keep=on_bad_record == "keep")
    windows = [_window(file) if delete_missing else None for file in files]
    counts = Counts()
    log.info("Loading %s into the tables %s* of %s.", _files(len(files)), table_prefix, _named(engine, schema))
    with sql_errors(engine):
        if files:
            loading.make_tables()
        for file, window in zip(files, windows, strict=True):
            counts += loading.load(file.path, window)
    receipt = LoadReceipt(len(files), counts, round(time.monotonic() - began, 3))
    log.info("Loaded %s in %s s: %s.", _files(receipt.files), receipt.seconds, counts.summary())
    return receipt


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _named(engine: Engine, schema: str | None) -> str:
    # Drivers take secrets in a URL's query, too.
    database = engine.url.set(query={}).render_as_string(hide_password=True)
    return f"the schema {schema} in {database}" if schema else database


def _window(file: SourceFile) -> Window:
    if file.receipt is None:
        raise BadArgument(
            f"delete_missing needs the receipt of an extract, because {file.path} alone does not say which window it "
            "covers. Pass the receipt (extract.output) as source.",
            parameter="delete_missing",
        )
    return Window.of(file.receipt)


class _Loading:
    def __init__(self, engine: Engine, dialect: Dialect, schema: str | None, prefix: str, *, keep: bool) -> None:
        self._engine = engine
        self._dialect = dialect
        self._keep = keep
        self._tables = Tables(dialect.types, prefix, schema, dialect.table_options, keep_bad_records=keep)
        self._stage = Stage(dialect.types, dialect.table_options)
        self._rows = Rows(dialect.time)
        self._name = self._tables.calls.fullname

    def make_tables(self) -> None:
        with self._dialect.transaction(self._engine) as connection:
            self._dialect.lock(connection, self._name)
            make_tables(connection, self._tables)

    def load(self, path: UPath, window: Window | None) -> Counts:
        dialect, stage = self._dialect, self._stage
        with dialect.transaction(self._engine) as connection:
            dialect.clear(connection)
            stage.create(connection)
            staging = Staging(connection, dialect, stage, self._rows, path, keep=self._keep)
            staging.fill()
            if window is not None and not _covers_window(path, window, staging):
                window = None
            dialect.filled(connection, (stage.calls, stage.legs))
            dialect.lock(connection, self._name)
            now = datetime.now(tz=UTC)
            merge = Merge(connection, dialect, self._tables, stage, read=staging.good, now=now)
            counts = merge.run(window) + merge.keep_bad_records(staging.bad)
            dialect.drop(connection, stage)
        _log_file(path, counts)
        return counts


def _covers_window(path: UPath, window: Window, staging: Staging) -> bool:
    """Return whether the file has every row of its receipt. Raises `BadArgument` if it was replaced since."""
    read = staging.good + staging.bad
    if window.records != read:
        raise BadArgument(
            f"The file {path} has {read} calls and its receipt says {window.records}: the file was replaced after the "
            "receipt was written. Load with delete_missing right after the extract.",
            parameter="source",
        )
    if staging.bad:
        log.warning(
            "%s: delete_missing is skipped for this file, because %s bad records may be the missing calls. Fix the "
            "file and load it again.",
            path,
            staging.bad,
        )
    return not staging.bad


def _log_file(path: UPath, counts: Counts) -> None:
    log.info("%s: %s.", path, counts.summary())
    if counts.bad_records:
        log.warning("%s: kept %s bad records as text in the table bad_records.", path, counts.bad_records)
