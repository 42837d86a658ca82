"""AsyncRingCentralClient: RingCentralClient on an event loop. Attempts run in threads, waits on the loop."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_ringcentral.client.answer import decoded

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.attempt import PendingRequest
    from airflow_provider_ringcentral.client.auth.credentials import Credentials
    from airflow_provider_ringcentral.client.client import RingCentralClient

T = TypeVar("T")

THREADS = 4
"""Requests under way at once. RingCentral allows at most 50 a minute, so more threads would mostly sleep."""


class AsyncRingCentralClient:
    """A client for coroutines of one event loop; nothing in it blocks the loop.

    It has threads of its own, since a slow server must not fill the loop's default executor, which Airflow uses too.
    `make` creates the client (it imports requests and opens the ledger); it is called in a thread at the first request
    and gets the callback for new secrets. Secrets are passed to `on_secret` on the loop: masking one from a thread
    would break the triggerer's connection to its supervisor.
    """

    def __init__(
        self,
        credentials: Credentials,
        make: Callable[[Callable[[str], None]], RingCentralClient],
        on_secret: Callable[[str], Awaitable[None]],
    ) -> None:
        self.credentials = credentials
        self._make = make
        self._on_secret = on_secret
        self._secrets: set[str] = set()
        self._threads = ThreadPoolExecutor(THREADS, "ringcentral-client")
        self._making = threading.Lock()
        self._made: RingCentralClient | None = None

    async def request_json(self, method: str, path: str, *, max_wait: float | None = None, **options: Any) -> Any:
        """Do what `RingCentralClient.request_json` does, with the same arguments."""
        return await self.work(decoded, await self.raw_json(method, path, max_wait=max_wait, **options))

    async def raw_json(self, method: str, path: str, *, max_wait: float | None = None, **options: Any) -> bytes:
        """Do what `RingCentralClient.raw_json` does, with the same arguments.

        If cancelled while it waits, it leaves the queues in which it stands. If cancelled while a request is under way,
        it ends at once; the thread stays until the response arrives, since RingCentral counts that request.
        """
        client = await self.work(self._client)
        with client.raising():
            # In a thread, because the body may be read from a file.
            request = _ThreadedRequest(client, await self.work(client.prepare, method, path, options))
            driver = client.policy.within(max_wait).async_retrying()
            try:
                body: bytes = await driver(self._attempt, request)
                return body
            finally:
                finishing = self._submit(request.finish, driver.statistics.get("idle_for", 0.0))
                if request.is_idle:
                    await asyncio.shield(asyncio.wrap_future(finishing))

    async def work(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run `function(*arguments)` in a thread of this client and return its result."""
        return await asyncio.wrap_future(self._submit(function, *arguments))

    def close(self) -> None:
        """Close idle connections and let the threads end after their current work. Does not wait for either."""
        if self._made is not None:
            self._threads.submit(self._made.close)
        self._threads.shutdown(wait=False)

    def _client(self) -> RingCentralClient:
        with self._making:
            if self._made is None:
                self._made = self._make(self._secrets.add)
            return self._made

    async def _attempt(self, request: _ThreadedRequest) -> Any:
        request.attempt = self._submit(request.client.attempt, request.pending)
        try:
            return await asyncio.wrap_future(request.attempt)
        finally:
            await self._pass_on_secrets()

    async def _pass_on_secrets(self) -> None:
        for secret in tuple(self._secrets):
            await self._on_secret(secret)
            # Only afterwards: if this is cancelled, the next request passes it on.
            self._secrets.discard(secret)

    def _submit(self, function: Callable[..., T], *arguments: Any) -> Future[T]:
        # Airflow finds the log that a line belongs to by a context variable.
        return self._threads.submit(contextvars.copy_context().run, function, *arguments)


class _ThreadedRequest:
    """One request whose attempts run in threads, one after the other."""

    def __init__(self, client: RingCentralClient, pending: PendingRequest) -> None:
        self.client = client
        self.pending = pending
        self.attempt: Future[Any] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no attempt is under way."""
        return self.attempt is None or self.attempt.done()

    def finish(self, waited: float) -> None:
        """Leave all queues after the last attempt."""
        if self.attempt is not None:
            wait([self.attempt])
        self.client.finish(self.pending, waited)
