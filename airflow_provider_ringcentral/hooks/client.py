"""Credentials -> client, by Airflow's configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.client.errors import RingCentralError
from airflow_provider_ringcentral.hooks import settings
from airflow_provider_ringcentral.hooks.metrics import emit

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.auth.credentials import Credentials
    from airflow_provider_ringcentral.client.client import RingCentralClient


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
