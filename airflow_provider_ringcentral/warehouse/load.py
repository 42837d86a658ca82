"""Files of calls into tables: each in one transaction, in memory that does not grow with it."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_ringcentral.extract.errors import BadArgument
from airflow_provider_ringcentral.warehouse.counts import Counts, LoadReceipt
from airflow_provider_ringcentral.warehouse.dialects import dialect_of
from airflow_provider_ringcentral.warehouse.errors import sql_errors
from airflow_provider_ringcentral.warehouse.merge import Merge
from airflow_provider_ringcentral.warehouse.reading import bad_file, read_calls
from airflow_provider_ringcentral.warehouse.rows import NotACall, Rows
from airflow_provider_ringcentral.warehouse.schema import make_tables
from airflow_provider_ringcentral.warehouse.source import SourceFile
from airflow_provider_ringcentral.warehouse.tables import Stage, Tables
from airflow_provider_ringcentral.warehouse.window import Window

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine
    from upath import UPath

    from airflow_provider_ringcentral.warehouse.dialect import Dialect

log = logging.getLogger(__name__)

_Item = TypeVar("_Item")

_BATCH = 1000
"""Calls at a time: some 5 MB."""


def load_files(
    engine: Engine,
    files: Sequence[SourceFile],
    *,
    schema: str | None = None,
    table_prefix: str = "ringcentral_",
    delete_missing: bool = False,
    dialect: Dialect | None = None,
) -> LoadReceipt:
    """Put the calls of `files`, one after the other, into the tables `{table_prefix}calls` and `{table_prefix}legs`.

    Tables and columns that are missing are made. Of several versions of a call, in one file or in several, the one
    with the later lastModifiedTime stays; when it is the same, or one has none, the one loaded later. A version of the
    view Simple leaves the legs, costs and time of the last change that are there. `"deleted": true` removes the call
    and its legs, and no version of the same or an earlier time, or without one, brings it back. A row that stays as it
    was is not touched, `loaded_at` neither. A file is loaded whole or not at all.

    `delete_missing` also removes calls of a receipt's window that were changed last before the extract began and are
    not in its file. `engine` is not for a SQLite database in memory: every file has a connection of its own. `dialect`
    is chosen by the engine.

    Raises `BadArgument` for arguments and files that are not fit, `WarehouseError` for a database or a table that is
    not, and `LoadFailed` when the database breaks off.
    """
    began = time.monotonic()
    loading = _Loading(engine, dialect or dialect_of(engine), schema, table_prefix)
    windows = [_window(file) if delete_missing else None for file in files]
    counts = Counts()
    with sql_errors(engine):
        if files:
            loading.make_tables()
        for file, window in zip(files, windows, strict=True):
            counts += loading.load(file.path, window)
    return LoadReceipt(len(files), counts, round(time.monotonic() - began, 3))


def _window(file: SourceFile) -> Window:
    if file.receipt is None:
        raise BadArgument(
            f"delete_missing needs the receipt of an extract; {file.path} alone does not say which window it has "
            "completely.",
            parameter="delete_missing",
        )
    return Window.of(file.receipt)


class _Loading:
    def __init__(self, engine: Engine, dialect: Dialect, schema: str | None, prefix: str) -> None:
        self._engine = engine
        self._dialect = dialect
        self._tables = Tables(dialect.types, prefix, schema, dialect.table_options)
        self._stage = Stage(dialect.types, dialect.table_options)
        self._rows = Rows(dialect.time)
        self._name = self._tables.calls.fullname

    def make_tables(self) -> None:
        with self._dialect.transaction(self._engine) as connection:
            self._dialect.lock(connection, self._name)
            make_tables(connection, self._tables)

    def load(self, path: UPath, window: Window | None) -> Counts:
        with self._dialect.transaction(self._engine) as connection:
            self._stage.create(connection)
            read = self._fill(connection, path)
            if window is not None and window.records != read:
                raise BadArgument(
                    f"The file {path} has {read} calls and its receipt says {window.records}: it was written anew "
                    "since. Load with delete_missing right after the extract.",
                    parameter="source",
                )
            self._dialect.filled(connection, (self._stage.calls, self._stage.legs))
            self._dialect.lock(connection, self._name)
            merge = Merge(connection, self._dialect, self._tables, self._stage, read=read, now=datetime.now(tz=UTC))
            counts = merge.run(window)
        log.info(
            "%s: %s calls read, %s new, %s changed, %s deleted",
            path,
            counts.rows_read,
            counts.calls_inserted,
            counts.calls_updated,
            counts.calls_deleted,
        )
        return counts

    def _fill(self, connection: Connection, path: UPath) -> int:
        """Put the file into the temporary tables; how many calls it has."""
        read = 0
        for calls, legs in _ahead(self._batches(path)):
            self._dialect.fill(connection, self._stage.calls, calls)
            self._dialect.fill(connection, self._stage.legs, legs)
            read += len(calls)
        return read

    def _batches(self, path: UPath) -> Iterator[tuple[list[Any], list[Any]]]:
        """Packed rows of calls, and those of their legs."""
        pack = self._dialect.pack
        lines = enumerate(read_calls(path), 1)
        while batch := list(itertools.islice(lines, _BATCH)):
            calls: list[Any] = []
            legs: list[Any] = []
            for place, line in batch:
                try:
                    call, its_legs = self._rows.of(place, line)
                except NotACall as error:
                    raise bad_file(path, f"is no file of calls: line {place} {error}") from None
                calls.append(pack(call))
                legs.extend(map(pack, its_legs))
            yield calls, legs


def _ahead(batches: Iterator[_Item]) -> Iterator[_Item]:
    """Makes the next batch while the last one is taken in by the database."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = thread.submit(next, batches, None)
            yield batch
