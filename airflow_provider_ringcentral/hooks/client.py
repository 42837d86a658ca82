"""Credentials -> client, by Airflow's configuration.

What the client does, as Airflow stats.

The client of a Connection inside a triggerer: one for all triggers of the process that use the same credentials.

Clients for callbacks, to which Airflow gives little time.

A worker ends a process 20 s after its task has ended (`[core] task_success_overtime`), callbacks included, and the DAG
processor one that works on a file for 50 s. So requests neither wait long for their place in the quota nor for answers,
and all of them together end at one instant.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from airflow.providers.common.compat.sdk import Stats, mask_secret

from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient
from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_MAX_WAIT_SECONDS, Credentials
from airflow_provider_ringcentral.client.errors import OutcomeUnknown, RingCentralError
from airflow_provider_ringcentral.hooks import settings
from airflow_provider_ringcentral.hooks.connection import mask_secret_async, read_credentials, read_credentials_async
from airflow_provider_ringcentral.hooks.webhook import (
    open_webhook_client,
    read_webhook_address,
    read_webhook_address_async,
)

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.auth.credentials import Credentials
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.webhook import WebhookAddress, WebhookClient


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


def open_client(
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
    return lambda on_secret: open_client(credentials, max_wait=patience, on_secret=on_secret)


T = TypeVar("T")

PATIENCE_SECONDS = 6.0
"""For a place in the quota."""

ANSWER_SECONDS = 6.0
"""For an answer, unless the Connection gives it less."""


IN_ALL_SECONDS = 18.0
"""For everything that one callback does here, unless it says otherwise."""

MARGIN_SECONDS = 0.5
"""After `ends`, what still runs is left to itself: requests give up before by themselves."""


def run_with_client(ringcentral_conn_id: str, job: Callable[[RingCentralClient], T], ends: float | None = None) -> T:
    """`job` done with a client of the Connection, given up at `ends` (of `time.monotonic`).

    None: `IN_ALL_SECONDS` from now.
    """
    credentials = read_credentials(ringcentral_conn_id)
    secrets: set[str] = set()
    try:
        return _bounded(partial(_done, credentials, secrets.add, job), ends)
    finally:
        for secret in tuple(secrets):
            mask_secret(secret)


async def run_with_client_async(
    ringcentral_conn_id: str, job: Callable[[RingCentralClient], T], ends: float | None = None
) -> T:
    """The same on an event loop: the Connection is read on it, the job done in a thread."""
    credentials = await read_credentials_async(ringcentral_conn_id)
    secrets: set[str] = set()
    try:
        return await _in_thread(lambda: _bounded(partial(_done, credentials, secrets.add, job), ends))
    finally:
        for secret in tuple(secrets):
            await mask_secret_async(secret)


def run_with_webhook(webhook_conn_id: str, job: Callable[[WebhookClient], T], ends: float | None = None) -> T:
    """`job` done with a client of the incoming webhook whose URL is the Connection's password, given up at `ends`."""
    address = read_webhook_address(webhook_conn_id)
    return _bounded(partial(_done_by_webhook, address, job), ends)


async def run_with_webhook_async(
    webhook_conn_id: str, job: Callable[[WebhookClient], T], ends: float | None = None
) -> T:
    """The same on an event loop."""
    address = await read_webhook_address_async(webhook_conn_id)
    return await _in_thread(lambda: _bounded(partial(_done_by_webhook, address, job), ends))


def _bounded(work: Callable[[float], T], ends: float | None) -> T:
    """What `work` returns. Raises `OutcomeUnknown` when something in it hangs that heeds no timeout.

    A name server is such, and an answer that drips. What hangs is left to itself.
    """
    from airflow_provider_ringcentral.client.http.broken_connection import Lost
    from airflow_provider_ringcentral.client.http.transport import run_with_deadline

    until = time.monotonic() + IN_ALL_SECONDS if ends is None else ends
    left = max(0.0, until - time.monotonic()) + MARGIN_SECONDS
    try:
        return run_with_deadline(left, partial(work, until))
    except Lost:
        raise OutcomeUnknown(
            f"it was not over after {left:.0f} s: the network hangs, or an answer never ends"
        ) from None


def _done(
    credentials: Credentials, on_secret: Callable[[str], None], job: Callable[[RingCentralClient], T], ends: float
) -> T:
    hurried = replace(credentials, timeout=min(credentials.timeout, ANSWER_SECONDS))
    client = open_client(hurried, max_wait=PATIENCE_SECONDS, on_secret=on_secret, ends=ends)
    try:
        return job(client)
    finally:
        client.close()


def _done_by_webhook(address: WebhookAddress, job: Callable[[WebhookClient], T], ends: float) -> T:
    hurried = replace(address, timeout=min(address.timeout, ANSWER_SECONDS))
    client = open_webhook_client(hurried, max_wait=PATIENCE_SECONDS, ends=ends)
    try:
        return job(client)
    finally:
        client.close()


async def _in_thread(job: Callable[[], T]) -> T:
    """In a thread of its own: the loop's executor is Airflow's, too."""
    # Airflow tells by a context variable whose log a line belongs to.
    context = contextvars.copy_context()
    thread = ThreadPoolExecutor(1, "ringcentral-callback")
    try:
        return await asyncio.get_running_loop().run_in_executor(thread, context.run, job)
    finally:
        thread.shutdown(wait=False)
