"""Report what a task does: its start, progress and end in the log, its receipt in XCom and asset events."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.usage import Usage
    from airflow_provider_ringcentral.extract.call_log.extract import Progress
    from airflow_provider_ringcentral.extract.recordings.manifest import ArchiveProgress
    from airflow_provider_ringcentral.files.receipt import Receipt

log = logging.getLogger(__name__)


class Values(Protocol):
    """Something with JSON values, such as a receipt."""

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values that are small enough for XCom."""


def announce(
    receipt: Values, context: Mapping[str, Any], outlets: Iterable[Any], extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the receipt as JSON values, and set them and `extra` as the extra of each outlet's asset event.

    Airflow stores the event only when the task succeeds.
    """
    values = receipt.as_dict()
    events = context.get("outlet_events")
    if events is not None:
        for outlet in outlets:
            events[outlet].extra = {**values, **(extra or {})}
    return values


def log_start(what: str, *details: Any) -> None:
    """Log what the task is about to do: what, which window, where to."""
    log.info(what, *details)


def log_answer(size: int, usage: Usage) -> None:
    """Log the end of a task whose answer of `size` bytes goes to XCom."""
    log.info("Done: %d bytes, to XCom; %d requests, %.1f s waited.", size, usage.requests, usage.waited)


def log_done(receipt: Receipt) -> None:
    """Log the end of a task: its file, requests and seconds waited."""
    where = f"in {receipt.destination}" if receipt.destination else "no file written"
    records = "" if receipt.records is None else f"{receipt.records} records, "
    log.info(
        "Done: %s%d bytes, %s; %d requests, %.1f s waited.",
        *(records, receipt.bytes, where, receipt.requests, receipt.seconds_waited),
    )


LOG_INTERVAL_SECONDS = 20.0
"""Least time between two progress lines. A page or a wait of up to 10 s comes in between: a line every 30 s."""


class ProgressLog:
    """Log the progress of an extract every 20 s: records, pages, share of the window, requests left.

    It also logs while `client` waits for a slot of the rate limiter.
    """

    def __init__(self, log: Any, client: RingCentralClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._client = client
        self._clock = clock
        self._last: Progress | None = None
        self._next = clock() + LOG_INTERVAL_SECONDS
        client.while_waiting = self._log_if_due

    def __call__(self, progress: Progress) -> None:
        """Take the progress after a page."""
        self._last = progress
        self._log_if_due()

    def _log_if_due(self) -> None:
        progress = self._last
        now = self._clock()
        if progress is None or now < self._next:
            return
        self._next = now + LOG_INTERVAL_SECONDS
        share = "" if progress.share is None else f", {progress.share:.0%} of the window"
        from airflow_provider_ringcentral.client.endpoints import HEAVY

        left = self._client.remaining(HEAVY)
        quota = "" if left is None else f", {left} requests left in this minute"
        self._log.info("%d records, %d pages%s%s", progress.records, progress.pages, share, quota)


MIN_MEASURED_SECONDS = 60.0
"""Until then the estimate uses the rate limit: the first window of requests passes at once, which misleads."""


class ArchiveLog:
    """Log the progress of a download every 20 s: recordings, outcomes, bytes, estimated time left.

    It also logs while `client` waits for a slot of the rate limiter.
    """

    def __init__(self, log: Any, client: RingCentralClient) -> None:
        self._log = log
        self._client = client
        self._last: ArchiveProgress | None = None
        self._began = time.monotonic()
        self._next = self._began + LOG_INTERVAL_SECONDS

    def __call__(self, progress: ArchiveProgress) -> None:
        """Take the progress after a recording."""
        if self._last is None:
            self._client.while_waiting = self._log_if_due
        self._last = progress
        self._log_if_due()

    def _log_if_due(self) -> None:
        progress, now = self._last, time.monotonic()
        if progress is None or now < self._next:
            return
        self._next = now + LOG_INTERVAL_SECONDS
        outcomes = ", ".join(f"{count} {status}" for status, count in sorted(progress.counts.items()))
        seconds = estimated_seconds(progress, now - self._began, slowest_limit(self._client.usage.limits))
        megabytes = progress.bytes / 1e6
        self._log.info(
            "%d of %d recordings (%s), %.1f MB downloaded, about %s left",
            *(progress.done, progress.total, outcomes, megabytes, timedelta(seconds=round(seconds))),
        )


def estimated_seconds(progress: ArchiveProgress, elapsed: float, limit: tuple[int, float]) -> float:
    """Estimate the seconds left: by the measured pace, before that by the rate limit (requests, seconds)."""
    left = max(0, progress.total - progress.done)
    if progress.fetched and elapsed >= MIN_MEASURED_SECONDS:
        return left * elapsed / progress.fetched
    return left * limit[1] / limit[0]


def slowest_limit(limits: Mapping[str, tuple[int, float]]) -> tuple[int, float]:
    """Return the slowest (requests, seconds) of the limits in the answers, that of the call log or of the media."""
    from airflow_provider_ringcentral.client.endpoints import HEAVY
    from airflow_provider_ringcentral.client.rate_limit.windows import DEFAULT_LIMITS, WINDOW_SECONDS

    slowest = min(limits.values(), key=lambda limit: limit[0] / limit[1], default=None)
    return slowest or (DEFAULT_LIMITS[HEAVY], WINDOW_SECONDS)
