"""The parts of a long extract: its only state, so that a killed, retried or deferred run goes on where it stopped."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fsspec.asyn import AsyncFileSystem
from fsspec.implementations.local import LocalFileSystem

from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.extract.errors import DestinationError
from airflow_provider_ringcentral.extract.files import filesystem, read_object, write_object

if TYPE_CHECKING:
    from upath import UPath

FRESH = 12 * 3600.0
"""Seconds after which parts are too old to go on with. Airflow gives a retry and a task cleared the next day the same
identity; only the time between tells them apart, and who clears a task means to read the log as it is now."""

_AHEAD = 8
"""Parts fetched at once from stores that can; a part is one page, so about 1 MB."""

_ANOTHER = "The parts of the extract are gone or changed: another run writes the same destination."

_NAME = re.compile(
    r"(?P<fingerprint>[0-9a-f]+)-(?P<number>\d{6})-(?P<written>\d+)-(?P<records>\d+)-(?P<bytes>\d+)"
    r"-(?P<oldest>-?\d+)-(?P<newest>-?\d+)-(?P<cursor>[a-z0-9.-]+)\.ndjson"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One page's rows as an object. Everything known about it is in its name, so that one listing tells all.

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
        """The name in the folder of parts."""
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


class Parts:
    """The parts in `NAME.parts/` beside the destination `NAME`.

    Opening lists the folder once and removes what can't be gone on with: parts of another query, parts idle for more
    than `fresh` seconds, incomplete ones and those after a gap. `discarded` counts them.
    """

    def __init__(self, destination: UPath, fingerprint: str, *, fresh: float = FRESH) -> None:
        self._fs = filesystem(destination)
        self._folder = f"{destination.path}.parts"
        self._fingerprint = fingerprint
        self._parts: list[Part] = []
        self.discarded = self._open(fresh)

    def __len__(self) -> int:
        return len(self._parts)

    def __iter__(self) -> Iterator[Part]:
        return iter(self._parts)

    @property
    def cursor(self) -> str | None:
        """What the last part says to ask next; None without parts."""
        return self._parts[-1].cursor if self._parts else None

    def append(self, lines: bytes, *, records: int, oldest: int, newest: int, cursor: str) -> None:
        """Write the next part: complete lines of NDJSON, maybe none."""
        if not self._parts and isinstance(self._fs, LocalFileSystem):
            self._fs.makedirs(self._folder, exist_ok=True)
        number, written = len(self._parts) + 1, int(time.time())
        part = Part(self._fingerprint, number, written, records, len(lines), oldest, newest, cursor)
        try:
            write_object(self._fs, self._path(part), lines)
        except FileNotFoundError as error:
            raise Unavailable(_ANOTHER) from error
        self._parts.append(part)

    def chunks(self) -> Iterator[bytes]:
        """The lines of all parts, one part at a time."""
        step = _AHEAD if isinstance(self._fs, AsyncFileSystem) else 1
        filled = [part for part in self._parts if part.bytes]
        for at in range(0, len(filled), step):
            yield from self._read(filled[at : at + step])

    def newest_first(self) -> Iterator[bytes]:
        """The lines of all parts, the last part first."""
        for part in reversed(self._parts):
            if part.bytes:
                yield from self._read([part])

    def remove(self) -> None:
        """Remove the parts, the last one first: a kill in between leaves a beginning that can be gone on from.

        Raises OSError when the store forbids it.
        """
        self._delete([self._path(part) for part in reversed(self._parts)])
        self._parts.clear()
        self._remove_folder()

    def _read(self, parts: list[Part]) -> list[bytes]:
        paths = [self._path(part) for part in parts]
        try:
            bodies = [read_object(self._fs, paths[0])] if len(paths) == 1 else list(self._fs.cat(paths).values())
        except FileNotFoundError:
            bodies = []
        if [len(body) for body in bodies] != [part.bytes for part in parts]:
            raise Unavailable(_ANOTHER)
        return bodies

    def _path(self, part: Part) -> str:
        return f"{self._folder}/{part.name}"

    def _open(self, fresh: float) -> int:
        found = self._listing()
        candidates: dict[int, list[Part]] = {}
        for path, size in found.items():
            part = Part.parse(path.rsplit("/", 1)[-1])
            if part and part.fingerprint == self._fingerprint and part.bytes == size:
                candidates.setdefault(part.number, []).append(part)
        # Two parts of one number come from two runs at once; neither can be told to be the right one.
        while len(alike := candidates.get(len(self._parts) + 1, [])) == 1:
            self._parts += alike
        if self._parts and time.time() - self._parts[-1].written > fresh:
            self._parts.clear()
        known = {self._path(part).rsplit("/", 1)[-1] for part in self._parts}
        foreign = [path for path in found if path.rsplit("/", 1)[-1] not in known]
        # They are ignored just as well when the store forbids removing them.
        with suppress(OSError):
            self._delete(foreign)
        if found and not self._parts:
            self._remove_folder()
        return len(foreign)

    def _listing(self) -> dict[str, int]:
        # A listing that another process's writes are missing from is worse than one more request.
        self._fs.invalidate_cache(self._folder)
        try:
            entries = self._fs.ls(self._folder, detail=True)
        except FileNotFoundError:
            return {}
        except PermissionError as error:
            raise DestinationError(
                f"The parts of an extract lie in {self._folder}/, which may not be listed: {error}. "
                "Allow listing, too, so that a run that was killed can go on."
            ) from error
        return {entry["name"]: entry["size"] for entry in entries if entry["type"] == "file"}

    def _delete(self, paths: list[str]) -> None:
        if isinstance(self._fs, AsyncFileSystem):
            if paths:
                self._fs.rm(paths)
            return
        for path in paths:
            with suppress(FileNotFoundError):
                self._fs.rm_file(path)

    def _remove_folder(self) -> None:
        # Object stores have no folders, and some take rmdir for the removal of a bucket.
        if not isinstance(self._fs, AsyncFileSystem):
            with suppress(OSError):
                self._fs.rmdir(self._folder)
