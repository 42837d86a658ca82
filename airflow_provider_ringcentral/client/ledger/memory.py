"""A ledger in the memory of one process, and the fallback to it while a shared ledger is unavailable."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from airflow_provider_ringcentral.client.ledger.fork_lock import ForkLock
from airflow_provider_ringcentral.client.ledger.protocol import Change, Ledger, LedgerUnavailable

T = TypeVar("T")
log = logging.getLogger(__name__)

RETRY_SECONDS = 30.0
"""How long a shared ledger that failed is left alone before it is tried again."""


class MemoryLedger:
    """Values in a dictionary, guarded by a lock."""

    shared = False

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}
        self._lock = ForkLock()

    def read(self, key: str) -> bytes | None:
        """Return the value of `key`."""
        return self._values.get(key)

    def update(self, key: str, change: Change[T]) -> T:
        """Apply `change` atomically and return its result."""
        with self._lock:
            value, result = change(self._values.get(key))
            if value is None:
                self._values.pop(key, None)
            else:
                self._values[key] = value
            return result

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that start with `prefix`, sorted."""
        with self._lock:
            return sorted(key for key in self._values if key.startswith(prefix))

    def now(self) -> float:
        """Return this machine's time in epoch seconds."""
        return time.time()

    def close(self) -> None:
        """Delete all values."""
        with self._lock:
            self._values.clear()


class FallbackLedger:
    """Uses `shared_ledger`, and `own` while that is unavailable.

    Logs one warning for each outage and tries the shared ledger again every 30 s.
    """

    def __init__(self, shared_ledger: Ledger, own: Ledger, clock: Callable[[], float] = time.monotonic) -> None:
        self._shared_ledger = shared_ledger
        self._own = own
        self._clock = clock
        self._retry_at = 0.0

    def read(self, key: str) -> bytes | None:
        """Return the value of `key`."""
        return self._use(lambda ledger: ledger.read(key))

    def update(self, key: str, change: Change[T]) -> T:
        """Apply `change` atomically and return its result."""
        return self._use(lambda ledger: ledger.update(key, change))

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that start with `prefix`, sorted."""
        return self._use(lambda ledger: ledger.keys(prefix))

    def now(self) -> float:
        """Return the time in epoch seconds, by the clock of the ledger in use."""
        return self._use(lambda ledger: ledger.now())

    @property
    def shared(self) -> bool:
        """Whether the shared ledger is in use."""
        return not self._retry_at

    def close(self) -> None:
        """Close both ledgers."""
        self._shared_ledger.close()
        self._own.close()

    def _use(self, action: Callable[[Ledger], T]) -> T:
        if self._clock() >= self._retry_at:
            try:
                result = action(self._shared_ledger)
            except LedgerUnavailable as error:
                if not self._retry_at:
                    log.warning(
                        "This process cannot share its RingCentral token and quota with other processes: %s. "
                        "It continues alone. Many processes that do so log in too often and run into penalties.",
                        error,
                    )
                self._retry_at = self._clock() + RETRY_SECONDS
            else:
                if self._retry_at:
                    log.info("RingCentral's token and quota are shared with other processes again.")
                    self._retry_at = 0.0
                return result
        return action(self._own)
