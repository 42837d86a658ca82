"""Paging through a window of the call log: what to request next, and which rows of an answer to keep.

RingCentral guarantees no order, moves rows between pages while they are read, and does not document whether `dateTo`
is inclusive or cut to seconds. So each request overlaps the one before: it goes back in time by `dateTo`, to one second
after the oldest row seen, and rows that were kept before are dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from airflow_provider_ringcentral.client.errors.arguments import WindowTooLarge
from airflow_provider_ringcentral.extract.call_log.page import Page, epoch_second
from airflow_provider_ringcentral.files.id_set import IdSet

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

MIN_SECONDS_IN_ORDER = 8
"""Seconds in descending order that count as proof of a log sorted newest first: by chance 1 of 40 320 logs has them."""

LAST_PAGE_NUMBER = 1000
"""The highest page number that the schema of readCompanyCallLog allows."""


class Order(StrEnum):
    """What is known about the order of the log."""

    UNKNOWN = "u"
    """Too few rows were seen: a step back in time could skip rows."""
    NEWEST_FIRST = "n"
    NONE = "p"
    """Not newest first: the window is read by page numbers under a fixed `dateTo`."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The next request: `date_to` in epoch seconds, a page number, and what is known about the order."""

    date_to: int
    page: int = 1
    order: Order = Order.UNKNOWN

    def __str__(self) -> str:
        return f"{self.order}{self.date_to}.{self.page}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Return the cursor whose text this is."""
        date_to, _, page = text[1:].partition(".")
        return cls(int(date_to), int(page), Order(text[0]))

    def next_page(self) -> Cursor:
        """Return the cursor of the next page number under the same `dateTo`."""
        if self.page >= LAST_PAGE_NUMBER:
            raise WindowTooLarge(
                f"The window up to {request_time(self.date_to)} needs more pages than the {LAST_PAGE_NUMBER} that "
                "RingCentral allows. Cause: the log is not sorted newest first, or that many calls began in one "
                "second. Fix (DAG author): extract a narrower window, such as an hour.",
                parameter="page",
            )
        return replace(self, page=self.page + 1)


class WindowPager:
    """Pages through the calls of `start <= t < end` (aware).

    Every call visible at the first request and not deleted since is kept once, later ones at most once. Deletions move
    rows to earlier pages and so can hide calls: in a log that is not newest first, as many as were deleted; in one that
    is, none, unless the calls of a single second fill several pages and change between two requests.
    """

    def __init__(self, start: datetime, end: datetime) -> None:
        self._start, self._end = start, end
        self.date_from = epoch_second(start)
        self.first = Cursor(epoch_second(end) + (1 if end.microsecond else 0))
        self._boundary: dict[str, datetime] = {}
        self._all_ids: IdSet | None = None
        self._seconds: set[int] = set()

    def resume(self, cursor: Cursor, rows: Iterable[tuple[list[str], list[datetime]]]) -> None:
        """Continue at `cursor`; `rows` are the ids and start times of all rows that are written.

        All of them are needed: after a page that was requested twice, or a call that appeared late, rows are not where
        the order of the pages suggests.
        """
        self._boundary.clear()
        self._all_ids = IdSet() if cursor.order is Order.NONE else None
        limit = _limit(cursor.date_to)
        for ids, times in rows:
            if self._all_ids is not None:
                self._all_ids.update(ids)
                continue
            self._boundary.update((i, t) for i, t in zip(ids, times, strict=True) if t < limit)

    def keep(self, page: Page) -> list[int]:
        """Return the indexes of the rows in the window that were not kept before. They count as kept from now on."""
        start, end, ids = self._start, self._end, page.ids
        inside: Sequence[int] = range(len(page))
        if len(page) and not (start <= min(page.times) and max(page.times) < end):
            inside = [index for index, time in enumerate(page.times) if start <= time < end]
        if self._all_ids is not None:
            return [index for index in inside if self._all_ids.add(ids[index])]
        boundary = self._boundary
        kept = [index for index in inside if ids[index] not in boundary]
        if len(set(ids)) < len(ids):
            # An id occurs twice on the page: the first row counts.
            kept = list({ids[index]: index for index in reversed(kept)}.values())[::-1]
        boundary.update((ids[index], page.times[index]) for index in kept)
        return kept

    def next_cursor(self, cursor: Cursor, page: Page, kept: Sequence[int]) -> Cursor | None:
        """Return the request after `page`, or None at the end of the window.

        `page` is the answer to `cursor`, and `kept` what `keep` returned for it. When the result `starts_over`, the log
        turned out not to be newest first, and steps back in time may have skipped rows: the whole window is read again
        by page numbers. The rows of `page` will come again, so they must not be written, and `resume` must be called
        with all rows that are.
        """
        if cursor.order is Order.NONE or not len(page):
            return cursor.next_page() if page.has_next else None
        if not page.newest_first or page.seconds[1] > cursor.date_to:
            return self._by_page_numbers(cursor, page)
        return self._back(cursor, page, kept) if page.has_next else None

    def share(self, cursor: Cursor | None) -> float | None:
        """Return the share of the window (0 to 1) that is read; None while reading by page numbers."""
        if cursor is None:
            return 1.0
        if cursor.order is Order.NONE:
            return None
        whole = self.first.date_to - self.date_from
        return min(1.0, max(0.0, (self.first.date_to - cursor.date_to) / whole))

    def _by_page_numbers(self, cursor: Cursor, page: Page) -> Cursor | None:
        if cursor.date_to != self.first.date_to:
            return replace(self.first, order=Order.NONE)
        # No step back in time so far: the boundary still has all rows of the window.
        self._all_ids = IdSet()
        self._all_ids.update(self._boundary)
        self._boundary.clear()
        return replace(cursor.next_page(), order=Order.NONE) if page.has_next else None

    def _back(self, cursor: Cursor, page: Page, kept: Sequence[int]) -> Cursor | None:
        oldest = page.seconds[0]
        if cursor.order is Order.UNKNOWN and not self._proves_order(page, kept):
            return cursor.next_page()
        if oldest < self.date_from:
            return None
        # One second after the oldest row is right whether or not `dateTo` is inclusive, and whether or not it is cut.
        earlier = oldest + 1
        if earlier >= cursor.date_to:
            return replace(cursor.next_page(), order=Order.NEWEST_FIRST)
        limit = _limit(earlier)
        self._boundary = {i: t for i, t in self._boundary.items() if t < limit}
        return Cursor(earlier, 1, Order.NEWEST_FIRST)

    def _proves_order(self, page: Page, kept: Sequence[int]) -> bool:
        """Whether enough seconds were seen in descending order, those of this page included."""
        # Rows seen before do not count: insertions push them to later pages, after newer rows.
        fresh = {epoch_second(page.times[index]) for index in kept}
        if fresh and self._seconds and max(fresh) > min(self._seconds):
            self._seconds.clear()
        self._seconds |= fresh
        return len(self._seconds) >= MIN_SECONDS_IN_ORDER


def starts_over(cursor: Cursor | None) -> bool:
    """Whether the pager reads the window again from its first page, because the log is not newest first."""
    return cursor is not None and cursor.order is Order.NONE and cursor.page == 1


def request_time(epoch: int) -> str:
    """Format an epoch second for a query parameter, such as `2026-01-02T03:04:05.000Z`."""
    return (_EPOCH + timedelta(seconds=epoch)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _limit(date_to: int) -> datetime:
    """The time from which no row comes again: a server that cuts times shows all of the second `date_to`."""
    return _EPOCH + timedelta(seconds=date_to + 1)
