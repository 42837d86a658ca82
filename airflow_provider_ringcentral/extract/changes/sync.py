"""Calls that changed since the last run into one file: complete or not at all, without a gap to the file before.

One page of a change sync, read without rebuilding its records.

The reading of a run of the change sync: pages are asked for and kept as parts until nothing newer exists.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_ringcentral.arguments import parse_choice
from airflow_provider_ringcentral.client.answer import UNREADABLE
from airflow_provider_ringcentral.client.errors import RingCentralError, Unavailable
from airflow_provider_ringcentral.client.errors.arguments import DestinationError, EmptyWindow
from airflow_provider_ringcentral.client.usage import UsageDelta
from airflow_provider_ringcentral.extract.call_log.extract import PageSource, Progress
from airflow_provider_ringcentral.extract.call_log.page import as_lines, start_moment, without_layout
from airflow_provider_ringcentral.extract.changes.query import SyncQuery, token_refused
from airflow_provider_ringcentral.extract.changes.run import STATE, SyncReceipt, SyncRun
from airflow_provider_ringcentral.extract.changes.watermark import Watermark
from airflow_provider_ringcentral.extract.publish import IF_EMPTY
from airflow_provider_ringcentral.files.atomic import check_destination, filesystem, make_folder
from airflow_provider_ringcentral.files.destination_errors import reaching
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


# gc=False: a thousand of these a page would wake the garbage collector, and strings form no cycles.
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

    `lines` are its records as NDJSON, `deleted` counts those that are, `times` are the start times of all others;
    `token` and `time` (aware) say what to go on from, `more` whether newer records exist.

    Raises `Unavailable` when the answer is no such page, or one of its records has no id, or is not deleted and has no
    start time.
    """

    def __init__(self, body: bytes) -> None:
        try:
            body = without_layout(body)
            answer, changes = _answer.decode(body), _changes.decode(body).records
        except UNREADABLE as error:
            raise Unavailable(f"RingCentral's answer is no page of a call log's changes: {error}") from error
        self.token = answer.sync_info.sync_token
        self.more = bool(answer.sync_info.newer_records_exist)
        self.time = start_moment(answer.sync_info.sync_time, "RingCentral's answer has a syncTime")
        self.lines = as_lines(answer.records)
        self.deleted = sum(bool(change.deleted) for change in changes)
        self.times: list[datetime] = []
        for change in changes:
            if change.deleted:
                continue
            if change.start_time is None:
                raise Unavailable("A record among the changes of RingCentral's call log has no startTime.")
            self.times.append(start_moment(change.start_time))

    def __len__(self) -> int:
        return len(self.times) + self.deleted


log = logging.getLogger(__name__)

REFUSALS = 3
"""Refused tokens of one run after which it gives up: a full sync whose tokens don't last never ends."""

_CURSOR = "sync"
"""What parts of a sync name as their cursor; what to ask next is in the bookmark."""


