"""Files that are complete or absent, on a local disk or any store that fsspec knows.

Everything goes through `path.fs` and `path.path`, the two names that universal_pathlib 0.2 and 0.3 and Airflow's
`ObjectStoragePath` share; Airflow's own `open` wraps every call of the file in a lineage hook.
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
"""Bytes a store gets at once: s3fs would hold 50 MB otherwise, and 10 000 parts of this size still make 80 GB."""

_HIERARCHICAL = frozenset({"sftp", "ssh", "ftp", "hdfs", "webhdfs", "smb"})
"""Stores with real folders. On the others `makedirs` is not harmless: s3fs would create a missing bucket."""


class Writer:
    """Takes bytes on their way into a file; `bytes` and `sha256` are those of what was written so far."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._digest = hashlib.sha256()
        self.bytes = 0

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256."""
        return self._digest.hexdigest()

    def write(self, data: bytes | memoryview) -> int:
        """Write all of `data`; a short write of the system is gone on with."""
        self._digest.update(data)
        size = write_all(self._raw, data)
        self.bytes += size
        return size


@contextmanager
def complete_file(path: UPath) -> Iterator[Writer]:
    """Write `path`, which appears (or is replaced) only when the block ends without an exception.

    On an exception nothing appears, an older file stays as it is, and nothing is left behind: neither a temporary
    file nor an unfinished multipart upload. A process killed inside the block leaves a hidden `.NAME.tmp-…` beside a
    local file, which the next writer of the same file removes, or an unfinished upload in an object store, which the
    bucket's lifecycle rule removes.
    """
    fs, name = filesystem(path), path.path
    if isinstance(fs, LocalFileSystem):
        _remove_orphans(name)
        with _replaced(name) as raw:
            yield Writer(raw)
    else:
        with _published(fs, name) as raw:
            yield Writer(raw)


def publish_file(source: Path, name: str) -> None:
    """Rename a complete local file to `name` on the same disk, which appears or is replaced."""
    _remove_orphans(name)
    with source.open("rb") as raw:
        _make_lasting(raw)
    source.replace(name)


def write_all(raw: Any, data: bytes | memoryview) -> int:
    """Write all of `data` to an unbuffered file; returns its bytes."""
    view = memoryview(data).cast("B")
    size = len(view)
    while len(view):
        view = view[raw.write(view) :]
    return size


def sha256_of(fs: AbstractFileSystem, name: str) -> str:
    """Hexadecimal SHA-256 of a file that is there, read in blocks."""
    digest = hashlib.sha256()
    with fs.open(name, "rb") as raw:
        while block := raw.read(_PIECE):
            digest.update(block)
    return digest.hexdigest()


def filesystem(path: UPath) -> AbstractFileSystem:
    """The file system of `path`; `DestinationError` when its scheme is unknown or its package is missing."""
    with destination_errors(path):
        return path.fs


def check_destination(path: UPath) -> None:
    """Find out before the first request that `path` can be written; its folder is made.

    Writes and removes one empty file beside it. Raises `DestinationError` saying what is in the way, or
    `DestinationUnavailable` for what may pass.
    """
    fs, name = filesystem(path), path.path
    if str(path).endswith("/") or not name.rsplit("/", 1)[-1]:
        raise DestinationError(f"The destination {path} names a folder; name a file in it.")
    with destination_errors(path):
        if make_folder(fs, folder_of(name)) and fs.isdir(name):
            raise DestinationError(f"The destination {path} is a folder; name a file in it.")
        probe = f"{folder_of(name)}/.{name.rsplit('/', 1)[-1]}.tmp-probe-{uuid.uuid4().hex[:8]}"
        fs.pipe_file(probe, b"")
    # A bucket may allow writing and forbid removing; an empty probe left there is no reason to refuse the job.
    with tolerate_cleanup_errors("An empty file that tried whether the destination can be written"):
        fs.rm_file(probe)


@contextmanager
def tolerate_cleanup_errors(what: str) -> Iterator[None]:
    """Around the removal of what is not needed any more: a store that forbids it, or fails, does not fail the job."""
    try:
        yield
    except FileNotFoundError:
        return
    except Exception as error:  # noqa: BLE001 - every store has errors of its own
        log.warning("%s could not be removed: %s", what, _reason(error))


def make_folder(fs: AbstractFileSystem, folder: str) -> bool:
    """Make `folder` and those above it where folders are real, and say whether they are."""
    real = isinstance(fs, LocalFileSystem) or bool(_HIERARCHICAL & _protocols(fs))
    if real:
        fs.makedirs(folder, exist_ok=True)
    return real


def remove_tree(fs: AbstractFileSystem, name: str) -> None:
    """Remove a file, or a folder with all that is in it. Raises OSError."""
    if isinstance(fs, LocalFileSystem):
        fs.rm(name, recursive=True)
        return
    # One by one: `rm` takes names for patterns, and [, * and ? in one would remove what others match, too.
    for entry in fs.find(name):
        fs.rm_file(entry)
    remove_folder(fs, name)


def remove_folder(fs: AbstractFileSystem, folder: str) -> None:
    """Remove a folder if it is empty and its store has any: some object stores take rmdir for the bucket's removal."""
    if not isinstance(fs, AsyncFileSystem):
        # Somebody else's file in it, a store without folders, an error of the store's own: it may stay.
        with suppress(Exception):
            fs.rmdir(folder)


