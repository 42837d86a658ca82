"""The reading of a run of the change sync: pages are asked for and kept as parts until nothing newer exists."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_ringcentral.client.errors import RingCentralError, Unavailable
from airflow_provider_ringcentral.extract.call_log.reader import PageSource, Progress
from airflow_provider_ringcentral.extract.changes.page import ChangePage
from airflow_provider_ringcentral.extract.changes.query import SyncQuery, token_refused
from airflow_provider_ringcentral.extract.changes.run import SyncRun
from airflow_provider_ringcentral.extract.changes.watermark import Watermark
from airflow_provider_ringcentral.files.receipt import microseconds, utc_text

log = logging.getLogger(__name__)

REFUSALS = 3
"""Refused tokens of one run after which it gives up: a full sync whose tokens don't last never ends."""

_CURSOR = "sync"
"""What parts of a sync name as their cursor; what to ask next is in the bookmark."""


class ChangeReading:
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
