"""Progress of a long extract, as lines in the task log."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.endpoints import HEAVY

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.extract.reading import Progress

EVERY_SECONDS = 20.0
"""Between two lines: with a page or a piece of waiting in between there is one at least every 30 s."""


class ProgressLog:
    """Writes a line at INFO when the last one is 20 s old: records, pages, share of the window, requests left.

    Also while `client` waits for its quota.
    """

    def __init__(self, log: Any, client: RingCentralClient) -> None:
        self._log = log
        self._client = client
        self._last: Progress | None = None
        self._next = time.monotonic() + EVERY_SECONDS
        client.while_waiting = self._tell

    def __call__(self, progress: Progress) -> None:
        """Called after each page."""
        self._last = progress
        self._tell()

    def _tell(self) -> None:
        progress = self._last
        if progress is None or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EVERY_SECONDS
        share = "" if progress.share is None else f", {progress.share:.0%} of the window"
        left = self._client.remaining(HEAVY)
        quota = "" if left is None else f", {left} requests left in this minute"
        self._log.info("%d records, %d pages%s%s", progress.records, progress.pages, share, quota)
