"""The parts of a long extract: its only state, so that a killed, retried or deferred run goes on where it stopped."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fsspec.implementations.local import LocalFileSystem

from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.files.atomic import filesystem
from airflow_provider_ringcentral.files.staging.local_disk import LocalStagingStore
from airflow_provider_ringcentral.files.staging.object_store import ObjectStagingStore, Part, StagingStore

if TYPE_CHECKING:
    from upath import UPath

FRESH = 12 * 3600.0
"""Seconds after which parts are too old to go on with. Airflow gives a retry and a task cleared the next day the same
identity; only the time between tells them apart, and who clears a task means to read the log as it is now."""

_OVER = "over"
"""What a part names as its cursor that stands behind those of a finished extract which could not be removed."""

_ANOTHER = "The parts of the extract are gone or changed: another run writes the same destination."


class Checkpoint:
    """The parts in `NAME.parts/` beside the destination `NAME`.

    Opening lists the folder once and removes what can't be gone on with: parts of another query or a finished extract,
    parts idle for more than `fresh` seconds, incomplete ones, those after a gap, and those after the part named
    `through` (all when it is missing; None names none). `discarded` counts them. Whatever finds that another run took
    the parts away raises `Unavailable`.
    """

    def __init__(
        self, destination: UPath, fingerprint: str, *, through: str | None = None, fresh: float = FRESH
    ) -> None:
        fs, folder = filesystem(destination), f"{destination.path}.parts"
        local = isinstance(fs, LocalFileSystem)
        self._shelf: StagingStore = (
            LocalStagingStore(folder, fingerprint) if local else ObjectStagingStore(fs, folder, fingerprint)
        )
        self._fingerprint = fingerprint
        self._parts = _through(_chain(self._shelf.found()), through)
        if self._parts and (self._parts[-1].cursor == _OVER or time.time() - self._parts[-1].written > fresh):
            self._parts.clear()
        with _alone():
            self.discarded = self._shelf.settle(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __iter__(self) -> Iterator[Part]:
        return iter(self._parts)

    @property
    def cursor(self) -> str | None:
        """What the last part says to ask next; None without parts."""
        return self._parts[-1].cursor if self._parts else None

    def append(self, lines: bytes, *, records: int, oldest: int, newest: int, cursor: str) -> str:
        """Write the next part: complete lines of NDJSON, maybe none; returns its name."""
        number, written = len(self._parts) + 1, int(time.time())
        part = Part(self._fingerprint, number, written, records, len(lines), oldest, newest, cursor)
        with _alone():
            self._shelf.put(part, lines)
        self._parts.append(part)
        return part.name

    def chunks(self) -> Iterator[bytes]:
        """The lines of all parts, one part at a time."""
        yield from self._read(self._parts)

    def publish(self, destination: UPath) -> tuple[int, str] | None:
        """Make the parts `destination`, which then appears or is replaced, on the same disk; its bytes and SHA-256.

        None when they must be copied, or there are none; nothing is done then.
        """
        if not self._parts or not isinstance(self._shelf, LocalStagingStore):
            return None
        digest = hashlib.sha256()
        for chunk in self.chunks():
            digest.update(chunk)
        with _alone():
            self._shelf.publish(destination.path)
        return sum(part.bytes for part in self._parts), digest.hexdigest()

    def close(self) -> None:
        """Mark them as those of an extract that is over."""
        self.append(b"", records=0, oldest=0, newest=0, cursor=_OVER)

    def remove(self) -> None:
        """Remove the parts, the last one first: a kill in between leaves a beginning that can be gone on from.

        Raises OSError when the store forbids it.
        """
        self._shelf.remove()
        self._parts.clear()

    def _read(self, parts: Sequence[Part]) -> Iterator[bytes]:
        filled = [part for part in parts if part.bytes]
        if not filled:
            return
        with _alone():
            for part, lines in zip(filled, self._shelf.read(filled), strict=True):
                if len(lines) != part.bytes:
                    raise Unavailable(_ANOTHER)
                yield lines


def _chain(found: Sequence[Part]) -> list[Part]:
    """The first ones without a gap."""
    by_number: dict[int, list[Part]] = {}
    for part in found:
        by_number.setdefault(part.number, []).append(part)
    chain: list[Part] = []
    # Two parts of one number come from two runs at once; neither can be told to be the right one.
    while len(alike := by_number.get(len(chain) + 1, [])) == 1:
        chain += alike
    return chain


def _through(chain: list[Part], last: str | None) -> list[Part]:
    """The chain up to the part named `last`."""
    if last is None:
        return chain
    names = [part.name for part in chain]
    return chain[: names.index(last) + 1] if last in names else []


@contextmanager
def _alone() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise Unavailable(_ANOTHER) from error
