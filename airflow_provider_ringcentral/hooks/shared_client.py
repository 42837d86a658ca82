"""The client of a Connection inside a triggerer: one for all triggers of the process that use the same credentials."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow.providers.common.compat.connection import get_async_connection

from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient
from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_MAX_WAIT_SECONDS, Credentials
from airflow_provider_ringcentral.hooks import settings
from airflow_provider_ringcentral.hooks.client import client_of
from airflow_provider_ringcentral.hooks.connection import credentials_of, secrets_of
from airflow_provider_ringcentral.hooks.connection_not_found import explaining

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient


@dataclass(slots=True)
class _Shared:
    client: AsyncRingCentralClient
    users: int = 0


_clients: dict[tuple[asyncio.AbstractEventLoop, Credentials], _Shared] = {}
"""By credentials and not by the Connection's id: two teams of one triggerer may use one id for different accounts."""


@asynccontextmanager
async def shared_client(ringcentral_conn_id: str) -> AsyncIterator[AsyncRingCentralClient]:
    """The client that all coroutines share which use these credentials now; the last one closes it.

    The Connection is read anew each time, so a changed secret reaches the next trigger. Its errors are those of
    `client/errors.py`, plain: Airflow meets them in the worker.
    """
    credentials = await read_credentials(ringcentral_conn_id)
    key = (asyncio.get_running_loop(), credentials)
    shared = _clients.get(key)
    if shared is None:
        shared = _clients[key] = _Shared(AsyncRingCentralClient(credentials, _maker(credentials), mask_on_the_loop))
    shared.users += 1
    try:
        yield shared.client
    finally:
        shared.users -= 1
        if not shared.users:
            del _clients[key]
            shared.client.close()


async def read_credentials(ringcentral_conn_id: str) -> Credentials:
    """The checked credentials of a Connection, its secrets masked in logs. Raises `ConfigurationError`."""
    with explaining(ringcentral_conn_id):
        connection = await get_async_connection(ringcentral_conn_id)
    for secret in secrets_of(connection):
        await mask_on_the_loop(secret)
    return credentials_of(connection, settings.allowed_hosts())


async def mask_on_the_loop(secret: str) -> None:
    """`mask_secret` for coroutines: the plain one would wait on the loop for an answer that only the loop can read."""
    try:
        from airflow.sdk.log import amask_secret
    except ImportError:
        from airflow.providers.common.compat.sdk import mask_secret
        from asgiref.sync import sync_to_async

        # Not `asyncio.to_thread`: what such a thread asks the supervisor mixes with what the loop asks (seen on 3.1.8).
        await sync_to_async(mask_secret)(secret)
    else:
        await amask_secret(secret)


def _maker(credentials: Credentials) -> Callable[[Callable[[str], None]], RingCentralClient]:
    patience = DEFAULT_MAX_WAIT_SECONDS if credentials.max_wait is None else credentials.max_wait
    return lambda on_secret: client_of(credentials, max_wait=patience, on_secret=on_secret)