class ChangeReader:
    """Reads what changed since `begin` into the parts of `run`, going on after its mark, which is kept page by page.

    `fetched` counts pages asked for by this reading.
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
        """Ask for what is missing. Raises what the client raises, and `Unavailable`."""
        mark, parts = self._run.mark, self._run.parts
        if len(parts):
            log.info("Going on after %d pages with %d calls of an earlier try.", len(parts), mark.records)
        while not mark.ended:
            self._keep(self._next_page())
            if self._progress:
                self._progress(Progress(mark.records, len(parts), None))

    def _next_page(self) -> ChangePage:
        token = self._run.mark.token
        if token is not None:
            try:
                page = self._ask(self._query.changes(token))
            except RingCentralError as error:
                if not token_refused(error) or self._run.mark.refusals >= REFUSALS:
                    raise
                self._start_over(error)
            else:
                if page.more and page.token == token:
                    raise Unavailable("RingCentral says that newer changes exist, but not how to go on to them.")
                return page
        return self._ask(self._query.everything(self._since))

    @property
    def _since(self) -> datetime:
        return self._begin.time - (self._query.overlap if self._run.mark.refusals else timedelta())

    def _ask(self, params: Mapping[str, Any]) -> ChangePage:
        self.fetched += 1
        return ChangePage(self._client.raw_page(self._query.path, params))

    def _start_over(self, error: RingCentralError) -> None:
        # What is in parts stays: a full sync doesn't tell deletions, and those that were told would be lost.
        mark = self._run.mark
        mark.token, mark.refusals = None, mark.refusals + 1
        said = f"HTTP {error.status} {error.code or 'without a code'}"
        mark.full_sync_reason = f"RingCentral refused the sync token: {said}"
        log.warning("%s. Full sync of everything changed since %s.", mark.full_sync_reason, utc_text(self._since))
        self._run.save()

    def _keep(self, page: ChangePage) -> None:
        mark = self._run.mark
        starts = [microseconds(moment) for moment in page.times]
        oldest, newest = (min(starts), max(starts)) if starts else (0, 0)
        mark.part = self._run.parts.append(page.lines, records=len(page), oldest=oldest, newest=newest, cursor=_CURSOR)
        new = sum(moment >= self._begin.time for moment in page.times)
        mark.new += new
        mark.changed += len(starts) - new
        mark.deleted += page.deleted
        mark.bytes += len(page.lines)
        if starts:
            mark.oldest = oldest if mark.oldest is None else min(oldest, mark.oldest)
            mark.newest = newest if mark.newest is None else max(newest, mark.newest)
        mark.token, mark.time, mark.ended = page.token, utc_text(page.time), not page.more
        self._run.save()


@dataclass(frozen=True, slots=True)
class Synced:
    """The receipt of a run, and the watermark that its file reaches; None when there is no file."""

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
) -> Synced:
    """Write the calls that changed since `begin` to a new file in the folder `destination` and say what is in it.

    Operation: extractSyncAccountCallLog. A `begin` without a cursor means a full sync, and so does one whose token
    RingCentral refuses, from `overlap` before it. The order is RingCentral's, by time of change, oldest first; a call
    that changed twice may be there twice, and the later line is the later version. `"deleted": true` marks calls that
    were deleted; a full sync doesn't tell those.

    The file is named `calls-BEGIN-END.SUFFIX` by the times of the watermarks and appears when it is complete. Until
    then pages lie in `.sync/` in the folder; a run that was killed or raised goes on there, asking again for one page
    at most, when it is started with an equal query and watermark within 12 hours. One that had published its file and
    was not heard of reads anew, into a second file when more has changed since. Two runs at once may both write a
    file, or one of them raises `Unavailable`.

    For a run without changes `if_empty` says: "write" a file without rows, "skip" (there is no file and no watermark),
    or "fail" with `EmptyWindow`.

    Raises `BadArgument` and `DestinationError` before the first request, `Unavailable` for an answer that is no page
    of changes, and what the client raises.
    """
    parse_choice("if_empty", if_empty, IF_EMPTY)
    chosen = format_of("", file_format)
    _check_folder(destination)
    run = SyncRun(query, begin, destination, chosen)
    spent = UsageDelta(client)
    reading = ChangeReader(client, query, begin, run, progress)
    reading.read()
    requests, waited = spent.requests(reading.fetched), spent.seconds_waited()
    if run.mark.records or if_empty == "write":
        return Synced(run.publish(requests, waited), run.reached)
    receipt = run.leave_nothing(requests, waited)
    if if_empty == "fail":
        raise EmptyWindow(f"No call changed since {utc_text(begin.time)}, and if_empty is 'fail'.")
    return Synced(receipt, None)


def _check_folder(destination: UPath) -> None:
    """Find out before the first request that files can be written into the folder, which is made."""
    suffixes = tuple(suffix for known in FORMATS.values() for suffix in known.suffixes)
    fs = filesystem(destination)
    with reaching(destination):
        is_file = destination.path.lower().endswith(suffixes) or fs.isfile(destination.path)
    if is_file:
        raise DestinationError(f"The destination {destination} is a file; name the folder that a file a run goes into.")
    check_destination(destination / "calls")
    make_folder(fs, (destination / STATE).path)
