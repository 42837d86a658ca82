"""Sync the calls that changed since a watermark into one file that is complete or absent and leaves no gap."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_ringcentral.arguments import parse_choice
from airflow_provider_ringcentral.client.answer import DECODE_ERRORS
from airflow_provider_ringcentral.client.errors import RingCentralError, Unavailable
from airflow_provider_ringcentral.client.errors.arguments import DestinationError, EmptyWindow
from airflow_provider_ringcentral.client.usage import UsageDelta
from airflow_provider_ringcentral.extract.call_log.extract import PageSource, Progress
from airflow_provider_ringcentral.extract.call_log.page import compact_json, join_lines, parse_start_time
from airflow_provider_ringcentral.extract.changes.query import SyncQuery, token_refused
from airflow_provider_ringcentral.extract.changes.run import STATE_FOLDER, SyncReceipt, SyncRun
from airflow_provider_ringcentral.extract.changes.watermark import Watermark
from airflow_provider_ringcentral.extract.publish import IF_EMPTY
from airflow_provider_ringcentral.files.atomic import check_destination, filesystem, make_folder
from airflow_provider_ringcentral.files.destination_errors import destination_errors
from airflow_provider_ringcentral.files.formats import FORMATS, format_of
from airflow_provider_ringcentral.files.receipt import microseconds, utc_text

if TYPE_CHECKING:
    from upath import UPath


class _Info(msgspec.Struct, rename="camel"):
    sync_token: str
    sync_time: str
    newer_records_exist: bool | None = None


class _Answer(msgspec.Struct, rename="camel"):
    records: list[msgspec.Raw]
    sync_info: _Info


# gc=False: a thousand of these per page would trigger the garbage collector, and they cannot form cycles.
class _Change(msgspec.Struct, rename="camel", gc=False):
    id: str | int
    start_time: str | None = None
    deleted: bool | None = None


class _Changes(msgspec.Struct):
    records: list[_Change]


_answer = msgspec.json.Decoder(_Answer)
_changes = msgspec.json.Decoder(_Changes)


class ChangePage:
    """An answer of extractSyncAccountCallLog.

    `lines` are its records as NDJSON, `deleted` counts the deleted ones, `times` are the start times of all others.
    `token` and `time` (aware) are where the next page begins, `more` says whether there is one.

    Raises `Unavailable` when the answer is not such a page, when a record has no id, or when one that is not deleted
    has no start time.
    """

    def __init__(self, body: bytes) -> None:
        try:
            body = compact_json(body)
            answer, changes = _answer.decode(body), _changes.decode(body).records
        except DECODE_ERRORS as error:
            raise Unavailable(f"RingCentral's answer is not a page of changes of the call log: {error}") from error
        self.token = answer.sync_info.sync_token
        self.more = bool(answer.sync_info.newer_records_exist)
        self.time = parse_start_time(answer.sync_info.sync_time, "RingCentral's answer has a syncTime")
        self.lines = join_lines(answer.records)
        self.deleted = sum(bool(change.deleted) for change in changes)
        self.times: list[datetime] = []
        for change in changes:
            if change.deleted:
                continue
            if change.start_time is None:
                raise Unavailable("A record among the changes of RingCentral's call log has no startTime.")
            self.times.append(parse_start_time(change.start_time))

    def __len__(self) -> int:
        return len(self.times) + self.deleted


log = logging.getLogger(__name__)

MAX_REFUSALS = 3
"""A run gives up after so many refused tokens: a full sync whose tokens keep being refused never ends."""

_CURSOR = "sync"
"""The cursor of all chunks of a sync. The next request is in the sync state, because tokens are too long for names."""


class ChangeReader:
    """Reads what changed since `begin` into the checkpoint of `run`, resuming at its state, which is saved per page.

    `fetched` counts the pages requested by this reader.
    """

    def __init__(
        self,
        client: PageSource,
        query: SyncQuery,
        begin: Watermark,
        run: SyncRun,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._client, self._query, self._begin, self._run, self._progress = client, query, begin, run, progress
        self.fetched = 0

    def read(self) -> None:
        """Request the pages that are missing. Raises `Unavailable` and the client's errors."""
        state, checkpoint = self._run.state, self._run.checkpoint
        if len(checkpoint):
            log.info("Resuming after %d pages with %d calls of an earlier attempt.", len(checkpoint), state.records)
        while not state.ended:
            self._store(self._next_page())
            if self._progress:
                self._progress(Progress(state.records, len(checkpoint), None))

    def _next_page(self) -> ChangePage:
        token = self._run.state.token
        if token is not None:
            try:
                page = self._fetch(self._query.incremental(token))
            except RingCentralError as error:
                if not token_refused(error) or self._run.state.refusals >= MAX_REFUSALS:
                    raise
                self._start_over(error)
            else:
                if page.more and page.token == token:
                    raise Unavailable(
                        "RingCentral says that newer changes exist, but repeats the sync token of the last page."
                    )
                return page
        return self._fetch(self._query.full(self._since))

    @property
    def _since(self) -> datetime:
        return self._begin.time - (self._query.overlap if self._run.state.refusals else timedelta())

    def _fetch(self, params: Mapping[str, Any]) -> ChangePage:
        self.fetched += 1
        return ChangePage(self._client.raw_page(self._query.path, params))

    def _start_over(self, error: RingCentralError) -> None:
        # The chunks stay: a full sync omits deletions, so those read before would be lost.
        state = self._run.state
        state.token, state.refusals = None, state.refusals + 1
        answer = f"HTTP {error.status} {error.code or 'without a code'}"
        state.full_sync_reason = f"RingCentral refused the sync token: {answer}"
        log.warning("%s. Full sync of everything changed since %s.", state.full_sync_reason, utc_text(self._since))
        self._run.save()

    def _store(self, page: ChangePage) -> None:
        state = self._run.state
        starts = [microseconds(time) for time in page.times]
        oldest, newest = (min(starts), max(starts)) if starts else (0, 0)
        state.chunk = self._run.checkpoint.append(
            page.lines, records=len(page), oldest=oldest, newest=newest, cursor=_CURSOR
        )
        new = sum(time >= self._begin.time for time in page.times)
        state.new += new
        state.changed += len(starts) - new
        state.deleted += page.deleted
        state.bytes += len(page.lines)
        if starts:
            state.oldest = oldest if state.oldest is None else min(oldest, state.oldest)
            state.newest = newest if state.newest is None else max(newest, state.newest)
        state.token, state.time, state.ended = page.token, utc_text(page.time), not page.more
        self._run.save()


