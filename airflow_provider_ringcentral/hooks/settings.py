"""The `[ringcentral]` section of Airflow's configuration, as values."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from airflow.providers.common.compat.sdk import conf

from airflow_provider_ringcentral.client.ledger.factory import open_ledger, sqlite_url
from airflow_provider_ringcentral.client.ledger.protocol import Ledger

SECTION = "ringcentral"


def ledger_url() -> str:
    """URL of the configured ledger; by default a SQLite file in AIRFLOW_HOME named after the operating system user.

    Per user, because only its owner can read the file: two users of one machine must not lock each other out.
    """
    configured = str(conf.get(SECTION, "ledger_url", fallback="")).strip()
    if configured:
        return configured
    home = Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser().absolute()
    return sqlite_url(home / f"ringcentral-ledger-{os.getuid()}.sqlite")


def without_secrets(url: str) -> str:
    """A ledger URL as it may be shown: the path of a file, or the URL without user name, password and query."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return unquote(parts.path)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


LOCAL_EXECUTORS = frozenset({"LocalExecutor", "SequentialExecutor", "DebugExecutor", "InProcessExecutor"})
"""Executors that run tasks on the scheduler's own machine."""


def ledger_is_sole() -> bool:
    """Whether all tasks of this Airflow use the same ledger: one in Redis, or any with a local executor.

    A SQLite file lies on one machine, but Celery, Kubernetes and other executors have workers on several.
    """
    executors = str(conf.get("core", "executor", fallback="")).split(",")
    local = all(name.strip().replace(":", ".").rpartition(".")[2] in LOCAL_EXECUTORS for name in executors)
    return local or ledger_is_everywhere()


def ledger_is_everywhere() -> bool:
    """Whether all machines use the same ledger: one in Redis."""
    return ledger_url().startswith(("redis://", "rediss://"))


def allowed_hosts() -> tuple[str, ...]:
    """Hosts besides RingCentral's own that may receive secrets, in lower case."""
    listed = conf.get(SECTION, "allowed_hosts", fallback="")
    return tuple(host.strip().lower() for host in listed.split(",") if host.strip())


def log_personal_data() -> bool:
    """Whether errors may show phone numbers and RingCentral's own messages in full."""
    return bool(conf.getboolean(SECTION, "log_personal_data", fallback=False))


@cache
def shared_ledger(url: str) -> Ledger:
    """Open the ledger at `url`, once a process: all hooks and triggers share it."""
    return open_ledger(url)
