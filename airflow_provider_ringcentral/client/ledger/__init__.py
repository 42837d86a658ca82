"""Shared memory of a credential: token, login turn, refusal, windows and penalties.

A ledger only keeps values and changes them atomically; what a change is, is decided by pure functions (`session.py`,
`pacing.py`). So every ledger obeys the same rules, and a new one is a few lines.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import quote, unquote_to_bytes, urlsplit

from airflow_provider_ringcentral.client.errors import ConfigurationError, Problem

T = TypeVar("T")
Change = Callable[[bytes | None], tuple[bytes | None, T]]
"""From the value of a key (None: no such key) to the value it shall have (None: delete it) and a result.

It may run more than once for one update and must have no effects of its own.
"""

OPTION = "[ringcentral] ledger_url"
FORMS = "sqlite:///absolute/path/to/file, redis://host:6379/0, rediss://host:6379/0 or memory://"

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

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin with `prefix`, sorted."""
        ...

    def now(self) -> float:
        """Epoch seconds, by the clock of all who share the ledger."""
        ...

    @property
    def shared(self) -> bool:
        """Whether other processes see what is kept here."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


def open_ledger(url: str) -> Ledger:
    """The ledger at `url`: `sqlite:///absolute/path`, `redis://…`, `rediss://…` (extra `redis`) or `memory://`.

    Files and connections are opened when first used; storage that fails then is replaced by the memory of this process,
    with one warning. Raises `ConfigurationError` naming the option for a URL that cannot work, without repeating its
    secrets.
    """
    from airflow_provider_ringcentral.client.ledger.fallback import FallbackLedger
    from airflow_provider_ringcentral.client.ledger.memory import MemoryLedger

    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise malformed("is not a URL") from None
    if parts.scheme == "memory":
        return MemoryLedger()
    if parts.scheme == "sqlite" and not parts.netloc and parts.path.startswith("/"):
        from airflow_provider_ringcentral.client.ledger.sqlite import SqliteLedger

        if parts.query or parts.fragment:
            raise malformed("has a ? or # in its path; write %3F and %23 for them")
        path = Path(os.fsdecode(unquote_to_bytes(parts.path)))
        return FallbackLedger(SqliteLedger(path), MemoryLedger())
    if parts.scheme in ("redis", "rediss") and parts.hostname:
        from airflow_provider_ringcentral.client.ledger.redis import RedisLedger

        return FallbackLedger(RedisLedger(url), MemoryLedger())
    raise malformed(f"has the form {parts.scheme}:…, which leads nowhere" if parts.scheme else "has no scheme")


def sqlite_url(path: Path) -> str:
    """The URL of the ledger in a file, whatever characters its absolute path has."""
    return f"sqlite://{quote(os.fsencode(path))}"


def malformed(what: str) -> ConfigurationError:
    """The error for a ledger URL of which `what` is wrong."""
    return ConfigurationError(problems=[Problem(OPTION, f"{what}; write {FORMS}")])
