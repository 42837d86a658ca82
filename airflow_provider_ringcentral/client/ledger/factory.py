"""Open the ledger that a URL names."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes, urlsplit

from airflow_provider_ringcentral.client.ledger.memory import FallbackLedger, MemoryLedger
from airflow_provider_ringcentral.client.ledger.protocol import Ledger, invalid_ledger_url


def open_ledger(url: str) -> Ledger:
    """Return the ledger at `url`: `sqlite:///absolute/path`, `redis://…`, `rediss://…` (extra `redis`) or `memory://`.

    Files and connections are opened on first use. If the storage fails then, this process uses its own memory instead
    and logs one warning. Raises `ConfigurationError` for an invalid URL; the error names the option and does not repeat
    secrets from the URL.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise invalid_ledger_url("is not a URL") from None
    if parts.scheme == "memory":
        return MemoryLedger()
    if parts.scheme == "sqlite" and not parts.netloc and parts.path.startswith("/"):
        from airflow_provider_ringcentral.client.ledger.sqlite import SqliteLedger

        if parts.query or parts.fragment:
            raise invalid_ledger_url("has a ? or # in its path; write %3F and %23 for them")
        return FallbackLedger(SqliteLedger(Path(os.fsdecode(unquote_to_bytes(parts.path)))), MemoryLedger())
    if parts.scheme in ("redis", "rediss") and parts.hostname:
        from airflow_provider_ringcentral.client.ledger.redis import RedisLedger

        return FallbackLedger(RedisLedger(url), MemoryLedger())
    raise invalid_ledger_url(f"has an unsupported form ({parts.scheme}:…)" if parts.scheme else "has no scheme")


def sqlite_url(path: Path) -> str:
    """Return the ledger URL of a SQLite file, with the special characters of its absolute path encoded."""
    return f"sqlite://{quote(os.fsencode(path))}"
