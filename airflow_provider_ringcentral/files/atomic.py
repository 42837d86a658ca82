"""Files that are complete or absent, on a local disk or in any store that fsspec supports.

All access uses `path.fs` and `path.path`, which universal_pathlib 0.2 and 0.3 and Airflow's `ObjectStoragePath` have in
common. Airflow's own `open` would wrap every call of the file in a lineage hook.
"""

from __future__ import annotations

import hashlib
import logging
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsspec.asyn import AsyncFileSystem
from fsspec.implementations.local import LocalFileSystem
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem

from airflow_provider_ringcentral.client.errors.arguments import DestinationError
from airflow_provider_ringcentral.files.destination_errors import destination_errors

if TYPE_CHECKING:
    from upath import UPath

log = logging.getLogger(__name__)

_PIECE = 2**20

BLOCK = 8 * 2**20
"""Bytes per upload to a store. s3fs would hold 50 MB by default; 10 000 uploads of this size still make 80 GB."""

_HIERARCHICAL = frozenset({"sftp", "ssh", "ftp", "hdfs", "webhdfs", "smb"})
"""Stores with real folders. On the others `makedirs` does harm: s3fs would create a missing bucket."""


class Writer:
    """Writes to a file and counts: `bytes` and `sha256` are those of everything written so far."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._digest = hashlib.sha256()
        self.bytes = 0

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256."""
        return self._digest.hexdigest()

    def write(self, data: bytes | memoryview) -> int:
        """Write all of `data`, repeating short writes, and return its size in bytes."""
        self._digest.update(data)
        size = write_all(self._raw, data)
        self.bytes += size
        return size


@contextmanager
def complete_file(path: UPath) -> Iterator[Writer]:
    """Write `path`, which appears (or is replaced) only when the block ends without an exception.

    On an exception nothing appears, an existing file stays, and no temporary file or unfinished multipart upload is
    left. A process that is killed inside the block leaves a hidden `.NAME.tmp-…` beside a local file, which the next
    writer of the same file removes, or an unfinished upload in an object store, which the bucket's lifecycle rule
    removes.
    """
    fs, name = filesystem(path), path.path
    if isinstance(fs, LocalFileSystem):
        _remove_orphans(name)
        with _renamed(name) as raw:
            yield Writer(raw)
    else:
        with _uploaded(fs, name) as raw:
            yield Writer(raw)


def publish_file(source: Path, name: str) -> None:
    """Rename a complete local file to `name` on the same disk, which appears or is replaced."""
    _remove_orphans(name)
    with source.open("rb") as raw:
        _sync_to_disk(raw)
    source.replace(name)


def write_all(raw: Any, data: bytes | memoryview) -> int:
    """Write all of `data` to an unbuffered file and return its size in bytes."""
    view = memoryview(data).cast("B")
    size = len(view)
    while len(view):
        view = view[raw.write(view) :]
    return size


def sha256_of(fs: AbstractFileSystem, name: str) -> str:
    """Read an existing file in blocks and return its hexadecimal SHA-256."""
    digest = hashlib.sha256()
    with fs.open(name, "rb") as raw:
        while block := raw.read(_PIECE):
            digest.update(block)
    return digest.hexdigest()


def filesystem(path: UPath) -> AbstractFileSystem:
    """Return the file system of `path`. Raises `DestinationError` for an unknown scheme or a missing package."""
    with destination_errors(path):
        return path.fs


def check_destination(path: UPath) -> None:
    """Make the folder of `path` and check that `path` can be written, before the first request.

    The check writes an empty file beside it and removes it. Raises `DestinationError` with the cause and the fix, or
    `DestinationUnavailable` when the cause may be temporary.
    """
    fs, name = filesystem(path), path.path
    if str(path).endswith("/") or not name.rsplit("/", 1)[-1]:
        raise DestinationError(f"The destination {path} names a folder; name a file in it.")
    with destination_errors(path):
        if make_folder(fs, folder_of(name)) and fs.isdir(name):
            raise DestinationError(f"The destination {path} is a folder; name a file in it.")
        probe = f"{folder_of(name)}/.{name.rsplit('/', 1)[-1]}.tmp-probe-{uuid.uuid4().hex[:8]}"
        fs.pipe_file(probe, b"")
    # A bucket may allow writing and forbid removing. An empty file that stays must not fail the task.
    with tolerate_cleanup_errors("The empty file that tested the destination"):
        fs.rm_file(probe)


