"""Open clients by Airflow's configuration: for a hook, for all triggers of a triggerer, for a callback.

Callbacks get little time. A worker ends a process 20 s after its task has ended (`[core] task_success_overtime`),
callbacks included, and the DAG processor ends one that works on a file for 50 s. So a callback's requests wait only a
few seconds for the rate limit and for answers, and all of them share one deadline.
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
from typing import TYPE_CHECKING, TypeVar

from airflow.providers.common.compat.sdk import Stats, mask_secret

from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient
from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_MAX_WAIT_SECONDS, Credentials
from airflow_provider_ringcentral.client.errors import OutcomeUnknown, RingCentralError
from airflow_provider_ringcentral.hooks import settings
from airflow_provider_ringcentral.hooks.connection import mask_secret_async, read_credentials, read_credentials_async

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.webhook import WebhookAddress, WebhookClient

T = TypeVar("T")
Client = TypeVar("Client", "RingCentralClient", "WebhookClient")
Config = TypeVar("Config", "Credentials", "WebhookAddress")

CALLBACK_SECONDS = 18.0
"""How long all requests of one callback may take together, unless the caller says otherwise."""

CALLBACK_MAX_WAIT_SECONDS = 6.0
"""How long one request of a callback waits for the rate limit."""

CALLBACK_TIMEOUT_SECONDS = 6.0
"""How long one request of a callback waits for its answer, unless the Connection's timeout is shorter."""

MARGIN_SECONDS = 0.5
"""How long after its deadline a callback is abandoned. Requests give up at the deadline by themselves."""


def open_client(
    credentials: Credentials,
    *,
    max_wait: float,
    on_secret: Callable[[str], None],
    raise_as: Callable[[RingCentralError], RingCentralError] | None = None,
    deadline: float | None = None,
) -> RingCentralClient:
    """A client on the configured ledger, whose requests wait for at most `max_wait` seconds each.

    No request runs after `deadline` (of `time.monotonic`). Imports requests, and may run the command or ask the secrets
    backend that `[ringcentral] ledger_url` comes from.
    """
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.policy import Policy

    return RingCentralClient(
        credentials,
        settings.shared_ledger(settings.ledger_url()),
        policy=Policy(max_wait=max_wait, deadline=deadline),
        on_secret=on_secret,
        raise_as=raise_as,
        observe=emit_metric,
        show_personal_data=settings.log_personal_data(),
    )


def emit_metric(what: str, amount: float, group: str) -> None:
    """Emit what a client does as Airflow metrics, tagged by rate limit group.

    `ringcentral.requests`, `.logins` and `.throttled` are counters, `.wait_seconds` is a timing.
    """
    name, tags = f"ringcentral.{what}", {"group": group}
    if what == "wait_seconds":
        # Airflow would take a bare number for milliseconds.
        Stats.timing(name, timedelta(seconds=amount), tags=tags)
    else:
        Stats.incr(name, int(amount), tags=tags)


@dataclass(slots=True)
class _Shared:
    client: AsyncRingCentralClient
    users: int = 0


_clients: dict[tuple[asyncio.AbstractEventLoop, Credentials], _Shared] = {}
"""By credentials, not by connection id: two teams of one triggerer may use one id for different accounts."""


@asynccontextmanager
async def shared_client(ringcentral_conn_id: str) -> AsyncIterator[AsyncRingCentralClient]:
    """The client that all triggers of this process with the same credentials share; the last one closes it.

    The Connection is read each time, so the next trigger uses a changed secret. Errors are those of `client.errors`:
    the worker turns them into Airflow's.
    """
    credentials = await read_credentials_async(ringcentral_conn_id)
    max_wait = DEFAULT_MAX_WAIT_SECONDS if credentials.max_wait is None else credentials.max_wait
    key = (asyncio.get_running_loop(), credentials)
    shared = _clients.get(key)
    if shared is None:

        def make(on_secret: Callable[[str], None]) -> RingCentralClient:
            return open_client(credentials, max_wait=max_wait, on_secret=on_secret)

        shared = _clients[key] = _Shared(AsyncRingCentralClient(credentials, make, mask_secret_async))
    shared.users += 1
    try:
        yield shared.client
    finally:
        shared.users -= 1
        if not shared.users:
            del _clients[key]
            shared.client.close()


