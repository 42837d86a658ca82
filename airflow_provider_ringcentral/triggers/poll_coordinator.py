"""Rounds: all waits of one kind and one client in a triggerer ask together.

Following records by id: one look at all that anybody waits for, at most three requests each time.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from airflow_provider_ringcentral.client.errors import RingCentralError, error_of
from airflow_provider_ringcentral.sending.once.message import Record
from airflow_provider_ringcentral.triggers.condition import Look, passing
from airflow_provider_ringcentral.triggers.waiting import RingCentralSharedTrigger

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


MOST_PAGES = 2
"""Of a thousand records each, newest first; what lies further back is asked for by id."""

A_DAY_SECONDS = 86_400.0
"""How far a list goes back for records of unknown age: whoever had no first look waits for something new."""


class Followed(Protocol):
    """The records of one wait. `since` is when the oldest was made (epoch seconds), None if unknown."""

    since: float | None

    @property
    def pending(self) -> Collection[str]:
        """Ids of those that are waited for."""
        ...

    def take(self, found: Mapping[str, Record]) -> Look:
        """Take up what a look has found, by id."""
        ...


@dataclass(frozen=True)
class BatchLookup(ABC):
    """Up to `alone` records are asked for by id. More are looked up in a list since the oldest of them.

    Of those that the list does not show, the `in_turn` that were not asked for longest are asked for by id.
    """

    alone: ClassVar[int]
    in_turn: ClassVar[int]
    asked: dict[str, int] = field(default_factory=dict, compare=False)
    """In which look an id was asked for last."""

    @abstractmethod
    async def listed(self, client: AsyncRingCentralClient, ids: Collection[str], since: float) -> dict[str, Record]:
        """Those of the records that up to `MOST_PAGES` pages of the list show."""

    @abstractmethod
    async def by_ids(self, client: AsyncRingCentralClient, ids: Sequence[str]) -> dict[str, Record]:
        """Those of the records that are there."""

    async def look(self, client: AsyncRingCentralClient, questions: Sequence[Followed]) -> Sequence[Look]:
        """One look for all."""
        waiting = await client.work(lambda: [(one.since, one.pending) for one in questions])
        ids = {one for _, pending in waiting for one in pending}
        found: dict[str, Record] = {}
        if len(ids) > self.alone:
            yesterday = time.time() - A_DAY_SECONDS
            starts = [yesterday if since is None else since for since, pending in waiting if pending]
            found = await self.listed(client, ids, min(starts))
        if turn := self._turn(ids, found):
            found = {**found, **(await self.by_ids(client, turn))}
        return await client.work(lambda: [one.take(found) for one in questions])

    def _turn(self, ids: Collection[str], found: Collection[str]) -> list[str]:
        """Whose turn it is to be asked for by id."""
        missing = sorted((one for one in ids if one not in found), key=lambda one: (self.asked.get(one, 0), one))
        turn = missing[: self.alone if len(ids) <= self.alone else self.in_turn]
        now = 1 + max(self.asked.values(), default=0)
        for gone in [one for one in self.asked if one not in ids]:
            del self.asked[gone]
        self.asked.update(dict.fromkeys(turn, now))
        return turn


class RingCentralFollowTrigger(RingCentralSharedTrigger):
    """Waits until the records with these `ids` are where `wait_for` wants them.

    `since` (epoch seconds, None: unknown) is when the oldest of them was made. All such waits of a Connection in a
    triggerer are answered by the same requests, at most three a round.
    """

    fields: ClassVar[tuple[str, ...]] = (*RingCentralSharedTrigger.fields, "ids", "wait_for", "since")

    def __init__(self, *, ids: Sequence[str], wait_for: str, since: float | None, **how: Any) -> None:
        super().__init__(**how)
        self.ids = list(ids)
        self.wait_for = wait_for
        self.since = since
