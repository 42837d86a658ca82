"""Files of calls into tables: each in one transaction, in memory that does not grow with it."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.warehouse.counts import Counts, LoadReceipt
from airflow_provider_ringcentral.warehouse.dialects.registry import dialect_of
from airflow_provider_ringcentral.warehouse.errors import sql_errors
from airflow_provider_ringcentral.warehouse.merge import Merge
from airflow_provider_ringcentral.warehouse.rows import Rows
from airflow_provider_ringcentral.warehouse.schema import make_tables
from airflow_provider_ringcentral.warehouse.source import SourceFile
from airflow_provider_ringcentral.warehouse.staging import Staging
from airflow_provider_ringcentral.warehouse.tables import Stage, Tables
from airflow_provider_ringcentral.warehouse.window import Window

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine
    from upath import UPath

    from airflow_provider_ringcentral.warehouse.dialects.dialect import Dialect

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
    """Put the calls of `files`, one after the other, into the tables `{table_prefix}calls` and `{table_prefix}legs`.

    Tables and columns that are missing are made. Of several versions of a call, in one file or in several, the one
    with the later lastModifiedTime stays; when it is the same, or one has none, the one loaded later. A version of the
    view Simple leaves the legs, costs and time of the last change that are there. `"deleted": true` removes the call
    and its legs, and no version of the same or an earlier time, or without one, brings it back. A row that stays as it
    was is not touched, `loaded_at` neither. A file is loaded whole or not at all.

    `delete_missing` also removes calls of a receipt's window that were known well before the extract began and are
    not in its file. A record that is not a call, or that the database refuses, fails the load of its file
    (`on_bad_record="fail"`) or goes as text into the table `{table_prefix}bad_records` ("keep").

    `engine` is not for a SQLite database in memory: every file has a connection of its own. `dialect` is chosen by the
    engine.

    Raises `BadArgument` for arguments and files that are not fit, `WarehouseError` for a database or a table that is
    not, and `LoadFailed` when the database breaks off.
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
    log.info("Loaded %s in %s s: %s.", _files(receipt.files), receipt.seconds, counts.told())
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
            f"delete_missing needs the receipt of an extract; {file.path} alone does not say which window it has "
            "completely.",
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
            if window is not None and not _is_whole(path, window, staging):
                window = None
            dialect.filled(connection, (stage.calls, stage.legs))
            dialect.lock(connection, self._name)
            now = datetime.now(tz=UTC)
            merge = Merge(connection, dialect, self._tables, stage, read=staging.good, now=now)
            counts = merge.run(window) + merge.keep_bad_records(staging.bad)
            dialect.drop(connection, stage)
        _log_file(path, counts)
        return counts


def _is_whole(path: UPath, window: Window, staging: Staging) -> bool:
    """Whether what the file lacks is missing; raises `BadArgument` for a file that is not the receipt's."""
    read = staging.good + staging.bad
    if window.records != read:
        raise BadArgument(
            f"The file {path} has {read} calls and its receipt says {window.records}: it was written anew since. Load "
            "with delete_missing right after the extract.",
            parameter="source",
        )
    if staging.bad:
        log.warning(
            "%s: no missing calls are removed, since %s bad records may be theirs. Mend the file and load it again.",
            path,
            staging.bad,
        )
    return not staging.bad


def _log_file(path: UPath, counts: Counts) -> None:
    log.info("%s: %s.", path, counts.told())
    if counts.bad_records:
        log.warning("%s: %s bad records kept as text; see the table of bad records.", path, counts.bad_records)