def folder_of(name: str) -> str:
    """The folder of a path of a file system, without a slash at its end ("" is the root)."""
    return name.rpartition("/")[0]


def _protocols(fs: AbstractFileSystem) -> set[str]:
    return {fs.protocol} if isinstance(fs.protocol, str) else set(fs.protocol)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _temporary(name: str) -> str:
    return f"{folder_of(name)}/.{name.rsplit('/', 1)[-1]}.tmp-{uuid.uuid4().hex[:8]}"


def _remove_orphans(name: str) -> None:
    """What a killed writer left. A live one loses its file too, and fails on publishing: the later one wins."""
    prefix = f".{name.rsplit('/', 1)[-1]}.tmp-"
    with suppress(FileNotFoundError):
        for entry in Path(folder_of(name) or "/").iterdir():
            if entry.name.startswith(prefix):
                entry.unlink(missing_ok=True)


@contextmanager
def _replaced(name: str) -> Iterator[Any]:
    """A local file under a temporary name, renamed at the end: readers see the old one or the new one, whole."""
    temporary = Path(_temporary(name))
    try:
        with temporary.open("xb", buffering=0) as raw:
            yield raw
            _make_lasting(raw)
        temporary.replace(name)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _make_lasting(raw: Any) -> None:
    # Without it a power cut can leave the new name with an empty file behind it.
    os.fsync(raw.fileno())


@contextmanager
def _published(fs: AbstractFileSystem, name: str) -> Iterator[Any]:
    """An object in a store: an upload of its own that `commit` publishes, else a temporary key that is moved.

    `autocommit=False` is only a hint: memory:// ignores it and publishes at `open`. So the way is chosen by the class
    of a file opened under the temporary key; files with a `commit` of their own have sent nothing by then.
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
        # The first error is the one to report; an upload that can't be aborted either is the bucket's lifecycle's.
        with suppress(Exception):
            _throw_away(raw)
        if not commits:
            with suppress(Exception):
                fs.rm_file(temporary)
        raise


def _move(fs: AbstractFileSystem, old: str, new: str) -> None:
    if type(fs).mv is not AbstractFileSystem.mv:
        fs.mv(old, new)
        return
    # What a store inherits takes names for patterns: [, * and ? would move nothing, or something else.
    fs.cp_file(old, new)
    with tolerate_cleanup_errors("The hidden copy of a file that is there"):
        fs.rm_file(old)


def _throw_away(raw: Any) -> None:
    """Closing an fsspec file publishes what it has, and so does garbage collection unless it counts as closed."""
    if isinstance(raw, AbstractBufferedFile):
        raw.closed = True
        raw.discard()
    else:
        raw.close()
