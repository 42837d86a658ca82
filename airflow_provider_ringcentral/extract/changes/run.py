"""One run of the change sync as it lies in its folder: the bookmark, the parts and the file."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.extract.changes.query import SyncQuery
from airflow_provider_ringcentral.extract.changes.receipt import SyncReceipt
from airflow_provider_ringcentral.extract.changes.state import Bookmark, BookmarkFile, remove_older
from airflow_provider_ringcentral.extract.changes.watermark import Watermark
from airflow_provider_ringcentral.extract.publish import publish, put_away
from airflow_provider_ringcentral.files.formats import Format
from airflow_provider_ringcentral.files.receipt import microsecond_text, utc_text
from airflow_provider_ringcentral.files.staging.checkpoint import Parts

if TYPE_CHECKING:
    from upath import UPath

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
        self._bookmarks = BookmarkFile(self._state / f"{self._name}.json")
        fingerprint = query.fingerprint(begin)
        found = self._bookmarks.read(fingerprint)
        self.parts = Parts(self._state / self._name, fingerprint, through=found.part if found else "")
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

    def _nothing_yet(self) -> Bookmark:
        begin, reason = self._begin, None if self._begin.cursor else FIRST_RUN
        return Bookmark(fingerprint=self._query.fingerprint(begin), token=begin.cursor, full_sync_reason=reason)

    @property
    def reached(self) -> Watermark:
        """The watermark after the last page."""
        return Watermark(datetime.fromisoformat(self.mark.time or ""), self.mark.token)

    def _file(self, mark: Bookmark) -> UPath:
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
