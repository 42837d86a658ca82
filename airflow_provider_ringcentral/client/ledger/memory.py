"""The ledger of one process."""

from __future__ import annotations

import time
from typing import TypeVar

from airflow_provider_ringcentral.client.ledger import Change
from airflow_provider_ringcentral.client.ledger.fork_lock import ForkLock

T = TypeVar("T")


class MemoryLedger:
    """Values in a dictionary, behind a lock."""

    shared = False

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}
        self._lock = ForkLock()

    def read(self, key: str) -> bytes | None:
        """The value of `key`."""
        return self._values.get(key)

    def update(self, key: str, change: Change[T]) -> T:
        """Apply `change` atomically."""
        with self._lock:
            value, result = change(self._values.get(key))
            if value is None:
                self._values.pop(key, None)
            else:
                self._values[key] = value
            return result

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin with `prefix`, sorted."""
        with self._lock:
            return sorted(key for key in self._values if key.startswith(prefix))

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
