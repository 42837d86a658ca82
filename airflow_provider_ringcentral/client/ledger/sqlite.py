"""A ledger for one machine: a SQLite file shared by all processes of one operating system user."""

from __future__ import annotations

import fcntl
import os
import random
import sqlite3
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from airflow_provider_ringcentral.client.ledger.fork_lock import ForkLock
from airflow_provider_ringcentral.client.ledger.protocol import KEEP_SECONDS, OPTION, Change, LedgerUnavailable

T = TypeVar("T")

LOCK_TIMEOUT_SECONDS = 5.0
"""After this, a process that still holds the file counts as hung, and the caller continues without the shared ledger.

Far above what fifty processes make each other wait (`make bench` measures it), since continuing alone costs a login and
perhaps a rate limit penalty.
"""

OWNER_ONLY = 0o600
SCHEMA = """CREATE TABLE IF NOT EXISTS ledger
            (key TEXT PRIMARY KEY, value BLOB NOT NULL, changed REAL NOT NULL) WITHOUT ROWID"""

# fmt: off
NETWORK_FILE_SYSTEMS = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "gfs2", "glusterfs", "gpfs", "juicefs", "lustre",
    "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "panfs", "prl_fs", "pvfs2", "smb3", "smbfs", "vboxsf", "virtiofs",
    "vmhgfs", "wekafs",
})
"""Types as the kernel names them. They include file systems that a host shares with its virtual machines, because the
other side does not see the locks either."""

NETWORK_FUSE_PROGRAMS = frozenset({
    "blobfuse", "blobfuse2", "ceph", "ceph-fuse", "cosfs", "curvefs", "davfs", "fuse_dfs", "gcsfuse", "geesefs",
    "glusterfs", "goofys", "grpcfuse", "hdfs", "http", "https", "juicefs", "lizardfs", "mfs", "moosefs", "mount-s3",
    "mountpoint-s3", "objectivefs", "obsfs", "ossfs", "ossfs2", "quobyte", "rclone", "s3backer", "s3fs", "s3ql",
    "seaweedfs", "smbnetfs", "sshfs", "tigrisfs", "vmhgfs-fuse",
})
"""Programs behind FUSE, as the type (`fuse.juicefs`) or the device (`mountpoint-s3`, of type `fuse`) names them.

Not all of FUSE: rootless containers use it for local file systems.
"""
# fmt: on


class SqliteLedger:
    """Values in one table. Refuses network file systems, where SQLite's locks do not work.

    Uses one connection, by one thread at a time. It is closed before a fork, since SQLite forbids carrying a connection
    across one, and reopened when the file was deleted or replaced.
    """

    shared = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = ForkLock(before_fork=self._close, reset=self._abandon)
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def __str__(self) -> str:
        return f"SQLite file {self.path} ({OPTION})"

    def read(self, key: str) -> bytes | None:
        """Return the value of `key`."""
        with self._using() as connection:
            return _value(connection, key)

    def update(self, key: str, change: Change[T]) -> T:
        """Apply `change` atomically and return its result."""
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
        """Return the keys that start with `prefix`, sorted."""
        with self._using() as connection:
            query = "SELECT key FROM ledger WHERE substr(key, 1, ?) = ? ORDER BY key"
            return [str(key) for (key,) in connection.execute(query, (len(prefix), prefix))]

    def now(self) -> float:
        """Return this machine's time in epoch seconds."""
        return time.time()

    def close(self) -> None:
        """Close the connection to the file."""
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

    def _abandon(self) -> None:
        """Keep the parent's connection open but unused: closing it in the child would remove the parent's WAL files."""
        _inherited.append(self._connection)
        self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            if self._file == _identity(self.path):
                return self._connection
            self._close()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if kind := network_file_system(self.path.resolve(), mounts()):
            raise OSError(f"SQLite's locks do not work on a network file system ({kind}); use redis://")
        with _locked(self.path.parent):
            identity = _create_private_file(self.path)
            connection = sqlite3.connect(
                self.path, timeout=LOCK_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection, self._file = connection, identity
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
    """Lock `folder` while a ledger in it is opened, so that no other process removes the files just created."""
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


def _create_private_file(path: Path) -> tuple[int, int]:
    """Create the file unless it exists, make it readable for its owner only, and return its device and inode.

    Refuses a file of another user, and a symbolic link, which would let its creator choose the file we write to.
    """
    if _identity(path) is None:
        # Left over when only the main file was deleted; SQLite cannot open a new one beside them.
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    try:
        # SQLite would create it readable for the group; the -wal and -shm files inherit the mode of this one.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, OWNER_ONLY)
    except OSError as error:
        if path.is_symlink():
            raise OSError("it is a symbolic link, which is not followed; give the path of the file itself") from error
        raise
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise OSError("it is not a regular file")
        if found.st_uid != os.geteuid():
            raise OSError("it belongs to another user; use another path")
        os.fchmod(handle, OWNER_ONLY)
    finally:
        os.close(handle)
    return found.st_dev, found.st_ino


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL mode, with retries: unlike others, this statement does not wait for a lock."""
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
    """Return what to do about a damaged file, or an empty string for other errors."""
    if not any(text in str(error) for text in ("not a database", "malformed", "no such column")):
        return ""
    return "; delete the file: its content is rebuilt, and running tasks switch to the new file"


def mounts() -> list[tuple[str, str, str]]:
    """Return device, folder and type of every mounted file system, in the order of mounting."""
    # Every supported Airflow requires psutil.
    import psutil  # type: ignore[import-untyped]

    try:
        return [(each.device, each.mountpoint, each.fstype) for each in psutil.disk_partitions(all=True)]
    except OSError:
        return []


def network_file_system(path: Path, mounts: Iterable[tuple[str, str, str]]) -> str | None:
    """Return the type of the network file system that `path` is on, or None for a local one."""
    innermost, kind = "", ""
    for device, folder, fstype in mounts:
        # Of two mounts at the same folder the later one is visible.
        if path.is_relative_to(folder) and len(folder) >= len(innermost):
            innermost, kind = folder, f"fuse.{device}" if fstype == "fuse" else fstype
    program = kind.removeprefix("fuse.").partition("#")[0].partition(":")[0].lower()
    is_network = kind in NETWORK_FILE_SYSTEMS or (kind.startswith("fuse.") and program in NETWORK_FUSE_PROGRAMS)
    return kind if is_network else None
