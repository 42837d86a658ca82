"""One run of the change sync as it lies in its folder: the bookmark, the parts and the file.

What a file of changed calls holds, in a form for XCom and asset events.

Where a run of the change sync stands, in one small file beside its parts.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from fsspec.implementations.local import LocalFileSystem

from airflow_provider_ringcentral.extract.changes.query import SyncQuery
from airflow_provider_ringcentral.extract.changes.watermark import Watermark
from airflow_provider_ringcentral.extract.publish import publish, put_away
from airflow_provider_ringcentral.files.atomic import filesystem, folder_of, remove_tree, tidying
from airflow_provider_ringcentral.files.formats import Format
from airflow_provider_ringcentral.files.receipt import Receipt, microsecond_text, utc_text
from airflow_provider_ringcentral.files.staging.checkpoint import Checkpoint

if TYPE_CHECKING:
    from upath import UPath


@dataclass(frozen=True, slots=True)
class SyncReceipt(Receipt):
    """One published file of calls that changed between two watermarks.

    `watermark_start` and `watermark_end` are the ends (ISO 8601 in UTC); `window_start` and `window_end` stay None,
    for a change may be of a call from any time. `records` is the sum of `records_new` (calls that started since
    `watermark_start`), `records_changed` (older ones) and `records_deleted`. `full_sync` says whether RingCentral was
    asked for everything from a time on, and `full_sync_reason` why.
    """

    watermark_start: str | None = None
    watermark_end: str | None = None
    records_new: int = 0
    records_changed: int = 0
    records_deleted: int = 0
    full_sync: bool = False
    full_sync_reason: str | None = None


class SyncState(msgspec.Struct, kw_only=True):
    """What is known after the part named `part` ("" before the first).

    `token` is the sync token to go on from, None for a full sync, `time` the syncTime that came with it; `ended` says
    that nothing newer exists. `new`, `changed` and `deleted` count rows, `bytes` those of the lines, `oldest` and
    `newest` are start times in epoch microseconds. `refusals` counts refused tokens, `full_sync_reason` tells why
    there was a full sync.
    """

    fingerprint: str
    part: str = ""
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
        """All rows."""
        return self.new + self.changed + self.deleted


class SyncStateFile:
    """Keeps the bookmark of one run at `path`. Sync tokens are long and opaque: no name of a part could hold them."""

    def __init__(self, path: UPath) -> None:
        self._fs, self._name = filesystem(path), path.path

    def read(self, fingerprint: str) -> SyncState | None:
        """The bookmark of this fingerprint; None when there is none, or it is broken or another's."""
        self._fs.invalidate_cache(folder_of(self._name))
        try:
            found = msgspec.json.decode(self._fs.cat_file(self._name), type=SyncState)
        except (FileNotFoundError, PermissionError, msgspec.DecodeError):
            # Without the right to list, stores call a missing object forbidden; the listing of parts says so better.
            return None
        return found if found.fingerprint == fingerprint else None

    def write(self, bookmark: SyncState) -> None:
        """Replace what is there."""
        data = msgspec.json.encode(bookmark)
        if not isinstance(self._fs, LocalFileSystem):
            self._fs.pipe_file(self._name, data)
            return
        # Named for this write: another run of the same sync may be writing at the same time.
        temporary = Path(f"{self._name}.{uuid.uuid4().hex[:8]}")
        temporary.write_bytes(data)
        temporary.replace(self._name)

    def remove(self) -> None:
        """Remove it, when the store allows that."""
        with tidying("The bookmark of a finished run"):
            self._fs.rm_file(self._name)


def remove_older(folder: UPath, series: str, stamp: str) -> None:
    """Remove what runs of `series` that began before `stamp` left in `folder`: bookmarks, and parts nobody reads."""
    fs = filesystem(folder)
    fs.invalidate_cache(folder.path)
    with tidying("What an earlier run left behind"):
        for name in fs.ls(folder.path, detail=False):
            whose, _, rest = name.rstrip("/").rsplit("/", 1)[-1].partition("-")
            if whose == series and rest.partition(".json")[0].partition(".parts")[0] < stamp:
                remove_tree(fs, name)


