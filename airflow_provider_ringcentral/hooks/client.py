"""Credentials -> client, by Airflow's configuration.

What the client does, as Airflow stats.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import Stats

from airflow_provider_ringcentral.client.errors import RingCentralError
from airflow_provider_ringcentral.hooks import settings

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.auth.credentials import Credentials
    from airflow_provider_ringcentral.client.client import RingCentralClient


def emit(what: str, amount: float, group: str) -> None:
    """`ringcentral.requests`, `.logins` and `.throttled` as counters, `.wait_seconds` as a timing, tagged by group.

    Goes wherever Airflow's own stats go, and nowhere when they are off.
    """
    name, tags = f"ringcentral.{what}", {"group": group}
    if what == "wait_seconds":
        # A bare number would be taken for milliseconds.
        Stats.timing(name, timedelta(seconds=amount), tags=tags)
    else:
        Stats.incr(name, int(amount), tags=tags)


def client_of(
    credentials: Credentials,
    *,
    max_wait: float,
    on_secret: Callable[[str], None],
    raise_as: Callable[[RingCentralError], RingCentralError] | None = None,
    ends: float | None = None,
) -> RingCentralClient:
    """A client on the configured ledger, whose requests wait for at most `max_wait` seconds each.

    `ends` (of `time.monotonic`) is when the last request has to be over. Imports requests, and may run the command or
    ask the secrets backend that `[ringcentral] ledger_url` comes from.
    """
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.policy import Policy

    return RingCentralClient(
        credentials,
        settings.shared_ledger(settings.ledger_url()),
        policy=Policy(max_wait=max_wait, ends=ends),
        on_secret=on_secret,
        raise_as=raise_as,
        observe=emit,
        show_personal_data=settings.log_personal_data(),
    )
