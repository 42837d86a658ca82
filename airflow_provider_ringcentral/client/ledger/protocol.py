"""What a ledger must offer, and the errors it raises.

A ledger stores values by key and changes them atomically. It does not know what the values mean: pure functions decide
how a value changes (`auth.token_cache`, `rate_limit.windows`), so every ledger follows the same rules and a new one
takes few lines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from airflow_provider_ringcentral.client.errors import ConfigurationError, FieldProblem

T = TypeVar("T")
Change = Callable[[bytes | None], tuple[bytes | None, T]]
"""Maps the value of a key (None: the key does not exist) to its new value (None: delete the key) and a result.

A ledger may call it several times for one update, so it must not have side effects.
"""

OPTION = "[ringcentral] ledger_url"
FORMS = "sqlite:///absolute/path/to/file, redis://host:6379/0, rediss://host:6379/0 or memory://"

KEEP_SECONDS = 7 * 24 * 3600.0
"""A ledger may drop keys that have not changed for this long."""


class LedgerUnavailable(Exception):
    """The ledger's storage failed. The change was not made, or it is unknown whether it was."""


class Ledger(Protocol):
    """Values by key, changed atomically for everybody who shares the ledger. Thread-safe."""

    def read(self, key: str) -> bytes | None:
        """Return the value of `key` without waiting for changes that are under way."""
        ...

    def update(self, key: str, change: Change[T]) -> T:
        """Apply `change` to the value of `key` in one atomic step and return its result."""
        ...

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that start with `prefix`, sorted."""
        ...

    def now(self) -> float:
        """Return the time in epoch seconds, by a clock that all users of the ledger share."""
        ...

    @property
    def shared(self) -> bool:
        """Whether other processes see what is stored here."""
        ...

    def close(self) -> None:
        """Close files and connections."""
        ...


def invalid_ledger_url(what: str) -> ConfigurationError:
    """Return the error for a ledger URL, where `what` completes the sentence "ledger_url …"."""
    return ConfigurationError(problems=[FieldProblem(OPTION, f"{what}; use {FORMS}")])
