"""How a window of the call log is walked: what to ask next, and which rows of an answer belong to the window.

RingCentral promises no order, shifts rows between pages while they are read, and does not say whether `dateTo` is
inclusive or cut to seconds. So the walk asks wide and keeps narrow: it goes back in time by `dateTo`, one second over
what it has seen, and drops what it has already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from airflow_provider_ringcentral.client.errors.arguments import WindowTooLarge
from airflow_provider_ringcentral.extract.call_log.page import Page, second
from airflow_provider_ringcentral.files.id_set import IdSet

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

EVIDENCE = 8
"""Seconds in falling order that show a log to be newest first: by chance one of 40 320 does so."""

MAX_PAGE = 1000
"""The highest page number RingCentral's schema allows (FACTS 5.1)."""


class Order(StrEnum):
    """What is known about the order of the log."""

    UNKNOWN = "u"
    """Too little was seen: a step back in time could pass over rows."""
    NEWEST_FIRST = "n"
    NONE = "p"
    """Not newest first: page numbers under a `dateTo` that stays."""


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
        """The cursor that `str` wrote so."""
        date_to, _, page = text[1:].partition(".")
        return cls(int(date_to), int(page), Order(text[0]))

    def turned(self) -> Cursor:
        """The next page number under the same `dateTo`."""
        if self.page >= MAX_PAGE:
            raise WindowTooLarge(
                f"The window needs more than {MAX_PAGE} pages up to {second_text(self.date_to)}, and RingCentral "
                "counts no further. Cause: the log is not newest first, or one second holds that many calls. "
                "Cure (DAG author): ask for a narrower window, such as an hour.",
                parameter="page",
            )
        return replace(self, page=self.page + 1)


class Walk:
    """The walk through `start <= t < end` (aware). `keep` picks rows of a page, `after` says what to ask next.

    Every call visible at the first request and not deleted since is kept once, later ones at most once. What deletions
    can hide, because page numbers shift: of a log that is not newest first, as many calls as were deleted; of one that
    is, nothing, unless a single second fills several pages and loses and gains calls between two requests.
    """

    def __init__(self, start: datetime, end: datetime) -> None:
        self._start, self._end = start, end
        self.date_from = second(start)
        self.first = Cursor(second(end) + (1 if end.microsecond else 0))
        self._boundary: dict[str, datetime] = {}
        self._all: IdSet | None = None
        self._seconds: set[int] = set()

    def remember(self, cursor: Cursor, rows: Iterable[tuple[list[str], list[datetime]]]) -> None:
        """Go on from `cursor` with all rows that are written already.

        None can be left out: a page that was asked for once more, or a call that came late, puts rows where the order
        of the pages does not tell.
        """
        self._boundary.clear()
        self._all = IdSet() if cursor.order is Order.NONE else None
        limit = _limit(cursor.date_to)
        for ids, times in rows:
            if self._all is not None:
                self._all.update(ids)
                continue
            self._boundary.update((i, t) for i, t in zip(ids, times, strict=True) if t < limit)

    def keep(self, page: Page) -> list[int]:
        """The places of the rows that lie in the window and were not kept before; they count as kept now."""
        start, end, ids = self._start, self._end, page.ids
        inside: Sequence[int] = range(len(page))
        if len(page) and not (start <= min(page.times) and max(page.times) < end):
            inside = [place for place, moment in enumerate(page.times) if start <= moment < end]
        if self._all is not None:
            return [place for place in inside if self._all.add(ids[place])]
        boundary = self._boundary
        kept = [place for place in inside if ids[place] not in boundary]
        if len(set(ids)) < len(ids):
            # An id twice on one page: the first counts.
            kept = list({ids[place]: place for place in reversed(kept)}.values())[::-1]
        boundary.update((ids[place], page.times[place]) for place in kept)
        return kept

    def after(self, cursor: Cursor, page: Page, kept: Sequence[int]) -> Cursor | None:
        """What to ask after `page`, the answer to `cursor` of which `keep` kept those; None at the end of the window.

        When the answer `starts_over`, jumps back in time were wrong and may have passed over rows: the whole window is
        read again by page numbers. The rows of `page` are met again, so they must not be written, and `remember` has
        to be told everything that is.
        """
        if cursor.order is Order.NONE or not len(page):
            return cursor.turned() if page.has_next else None
        if not page.newest_first or page.seconds[1] > cursor.date_to:
            return self._by_page_numbers(cursor, page)
        return self._back(cursor, page, kept) if page.has_next else None

    def share(self, cursor: Cursor | None) -> float | None:
        """The part of the window (0 to 1) that is read before `cursor`; None when page numbers hide it."""
        if cursor is None:
            return 1.0
        if cursor.order is Order.NONE:
            return None
        whole = self.first.date_to - self.date_from
        return min(1.0, max(0.0, (self.first.date_to - cursor.date_to) / whole))

    def _by_page_numbers(self, cursor: Cursor, page: Page) -> Cursor | None:
        if cursor.date_to != self.first.date_to:
            return replace(self.first, order=Order.NONE)
        # No jump so far: all rows of the window that were met are still in the boundary.
        self._all = IdSet()
        self._all.update(self._boundary)
        self._boundary.clear()
        return replace(cursor.turned(), order=Order.NONE) if page.has_next else None

    def _back(self, cursor: Cursor, page: Page, kept: Sequence[int]) -> Cursor | None:
        oldest = page.seconds[0]
        if cursor.order is Order.UNKNOWN and not self._shows_order(page, kept):
            return cursor.turned()
        if oldest < self.date_from:
            return None
        # One second wide of the oldest row: right whether `dateTo` is inclusive or not, and cut to seconds or not.
        moved = oldest + 1
        if moved >= cursor.date_to:
            return replace(cursor.turned(), order=Order.NEWEST_FIRST)
        limit = _limit(moved)
        self._boundary = {i: t for i, t in self._boundary.items() if t < limit}
        return Cursor(moved, 1, Order.NEWEST_FIRST)

    def _shows_order(self, page: Page, kept: Sequence[int]) -> bool:
        """Enough seconds were met in falling order, this page's included."""
        # Rows met before don't count: insertions push them onto later pages, after newer ones.
        fresh = {second(page.times[place]) for place in kept}
        if fresh and self._seconds and max(fresh) > min(self._seconds):
            self._seconds.clear()
        self._seconds |= fresh
        return len(self._seconds) >= EVIDENCE


def starts_over(cursor: Cursor | None) -> bool:
    """`after` gave up on the order of the log and reads the window again from its first page."""
    return cursor is not None and cursor.order is Order.NONE and cursor.page == 1


def second_text(epoch: int) -> str:
    """An epoch second as RingCentral's query parameters want it, such as `2026-01-02T03:04:05.000Z`."""
    return (_EPOCH + timedelta(seconds=epoch)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _limit(date_to: int) -> datetime:
    """Rows from here on are not met again: a server that cuts row times, too, shows the whole second of `dateTo`."""
    return _EPOCH + timedelta(seconds=date_to + 1)
