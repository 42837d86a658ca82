"""Poll RingCentral once for all deferred tasks of a triggerer that wait for the same thing."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from airflow_provider_ringcentral.client.errors import RingCentralError, error_of
from airflow_provider_ringcentral.triggers.condition import PollResult, retryable_result

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient

S = TypeVar("S")
Subscription_contra = TypeVar("Subscription_contra", contravariant=True)

MIN_INTERVAL_SECONDS = 1.0

LAST_POLL_INTERVAL_SECONDS = 10.0
"""Least time between polls that only a deadline calls for: a thousand deadlines must not cause a thousand polls."""

RESULTS_PER_YIELD = 50
"""Results handed out before the event loop gets control: a thousand at once would hold it for a tenth of a second."""

GRACE_SECONDS = 60.0
"""How long after its deadline a wait may receive the answer to its last poll."""


class PollTarget(Protocol[Subscription_contra]):
    """Something to poll. Waits with equal targets and the same client share one coordinator."""

    def __hash__(self) -> int:
        """Return the same hash for equal targets."""
        ...

    async def poll(
        self, client: AsyncRingCentralClient, subscriptions: Sequence[Subscription_contra]
    ) -> Sequence[PollResult]:
        """Poll once, and return a result for each subscription, in their order."""
        ...


@dataclass(eq=False, slots=True)
class _Wait(Generic[S]):
    """One waiting trigger. `deadline` is in epoch seconds, `next` in seconds of `time.monotonic`."""

    subscription: S
    interval: float
    deadline: float
    next: float
    reason: str = "there was no poll yet"
    outcome: asyncio.Future[PollResult] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def due(self) -> float:
        """Return when to poll next (monotonic): after the interval, or at the deadline if that is sooner."""
        return min(self.next, time.monotonic() + self.deadline - time.time())

    def receive(self, result: PollResult | Exception) -> None:
        """Finish the wait if the result is done, the deadline has passed, or an error came."""
        if self.outcome.done():
            return
        if isinstance(result, Exception):
            # A copy: an error object shared by all waits would collect all their tracebacks.
            self.outcome.set_exception(error_of(result.as_json()) if isinstance(result, RingCentralError) else result)
            return
        self.reason = result.reason
        self.next = time.monotonic() + max(self.interval, result.again_in)
        if result.done or self.deadline <= time.time():
            self.outcome.set_result(result)


_coordinators: dict[tuple[AsyncRingCentralClient, Hashable], PollCoordinator] = {}  # type: ignore[type-arg]


async def poll_until_done(
    client: AsyncRingCentralClient,
    target: PollTarget[S],
    subscription: S,
    *,
    interval: float,
    first: float,
    deadline: float,
) -> PollResult:
    """Poll `target` until the result for `subscription` is done or `deadline` (epoch seconds) has passed.

    The first poll comes after `first` seconds, the others every `interval` seconds. Waits for equal targets of one
    client share their polls, which follow the shortest interval among them. Rate limits, 5xx and network errors count
    as "not yet". Raises `RingCentralError` for what waiting cannot fix.
    """
    key = (client, target)
    coordinator = _coordinators.setdefault(key, PollCoordinator(client, target))
    wait = _Wait(subscription, max(MIN_INTERVAL_SECONDS, interval), deadline, time.monotonic() + first)
    try:
        return await coordinator.join(wait)
    finally:
        if coordinator.idle and _coordinators.get(key) is coordinator:
            del _coordinators[key]


class PollCoordinator(Generic[S]):
    """Poll one target for all its waits, one poll at a time, in a task of its own that runs while there are waits."""

    def __init__(self, client: AsyncRingCentralClient, target: PollTarget[S]) -> None:
        self._client = client
        self._target = target
        self._waits: set[_Wait[S]] = set()
        self._wake = asyncio.Event()
        self._next_poll = float("-inf")
        self._task: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether there are no waits."""
        return not self._waits

    async def join(self, wait: _Wait[S]) -> PollResult:
        """Poll for `wait`, too, and return its result."""
        self._waits.add(wait)
        if wait.due() < self._next_poll:
            self._wake.set()
        if self._task is None:
            # An empty context: otherwise the log lines of this task would go to the trigger that started it.
            self._task = asyncio.create_task(self._run(), context=contextvars.Context())
        try:
            async with asyncio.timeout(max(0.0, wait.deadline - time.time()) + GRACE_SECONDS):
                return await wait.outcome
        except TimeoutError:
            return PollResult(done=False, reason=f"no answer came in time; before: {wait.reason}")
        finally:
            await self._leave(wait)

    async def _leave(self, wait: _Wait[S]) -> None:
        self._waits.discard(wait)
        task = self._task
        if task is not None and not self._waits:
            self._task = None
            task.cancel()
            # The client closes after the last wait, so the poll that uses it must end first.
            await asyncio.wait([task])

    async def _run(self) -> None:
        ended = float("-inf")
        while True:
            await self._sleep_until_due(ended)
            await self._poll(tuple(self._waits))
            ended = time.monotonic()

    async def _sleep_until_due(self, ended: float) -> None:
        """Sleep until the next poll is due; a wait that joins meanwhile may bring it forward."""
        while True:
            self._wake.clear()
            regular = min(wait.next for wait in self._waits)
            last = max(min(wait.due() for wait in self._waits), ended + LAST_POLL_INTERVAL_SECONDS)
            self._next_poll = max(min(regular, last), ended + MIN_INTERVAL_SECONDS)
            try:
                await asyncio.wait_for(self._wake.wait(), max(0.0, self._next_poll - time.monotonic()))
            except TimeoutError:
                self._next_poll = float("-inf")
                return

    async def _poll(self, waits: Sequence[_Wait[S]]) -> None:
        results: Sequence[PollResult | Exception]
        try:
            results = await self._target.poll(self._client, [wait.subscription for wait in waits])
        except Exception as error:  # noqa: BLE001 - every wait must learn of it, whatever it is
            retryable = retryable_result(error, missing_ok=False) if isinstance(error, RingCentralError) else None
            results = [retryable or error] * len(waits)
        for number, (wait, result) in enumerate(zip(waits, results, strict=True), start=1):
            wait.receive(result)
            if number % RESULTS_PER_YIELD == 0:
                await asyncio.sleep(0)