@contextmanager
def tolerate_cleanup_errors(what: str) -> Iterator[None]:
    """Log errors while `what` is removed, and do not raise them: a store may forbid removals, or fail."""
    try:
        yield
    except FileNotFoundError:
        return
    except Exception as error:  # noqa: BLE001 - every store has errors of its own
        log.warning("%s could not be removed: %s", what, _reason(error))


def make_folder(fs: AbstractFileSystem, folder: str) -> bool:
    """Make `folder` and its parents where the store has real folders; return whether it has."""
    real = isinstance(fs, LocalFileSystem) or bool(_HIERARCHICAL & _protocols(fs))
    if real:
        fs.makedirs(folder, exist_ok=True)
    return real


def remove_tree(fs: AbstractFileSystem, name: str) -> None:
    """Remove a file, or a folder with its contents. Raises OSError."""
    if isinstance(fs, LocalFileSystem):
        fs.rm(name, recursive=True)
        return
    # One by one: `rm` takes names for patterns, and would also remove files that match [, * or ? in a name.
    for entry in fs.find(name):
        fs.rm_file(entry)
    remove_folder(fs, name)


def remove_folder(fs: AbstractFileSystem, folder: str) -> None:
    """Remove an empty folder where the store has folders. In some object stores `rmdir` would remove the bucket."""
    if not isinstance(fs, AsyncFileSystem):
        # The folder may stay: it has another file in it, the store has no folders, or the store fails.
        with suppress(Exception):
            fs.rmdir(folder)


def folder_of(name: str) -> str:
    """Return the folder of a file system's path, without a trailing slash ("" is the root)."""
    return name.rpartition("/")[0]


def _protocols(fs: AbstractFileSystem) -> set[str]:
    return {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _temporary(name: str) -> str:
    return f"{folder_of(name)}/.{name.rsplit('/', 1)[-1]}.tmp-{uuid.uuid4().hex[:8]}"


def _remove_orphans(name: str) -> None:
    """Remove temporary files of killed writers. A live writer loses its file, too, and fails: the later one wins."""
    prefix = f".{name.rsplit('/', 1)[-1]}.tmp-"
    with suppress(FileNotFoundError):
        for entry in Path(folder_of(name) or "/").iterdir():
            if entry.name.startswith(prefix):
                entry.unlink(missing_ok=True)


@contextmanager
def _renamed(name: str) -> Iterator[Any]:
    """Yield a local file with a temporary name and rename it at the end: readers see the old or the new file."""
    temporary = Path(_temporary(name))
    try:
        with temporary.open("xb", buffering=0) as raw:
            yield raw
            _sync_to_disk(raw)
        temporary.replace(name)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _sync_to_disk(raw: Any) -> None:
    # Without fsync a power cut can leave an empty file under the new name.
    os.fsync(raw.fileno())


@contextmanager
def _uploaded(fs: AbstractFileSystem, name: str) -> Iterator[Any]:
    """Yield an object: an upload that `commit` publishes, or else an object with a temporary key that is moved.

    `autocommit=False` is only a hint, which memory:// ignores by publishing at `open`. So a file is opened under the
    temporary key first, and its class decides; files of classes with `commit` have not sent anything by then.
    """
    temporary = _temporary(name)
    raw = fs.open(temporary, "wb", block_size=BLOCK)
    commits = isinstance(raw, AbstractBufferedFile) and type(raw).commit is not AbstractBufferedFile.commit
    if commits:
        raw.closed = True
        raw = fs.open(name, "wb", block_size=BLOCK, autocommit=False)
    try:
        yield raw
        raw.close()
        if commits:
            raw.commit()
        else:
            _move(fs, temporary, name)
    except BaseException:
        # Report the first error. If the upload cannot be aborted either, the bucket's lifecycle rule removes it.
        with suppress(Exception):
            _discard(raw)
        if not commits:
            with suppress(Exception):
                fs.rm_file(temporary)
        raise


def _move(fs: AbstractFileSystem, old: str, new: str) -> None:
    if type(fs).mv is not AbstractFileSystem.mv:
        fs.mv(old, new)
        return
    # The inherited `mv` takes names for patterns: with [, * or ? it would move nothing, or other files.
    fs.cp_file(old, new)
    with tolerate_cleanup_errors("The temporary copy of a complete file"):
        fs.rm_file(old)


def _discard(raw: Any) -> None:
    """Close a file without publishing it. Garbage collection would publish it, too, unless it counts as closed."""
    if isinstance(raw, AbstractBufferedFile):
        raw.closed = True
        raw.discard()
    else:
        raw.close()
