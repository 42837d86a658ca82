"""The client of a Connection inside a triggerer: one for all triggers of the process that use the same credentials."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient
from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_MAX_WAIT_SECONDS, Credentials
from airflow_provider_ringcentral.hooks.client import client_of
from airflow_provider_ringcentral.hooks.connection import mask_secret_async, read_credentials_async

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
    credentials = await read_credentials_async(ringcentral_conn_id)
    key = (asyncio.get_running_loop(), credentials)
    shared = _clients.get(key)
    if shared is None:
        shared = _clients[key] = _Shared(AsyncRingCentralClient(credentials, _maker(credentials), mask_secret_async))
    shared.users += 1
    try:
        yield shared.client
    finally:
        shared.users -= 1
        if not shared.users:
            del _clients[key]
            shared.client.close()


def _maker(credentials: Credentials) -> Callable[[Callable[[str], None]], RingCentralClient]:
    patience = DEFAULT_MAX_WAIT_SECONDS if credentials.max_wait is None else credentials.max_wait
    return lambda on_secret: client_of(credentials, max_wait=patience, on_secret=on_secret)
