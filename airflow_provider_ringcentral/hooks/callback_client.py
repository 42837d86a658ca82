"""Clients for callbacks, to which Airflow gives little time.

A worker ends a process 20 s after its task has ended (`[core] task_success_overtime`), callbacks included, and the DAG
processor one that works on a file for 50 s. So requests neither wait long for their place in the quota nor for answers,
and all of them together end at one instant.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from airflow.providers.common.compat.sdk import mask_secret

from airflow_provider_ringcentral.client.errors import OutcomeUnknown
from airflow_provider_ringcentral.hooks.client import client_of
from airflow_provider_ringcentral.hooks.connection import mask_secret_async, read_credentials, read_credentials_async
from airflow_provider_ringcentral.hooks.webhook import (
    read_webhook_address,
    read_webhook_address_async,
    webhook_client_at,
)

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.auth.credentials import Credentials
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.webhook import WebhookAddress, WebhookClient

T = TypeVar("T")

PATIENCE_SECONDS = 6.0
"""For a place in the quota."""

ANSWER_SECONDS = 6.0
"""For an answer, unless the Connection gives it less."""


IN_ALL_SECONDS = 18.0
"""For everything that one callback does here, unless it says otherwise."""

MARGIN_SECONDS = 0.5
"""After `ends`, what still runs is left to itself: requests give up before by themselves."""


def with_client(ringcentral_conn_id: str, job: Callable[[RingCentralClient], T], ends: float | None = None) -> T:
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


async def with_client_on_loop(
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


def with_webhook(webhook_conn_id: str, job: Callable[[WebhookClient], T], ends: float | None = None) -> T:
    """`job` done with a client of the incoming webhook whose URL is the Connection's password, given up at `ends`."""
    address = read_webhook_address(webhook_conn_id)
    return _bounded(partial(_done_by_webhook, address, job), ends)


async def with_webhook_on_loop(webhook_conn_id: str, job: Callable[[WebhookClient], T], ends: float | None = None) -> T:
    """The same on an event loop."""
    address = await read_webhook_address_async(webhook_conn_id)
    return await _in_thread(lambda: _bounded(partial(_done_by_webhook, address, job), ends))


def _bounded(work: Callable[[float], T], ends: float | None) -> T:
    """What `work` returns. Raises `OutcomeUnknown` when something in it hangs that heeds no timeout.

    A name server is such, and an answer that drips. What hangs is left to itself.
    """
    from airflow_provider_ringcentral.client.auth.login import within
    from airflow_provider_ringcentral.client.http.broken_connection import Lost

    until = time.monotonic() + IN_ALL_SECONDS if ends is None else ends
    left = max(0.0, until - time.monotonic()) + MARGIN_SECONDS
    try:
        return within(left, partial(work, until))
    except Lost:
        raise OutcomeUnknown(
            f"it was not over after {left:.0f} s: the network hangs, or an answer never ends"
        ) from None


def _done(
    credentials: Credentials, on_secret: Callable[[str], None], job: Callable[[RingCentralClient], T], ends: float
) -> T:
    hurried = replace(credentials, timeout=min(credentials.timeout, ANSWER_SECONDS))
    client = client_of(hurried, max_wait=PATIENCE_SECONDS, on_secret=on_secret, ends=ends)
    try:
        return job(client)
    finally:
        client.close()


def _done_by_webhook(address: WebhookAddress, job: Callable[[WebhookClient], T], ends: float) -> T:
    hurried = replace(address, timeout=min(address.timeout, ANSWER_SECONDS))
    client = webhook_client_at(hurried, max_wait=PATIENCE_SECONDS, ends=ends)
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
