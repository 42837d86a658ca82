"""One run of the change sync in its folder: the sync state, the chunks and the file.

The sync state is a small file beside the chunks. Files with changed calls have a receipt of their own class.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from fsspec.implementations.local import LocalFileSystem

from airflow_provider_ringcentral.extract.changes.query import SyncQuery
from airflow_provider_ringcentral.extract.changes.watermark import Watermark
from airflow_provider_ringcentral.extract.publish import publish, remove_checkpoint
from airflow_provider_ringcentral.files.atomic import filesystem, folder_of, remove_tree, tolerate_cleanup_errors
from airflow_provider_ringcentral.files.formats import Format
from airflow_provider_ringcentral.files.receipt import Receipt, microsecond_text, utc_text
from airflow_provider_ringcentral.files.staging.checkpoint import Checkpoint

if TYPE_CHECKING:
    from upath import UPath

log = logging.getLogger(__name__)

STATE_FOLDER = ".sync"
"""The folder in the destination for the chunks and sync states of unfinished runs. It is a separate folder because
listing the destination, with a year of hourly files, takes nine requests of an object store."""

FIRST_RUN = "first run: there is no watermark yet"


@dataclass(frozen=True, slots=True)
class SyncReceipt(Receipt):
    """One file of calls that changed between two watermarks.

    `watermark_start` and `watermark_end` are ISO 8601 in UTC; `window_start` and `window_end` stay None, because a
    changed call may be of any age. `records` is the sum of `records_new` (calls that started since `watermark_start`),
    `records_changed` (older ones) and `records_deleted`. `full_sync` says whether RingCentral was asked for everything
    changed since a time instead of the changes after a sync token, and `full_sync_reason` why.
    """

    watermark_start: str | None = None
    watermark_end: str | None = None
    records_new: int = 0
    records_changed: int = 0
    records_deleted: int = 0
    full_sync: bool = False
    full_sync_reason: str | None = None


class SyncState(msgspec.Struct, kw_only=True):
    """How far a run is: the state after the chunk named `chunk` ("" before the first).

    `token` is the sync token of the next request, None for a full sync; `time` is the syncTime that came with it.
    `ended` says that there is nothing newer. `new`, `changed` and `deleted` count rows, `bytes` is the size of their
    lines, `oldest` and `newest` are start times in epoch microseconds. `refusals` counts refused tokens,
    `full_sync_reason` explains the last full sync. Names in the file are those of earlier versions.
    """

    fingerprint: str
    chunk: str = msgspec.field(default="", name="part")
    token: str | None = None
    time: str | None = None
    ended: bool = False
    new: int = 0
    changed: int = 0
    deleted: int = 0
    bytes: int = 0
    oldest: int | None = None
    newest: int | None = None
    refusals: int = 0
    full_sync_reason: str | None = None

    @property
    def records(self) -> int:
        """The number of all rows."""
        return self.new + self.changed + self.deleted


class SyncStateFile:
    """Keeps the sync state of one run at `path`. Sync tokens are too long for the names of chunks."""

    def __init__(self, path: UPath) -> None:
        self._fs, self._name = filesystem(path), path.path

    def read(self, fingerprint: str) -> SyncState | None:
        """Return the state with this fingerprint; None when there is none, or it is broken or of another run."""
        self._fs.invalidate_cache(folder_of(self._name))
        try:
            state = msgspec.json.decode(self._fs.cat_file(self._name), type=SyncState)
        except (FileNotFoundError, PermissionError):
            # Without the right to list, stores call a missing object forbidden. Listing the chunks explains it better.
            return None
        except msgspec.DecodeError:
            log.info("Discarded the sync state %s: it cannot be read.", self._name)
            return None
        return state if state.fingerprint == fingerprint else None

    def write(self, state: SyncState) -> None:
        """Replace the file."""
        data = msgspec.json.encode(state)
        if not isinstance(self._fs, LocalFileSystem):
            self._fs.pipe_file(self._name, data)
            return
        # A unique name, because another run of the same sync may be writing at the same time.
        temporary = Path(f"{self._name}.{uuid.uuid4().hex[:8]}")
        temporary.write_bytes(data)
        temporary.replace(self._name)

    def remove(self) -> None:
        """Remove the file, unless the store forbids it."""
        with tolerate_cleanup_errors("The sync state of a finished run"):
            self._fs.rm_file(self._name)


def remove_older_runs(folder: UPath, series: str, stamp: str) -> None:
    """Remove the sync states and chunks that runs of `series` which began before `stamp` left in `folder`."""
    fs = filesystem(folder)
    fs.invalidate_cache(folder.path)
    with tolerate_cleanup_errors("The state of an earlier run"):
        for name in fs.ls(folder.path, detail=False):
            owner, _, rest = name.rstrip("/").rsplit("/", 1)[-1].partition("-")
            if owner == series and rest.partition(".json")[0].partition(".parts")[0] < stamp:
                remove_tree(fs, name)


class SyncRun:
    """The run of `query` from the watermark `begin` into the folder `destination`.

    `state` is that of an earlier attempt, or the initial one; `checkpoint` has the pages. Opening the run removes
    chunks that cannot be used.
    """

    def __init__(self, query: SyncQuery, begin: Watermark, destination: UPath, output_format: Format) -> None:
        self._query, self._begin, self._destination, self._format = query, begin, destination, output_format
        self._folder, name = destination / STATE_FOLDER, f"{query.series}-{begin.stamp}"
        self._state_file = SyncStateFile(self._folder / f"{name}.json")
        fingerprint = query.fingerprint(begin)
        state = self._state_file.read(fingerprint)
        self.checkpoint = Checkpoint(self._folder / name, fingerprint, last=state.chunk if state else "")
        if state and state.chunk and not self.checkpoint:
            state = None
        if self.checkpoint.discarded:
            log.info(
                "Discarded %d chunks of an earlier run: they are incomplete, or too old.", self.checkpoint.discarded
            )
        self.state = state or self._initial_state()

    def save(self) -> None:
        """Write the sync state."""
        self._state_file.write(self.state)

    def publish(self, requests: int, seconds_waited: float) -> SyncReceipt:
        """Finish with a file made of the chunks."""
        size, sha256 = publish(self.checkpoint, self.checkpoint.contents(), self._file(), self._format)
        self._finish()
        return self._receipt(size, sha256, requests, seconds_waited)

    def finish_without_file(self, requests: int, seconds_waited: float) -> SyncReceipt:
        """Finish without a file."""
        self._finish()
        return replace(self._receipt(0, "", requests, seconds_waited), destination=None, sha256=None)

    @property
    def reached(self) -> Watermark:
        """The watermark after the last page."""
        return Watermark(datetime.fromisoformat(self.state.time or ""), self.state.token)

    def _initial_state(self) -> SyncState:
        token = self._begin.cursor
        fingerprint = self._query.fingerprint(self._begin)
        return SyncState(fingerprint=fingerprint, token=token, full_sync_reason=None if token else FIRST_RUN)

    def _file(self) -> UPath:
        begin, end = self._begin.stamp, self.reached.stamp
        # RingCentral's clock may stand still between two changes, and the next run must not replace this run's file.
        name = f"{begin}-{end}" if begin != end else f"{begin}-{end}-{self.state.fingerprint}"
        return self._destination / f"calls-{name}{self._format.suffixes[0]}"

    def _receipt(self, size: int, sha256: str, requests: int, seconds_waited: float) -> SyncReceipt:
        state = self.state
        return SyncReceipt(
            destination=str(self._file()),
            format=self._format.name,
            records=state.records,
            bytes=size,
            sha256=sha256,
            requests=requests,
            seconds_waited=seconds_waited,
            first_start_time=microsecond_text(state.oldest),
            last_start_time=microsecond_text(state.newest),
            view=self._query.view,
            watermark_start=utc_text(self._begin.time),
            watermark_end=state.time,
            records_new=state.new,
            records_changed=state.changed,
            records_deleted=state.deleted,
            full_sync=state.full_sync_reason is not None,
            full_sync_reason=state.full_sync_reason,
        )

    def _finish(self) -> None:
        # First reset the state: the next run has the same name when this one ends at the watermark where it began, and
        # must not take what a store refused to remove for its own.
        self._state_file.write(self._initial_state())
        remove_checkpoint(self.checkpoint)
        self._state_file.remove()
        remove_older_runs(self._folder, self._query.series, self._begin.stamp)
