"""Rounds: all waits of one kind and one client in a triggerer ask together."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from airflow_provider_ringcentral.client.errors import RingCentralError, error_of
from airflow_provider_ringcentral.triggers.condition import Look, passing

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient

Q = TypeVar("Q")
Asked_contra = TypeVar("Asked_contra", contravariant=True)

SHORTEST_INTERVAL_SECONDS = 1.0

LAST_LOOKS_SECONDS = 10.0
"""Between rounds for the sake of waits whose time runs out: a thousand deadlines must not make a thousand rounds."""

TOLD_AT_ONCE = 50
"""Answers between which the event loop has its turn: a thousand would hold it for a tenth of a second."""

LAST_LOOK_SECONDS = 60.0
"""How long a wait may go on after its deadline for the answer to its last look."""


class PollTarget(Protocol[Asked_contra]):
    """What a round asks. Equal topics of one client share a round."""

    def __hash__(self) -> int:
        """Equal topics have equal ones."""
        ...

    async def look(self, client: AsyncRingCentralClient, questions: Sequence[Asked_contra]) -> Sequence[Look]:
        """One look for all questions, in their order."""
        ...


@dataclass(eq=False, slots=True)
class _Wait(Generic[Q]):
    """Times are of `time.monotonic`, but for `deadline`, which is epoch seconds."""

    question: Q
    interval: float
    deadline: float
    next: float
    reason: str = "nobody has looked yet"
    told: asyncio.Future[Look] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def due(self) -> float:
        """The interval's end, or that of the wait if it comes first."""
        return min(self.next, time.monotonic() + self.deadline - time.time())

    def tell(self, look: Look | Exception) -> None:
        """End with this look, when it answers the question or is the last one; or with an error."""
        if self.told.done():
            return
        if isinstance(look, Exception):
            # One that is shared would gather the tracebacks of all.
            self.told.set_exception(error_of(look.as_json()) if isinstance(look, RingCentralError) else look)
            return
        self.reason, ended = look.reason, self.deadline <= time.time()
        self.next = time.monotonic() + max(self.interval, look.again_in)
        if look.done or ended:
            self.told.set_result(look)


_rounds: dict[tuple[AsyncRingCentralClient, Hashable], PollCoordinator] = {}  # type: ignore[type-arg]


async def answer(
    client: AsyncRingCentralClient, topic: PollTarget[Q], question: Q, *, interval: float, first: float, deadline: float
) -> Look:
    """The look that answers `question`, or the last one when `deadline` (epoch seconds) has passed.

    Whoever asks the same topic of the same client shares its looks, which come as often as the most impatient wants:
    every `interval` seconds, the first one after `first`. What may pass is waited out; raises what waiting cannot mend.
    """
    key = (client, topic)
    rounds = _rounds.setdefault(key, PollCoordinator(client, topic))
    try:
        return await rounds.answer(question, max(SHORTEST_INTERVAL_SECONDS, interval), first, deadline)
    finally:
        if rounds.idle and _rounds.get(key) is rounds:
            del _rounds[key]


class PollCoordinator(Generic[Q]):
    """One round at a time for all waits. It runs while there are any, in a task that belongs to none of them."""

    def __init__(self, client: AsyncRingCentralClient, topic: PollTarget[Q]) -> None:
        self._client = client
        self._topic = topic
        self._waits: set[_Wait[Q]] = set()
        self._sooner = asyncio.Event()
        self._planned = float("-inf")
        self._task: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether nobody waits."""
        return not self._waits

    async def answer(self, question: Q, interval: float, first: float, deadline: float) -> Look:
        """See `answer` above."""
        wait = _Wait(question, interval, deadline, time.monotonic() + first)
        self._waits.add(wait)
        if wait.due() < self._planned:
            self._sooner.set()
        if self._task is None:
            # Its log lines are nobody's in particular: without this they went to the task that happened to be first.
            self._task = asyncio.create_task(self._run(), context=contextvars.Context())
        try:
            async with asyncio.timeout(max(0.0, deadline - time.time()) + LAST_LOOK_SECONDS):
                return await wait.told
        except TimeoutError:
            return Look(done=False, reason=f"no answer came in time; before: {wait.reason}")
        finally:
            await self._leave(wait)

    async def _leave(self, wait: _Wait[Q]) -> None:
        self._waits.discard(wait)
        task = self._task
        if task is not None and not self._waits:
            self._task = None
            task.cancel()
            # The client closes when the last wait has left it, so what runs on it ends before.
            await asyncio.wait([task])

    async def _run(self) -> None:
        ended = float("-inf")
        while True:
            await self._until_due(ended)
            await self._round(tuple(self._waits))
            ended = time.monotonic()

    async def _until_due(self, ended: float) -> None:
        """Until the next round, which may come sooner when another wait joins."""
        while True:
            self._sooner.clear()
            regular = min(wait.next for wait in self._waits)
            last = max(min(wait.due() for wait in self._waits), ended + LAST_LOOKS_SECONDS)
            self._planned = max(min(regular, last), ended + SHORTEST_INTERVAL_SECONDS)
            try:
                await asyncio.wait_for(self._sooner.wait(), max(0.0, self._planned - time.monotonic()))
            except TimeoutError:
                self._planned = float("-inf")
                return

    async def _round(self, waits: Sequence[_Wait[Q]]) -> None:
        looks: Sequence[Look | Exception]
        try:
            looks = await self._topic.look(self._client, [wait.question for wait in waits])
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            passes = passing(error, missing_ok=False) if isinstance(error, RingCentralError) else None
            looks = [passes or error] * len(waits)
        for number, (wait, look) in enumerate(zip(waits, looks, strict=True), start=1):
            wait.tell(look)
            if number % TOLD_AT_ONCE == 0:
                await asyncio.sleep(0)
