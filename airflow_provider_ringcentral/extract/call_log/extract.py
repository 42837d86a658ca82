"""Extract a window of the call log into one file that holds every call once and is complete or absent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from airflow_provider_ringcentral.arguments import parse_choice
from airflow_provider_ringcentral.client.errors.arguments import EmptyWindow
from airflow_provider_ringcentral.client.usage import UsageDelta
from airflow_provider_ringcentral.extract.call_log.cursor import Cursor, Order, WindowPager, starts_over
from airflow_provider_ringcentral.extract.call_log.page import Page, ids_and_times
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from airflow_provider_ringcentral.extract.publish import IF_EMPTY, publish, remove_checkpoint
from airflow_provider_ringcentral.files.atomic import check_destination
from airflow_provider_ringcentral.files.formats import format_of
from airflow_provider_ringcentral.files.receipt import Receipt, microsecond_text, microseconds, utc_text
from airflow_provider_ringcentral.files.staging.checkpoint import Checkpoint

if TYPE_CHECKING:
    from upath import UPath

log = logging.getLogger(__name__)

_END = "end"
"""The cursor of the last chunk of a window that is read completely."""

LONGEST_REQUEST = timedelta(hours=1)
"""More than a request and its wait for the quota take, from sending it until its chunk is written."""


class PageSource(Protocol):
    """What a reader needs of a client."""

    def raw_page(self, path: str, params: Mapping[str, Any], /) -> bytes:
        """GET `path` and return the body, which is valid JSON."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The calls and pages that are read, earlier attempts included.

    `share` of the window (0 to 1) is read; None while reading by page numbers, which do not tell it.
    """

    records: int
    pages: int
    share: float | None


class WindowReader:
    """Reads the pages of a window into `checkpoint`, resuming after the chunks that it has.

    A window of one page stays in memory and writes no chunk. `records` counts the calls; `oldest` and `newest` are
    start times in epoch microseconds, None without calls; `fetched` counts the pages requested by this reader.
    """

    def __init__(
        self,
        client: PageSource,
        query: CallLogQuery,
        checkpoint: Checkpoint,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._client, self._query, self._checkpoint, self._progress = client, query, checkpoint, progress
        self._pager = WindowPager(query.start, query.end)
        self._only_page: bytes | None = None
        self.fetched = 0
        filled = [chunk for chunk in checkpoint if chunk.records]
        self.records = sum(chunk.records for chunk in filled)
        self.oldest = min((chunk.oldest for chunk in filled), default=None)
        self.newest = max((chunk.newest for chunk in filled), default=None)

    def read(self) -> None:
        """Request the pages that are missing. Raises `Unavailable`, `WindowTooLarge` and the client's errors."""
        cursor = self._first_cursor()
        while cursor is not None:
            cursor = self._read_page(cursor)

    def contents(self) -> Iterator[bytes]:
        """Yield all calls as NDJSON, one page at a time."""
        if self._only_page:
            yield self._only_page
        yield from self._checkpoint.contents()

    def _first_cursor(self) -> Cursor | None:
        text = self._checkpoint.cursor
        if text is None:
            return self._pager.first
        log.info("Resuming after %d pages with %d calls of an earlier attempt.", len(self._checkpoint), self.records)
        if text == _END:
            return None
        cursor = Cursor.parse(text)
        self._resume(cursor)
        return cursor

    def _resume(self, cursor: Cursor) -> None:
        self._pager.resume(cursor, map(ids_and_times, self._checkpoint.contents()))

    def _read_page(self, cursor: Cursor) -> Cursor | None:
        page = self._fetch(cursor)
        kept = self._pager.keep(page)
        lines, times = _rows(page, kept)
        if cursor.page > 1 and cursor.order is not Order.NONE:
            # A call that was deleted meanwhile moves the first row of this page to the end of the page before.
            before = self._fetch(replace(cursor, page=cursor.page - 1))
            more_lines, more_times = _rows(before, self._pager.keep(before))
            lines, times = lines + more_lines, times + more_times
        following = self._pager.next_cursor(cursor, page, kept)
        if following is not None and following.order is not cursor.order and following.order is Order.NONE:
            log.warning("The call log is not sorted newest first: reading the window by page numbers from here on.")
        if starts_over(following):
            lines, times = b"", []
        self._store(lines, times, following)
        if following is not None and starts_over(following):
            self._resume(following)
        if self._progress:
            self._progress(Progress(self.records, len(self._checkpoint) or 1, self._pager.share(following)))
        return following

    def _fetch(self, cursor: Cursor) -> Page:
        self.fetched += 1
        return Page(self._client.raw_page(self._query.path, self._query.params(self._pager.date_from, cursor)))

    def _store(self, lines: bytes, times: list[datetime], following: Cursor | None) -> None:
        oldest = newest = 0
        if times:
            oldest, newest = microseconds(min(times)), microseconds(max(times))
            self.oldest = oldest if self.oldest is None else min(oldest, self.oldest)
            self.newest = newest if self.newest is None else max(newest, self.newest)
        self.records += len(times)
        if following is None and not len(self._checkpoint):
            self._only_page = lines
            return
        cursor = _END if following is None else str(following)
        self._checkpoint.append(lines, records=len(times), oldest=oldest, newest=newest, cursor=cursor)


