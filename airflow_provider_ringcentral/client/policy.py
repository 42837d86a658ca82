"""How long to wait and how often to retry: the only place that decides it, as rules for tenacity."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NoReturn, Self

import tenacity

from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_MAX_WAIT_SECONDS
from airflow_provider_ringcentral.client.errors import RateLimited, RingCentralError

log = logging.getLogger(__name__)

SLEEP_SLICE_SECONDS = 5.0
LOGGED_WAIT_SECONDS = 2.0
"""Waits of at least this length are logged, at their start and then once a minute."""


class RetryLater(Exception):
    """An attempt did not finish the request; the driver waits and tries again.

    `delay` is seconds until then (None: back off), `needed` the seconds that the whole wait is expected to take,
    `failures` how many sent attempts of this request have failed, `error` what to raise when the client gives up, and
    `reason` why it waits.
    """

    def __init__(
        self,
        reason: str,
        *,
        delay: float | None = 0.0,
        needed: float = 0.0,
        failures: int = 0,
        error: RingCentralError | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.delay = delay
        self.needed = max(needed, delay or 0.0)
        self.failures = failures
        self.error = error


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a client waits and how often it retries.

    `attempts` is how many failed attempts of a request end it. `backoff` is the seconds before the second attempt,
    doubled up to `backoff_cap`, with full jitter. `max_wait` limits the seconds of waiting for one request in total.
    `deadline` (of `time.monotonic`) is when everything must be over, if there is a limit. Sources: guide pages "API
    error handling" (basics/errors) and "Rate limits" (basics/rate-limits).
    """

    attempts: int = 5
    backoff: float = 2.0
    backoff_cap: float = 60.0
    max_wait: float = DEFAULT_MAX_WAIT_SECONDS
    deadline: float | None = None

    def within(self, max_wait: float | None) -> Self:
        """Return this policy with waits of at most `max_wait` seconds."""
        return self if max_wait is None else replace(self, max_wait=min(self.max_wait, max(0.0, max_wait)))

    def retrying(self, while_waiting: Callable[[], None] | None = None) -> tenacity.Retrying:
        """Return the driver for a task: it sleeps between attempts and raises the last error when it gives up.

        `while_waiting` is called every few seconds of a long wait.
        """
        return tenacity.Retrying(sleep=partial(_sleep, while_waiting=while_waiting), **self._rules())

    def async_retrying(self) -> tenacity.AsyncRetrying:
        """Return the driver for a triggerer, with the same rules. Its sleep does not block the event loop."""
        return tenacity.AsyncRetrying(**self._rules())

    def _rules(self) -> dict[str, Any]:
        return {
            "retry": tenacity.retry_if_exception_type(RetryLater),
            "wait": self._delay,
            "stop": self._is_exhausted,
            "before_sleep": _log_wait,
            "retry_error_callback": self._give_up,
        }

    def _delay(self, state: tenacity.RetryCallState) -> float:
        later = _retry_later(state)
        if later.delay is not None:
            return later.delay
        return random.uniform(0.0, min(self.backoff_cap, self.backoff * 2.0 ** (later.failures - 1)))

    def _is_exhausted(self, state: tenacity.RetryCallState) -> bool:
        later = _retry_later(state)
        wait = max(later.needed, state.upcoming_sleep)
        late = self.deadline is not None and time.monotonic() + wait >= self.deadline
        return late or later.failures >= self.attempts or state.idle_for + wait > self.max_wait

    def _give_up(self, state: tenacity.RetryCallState) -> NoReturn:
        later = _retry_later(state)
        error = later.error or RateLimited(later.reason, retry_after=later.needed)
        if isinstance(error, RateLimited):
            message = (
                f"{error.message.rstrip('.')}. Not waited for: one request may wait for {self.max_wait:g} s in all "
                "(max_wait). To wait longer, raise max_wait on the Connection ('Longest wait (seconds)'); a task with "
                "retries tries again"
            )
            raise type(error)(message, **error.fields())
        raise error


def _sleep(seconds: float, while_waiting: Callable[[], None] | None) -> None:
    """Sleep, in slices if `while_waiting` is to be called."""
    left = seconds
    while while_waiting is not None and left > SLEEP_SLICE_SECONDS:
        time.sleep(SLEEP_SLICE_SECONDS)
        left -= SLEEP_SLICE_SECONDS
        while_waiting()
    time.sleep(left)
    if while_waiting is not None:
        while_waiting()


def _retry_later(state: tenacity.RetryCallState) -> RetryLater:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, RetryLater):
        raise TypeError(f"a policy handles RetryLater only, not {error!r}")
    return error


def _log_wait(state: tenacity.RetryCallState) -> None:
    later = _retry_later(state)
    seconds = max(later.needed, state.upcoming_sleep)
    # tenacity has already added the coming sleep to idle_for.
    waited = state.idle_for - state.upcoming_sleep
    starts = waited < LOGGED_WAIT_SECONDS <= max(seconds, state.idle_for)
    if starts or waited // 60 < state.idle_for // 60:
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        # The end of many short waits, as for another process's login, is unknown.
        when = f" until {until:%H:%M:%S} UTC" if seconds >= LOGGED_WAIT_SECONDS else ""
        log.info("Waiting%s: %s.", when, later.reason)
