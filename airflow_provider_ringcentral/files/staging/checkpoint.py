"""The checkpoint of a long extract: its chunks are its only state, from which a killed or deferred run resumes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fsspec.implementations.local import LocalFileSystem

from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.files.atomic import filesystem
from airflow_provider_ringcentral.files.staging.chunk import Chunk, StagingStore
from airflow_provider_ringcentral.files.staging.local_disk import LocalStagingStore
from airflow_provider_ringcentral.files.staging.object_store import ObjectStagingStore

if TYPE_CHECKING:
    from upath import UPath

MAX_AGE_SECONDS = 12 * 3600.0
"""Older chunks are discarded. Airflow gives a retry and a task cleared the next day the same identity, so only the time
between them tells them apart, and whoever clears a task wants the log as it is now."""

_FINISHED = "over"
"""The cursor of the last chunk of a finished extract whose chunks could not be removed."""

_CONCURRENT_RUN = "The chunks of the extract were removed or changed: another run writes the same destination."


class Checkpoint:
    """The chunks in the folder `NAME.parts/` beside the destination `NAME`.

    Opening it lists the folder once and removes what cannot be used: chunks of another query or a finished extract,
    chunks older than `max_age` seconds, incomplete ones, those after a gap, and those after the chunk named `last`
    (all of them when it is missing; None: no limit). `discarded` counts the removed ones. Every method raises
    `Unavailable` when another run has taken the chunks over.
    """

    def __init__(
        self, destination: UPath, fingerprint: str, *, last: str | None = None, max_age: float = MAX_AGE_SECONDS
    ) -> None:
        fs, folder = filesystem(destination), f"{destination.path}.parts"
        local = isinstance(fs, LocalFileSystem)
        self._store: StagingStore = (
            LocalStagingStore(folder, fingerprint) if local else ObjectStagingStore(fs, folder, fingerprint)
        )
        self._fingerprint = fingerprint
        self._chunks = _up_to(_without_gap(self._store.found()), last)
        if self._chunks and (self.cursor == _FINISHED or time.time() - self._chunks[-1].written > max_age):
            self._chunks.clear()
        with _detecting_concurrent_runs():
            self.discarded = self._store.settle(self._chunks)

    def __len__(self) -> int:
        return len(self._chunks)

    def __iter__(self) -> Iterator[Chunk]:
        return iter(self._chunks)

    @property
    def cursor(self) -> str | None:
        """The cursor of the last chunk: the request to resume with. None without chunks."""
        return self._chunks[-1].cursor if self._chunks else None

    def append(self, lines: bytes, *, records: int, oldest: int, newest: int, cursor: str) -> str:
        """Write the next chunk, of complete NDJSON lines or none, and return its name."""
        number, written = len(self._chunks) + 1, int(time.time())
        chunk = Chunk(self._fingerprint, number, written, records, len(lines), oldest, newest, cursor)
        with _detecting_concurrent_runs():
            self._store.put(chunk, lines)
        self._chunks.append(chunk)
        return chunk.name

    def contents(self) -> Iterator[bytes]:
        """Yield the lines of all chunks, one chunk at a time."""
        filled = [chunk for chunk in self._chunks if chunk.bytes]
        if not filled:
            return
        with _detecting_concurrent_runs():
            for chunk, lines in zip(filled, self._store.read(filled), strict=True):
                if len(lines) != chunk.bytes:
                    raise Unavailable(_CONCURRENT_RUN)
                yield lines

    def publish(self, destination: UPath) -> tuple[int, str] | None:
        """Rename the chunks' file on the local disk to `destination`; return its bytes and SHA-256.

        Returns None and does nothing when there are no chunks, or when they are in an object store and must be copied.
        """
        if not self._chunks or not isinstance(self._store, LocalStagingStore):
            return None
        digest = hashlib.sha256()
        for lines in self.contents():
            digest.update(lines)
        with _detecting_concurrent_runs():
            self._store.publish(destination.path)
        return sum(chunk.bytes for chunk in self._chunks), digest.hexdigest()

    def mark_finished(self) -> None:
        """Add a chunk that says that the extract is finished, so that no later run resumes from the others."""
        self.append(b"", records=0, oldest=0, newest=0, cursor=_FINISHED)

    def remove(self) -> None:
        """Remove the chunks. A killed removal leaves a usable checkpoint. Raises OSError when the store forbids it."""
        self._store.remove()
        self._chunks.clear()


def _without_gap(found: Sequence[Chunk]) -> list[Chunk]:
    """The chunks numbered from 1 up to the first gap."""
    by_number: dict[int, list[Chunk]] = {}
    for chunk in found:
        by_number.setdefault(chunk.number, []).append(chunk)
    chunks: list[Chunk] = []
    # Two chunks with one number come from two concurrent runs, and nothing tells which of them is the right one.
    while len(same := by_number.get(len(chunks) + 1, [])) == 1:
        chunks += same
    return chunks


def _up_to(chunks: list[Chunk], last: str | None) -> list[Chunk]:
    """The chunks up to the one named `last`."""
    if last is None:
        return chunks
    names = [chunk.name for chunk in chunks]
    return chunks[: names.index(last) + 1] if last in names else []


@contextmanager
def _detecting_concurrent_runs() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise Unavailable(_CONCURRENT_RUN) from error
