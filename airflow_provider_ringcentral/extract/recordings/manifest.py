"""The manifest of a run: one line per recording. Until the run ends, its chunks are the run's only state."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from airflow_provider_ringcentral.extract.publish import publish, remove_checkpoint
from airflow_provider_ringcentral.extract.recordings.recording import ANY_TYPE
from airflow_provider_ringcentral.files.formats import FORMATS
from airflow_provider_ringcentral.files.id_set import IdSet
from airflow_provider_ringcentral.files.receipt import Receipt, stamp
from airflow_provider_ringcentral.files.staging.checkpoint import Checkpoint

if TYPE_CHECKING:
    from upath import UPath


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ArchiveProgress:
    """The progress of a run: `done` of `total` recordings, earlier attempts included, `fetched` of them in this one.

    `bytes` is the size of all downloads of the run; `counts` are by status.
    """

    done: int
    total: int
    fetched: int
    bytes: int
    counts: dict[str, int]


_CURSOR = "c"
_LINES_PER_CHUNK = 200
_SECONDS_PER_CHUNK = 30.0
"""Lines are written as a chunk after so many lines or seconds. Lines lost in a kill cost no download, only a look."""


class RecordingStatus(StrEnum):
    """What happened to a recording in a run: stored now, present before, not there yet, gone, or failed."""

    STORED = "stored"
    PRESENT = "present"
    PENDING = "pending"
    GONE = "gone"
    FAILED = "failed"


class ManifestEntry(msgspec.Struct, frozen=True):
    """A line of the manifest. `file` is relative to the destination; `bytes` and `sha256` are None without a file."""

    recording_id: str
    call_id: str
    status: RecordingStatus
    file: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RecordingsReceipt(Receipt):
    """A manifest, with the number of its recordings by status; `records` counts all of them.

    `stored` were downloaded, `present` were there already, `pending` may still appear, `gone` will not, `failed` for
    another reason. `bytes_downloaded` is the size of the stored ones. The window is the one asked for, not widened by
    `late_window`.
    """

    stored: int = 0
    present: int = 0
    pending: int = 0
    gone: int = 0
    failed: int = 0
    bytes_downloaded: int = 0


class Manifest:
    """Collects entries for the file `path`, resuming an earlier attempt of the same run (`resumed`).

    `counts` (by status), `bytes_downloaded` and `reasons` (of failures) include the entries of earlier attempts.
    `listed_ids` has the recordings that have an entry, or will get one.
    """

    def __init__(self, path: UPath, fingerprint: str) -> None:
        self.path = path
        self._checkpoint = Checkpoint(path, fingerprint)
        self.resumed = bool(len(self._checkpoint))
        if self._checkpoint.discarded:
            log.info(
                "Discarded %d chunks of the manifest: they belong to another run, or are too old.",
                self._checkpoint.discarded,
            )
        self.listed_ids = IdSet()
        self.counts: Counter[RecordingStatus] = Counter()
        self.reasons: Counter[str] = Counter()
        self.bytes_downloaded = 0
        self._buffer: list[ManifestEntry] = []
        self._flushed = time.monotonic()
        for entry in self._entries():
            self.listed_ids.add(entry.recording_id)
            self._count(entry)

    def begin(self) -> None:
        """Make later attempts resume this one, its list of calls included."""
        self._append(b"", 0)

    def add(self, entry: ManifestEntry) -> None:
        """Add an entry."""
        self._count(entry)
        self._buffer.append(entry)
        if len(self._buffer) >= _LINES_PER_CHUNK or time.monotonic() - self._flushed > _SECONDS_PER_CHUNK:
            self.flush()

    def flush(self) -> None:
        """Write the buffered entries as a chunk."""
        if self._buffer:
            self._append(b"".join(msgspec.json.encode(entry) + b"\n" for entry in self._buffer), len(self._buffer))
            self._buffer.clear()
        self._flushed = time.monotonic()

    def publish(self) -> tuple[int, str]:
        """Write the manifest's file and remove the checkpoint; return the file's bytes and SHA-256."""
        self.flush()
        size, sha256 = publish(self._checkpoint, self._checkpoint.contents(), self.path, FORMATS["ndjson"])
        remove_checkpoint(self._checkpoint)
        return size, sha256

    def _append(self, lines: bytes, records: int) -> None:
        self._checkpoint.append(lines, records=records, oldest=0, newest=0, cursor=_CURSOR)

    def _entries(self) -> Iterator[ManifestEntry]:
        decode = msgspec.json.Decoder(ManifestEntry).decode_lines
        for lines in self._checkpoint.contents():
            yield from decode(lines)

    def _count(self, entry: ManifestEntry) -> None:
        self.counts[entry.status] += 1
        if entry.status is RecordingStatus.STORED:
            self.bytes_downloaded += entry.bytes or 0
        if entry.status is RecordingStatus.FAILED:
            self.reasons[entry.reason or ""] += 1


def manifest_name(query: CallLogQuery, start: datetime, end: datetime) -> str:
    """Return the name of a manifest: the window asked for, and what else distinguishes two runs of one window."""
    parts = [stamp(start), stamp(end)]
    _, _, extension = query.path.partition("/extension/")
    if extension:
        parts.append(f"extension_{extension.partition('/')[0]}")
    kind = query.filters.get("recordingType") or "any"
    if kind != ANY_TYPE:
        parts.append(str(kind))
    return "-".join(parts) + ".ndjson"
