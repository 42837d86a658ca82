"""The staging store in an object store: one object per chunk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from fsspec.asyn import AsyncFileSystem

from airflow_provider_ringcentral.files.atomic import make_folder, remove_folder, tolerate_cleanup_errors
from airflow_provider_ringcentral.files.staging.chunk import Chunk, listing_denied

if TYPE_CHECKING:
    from fsspec.spec import AbstractFileSystem

_CHUNKS_AT_ONCE = 8
"""Chunks fetched concurrently from stores that support it. A chunk is one page, about 1 MB."""

_PATTERN = frozenset("*?[")


class ObjectStagingStore:
    """Objects in `folder`. The store guarantees that each is complete or absent."""

    def __init__(self, fs: AbstractFileSystem, folder: str, fingerprint: str) -> None:
        self._fs, self._folder, self._fingerprint = fs, folder, fingerprint
        self._names: list[str] = []

    def found(self) -> list[Chunk]:
        """List once; an object that is shorter than its name says is incomplete."""
        listing = self._listing()
        self._names = list(listing)
        chunks = [(Chunk.parse(name), size) for name, size in listing.items()]
        return [
            chunk for chunk, size in chunks if chunk and chunk.fingerprint == self._fingerprint and chunk.bytes == size
        ]

    def settle(self, kept: Sequence[Chunk]) -> int:
        """Keep these chunks. Others that the store forbids to remove stay, and are ignored."""
        names = {chunk.name for chunk in kept}
        others = [name for name in self._names if name not in names]
        with tolerate_cleanup_errors("Chunks of another run"):
            self._delete(others)
        if others and not kept:
            remove_folder(self._fs, self._folder)
        self._names = [chunk.name for chunk in kept]
        return len(others)

    def put(self, chunk: Chunk, lines: bytes) -> None:
        """Write one object."""
        if not self._names:
            make_folder(self._fs, self._folder)
        self._fs.pipe_file(f"{self._folder}/{chunk.name}", lines)
        self._names.append(chunk.name)

    def read(self, chunks: Iterable[Chunk]) -> Iterator[bytes]:
        """Yield the lines, fetching several chunks at once where the store supports it."""
        step = _CHUNKS_AT_ONCE if isinstance(self._fs, AsyncFileSystem) else 1
        paths = [f"{self._folder}/{chunk.name}" for chunk in chunks]
        for start in range(0, len(paths), step):
            # Not `cat`, which takes names for patterns.
            yield from self._fs.cat_ranges(paths[start : start + step], None, None, on_error="raise")

    def remove(self) -> None:
        """Remove the last chunk first, so that a killed removal leaves a beginning from which a run can resume."""
        self._delete(self._names[::-1])
        self._names.clear()
        remove_folder(self._fs, self._folder)

    def _listing(self) -> dict[str, int]:
        # One more request is cheaper than a cached listing that misses another process's writes.
        self._fs.invalidate_cache(self._folder)
        try:
            entries = self._fs.ls(self._folder, detail=True)
        except FileNotFoundError:
            return {}
        except PermissionError as error:
            raise listing_denied(self._folder, error) from error
        return {entry["name"].rsplit("/", 1)[-1]: entry["size"] for entry in entries if entry["type"] == "file"}

    def _delete(self, names: Iterable[str]) -> None:
        paths = [f"{self._folder}/{name}" for name in names]
        # `rm` deletes many objects in one request, but takes names for patterns, which may match other files.
        if isinstance(self._fs, AsyncFileSystem) and not _PATTERN & set(self._folder):
            if paths:
                self._fs.rm(paths)
            return
        for path in paths:
            with suppress(FileNotFoundError):
                self._fs.rm_file(path)
