"""The reading of one window: pages are asked for and kept as parts until nothing is missing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from airflow_provider_ringcentral.extract.call_log.cursor import Cursor, Order, Walk, starts_over
from airflow_provider_ringcentral.extract.call_log.page import Page, heads_of_lines
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from airflow_provider_ringcentral.files.receipt import microseconds
from airflow_provider_ringcentral.files.staging.checkpoint import Parts

log = logging.getLogger(__name__)

_END = "end"
"""What the last part of a window names as its cursor."""


class PageSource(Protocol):
    """What a reading needs of a client."""

    def raw_page(self, path: str, params: Mapping[str, Any], /) -> bytes:
        """The body of a JSON GET, complete and valid."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an extract is: calls and pages, those of an earlier try included.

    `share` of the window is read, 0 to 1; None while page numbers hide it.
    """

    records: int
    pages: int
    share: float | None


class Reading:
    """Reads the pages of `query`'s window into `parts`, going on after those that are there.

    A window of one page stays in memory and writes no part. `records` counts the calls, `oldest` and `newest` are
    their start times in epoch microseconds (None without calls), `fetched` counts pages asked for by this reading.
    """

    def __init__(
        self, client: PageSource, query: CallLogQuery, parts: Parts, progress: Callable[[Progress], None] | None = None
    ) -> None:
        self._client, self._query, self._parts, self._progress = client, query, parts, progress
        self._walk = Walk(query.start, query.end)
        self._only_page: bytes | None = None
        self.fetched = 0
        filled = [part for part in parts if part.records]
        self.records = sum(part.records for part in filled)
        self.oldest = min((part.oldest for part in filled), default=None)
        self.newest = max((part.newest for part in filled), default=None)

    def read(self) -> None:
        """Ask for what is missing. Raises what the client raises, `Unavailable` and `WindowTooLarge`."""
        cursor = self._begin()
        while cursor is not None:
            cursor = self._step(cursor)

    def chunks(self) -> Iterator[bytes]:
        """All calls as NDJSON, a page at a time."""
        if self._only_page:
            yield self._only_page
        yield from self._parts.chunks()

    def _begin(self) -> Cursor | None:
        text = self._parts.cursor
        if text is None:
            return self._walk.first
        log.info("Going on after %d pages with %d calls of an earlier try.", len(self._parts), self.records)
        if text == _END:
            return None
        cursor = Cursor.parse(text)
        self._remember(cursor)
        return cursor

    def _remember(self, cursor: Cursor) -> None:
        self._walk.remember(cursor, map(heads_of_lines, self._parts.chunks()))

    def _step(self, cursor: Cursor) -> Cursor | None:
        page = self._fetch(cursor)
        kept = self._walk.keep(page)
        lines, times = _rows(page, kept)
        if cursor.page > 1 and cursor.order is not Order.NONE:
            # A call deleted meanwhile moved the first row of this page to the end of the one before.
            before = self._fetch(replace(cursor, page=cursor.page - 1))
            moved = _rows(before, self._walk.keep(before))
            lines, times = lines + moved[0], times + moved[1]
        following = self._walk.after(cursor, page, kept)
        if following is not None and following.order is not cursor.order and following.order is Order.NONE:
            log.warning("The call log is not newest first: reading the window by page numbers from here on.")
        if starts_over(following):
            lines, times = b"", []
        self._store(lines, times, following)
        if following is not None and starts_over(following):
            self._remember(following)
        if self._progress:
            self._progress(Progress(self.records, len(self._parts) or 1, self._walk.share(following)))
        return following

    def _fetch(self, cursor: Cursor) -> Page:
        self.fetched += 1
        return Page(self._client.raw_page(self._query.path, self._query.params(self._walk.date_from, cursor)))

    def _store(self, lines: bytes, times: list[datetime], following: Cursor | None) -> None:
        oldest = newest = 0
        if times:
            oldest, newest = microseconds(min(times)), microseconds(max(times))
            self.oldest = oldest if self.oldest is None else min(oldest, self.oldest)
            self.newest = newest if self.newest is None else max(newest, self.newest)
        self.records += len(times)
        if following is None and not len(self._parts):
            self._only_page = lines
            return
        cursor = _END if following is None else str(following)
        self._parts.append(lines, records=len(times), oldest=oldest, newest=newest, cursor=cursor)


def _rows(page: Page, kept: Sequence[int]) -> tuple[bytes, list[datetime]]:
    return page.lines(kept), [page.times[place] for place in kept]
