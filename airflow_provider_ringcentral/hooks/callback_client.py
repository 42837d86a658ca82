"""A client for callbacks, to which Airflow gives little time.

A worker ends a process 20 s after its task has ended (`[core] task_success_overtime`), callbacks included, and the DAG
processor one that works on a file for 50 s. So requests neither wait long for their place in the quota nor for answers.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from airflow.providers.common.compat.sdk import mask_secret

from airflow_provider_ringcentral.hooks.client import client_of
from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
from airflow_provider_ringcentral.hooks.shared_client import mask_on_the_loop, read_credentials

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.credentials import Credentials

T = TypeVar("T")

PATIENCE_SECONDS = 8.0
"""For a place in the quota."""

ANSWER_SECONDS = 8.0
"""For an answer, unless the Connection gives it less."""


def with_client(ringcentral_conn_id: str, job: Callable[[RingCentralClient], T]) -> T:
    """`job` done with a client of the Connection."""
    return _done(RingCentralJWTHook(ringcentral_conn_id).credentials, mask_secret, job)


async def with_client_in_thread(ringcentral_conn_id: str, job: Callable[[RingCentralClient], T]) -> T:
    """The same on an event loop: the Connection is read on it, the job done in a thread of its own."""
    credentials = await read_credentials(ringcentral_conn_id)
    secrets: set[str] = set()
    # Airflow tells by a context variable whose log a line belongs to.
    context = contextvars.copy_context()
    thread = ThreadPoolExecutor(1, "ringcentral-callback")
    try:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(thread, lambda: context.run(_done, credentials, secrets.add, job))
    finally:
        thread.shutdown(wait=False)
        for secret in secrets:
            await mask_on_the_loop(secret)


def _done(credentials: Credentials, on_secret: Callable[[str], None], job: Callable[[RingCentralClient], T]) -> T:
    hurried = replace(credentials, timeout=min(credentials.timeout, ANSWER_SECONDS))
    client = client_of(hurried, max_wait=PATIENCE_SECONDS, on_secret=on_secret)
    try:
        return job(client)
    finally:
        client.close()