def _rows(page: Page, kept: Sequence[int]) -> tuple[bytes, list[datetime]]:
    return page.lines(kept), [page.times[index] for index in kept]


def extract_window(
    client: PageSource,
    query: CallLogQuery,
    destination: UPath,
    file_format: str | None = None,
    *,
    if_empty: str = "write",
    progress: Callable[[Progress], None] | None = None,
) -> Receipt:
    """Write the calls of the query's window to `destination` and return the receipt.

    Operations: readCompanyCallLog, readUserCallLog. The order is RingCentral's, newest first. `destination` appears,
    or is replaced, when it is complete. Until then, the pages of a window that needs several are kept in `NAME.parts/`
    beside it. A run that was killed or failed resumes from them when it starts again with an equal query within 12
    hours. `file_format` is a name of FORMATS, or None for the one of the destination's suffix. `progress` is called
    after each page.

    `if_empty` applies to a window without calls: "write" a file without rows, "skip" (the receipt has no destination,
    and an existing file stays), or "fail" with `EmptyWindow`.

    Raises `BadArgument` and `DestinationError` before the first request, `WindowTooLarge` when the window needs more
    pages than RingCentral allows, `Unavailable` for a record without id or start time, and the client's errors.
    """
    parse_choice("if_empty", if_empty, IF_EMPTY)
    output_format = format_of(destination.path, file_format)
    check_destination(destination)
    checkpoint = Checkpoint(destination, query.fingerprint)
    if checkpoint.discarded:
        log.info(
            "Discarded %d chunks beside %s: they belong to another window or query, or are too old.",
            *(checkpoint.discarded, destination),
        )
    complete_as_of = _before_first_request(checkpoint)
    usage = UsageDelta(client)
    reader = WindowReader(client, query, checkpoint, progress)
    reader.read()
    # RingCentral's clock dates the versions of calls, and the local clock may be ahead of it.
    complete_as_of -= timedelta(seconds=usage.date_behind())
    if not reader.records and if_empty != "write":
        size, sha256, written = 0, None, None
    else:
        size, sha256 = publish(checkpoint, reader.contents(), destination, output_format)
        written = str(destination)
    remove_checkpoint(checkpoint)
    if not reader.records and if_empty == "fail":
        raise EmptyWindow(
            f"RingCentral has no call from {utc_text(query.start)} to {utc_text(query.end)} for this query, and "
            "if_empty is 'fail'."
        )
    return Receipt(
        destination=written,
        format=output_format.name,
        records=reader.records,
        bytes=size,
        sha256=sha256,
        first_start_time=microsecond_text(reader.oldest),
        last_start_time=microsecond_text(reader.newest),
        window_start=utc_text(query.start),
        window_end=utc_text(query.end),
        view=query.view,
        complete_as_of=utc_text(complete_as_of) if query.whole_account else None,
        requests=usage.requests(reader.fetched),
        seconds_waited=usage.seconds_waited(),
    )


def _before_first_request(checkpoint: Checkpoint) -> datetime:
    """A time before the first page was requested, perhaps by an earlier attempt: chunks have the time of the answer."""
    first = next(iter(checkpoint), None)
    if first is None:
        return datetime.now(UTC).replace(microsecond=0)
    return datetime.fromtimestamp(first.written, UTC) - LONGEST_REQUEST