STATE = ".sync"
"""The folder in the destination for the parts and bookmarks of runs that are not over. Their own folder, because
listing that of a year of hourly files takes nine requests of an object store."""

FIRST_RUN = "first run: there is no watermark yet"


class SyncRun:
    """The run of `query` from `begin` on into the folder `destination`.

    `mark` says how far an earlier try came, else that nothing is there yet, `parts` has its pages. Opening removes
    parts that cannot be gone on with.
    """

    def __init__(self, query: SyncQuery, begin: Watermark, destination: UPath, chosen: Format) -> None:
        self._query, self._begin, self._destination, self._chosen = query, begin, destination, chosen
        self._state, self._name = destination / STATE, f"{query.series}-{begin.stamp}"
        self._bookmarks = SyncStateFile(self._state / f"{self._name}.json")
        fingerprint = query.fingerprint(begin)
        found = self._bookmarks.read(fingerprint)
        self.parts = Checkpoint(self._state / self._name, fingerprint, through=found.part if found else "")
        if found and found.part and not self.parts:
            found = None
        self.mark = found or self._nothing_yet()

    def save(self) -> None:
        """Keep the mark."""
        self._bookmarks.write(self.mark)

    def publish(self, requests: int, seconds_waited: float) -> SyncReceipt:
        """Make the parts the file."""
        size, digest = publish(self.parts, self.parts.chunks(), self._file(self.mark), self._chosen)
        self._end()
        return self._receipt(size, digest, requests, seconds_waited)

    def leave_nothing(self, requests: int, seconds_waited: float) -> SyncReceipt:
        """End without a file."""
        self._end()
        return replace(self._receipt(0, "", requests, seconds_waited), destination=None, sha256=None)

    def _nothing_yet(self) -> SyncState:
        begin, reason = self._begin, None if self._begin.cursor else FIRST_RUN
        return SyncState(fingerprint=self._query.fingerprint(begin), token=begin.cursor, full_sync_reason=reason)

    @property
    def reached(self) -> Watermark:
        """The watermark after the last page."""
        return Watermark(datetime.fromisoformat(self.mark.time or ""), self.mark.token)

    def _file(self, mark: SyncState) -> UPath:
        begin, end = self._begin.stamp, Watermark(datetime.fromisoformat(mark.time or "")).stamp
        # The clock of the log need not move with every change, and the next run must not replace this one's file.
        told = f"{begin}-{end}" if begin != end else f"{begin}-{end}-{mark.fingerprint}"
        return self._destination / f"calls-{told}{self._chosen.suffixes[0]}"

    def _receipt(self, size: int, digest: str, requests: int, seconds_waited: float) -> SyncReceipt:
        mark = self.mark
        return SyncReceipt(
            destination=str(self._file(mark)),
            format=self._chosen.name,
            records=mark.records,
            bytes=size,
            sha256=digest,
            requests=requests,
            seconds_waited=seconds_waited,
            first_start_time=microsecond_text(mark.oldest),
            last_start_time=microsecond_text(mark.newest),
            view=self._query.view,
            watermark_start=utc_text(self._begin.time),
            watermark_end=mark.time,
            records_new=mark.new,
            records_changed=mark.changed,
            records_deleted=mark.deleted,
            full_sync=mark.full_sync_reason is not None,
            full_sync_reason=mark.full_sync_reason,
        )

    def _end(self) -> None:
        # The bookmark first: a run that ends where it began is begun again by the next one, which must not take what a
        # store refused to remove for its own.
        self._bookmarks.write(self._nothing_yet())
        put_away(self.parts)
        self._bookmarks.remove()
        remove_older(self._state, self._query.series, self._begin.stamp)
