"""Stage a file: copy its records into temporary tables, and set aside those that cannot be loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow_provider_ringcentral.warehouse.errors import database_errors, is_about_a_row, kind_of
from airflow_provider_ringcentral.warehouse.reading import Unreadable, as_text, bad_file, read_calls
from airflow_provider_ringcentral.warehouse.rows import NotACall, Rows

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from upath import UPath

    from airflow_provider_ringcentral.warehouse.dialects.dialect import Dialect
    from airflow_provider_ringcentral.warehouse.tables import Stage

_BATCH, _BATCH_BYTES = 1000, 2**24
"""Calls of a batch, about 5 MB, and the bytes that end a batch earlier."""


class _Packed(NamedTuple):
    """A record: its `place` in the file, its `line`, and its rows for the database."""

    place: int
    line: bytes
    call: Any
    legs: list[Any]


class _Bad(NamedTuple):
    place: int
    record: Unreadable


class Staging:
    """Fills the temporary tables `stage` from `path`.

    `good` and `bad` count records. With `keep`, a bad record goes into `stage.bad_records`; otherwise it raises
    `BadArgument`, which names the line.
    """

    def __init__(
        self, connection: Connection, dialect: Dialect, stage: Stage, rows: Rows, path: UPath, *, keep: bool
    ) -> None:
        self._connection, self._dialect, self._stage = connection, dialect, stage
        self._rows, self._path, self._keep = rows, path, keep
        self.good = self.bad = 0

    def fill(self) -> None:
        """Read the file to its end."""
        for batch in _ahead(self._batches()):
            for record in batch:
                if isinstance(record, _Bad):
                    self._take_bad(record)
            self._put([record for record in batch if isinstance(record, _Packed)])

    def _batches(self) -> Iterator[list[_Packed | _Bad]]:
        batch: list[_Packed | _Bad] = []
        size = 0
        for place, line in enumerate(read_calls(self._path), 1):
            batch.append(self._packed(place, line))
            size += len(line) if isinstance(line, bytes) else len(line.text)
            if len(batch) == _BATCH or size >= _BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _packed(self, place: int, line: bytes | Unreadable) -> _Packed | _Bad:
        if isinstance(line, Unreadable):
            return _Bad(place, line)
        try:
            call, legs = self._rows.of(place, line)
        except NotACall as error:
            return _Bad(place, Unreadable(str(error), as_text(line)))
        pack = self._dialect.pack
        return _Packed(place, line, pack(call), list(map(pack, legs)))

    def _put(self, records: Sequence[_Packed]) -> None:
        """Write records; if the database rejects some, halve the batch until the bad record is found."""
        if not records:
            return
        engine = self._connection.engine
        errors: tuple[type[Exception], ...] = (*database_errors(engine), UnicodeError)
        try:
            with self._connection.begin_nested():
                self._dialect.fill(self._connection, self._stage.calls, [record.call for record in records])
                self._dialect.fill(self._connection, self._stage.legs, [leg for each in records for leg in each.legs])
        except errors as error:
            if not is_about_a_row(engine, error):
                raise
            refused = f"has a value that the database rejects ({kind_of(error)})"
        else:
            self.good += len(records)
            return
        if len(records) == 1:
            self._take_bad(_Bad(records[0].place, Unreadable(refused, as_text(records[0].line))))
            return
        middle = len(records) // 2
        self._put(records[:middle])
        self._put(records[middle:])

    def _take_bad(self, bad: _Bad) -> None:
        reason, text = bad.record.reason, bad.record.text
        if not self._keep:
            raise bad_file(
                self._path,
                f"has a record that cannot be loaded: line {bad.place} {reason}",
                "Fix the file, or set on_bad_record='keep' to load the other records and keep this one as text",
            )
        self.bad += 1
        digest = hashlib.sha256(text.encode()).hexdigest()
        row = [digest, str(self._path), bad.place, reason, text]
        self._dialect.fill(self._connection, self._stage.bad_records, [self._dialect.pack(row)])


def _ahead(batches: Iterator[Any]) -> Iterator[Any]:
    """Prepare the next batch while the database takes in the last one."""
    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = thread.submit(next, batches, None)
            yield batch