@dataclass(frozen=True, slots=True)
class SyncResult:
    """The receipt of a run, and the watermark that its file reaches (None without a file)."""

    receipt: SyncReceipt
    watermark: Watermark | None


def sync_changes(
    client: PageSource,
    query: SyncQuery,
    begin: Watermark,
    destination: UPath,
    file_format: str = "ndjson",
    *,
    if_empty: str = "write",
    progress: Callable[[Progress], None] | None = None,
) -> SyncResult:
    """Write the calls that changed since `begin` to a new file in the folder `destination` and return the result.

    Operation: extractSyncAccountCallLog. A `begin` without a cursor means a full sync, and so does one whose token
    RingCentral refuses; that one starts `overlap` before `begin`. The order is RingCentral's, by time of change, oldest
    first. A call that changed twice may be in the file twice, the later version in the later line. Deleted calls have
    `"deleted": true`; a full sync omits them.

    The file is named `calls-BEGIN-END.SUFFIX` by the times of the watermarks and appears when it is complete. Until
    then pages are kept in the folder's `.sync/`. A run that was killed or failed resumes from them, repeating one page
    at most, when it starts again with an equal query and watermark within 12 hours. A run killed after its file
    appeared reads everything again, into a second file when more has changed since. Of two runs at once both may write
    a file, or one of them raises `Unavailable`.

    `if_empty` applies to a run without changes: "write" a file without rows, "skip" (no file and no watermark), or
    "fail" with `EmptyWindow`.

    Raises `BadArgument` and `DestinationError` before the first request, `Unavailable` for an answer that is not a page
    of changes, and the client's errors.
    """
    parse_choice("if_empty", if_empty, IF_EMPTY)
    output_format = format_of("", file_format)
    _check_folder(destination)
    run = SyncRun(query, begin, destination, output_format)
    usage = UsageDelta(client)
    reader = ChangeReader(client, query, begin, run, progress)
    reader.read()
    requests, waited = usage.requests(reader.fetched), usage.seconds_waited()
    if run.state.records or if_empty == "write":
        return SyncResult(run.publish(requests, waited), run.reached)
    receipt = run.finish_without_file(requests, waited)
    if if_empty == "fail":
        raise EmptyWindow(f"No call changed since {utc_text(begin.time)}, and if_empty is 'fail'.")
    return SyncResult(receipt, None)


def _check_folder(destination: UPath) -> None:
    """Make the folder and check that files can be written into it, before the first request."""
    suffixes = tuple(suffix for known in FORMATS.values() for suffix in known.suffixes)
    fs = filesystem(destination)
    with destination_errors(destination):
        is_file = destination.path.lower().endswith(suffixes) or fs.isfile(destination.path)
    if is_file:
        raise DestinationError(
            f"The destination {destination} is a file. Give a folder: each run writes a new file into it."
        )
    check_destination(destination / "calls")
    make_folder(fs, (destination / STATE_FOLDER).path)
