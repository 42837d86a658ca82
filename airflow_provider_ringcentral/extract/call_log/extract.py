"""A window of the call log into one file: every call once, complete or not at all, going on after a kill.

The reading of one window: pages are asked for and kept as parts until nothing is missing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_ringcentral.arguments import parse_choice
from airflow_provider_ringcentral.client.errors.arguments import EmptyWindow
from airflow_provider_ringcentral.client.usage import UsageDelta
from airflow_provider_ringcentral.extract.call_log.cursor import Cursor, Order, Walk, starts_over
from airflow_provider_ringcentral.extract.call_log.page import Page, heads_of_lines
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from airflow_provider_ringcentral.extract.publish import IF_EMPTY, publish, put_away
from airflow_provider_ringcentral.files.atomic import check_destination
from airflow_provider_ringcentral.files.formats import format_of
from airflow_provider_ringcentral.files.receipt import Receipt, microsecond_text, microseconds, utc_text
from airflow_provider_ringcentral.files.staging.checkpoint import Checkpoint

if TYPE_CHECKING:
    from upath import UPath

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


class WindowReader:
    """Reads the pages of `query`'s window into `parts`, going on after those that are there.

    A window of one page stays in memory and writes no part. `records` counts the calls, `oldest` and `newest` are
    their start times in epoch microseconds (None without calls), `fetched` counts pages asked for by this reading.
    """

    def __init__(
        self,
        client: PageSource,
        query: CallLogQuery,
        parts: Checkpoint,
        progress: Callable[[Progress], None] | None = None,
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


LONGEST_REQUEST = timedelta(hours=1)
"""From asking for a page until its answer is kept, the wait for its place in the quota included: more than that."""


def extract_window(
    client: PageSource,
    query: CallLogQuery,
    destination: UPath,
    file_format: str | None = None,
    *,
    if_empty: str = "write",
    progress: Callable[[Progress], None] | None = None,
) -> Receipt:
    """Write the calls of the query's window to `destination` and say what is in it.

    Operations: readCompanyCallLog, readUserCallLog. The order is RingCentral's, newest first. `destination` appears,
    or is replaced, when it is complete. Pages of a window that needs several lie in `NAME.parts/` beside it until then;
    a run that was killed or raised goes on there when it is started again with an equal query within 12 hours.
    `file_format` is a name of FORMATS or None for the destination's suffix. `progress` is called after each page. A
    `usage` of the client, with `requests` and `waited` in seconds, goes into the receipt.

    For a window without calls `if_empty` says: "write" a file without rows, "skip" (the receipt has no destination,
    an older file stays as it is), or "fail" with `EmptyWindow`.

    Raises `BadArgument` and `DestinationError` before the first request, `WindowTooLarge` when RingCentral's page
    numbers don't suffice, `Unavailable` for a record without id or start time, and what the client raises.
    """
    parse_choice("if_empty", if_empty, IF_EMPTY)
    chosen = format_of(destination.path, file_format)
    check_destination(destination)
    parts = Checkpoint(destination, query.fingerprint)
    if parts.discarded:
        log.info("Discarded %d parts beside %s: of another window or query, or too old.", parts.discarded, destination)
    as_of = _as_of(parts)
    spent = UsageDelta(client)
    reading = WindowReader(client, query, parts, progress)
    reading.read()
    # Versions of calls are dated by RingCentral's clock, and ours may be ahead of it.
    as_of -= timedelta(seconds=spent.date_behind())
    if not reading.records and if_empty != "write":
        size, digest, written = 0, None, None
    else:
        size, digest = publish(parts, reading.chunks(), destination, chosen)
        written = str(destination)
    put_away(parts)
    if not reading.records and if_empty == "fail":
        raise EmptyWindow(
            f"RingCentral shows no call from {utc_text(query.start)} to {utc_text(query.end)} for this query, and "
            "if_empty is 'fail'."
        )
    return Receipt(
        destination=written,
        format=chosen.name,
        records=reading.records,
        bytes=size,
        sha256=digest,
        first_start_time=microsecond_text(reading.oldest),
        last_start_time=microsecond_text(reading.newest),
        window_start=utc_text(query.start),
        window_end=utc_text(query.end),
        view=query.view,
        complete_as_of=utc_text(as_of) if query.whole_account else None,
        requests=spent.requests(reading.fetched),
        seconds_waited=spent.seconds_waited(),
    )


def _as_of(parts: Checkpoint) -> datetime:
    """A moment before the first page was asked for, perhaps by an earlier try: a part is dated by its answer."""
    first = next(iter(parts), None)
    if first is None:
        return datetime.now(UTC).replace(microsecond=0)
    return datetime.fromtimestamp(first.written, UTC) - LONGEST_REQUEST
