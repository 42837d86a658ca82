"""The manifest of a run: one line a recording, in parts until the run is over, which are its only state.

How far the download of recordings is.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from airflow_provider_ringcentral.extract.publish import publish, put_away
from airflow_provider_ringcentral.extract.recordings.recording import ANY_TYPE
from airflow_provider_ringcentral.files.formats import FORMATS
from airflow_provider_ringcentral.files.id_set import IdSet
from airflow_provider_ringcentral.files.receipt import Receipt, stamp
from airflow_provider_ringcentral.files.staging.checkpoint import Checkpoint

if TYPE_CHECKING:
    from upath import UPath


@dataclass(frozen=True, slots=True)
class ArchiveProgress:
    """How far a run is: `done` of `total` recordings, earlier tries included, `fetched` of them in this one.

    `bytes` were downloaded for the run; `counts` are by outcome.
    """

    done: int
    total: int
    fetched: int
    bytes: int
    counts: dict[str, int]


_CURSOR = "c"
_LINES = 200
_SECONDS = 30.0
"""After so many lines, or so long, they are made a part. What a kill takes is looked at again and costs no download."""


class Status(StrEnum):
    """What became of a recording in a run."""

    STORED = "stored"
    PRESENT = "present"
    PENDING = "pending"
    GONE = "gone"
    FAILED = "failed"


class Entry(msgspec.Struct, frozen=True):
    """A line. `file` is relative to the destination, `bytes` and `sha256` are None for what is not there."""

    recording_id: str
    call_id: str
    status: Status
    file: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RecordingsReceipt(Receipt):
    """A manifest and what became of its recordings; `records` counts all of them.

    `stored` were fetched, `present` were there already, `pending` are not there yet, `gone` are not there any more,
    `failed` for another reason. `bytes_downloaded` is the size of those stored. The window is that asked for, not
    widened by `late_window`.
    """

    stored: int = 0
    present: int = 0
    pending: int = 0
    gone: int = 0
    failed: int = 0
    bytes_downloaded: int = 0


class Manifest:
    """Takes entries on their way into the file `path`; an earlier try of the same run is gone on with.

    `begun`: there was one. `counts` and `bytes_downloaded` include its entries, `reasons` count failures.
    """

    def __init__(self, path: UPath, fingerprint: str) -> None:
        self.path = path
        self._parts = Checkpoint(path, fingerprint)
        self.begun = bool(len(self._parts))
        self.listed = IdSet()
        """Ids of recordings that have a line, or will."""
        self.counts: Counter[Status] = Counter()
        self.reasons: Counter[str] = Counter()
        self.bytes_downloaded = 0
        self._waiting: list[Entry] = []
        self._flushed = time.monotonic()
        for entry in self._entries():
            self.listed.add(entry.recording_id)
            self._count(entry)

    def begin(self) -> None:
        """From here on a later try goes on with this one, its list of calls included."""
        self._append(b"", 0)

    def add(self, entry: Entry) -> None:
        """Add a line."""
        self._count(entry)
        self._waiting.append(entry)
        if len(self._waiting) >= _LINES or time.monotonic() - self._flushed > _SECONDS:
            self.flush()

    def flush(self) -> None:
        """Make the lines that wait a part."""
        if self._waiting:
            self._append(b"".join(msgspec.json.encode(entry) + b"\n" for entry in self._waiting), len(self._waiting))
            self._waiting.clear()
        self._flushed = time.monotonic()

    def publish(self) -> tuple[int, str]:
        """Make it the file, and forget the state; bytes and SHA-256."""
        self.flush()
        size, digest = publish(self._parts, self._parts.chunks(), self.path, FORMATS["ndjson"])
        put_away(self._parts)
        return size, digest

    def _append(self, lines: bytes, records: int) -> None:
        self._parts.append(lines, records=records, oldest=0, newest=0, cursor=_CURSOR)

    def _entries(self) -> Iterator[Entry]:
        decode = msgspec.json.Decoder(Entry).decode_lines
        for chunk in self._parts.chunks():
            yield from decode(chunk)

    def _count(self, entry: Entry) -> None:
        self.counts[entry.status] += 1
        if entry.status is Status.STORED:
            self.bytes_downloaded += entry.bytes or 0
        if entry.status is Status.FAILED:
            self.reasons[entry.reason or ""] += 1


def manifest_name(query: CallLogQuery, start: datetime, end: datetime) -> str:
    """Told by the window asked for, and by whatever else lets two runs of one window differ."""
    words = [stamp(start), stamp(end)]
    _, _, extension = query.path.partition("/extension/")
    if extension:
        words.append(f"extension_{extension.partition('/')[0]}")
    kind = query.filters.get("recordingType") or "any"
    if kind != ANY_TYPE:
        words.append(str(kind))
    return "-".join(words) + ".ndjson"
