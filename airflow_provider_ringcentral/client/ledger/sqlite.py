"""The ledger of one machine: a SQLite file that all processes of one operating system user share."""

from __future__ import annotations

import fcntl
import os
import random
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from airflow_provider_ringcentral.client.ledger import KEEP_SECONDS, OPTION, Change, LedgerUnavailable
from airflow_provider_ringcentral.client.ledger.fork_lock import ForkLock
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

    One connection, used by one thread at a time, closed before a fork (SQLite: none may cross it), and opened anew when
    the file was deleted or replaced meanwhile.
    """

    shared = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = ForkLock(rest=self._close, forget=self._forget)
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

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
            self._close()

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._open()
            except (sqlite3.Error, OSError) as error:
                with suppress(sqlite3.Error):
                    self._close()
                raise LedgerUnavailable(f"{self}: {error}{_cure(error)}") from error

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _forget(self) -> None:
        """Leave the connection of the parent alone: closed here, it would take the parent's files away."""
        _inherited.append(self._connection)
        self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            if self._file == _identity(self.path):
                return self._connection
            self._close()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if kind := network_type(self.path.resolve(), mounts()):
            raise OSError(f"its locks do not hold on a network file system ({kind}); use redis://")
        with _locked(self.path.parent):
            made = _own_file(self.path)
            connection = sqlite3.connect(
                self.path, timeout=LOCK_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection, self._file = connection, made
            _use_wal(connection)
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(SCHEMA)
        connection.execute("DELETE FROM ledger WHERE changed < ?", (time.time() - KEEP_SECONDS,))
        return connection


_inherited: list[sqlite3.Connection | None] = []


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Nobody else opens a ledger of this folder meanwhile, and so nobody takes away what another has just made."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        until = time.monotonic() + LOCK_TIMEOUT_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.005)
        yield
    finally:
        os.close(handle)


def _own_file(path: Path) -> tuple[int, int]:
    """The identity of the file, made if need be: a plain file of ours, readable by nobody else.

    What somebody else has put there is not touched; a link would lead us to write to a file of their choice.
    """
    if _identity(path) is None:
        # Left of a file that was deleted alone; with them SQLite cannot open the new one.
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    try:
        # SQLite would create the file readable for the group; its -wal and -shm files take the mode of this one.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, OWNER_ONLY)
    except OSError as error:
        if path.is_symlink():
            raise OSError("it is a symbolic link, which is not followed; name the file itself") from error
        raise
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise OSError("it is not a file")
        if found.st_uid != os.geteuid():
            raise OSError("it belongs to another user; name another file")
        os.fchmod(handle, OWNER_ONLY)
    finally:
        os.close(handle)
    return found.st_dev, found.st_ino


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL. This statement does not wait for locks as others do, such as that of a process that closes."""
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
    return (
        "; delete the file, nothing in it is lost for good, and running tasks go over to the new one"
        if any(text in str(error) for text in broken)
        else ""
    )
