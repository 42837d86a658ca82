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

LAST_LOOK_SECONDS = 60.0
"""How long a wait may go on after its deadline for the answer to its last look."""


class Topic(Protocol[Asked_contra]):
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

    def tell(self, look: Look) -> None:
        """End with this look, when it answers the question or is the last one."""
        self.reason, ended = look.reason, self.deadline <= time.time()
        self.next = time.monotonic() + max(self.interval, look.again_in)
        if (look.done or ended) and not self.told.done():
            self.told.set_result(look)

    def fail(self, error: Exception) -> None:
        """End with an error of its own: one that is shared would gather the tracebacks of all."""
        if not self.told.done():
            own = error_of(error.as_json()) if isinstance(error, RingCentralError) else error
            self.told.set_exception(own)


_rounds: dict[tuple[AsyncRingCentralClient, Hashable], Rounds] = {}  # type: ignore[type-arg]


async def answer(
    client: AsyncRingCentralClient, topic: Topic[Q], question: Q, *, interval: float, first: float, deadline: float
) -> Look:
    """The look that answers `question`, or the last one when `deadline` (epoch seconds) has passed.

    Whoever asks the same topic of the same client shares its looks, which come as often as the most impatient wants:
    every `interval` seconds, the first one after `first`. What may pass is waited out; raises what waiting cannot mend.
    """
    key = (client, topic)
    rounds = _rounds.setdefault(key, Rounds(client, topic))
    try:
        return await rounds.answer(question, max(SHORTEST_INTERVAL_SECONDS, interval), first, deadline)
    finally:
        if rounds.idle and _rounds.get(key) is rounds:
            del _rounds[key]


class Rounds(Generic[Q]):
    """One round at a time for all waits. It runs while there are any, in a task that belongs to none of them."""

    def __init__(self, client: AsyncRingCentralClient, topic: Topic[Q]) -> None:
        self._client = client
        self._topic = topic
        self._waits: set[_Wait[Q]] = set()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether nobody waits."""
        return not self._waits

    async def answer(self, question: Q, interval: float, first: float, deadline: float) -> Look:
        """See `answer` above."""
        wait = _Wait(question, interval, deadline, time.monotonic() + first)
        self._waits.add(wait)
        self._changed.set()
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
            self._changed.clear()
            regular = min(wait.next for wait in self._waits)
            last = max(min(wait.due() for wait in self._waits), ended + LAST_LOOKS_SECONDS)
            left = max(min(regular, last), ended + SHORTEST_INTERVAL_SECONDS) - time.monotonic()
            if left <= 0:
                return
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                return

    async def _round(self, waits: Sequence[_Wait[Q]]) -> None:
        try:
            looks = await self._topic.look(self._client, [wait.question for wait in waits])
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            look = passing(error, missing_ok=False) if isinstance(error, RingCentralError) else None
            for wait in waits:
                if look is None:
                    wait.fail(error)
                else:
                    wait.tell(look)
            return
        for wait, look in zip(waits, looks, strict=True):
            wait.tell(look)
