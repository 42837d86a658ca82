"""Where the parts of an extract lie in an object store: each an object of its own.

One part of a long extract, told by its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from fsspec.asyn import AsyncFileSystem

from airflow_provider_ringcentral.client.errors.arguments import DestinationError
from airflow_provider_ringcentral.files.atomic import make_folder, remove_folder, tidying

if TYPE_CHECKING:
    from fsspec.spec import AbstractFileSystem

_NAME = re.compile(
    r"(?P<fingerprint>[0-9a-f]+)-(?P<number>\d{6})-(?P<written>\d+)-(?P<records>\d+)-(?P<bytes>\d+)"
    r"-(?P<oldest>-?\d+)-(?P<newest>-?\d+)-(?P<cursor>[a-z0-9.-]+)\.ndjson"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One page's rows. Everything known about it is in its name, so that one listing tells all.

    `written` is in epoch seconds, `oldest` and `newest` start time in epoch microseconds (0 without rows), `cursor`
    what to ask after this page. `bytes` shows a part that a store or a power cut left incomplete.
    """

    fingerprint: str
    number: int
    written: int
    records: int
    bytes: int
    oldest: int
    newest: int
    cursor: str

    @property
    def name(self) -> str:
        """The name under which it lies on a shelf."""
        numbers = f"{self.number:06d}-{self.written}-{self.records}-{self.bytes}-{self.oldest}-{self.newest}"
        return f"{self.fingerprint}-{numbers}-{self.cursor}.ndjson"

    @classmethod
    def parse(cls, name: str) -> Part | None:
        """The part of this name; None for anything else."""
        match = _NAME.fullmatch(name)
        if not match:
            return None
        fields = match.groupdict()
        numbers = {key: int(value) for key, value in fields.items() if key not in ("fingerprint", "cursor")}
        return cls(fingerprint=fields["fingerprint"], cursor=fields["cursor"], **numbers)


_AHEAD = 8
"""Parts fetched at once from stores that can; a part is one page, so about 1 MB."""

_PATTERN = frozenset("*?[")


class StagingStore(Protocol):
    """Keeps parts. A FileNotFoundError says that another run has taken them away."""

    def found(self) -> list[Part]:
        """The complete parts of the query, in any order."""

    def settle(self, kept: Sequence[Part]) -> int:
        """Go on with these, the first ones without a gap, and remove all others; returns how many those were."""

    def put(self, part: Part, lines: bytes) -> None:
        """Add the next part, complete or not at all."""

    def read(self, parts: Iterable[Part]) -> Iterator[bytes]:
        """The lines of these, in this order."""

    def remove(self) -> None:
        """Remove everything, the last part first. Raises OSError when the store forbids it."""


class ObjectStagingStore:
    """Objects in the folder, each complete or absent because its store says so."""

    def __init__(self, fs: AbstractFileSystem, folder: str, fingerprint: str) -> None:
        self._fs, self._folder, self._fingerprint = fs, folder, fingerprint
        self._names: list[str] = []

    def found(self) -> list[Part]:
        """One listing; what is shorter than its name says is incomplete."""
        listing = self._listing()
        self._names = list(listing)
        parts = [(Part.parse(name), size) for name, size in listing.items()]
        return [part for part, size in parts if part and part.fingerprint == self._fingerprint and part.bytes == size]

    def settle(self, kept: Sequence[Part]) -> int:
        """Others are ignored just as well when the store forbids removing them."""
        names = {part.name for part in kept}
        others = [name for name in self._names if name not in names]
        with tidying("Parts of another run"):
            self._delete(others)
        if others and not kept:
            remove_folder(self._fs, self._folder)
        self._names = [part.name for part in kept]
        return len(others)

    def put(self, part: Part, lines: bytes) -> None:
        """One object."""
        if not self._names:
            make_folder(self._fs, self._folder)
        self._fs.pipe_file(f"{self._folder}/{part.name}", lines)
        self._names.append(part.name)

    def read(self, parts: Iterable[Part]) -> Iterator[bytes]:
        """Several at once where the store can."""
        step = _AHEAD if isinstance(self._fs, AsyncFileSystem) else 1
        paths = [f"{self._folder}/{part.name}" for part in parts]
        for at in range(0, len(paths), step):
            some = paths[at : at + step]
            # Not `cat`: it takes names for patterns.
            yield from self._fs.cat_ranges(some, None, None, on_error="raise")

    def remove(self) -> None:
        """A kill in between leaves a beginning that can be gone on from."""
        self._delete(self._names[::-1])
        self._names.clear()
        remove_folder(self._fs, self._folder)

    def _listing(self) -> dict[str, int]:
        # A listing that another process's writes are missing from is worse than one more request.
        self._fs.invalidate_cache(self._folder)
        try:
            entries = self._fs.ls(self._folder, detail=True)
        except FileNotFoundError:
            return {}
        except PermissionError as error:
            raise unlisted(self._folder, error) from error
        return {entry["name"].rsplit("/", 1)[-1]: entry["size"] for entry in entries if entry["type"] == "file"}

    def _delete(self, names: Iterable[str]) -> None:
        paths = [f"{self._folder}/{name}" for name in names]
        # Many at once, unless `rm` takes their names for patterns, which may match something else.
        if isinstance(self._fs, AsyncFileSystem) and not _PATTERN & set(self._folder):
            if paths:
                self._fs.rm(paths)
            return
        for path in paths:
            with suppress(FileNotFoundError):
                self._fs.rm_file(path)


def unlisted(folder: str, error: OSError) -> DestinationError:
    """The error for a folder of parts that may not be listed."""
    return DestinationError(
        f"The parts of an extract lie in {folder}/, which may not be listed: {error}. "
        "Allow listing, too, so that a run that was killed can go on."
    )
