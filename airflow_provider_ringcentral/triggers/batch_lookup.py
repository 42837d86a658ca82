"""Follow records by id: one lookup for everything that any wait follows, at most three requests each time."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from airflow_provider_ringcentral.sending.once.message import Record
from airflow_provider_ringcentral.triggers.condition import Look
from airflow_provider_ringcentral.triggers.waiting import RingCentralSharedTrigger

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient

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
