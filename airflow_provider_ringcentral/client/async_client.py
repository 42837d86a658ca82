"""RingCentralClient on an event loop: its attempts run in worker threads, its waits on the loop."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_ringcentral.client.answer import decoded

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.attempt import Call
    from airflow_provider_ringcentral.client.auth.credentials import Credentials
    from airflow_provider_ringcentral.client.client import RingCentralClient

T = TypeVar("T")

THREADS = 4
"""Requests under way at once. RingCentral lets 50 a minute go at most, so more threads would mostly sleep."""


class AsyncRingCentralClient:
    """A client for coroutines of one event loop. Nothing in it blocks the loop.

    Its threads are its own: a server that answers slowly must not fill the loop's default executor, which Airflow uses
    too. `make` is called in one of them when the first request is sent (it imports requests and opens the ledger) and
    gets what to call with new secrets. These are handed to `on_secret` on the loop: a secret masked from a thread
    breaks the triggerer's line to its supervisor.
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
        """As `RingCentralClient.request_json`; `max_wait` may shorten the client's patience."""
        return await self.work(decoded, await self.raw_json(method, path, max_wait=max_wait, **options))

    async def raw_json(self, method: str, path: str, *, max_wait: float | None = None, **options: Any) -> bytes:
        """As `RingCentralClient.raw_json`, with all of its arguments.

        Cancelled while it waits, it leaves the queues it stands in. Cancelled while a request is under way, it ends at
        once; the thread stays until the answer is there, since RingCentral counts that request.
        """
        client = await self.work(self._client)
        with client.raising():
            # In a thread: what it has for a body may be read from a file.
            errand = _Errand(client, await self.work(client.json_call, method, path, options))
            driver = client.policy.within(max_wait).async_retrying()
            try:
                body: bytes = await driver(self._attempt, errand)
                return body
            finally:
                finishing = self._submit(errand.finish, driver.statistics.get("idle_for", 0.0))
                if errand.resting:
                    await asyncio.shield(asyncio.wrap_future(finishing))

    async def work(self, function: Callable[..., T], *arguments: Any) -> T:
        """`function(*arguments)` in a thread of this client."""
        return await asyncio.wrap_future(self._submit(function, *arguments))

    def close(self) -> None:
        """Close idle connections and let the threads end, after what they still do; waits for neither."""
        if self._made is not None:
            self._threads.submit(self._made.close)
        self._threads.shutdown(wait=False)

    def _client(self) -> RingCentralClient:
        with self._making:
            if self._made is None:
                self._made = self._make(self._secrets.add)
            return self._made

    async def _attempt(self, errand: _Errand) -> Any:
        errand.job = self._submit(errand.client.attempt, errand.call)
        try:
            return await asyncio.wrap_future(errand.job)
        finally:
            await self._hand_over_secrets()

    async def _hand_over_secrets(self) -> None:
        for secret in tuple(self._secrets):
            await self._on_secret(secret)
            # Not before: when this is cancelled, the next request hands it over.
            self._secrets.discard(secret)

    def _submit(self, function: Callable[..., T], *arguments: Any) -> Future[T]:
        # Airflow tells by a context variable whose log a line belongs to.
        return self._threads.submit(contextvars.copy_context().run, function, *arguments)


class _Errand:
    """One request: attempted in threads, one attempt after the other."""

    def __init__(self, client: RingCentralClient, call: Call) -> None:
        self.client = client
        self.call = call
        self.job: Future[Any] | None = None

    @property
    def resting(self) -> bool:
        """Whether no attempt is under way."""
        return self.job is None or self.job.done()

    def finish(self, waited: float) -> None:
        """Leave all queues, after the last attempt."""
        if self.job is not None:
            wait([self.job])
        self.client.finish(self.call, waited)
