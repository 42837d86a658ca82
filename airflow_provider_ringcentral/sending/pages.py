"""Where the notes of a task instance are written: Airflow's task state store, or the ledger."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from airflow_provider_ringcentral.client.ledger import Ledger


class Pages(Protocol):
    """JSON values by key, for one task instance."""

    def get(self, key: str) -> Any:
        """The value, None when there is none."""
        ...

    def set(self, key: str, value: Any) -> None:
        """Write or overwrite."""
        ...

    def swap(self, key: str, before: Any, after: Any) -> bool:
        """Write `after` if the value still is `before`; whether it was."""
        ...


class LedgerPages:
    """Pages in the ledger under the name `owner`; they live for 7 days."""

    def __init__(self, ledger: Ledger, owner: str) -> None:
        self._ledger = ledger
        self._owner = owner

    def get(self, key: str) -> Any:
        """The value, None when there is none."""
        return _value(self._ledger.read(self._key(key)))

    def set(self, key: str, value: Any) -> None:
        """Write or overwrite."""
        encoded = msgspec.json.encode(value)
        self._ledger.update(self._key(key), lambda _: (encoded, None))

    def swap(self, key: str, before: Any, after: Any) -> bool:
        """Write `after` if the value still is `before`, as one atomic step; whether it was."""
        encoded = msgspec.json.encode(after)

        def change(now: bytes | None) -> tuple[bytes | None, bool]:
            return (encoded, True) if _value(now) == before else (now, False)

        return self._ledger.update(self._key(key), change)

    def _key(self, key: str) -> str:
        return f"sent:{self._owner}:{key}"


class StorePages:
    """Airflow's task state store (3.3 and later).

    It has no compare-and-set. It belongs to the try that Airflow runs: one that Airflow has replaced can neither read
    nor write it, so between the look and the write nobody else comes.
    """

    def __init__(self, store: Any) -> None:
        self._store = store

    def get(self, key: str) -> Any:
        """The value, None when there is none."""
        return self._store.get(key)

    def set(self, key: str, value: Any) -> None:
        """Write or overwrite."""
        self._store.set(key, value)

    def swap(self, key: str, before: Any, after: Any) -> bool:
        """Write `after` if the value still is `before`; whether it was."""
        if self._store.get(key) != before:
            return False
        self._store.set(key, after)
        return True


def _value(encoded: bytes | None) -> Any:
    try:
        return None if encoded is None else msgspec.json.decode(encoded)
    except msgspec.DecodeError:
        return None
