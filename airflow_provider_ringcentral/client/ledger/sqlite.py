"""The ledger of one machine: a SQLite file that all processes of one operating system user share."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from airflow_provider_ringcentral.client.ledger import KEEP_SECONDS, OPTION, Change, LedgerUnavailable
from airflow_provider_ringcentral.client.ledger.mounts import mounts, network_type

T = TypeVar("T")

LOCK_TIMEOUT_SECONDS = 5.0
"""After this, whoever holds the file is taken for hung, and the caller goes on alone. Far above what fifty processes
make each other wait (`make bench` measures it), since going on alone costs a login and perhaps a penalty."""

OWNER_ONLY = 0o600
SCHEMA = """CREATE TABLE IF NOT EXISTS ledger
            (key TEXT PRIMARY KEY, value BLOB NOT NULL, changed REAL NOT NULL) WITHOUT ROWID"""


class SqliteLedger:
    """Values in one table. Refuses network file systems: SQLite's locks do not hold there.

    One connection a process (a connection must not cross a fork), used by one thread at a time.
    """

    shared = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._process = 0

    def __str__(self) -> str:
        return f"SQLite file {self.path} ({OPTION})"

    def read(self, key: str) -> bytes | None:
        """The value of `key`."""
        with self._using() as connection:
            return _value(connection, key)

    def update(self, key: str, change: Change[T]) -> T:
        """Apply `change` atomically."""
        with self._using() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                before = _value(connection, key)
                after, result = change(before)
                if after is None:
                    connection.execute("DELETE FROM ledger WHERE key = ?", (key,))
                elif after != before:
                    connection.execute("REPLACE INTO ledger VALUES (?, ?, ?)", (key, after, time.time()))
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
            return result

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin with `prefix`, sorted."""
        with self._using() as connection:
            query = "SELECT key FROM ledger WHERE substr(key, 1, ?) = ? ORDER BY key"
            return [str(key) for (key,) in connection.execute(query, (len(prefix), prefix))]

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._open()
            except (sqlite3.Error, OSError) as error:
                self._connection = None
                raise LedgerUnavailable(f"{self}: {error}{_cure(error)}") from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._process == os.getpid():
            return self._connection
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if kind := network_type(self.path.resolve(), mounts()):
            raise OSError(f"its locks do not hold on a network file system ({kind}); use redis://")
        # SQLite would create the file readable for the group; its -wal and -shm files take the mode of this one.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, OWNER_ONLY))
        self.path.chmod(OWNER_ONLY)
        connection = sqlite3.connect(
            self.path, timeout=LOCK_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
        )
        _use_wal(connection)
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(SCHEMA)
        connection.execute("DELETE FROM ledger WHERE changed < ?", (time.time() - KEEP_SECONDS,))
        self._connection, self._process = connection, os.getpid()
        return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL. This statement does not wait for locks as others do, and on a new file many switch at once."""
    until = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(random.uniform(0.005, 0.05))
        else:
            return


def _value(connection: sqlite3.Connection, key: str) -> bytes | None:
    row = connection.execute("SELECT value FROM ledger WHERE key = ?", (key,)).fetchone()
    return None if row is None else bytes(row[0])


def _cure(error: Exception) -> str:
    """What to do about a file that will not mend by itself."""
    broken = ("not a database", "malformed", "no such column")
    return "; delete the file, nothing in it is lost for good" if any(text in str(error) for text in broken) else ""
