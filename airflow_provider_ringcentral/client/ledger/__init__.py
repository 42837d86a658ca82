"""Shared memory of a credential: token, login turn, refusal, windows and penalties.

A ledger only keeps values and changes them atomically; what a change is, is decided by pure functions (`session.py`,
`pacing.py`). So every ledger obeys the same rules, and a new one is a few lines.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from airflow_provider_ringcentral.client.errors import ConfigurationError, Problem

T = TypeVar("T")
Change = Callable[[bytes | None], tuple[bytes | None, T]]
"""From the value a key has (None: no such key) to the value it shall have (None: delete it) and a result for the
caller.

It may run more than once for one update and must have no effects of its own.
"""

KEEP_SECONDS = 7 * 24 * 3600.0
"""Keys that nobody changed for this long may be dropped."""


class LedgerUnavailable(Exception):
    """The ledger's storage failed; nothing was changed, or nobody can tell."""


class Ledger(Protocol):
    """Values by key, changed atomically for everybody who shares the ledger. Safe for threads."""

    def read(self, key: str) -> bytes | None:
        """The value of `key`, without waiting for anybody's change."""
        ...

    def update(self, key: str, change: Change[T]) -> T:
        """Apply `change` to the value of `key` as one atomic step and return its result."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def open_ledger(url: str) -> Ledger:
    """The ledger at `url`: `sqlite:///absolute/path` or `memory://`.

    The file is opened when first used; storage that fails then is replaced by the memory of this process, with one
    warning. Raises `ConfigurationError` naming the option for a URL that cannot work, without repeating its secrets.
    """
    from airflow_provider_ringcentral.client.ledger.fallback import FallbackLedger
    from airflow_provider_ringcentral.client.ledger.memory import MemoryLedger

    parts = urlsplit(url)
    if parts.scheme == "memory":
        return MemoryLedger()
    if parts.scheme == "sqlite" and not parts.netloc and parts.path.startswith("/"):
        from airflow_provider_ringcentral.client.ledger.sqlite import SqliteLedger

        return FallbackLedger(SqliteLedger(Path(unquote(parts.path))), MemoryLedger())
    raise ConfigurationError(
        problems=[
            Problem(
                "[ringcentral] ledger_url",
                f"has the unknown form {parts.scheme or 'without a scheme'!r}; write sqlite:///absolute/path/to/file or memory://",
            )
        ]
    )
