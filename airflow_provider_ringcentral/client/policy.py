"""The tenacity wait, stop and retry rules, made once: the only place that decides how long and how often."""

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

PIECE_SECONDS = 5.0
TELL_SECONDS = 2.0
"""Waits at least this long are logged, once when they begin and then once a minute."""


class RetryLater(Exception):
    """An attempt that did not finish the request: the driver waits and attempts once more.

    `delay` is seconds until then (None: back off), `needed` the seconds the whole wait is expected to take, `failures`
    how many sent attempts of this request have failed, `error` what to raise when patience ends, `reason` why we wait.
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
    """How patient a client is.

    `attempts` sent requests of unknown or failed outcome before giving up; `backoff` seconds before the second,
    doubling up to `backoff_cap`, with full jitter; `max_wait` seconds of waiting for one request in total; `ends` (of
    `time.monotonic`) is when everything has to be over, if anything says so. Sources: guide pages basics/errors.md and
    basics/rate-limits.md (FACTS 4.3).
    """

    attempts: int = 5
    backoff: float = 2.0
    backoff_cap: float = 60.0
    max_wait: float = DEFAULT_MAX_WAIT_SECONDS
    ends: float | None = None

    def within(self, max_wait: float | None) -> Self:
        """As patient as this, but for at most `max_wait` seconds."""
        return self if max_wait is None else replace(self, max_wait=min(self.max_wait, max(0.0, max_wait)))

    def retrying(self, while_waiting: Callable[[], None] | None = None) -> tenacity.Retrying:
        """The driver for a task: sleeps in between, raises the last error when patience ends.

        `while_waiting` is called every few seconds of a long wait.
        """
        return tenacity.Retrying(sleep=partial(_sleep, while_waiting=while_waiting), **self._rules())

    def async_retrying(self) -> tenacity.AsyncRetrying:
        """The driver for a triggerer, by the same rules: its sleep leaves the event loop to others."""
        return tenacity.AsyncRetrying(**self._rules())

    def _rules(self) -> dict[str, Any]:
        return {
            "retry": tenacity.retry_if_exception_type(RetryLater),
            "wait": self._delay,
            "stop": self._exhausted,
            "before_sleep": _tell,
            "retry_error_callback": self._give_up,
        }

    def _delay(self, state: tenacity.RetryCallState) -> float:
        again = _again(state)
        if again.delay is not None:
            return again.delay
        return random.uniform(0.0, min(self.backoff_cap, self.backoff * 2.0 ** (again.failures - 1)))

    def _exhausted(self, state: tenacity.RetryCallState) -> bool:
        again = _again(state)
        wait = max(again.needed, state.upcoming_sleep)
        late = self.ends is not None and time.monotonic() + wait >= self.ends
        return late or again.failures >= self.attempts or state.idle_for + wait > self.max_wait

    def _give_up(self, state: tenacity.RetryCallState) -> NoReturn:
        again = _again(state)
        error = again.error or RateLimited(again.reason, retry_after=again.needed)
        if isinstance(error, RateLimited):
            said = f"{error.message.rstrip('.')}. Not waited for: {self._bound()}"
            raise type(error)(said, **error.fields())
        raise error

    def _bound(self) -> str:
        return (
            f"one request may wait for {self.max_wait:g} s in all (max_wait). To wait longer, raise max_wait on the "
            "Connection ('Longest wait (seconds)'); a task with retries tries again"
        )


def _sleep(seconds: float, while_waiting: Callable[[], None] | None) -> None:
    """Sleep, in pieces when somebody wants to hear of it."""
    left = seconds
    while while_waiting is not None and left > PIECE_SECONDS:
        time.sleep(PIECE_SECONDS)
        left -= PIECE_SECONDS
        while_waiting()
    time.sleep(left)
    if while_waiting is not None:
        while_waiting()


def _again(state: tenacity.RetryCallState) -> RetryLater:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, RetryLater):
        raise TypeError(f"a policy is asked only about Again, not {error!r}")
    return error


def _tell(state: tenacity.RetryCallState) -> None:
    again = _again(state)
    seconds = max(again.needed, state.upcoming_sleep)
    # tenacity has added the coming sleep to idle_for already.
    waited = state.idle_for - state.upcoming_sleep
    begins = waited < TELL_SECONDS <= max(seconds, state.idle_for)
    if begins or waited // 60 < state.idle_for // 60:
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        # Short waits in a row, as for another process's login, have no end that is known.
        when = f" until {until:%H:%M:%S} UTC" if seconds >= TELL_SECONDS else ""
        log.info("Waiting%s: %s.", when, again.reason)
