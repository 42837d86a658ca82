"""Look up records by id: one lookup for all waits of a Connection, at most three requests a poll."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from airflow_provider_ringcentral.sending.once.message import Record
from airflow_provider_ringcentral.triggers.condition import PollResult
from airflow_provider_ringcentral.triggers.waiting import RingCentralSharedPollTrigger

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient

MAX_PAGES = 2
"""Pages of the list in one poll, a thousand records each, newest first. Older records are requested by id."""

A_DAY_SECONDS = 86_400.0
"""How far back the list is read for records of unknown age: a wait without a first poll is for something recent."""


class LookupSubscription(Protocol):
    """One trigger's records. `since` is the creation time of the oldest (epoch seconds), None if unknown."""

    since: float | None

    @property
    def pending(self) -> Collection[str]:
        """Ids of the records whose final status is not known yet."""
        ...

    def update(self, found: Mapping[str, Record]) -> PollResult:
        """Take over the records that a poll found, by id."""
        ...


@dataclass(frozen=True)
class BatchLookup(ABC):
    """A poll target that looks up the pending records of all waits together.

    Up to `max_without_list` records are requested by id. For more of them, the list is read from the oldest one on;
    then up to `max_missing` records that it does not show are requested by id, those first that waited longest.
    """

    max_without_list: ClassVar[int]
    max_missing: ClassVar[int]
    last_requested: dict[str, int] = field(default_factory=dict, compare=False)
    """Number of the poll in which an id was last requested."""

    @abstractmethod
    async def from_list(self, client: AsyncRingCentralClient, ids: Collection[str], since: float) -> dict[str, Record]:
        """Return those of the records that up to `MAX_PAGES` pages of the list show."""

    @abstractmethod
    async def by_ids(self, client: AsyncRingCentralClient, ids: Sequence[str]) -> dict[str, Record]:
        """Return those of the records that exist."""

    async def poll(
        self, client: AsyncRingCentralClient, subscriptions: Sequence[LookupSubscription]
    ) -> Sequence[PollResult]:
        """Poll once for all subscriptions."""
        waiting = await client.work(lambda: [(one.since, one.pending) for one in subscriptions])
        ids = {one for _, pending in waiting for one in pending}
        found: dict[str, Record] = {}
        if len(ids) > self.max_without_list:
            yesterday = time.time() - A_DAY_SECONDS
            starts = [yesterday if since is None else since for since, pending in waiting if pending]
            found = await self.from_list(client, ids, min(starts))
        if missing := self._next_missing(ids, found):
            found = {**found, **(await self.by_ids(client, missing))}
        return await client.work(lambda: [one.update(found) for one in subscriptions])

    def _next_missing(self, ids: Collection[str], found: Collection[str]) -> list[str]:
        """Return the ids to request in this poll."""
        missing = sorted(set(ids).difference(found), key=lambda one: (self.last_requested.get(one, 0), one))
        requested = missing[: self.max_without_list if len(ids) <= self.max_without_list else self.max_missing]
        number = 1 + max(self.last_requested.values(), default=0)
        for gone in self.last_requested.keys() - ids:
            del self.last_requested[gone]
        self.last_requested.update(dict.fromkeys(requested, number))
        return requested


class RingCentralLookupTrigger(RingCentralSharedPollTrigger):
    """Wait until the records with these `ids` have the status `wait_for`.

    `since` is the creation time of the oldest (epoch seconds), None if unknown. All such waits of a Connection in a
    triggerer share their requests, at most three a poll.
    """

    fields: ClassVar[tuple[str, ...]] = (*RingCentralSharedPollTrigger.fields, "ids", "wait_for", "since")

    def __init__(self, *, ids: Sequence[str], wait_for: str, since: float | None, **shared: Any) -> None:
        super().__init__(**shared)
        self.ids = list(ids)
        self.wait_for = wait_for
        self.since = since