def run_with_client(
    ringcentral_conn_id: str, job: Callable[[RingCentralClient], T], deadline: float | None = None
) -> T:
    """Run `job` with a client of the Connection and return its result.

    `deadline` is in seconds of `time.monotonic`; None means `CALLBACK_SECONDS` from now. Raises `OutcomeUnknown` when
    the job does not end by then.
    """
    credentials, secrets = read_credentials(ringcentral_conn_id), set[str]()
    try:
        return _run(_callback_client(credentials, secrets), job, deadline)
    finally:
        for secret in tuple(secrets):
            mask_secret(secret)


async def run_with_client_async(
    ringcentral_conn_id: str, job: Callable[[RingCentralClient], T], deadline: float | None = None
) -> T:
    """`run_with_client` on an event loop: the Connection is read on the loop, `job` runs in a thread."""
    credentials, secrets = await read_credentials_async(ringcentral_conn_id), set[str]()
    try:
        return await _in_thread(lambda: _run(_callback_client(credentials, secrets), job, deadline))
    finally:
        for secret in tuple(secrets):
            await mask_secret_async(secret)


def run_with_webhook(webhook_conn_id: str, job: Callable[[WebhookClient], T], deadline: float | None = None) -> T:
    """Run `job` with a client of the incoming webhook whose URL is the Connection's password.

    Otherwise as `run_with_client`.
    """
    from airflow_provider_ringcentral.hooks.webhook import read_webhook_address

    return _run(_callback_webhook(read_webhook_address(webhook_conn_id)), job, deadline)


async def run_with_webhook_async(
    webhook_conn_id: str, job: Callable[[WebhookClient], T], deadline: float | None = None
) -> T:
    """`run_with_webhook` on an event loop: the Connection is read on the loop, `job` runs in a thread."""
    from airflow_provider_ringcentral.hooks.webhook import read_webhook_address_async

    address = await read_webhook_address_async(webhook_conn_id)
    return await _in_thread(lambda: _run(_callback_webhook(address), job, deadline))


def _callback_client(credentials: Credentials, secrets: set[str]) -> Callable[[float], RingCentralClient]:
    """What opens a client with a deadline. Access tokens go to `secrets`: the thread of the job must not mask them."""
    config = _with_callback_timeout(credentials)
    return lambda deadline: open_client(
        config, max_wait=CALLBACK_MAX_WAIT_SECONDS, on_secret=secrets.add, deadline=deadline
    )


def _callback_webhook(address: WebhookAddress) -> Callable[[float], WebhookClient]:
    from airflow_provider_ringcentral.hooks.webhook import open_webhook_client

    config = _with_callback_timeout(address)
    return lambda deadline: open_webhook_client(config, max_wait=CALLBACK_MAX_WAIT_SECONDS, deadline=deadline)


def _with_callback_timeout(config: Config) -> Config:
    return replace(config, timeout=min(config.timeout, CALLBACK_TIMEOUT_SECONDS))


def _run(open_with: Callable[[float], Client], job: Callable[[Client], T], deadline: float | None) -> T:
    """Run `job` in a thread that is abandoned when it hangs where no timeout applies.

    A name server may hang so, and an answer that arrives byte by byte.
    """
    from airflow_provider_ringcentral.client.http.connection_errors import ResponseLost
    from airflow_provider_ringcentral.client.http.transport import run_with_deadline

    until = time.monotonic() + CALLBACK_SECONDS if deadline is None else deadline

    def work() -> T:
        client = open_with(until)
        try:
            return job(client)
        finally:
            client.close()

    left = max(0.0, until - time.monotonic()) + MARGIN_SECONDS
    try:
        return run_with_deadline(left, work)
    except ResponseLost:
        raise OutcomeUnknown(f"no result after {left:.0f} s: the network hangs, or an answer never ends") from None


async def _in_thread(job: Callable[[], T]) -> T:
    """Run `job` in a thread of its own: Airflow uses the loop's executor, too."""
    # Airflow finds the log of a line by a context variable.
    context = contextvars.copy_context()
    thread = ThreadPoolExecutor(1, "ringcentral-callback")
    try:
        return await asyncio.get_running_loop().run_in_executor(thread, context.run, job)
    finally:
        thread.shutdown(wait=False)
