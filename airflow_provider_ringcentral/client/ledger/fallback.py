"""A shared ledger that may fail, and the memory of this process for the time it does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from airflow_provider_ringcentral.client.ledger import Change, Ledger, LedgerUnavailable

T = TypeVar("T")
log = logging.getLogger(__name__)

TRY_AGAIN_SECONDS = 30.0


class FallbackLedger:
    """Uses `first`; while that is unavailable, `own`. Warns once each time it goes away, looks again every 30 s."""

    def __init__(self, first: Ledger, own: Ledger, clock: Callable[[], float] = time.monotonic) -> None:
        self._first = first
        self._own = own
        self._clock = clock
        self._away_until = 0.0

    def read(self, key: str) -> bytes | None:
        """The value of `key`."""
        return self._use(lambda ledger: ledger.read(key))

    def update(self, key: str, change: Change[T]) -> T:
        """Apply `change` atomically."""
        return self._use(lambda ledger: ledger.update(key, change))

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin with `prefix`, sorted."""
        return self._use(lambda ledger: ledger.keys(prefix))

    def now(self) -> float:
        """Epoch seconds by the clock of the ledger in use."""
        return self._use(lambda ledger: ledger.now())

    @property
    def shared(self) -> bool:
        """Whether the shared ledger is in use."""
        return not self._away_until

    def close(self) -> None:
        """Close both ledgers."""
        self._first.close()
        self._own.close()

    def _use(self, step: Callable[[Ledger], T]) -> T:
        if self._clock() >= self._away_until:
            try:
                result = step(self._first)
            except LedgerUnavailable as error:
                if not self._away_until:
                    log.warning(
                        "RingCentral token and quota cannot be shared with other processes: %s. This process goes on "
                        "alone; many processes doing so will log in too often and meet RingCentral's penalties.",
                        error,
                    )
                self._away_until = self._clock() + TRY_AGAIN_SECONDS
            else:
                if self._away_until:
                    log.info("RingCentral token and quota are shared with other processes again.")
                    self._away_until = 0.0
                return result
        return step(self._own)
