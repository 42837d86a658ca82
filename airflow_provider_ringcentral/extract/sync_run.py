"""One run of the change sync as it lies in its folder: the bookmark, the parts and the file."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.extract.bookmark import Bookmark, BookmarkFile, remove_older
from airflow_provider_ringcentral.extract.files import filesystem, folder_of, sha256_of
from airflow_provider_ringcentral.extract.formats import Format
from airflow_provider_ringcentral.extract.parts import FRESH, Parts
from airflow_provider_ringcentral.extract.publication import publish, put_away
from airflow_provider_ringcentral.extract.receipt import microsecond_text, utc_text
from airflow_provider_ringcentral.extract.sync_query import SyncQuery
from airflow_provider_ringcentral.extract.sync_receipt import SyncReceipt
from airflow_provider_ringcentral.extract.watermark import Watermark

if TYPE_CHECKING:
    from upath import UPath

STATE = ".sync"
"""The folder in the destination for parts, and for the bookmark, which stays until the next run has ended. Their own
folder, because listing that of a year of hourly files takes nine requests of an object store."""

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
        if found and found.receipt and not self._is_published(found):
            found = None
        self.parts = Parts(self._state / self._name, fingerprint, through=found.part if found else "")
        if found and found.part and not self.parts and not self._is_published(found):
            found = None
        reason = None if begin.cursor else FIRST_RUN
        self.mark = found or Bookmark(fingerprint=fingerprint, token=begin.cursor, full_sync_reason=reason)

    def save(self) -> None:
        """Keep the mark."""
        self._bookmarks.write(self.mark)

    def published_before(self) -> SyncReceipt | None:
        """The receipt of the file that an earlier try published without living to tell, now for no requests."""
        if not self._is_published(self.mark):
            return None
        if self.mark.receipt:
            return replace(SyncReceipt(**self.mark.receipt), requests=0, seconds_waited=0.0)
        file = self._file(self.mark)
        receipt = self._receipt(self.mark.bytes, sha256_of(filesystem(file), file.path), 0, 0.0)
        self._finish(receipt)
        return receipt

    def publish(self, requests: int, seconds_waited: float) -> SyncReceipt:
        """Make the parts the file."""
        size, digest = publish(self.parts, self.parts.chunks(), self._file(self.mark), self._chosen)
        receipt = self._receipt(size, digest, requests, seconds_waited)
        self._finish(receipt)
        return receipt

    def leave_nothing(self, requests: int, seconds_waited: float) -> SyncReceipt:
        """End without a file."""
        put_away(self.parts)
        self._bookmarks.remove()
        return replace(self._receipt(0, "", requests, seconds_waited), destination=None, sha256=None)

    @property
    def reached(self) -> Watermark:
        """The watermark after the last page."""
        return Watermark(datetime.fromisoformat(self.mark.time or ""), self.mark.token)

    def _file(self, mark: Bookmark) -> UPath:
        end = Watermark(datetime.fromisoformat(mark.time or ""))
        return self._destination / f"calls-{self._begin.stamp}-{end.stamp}{self._chosen.suffixes[0]}"

    def _is_published(self, mark: Bookmark) -> bool:
        """Whether the complete file is there.

        The bookmark has its receipt, and counts for as long as parts would; or an end and no parts any more, as the
        parts became the file and the try ended then.
        """
        if not mark.ended:
            return False
        if mark.receipt:
            fresh, size = time.time() - mark.finished <= FRESH, mark.receipt["bytes"]
        else:
            fresh, size = self._chosen.verbatim, mark.bytes
        return fresh and _size(self._file(mark)) == size

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

    def _finish(self, receipt: SyncReceipt) -> None:
        # The receipt first: from here on the file is announced again and not read again.
        self.mark.receipt, self.mark.finished = receipt.as_dict(), time.time()
        self.save()
        put_away(self.parts)
        remove_older(self._state, self._query.series, self._begin.stamp)


def _size(path: UPath) -> int | None:
    fs = filesystem(path)
    fs.invalidate_cache(folder_of(path.path))
    try:
        return int(fs.info(path.path)["size"])
    except FileNotFoundError:
        return None
