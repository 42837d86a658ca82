"""Places in the request windows of a credential: reserved, held and given a date through the ledger."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from airflow_provider_ringcentral.client.ledger.protocol import Ledger
from airflow_provider_ringcentral.client.policy import RetryLater
from airflow_provider_ringcentral.client.rate_limit import windows as pacing
from airflow_provider_ringcentral.client.rate_limit.queue import LOOK_AGAIN_SECONDS, turn_of
from airflow_provider_ringcentral.client.rate_limit.windows import RateLimitInfo, Window

T = TypeVar("T")


class RateLimiter:
    """Takes and dates places. A window is named by its group and by the key of who owns the quota."""

    def __init__(self, ledger: Ledger, hold_seconds: float) -> None:
        self._ledger = ledger
        self._hold_seconds = hold_seconds
        self._rng = random.Random()

    def take(self, owner: str, group: str, ticket: str, *, failures: int = 0, turn: str | None = None) -> None:
        """Hold a place in the group's window, or raise `RetryLater` with the time until there is one.

        `turn` names a task that gives its worker back when that is long.
        """
        now = self._ledger.now()
        instant = self._change(
            owner, group, lambda window: pacing.reserve(window, ticket, now, self._hold_seconds, turn)
        )
        if instant > now:
            needed = instant - now
            reason = f"the quota of group {group} is used up by this app and user for {needed:.1f} s"
            raise RetryLater(reason, delay=min(needed, LOOK_AGAIN_SECONDS), needed=needed, failures=failures)

    def date(self, owner: str, group: str, ticket: str, heard: RateLimitInfo) -> None:
        """The request was answered, or nobody knows: its place counts from now."""
        now = self._ledger.now()
        self._change(owner, group, lambda window: pacing.answered(window, ticket, now, heard, self._rng))

    def give_back(self, owner: str, group: str, ticket: str) -> None:
        """Leave the queue, and give up a held place: nothing was sent."""
        self._change(owner, group, lambda window: pacing.give_back(window, ticket))

    def leave(self, owner: str, group: str, ticket: str) -> None:
        """Leave the queue; a place still held counts from now, since its request may be out."""
        now = self._ledger.now()
        self._change(owner, group, lambda window: pacing.leave(window, ticket, now))

    def end_turn(self, owner: str, group: str, turn: str) -> None:
        """The task is done: the next one may have its turn."""
        self._change(owner, group, lambda window: pacing.end_turn(window, turn))

    def _change(self, owner: str, group: str, step: Callable[[Window], T]) -> T:
        return _change(self._ledger, owner, group, step)


@dataclass(frozen=True, slots=True)
class Reservation:
    """The place in the queue that a deferred task keeps. Who has the same ledger can look at it."""

    owner: str
    group: str
    turn: str

    def keep(self, ledger: Ledger, seconds: float) -> tuple[float, int]:
        """Seconds until the task's turn, and how many deferred tasks are in front of it.

        At 0 seconds it has begun; else the place is kept for `seconds` without another look.
        """
        now = ledger.now()
        instant, in_front = _change(
            ledger, self.owner, self.group, lambda window: pacing.await_turn(window, self.turn, now, seconds)
        )
        return instant - now, in_front

    def look(self, ledger: Ledger, seconds: float) -> tuple[float, int] | None:
        """As `keep`, for a place that is there already; None when this ledger does not know it."""
        window = read_window(ledger, self.owner, self.group)
        if turn_of(window.turns, self.turn) is not None:
            return 0.0, 0
        return self.keep(ledger, seconds) if any(one.ticket == self.turn for one in window.queue) else None


def _change(ledger: Ledger, owner: str, group: str, step: Callable[[Window], T]) -> T:
    def change(value: bytes | None) -> tuple[bytes, T]:
        window = _window(value, group)
        result = step(window)
        return msgspec.json.encode(window), result

    return ledger.update(_key(owner, group), change)


def read_window(ledger: Ledger, owner: str, group: str) -> Window:
    """What the ledger knows of a group's window."""
    return _window(ledger.read(_key(owner, group)), group)


def groups_of(ledger: Ledger, owner: str) -> list[str]:
    """Groups that a window is known of, by the names RingCentral gave them."""
    return [key.removeprefix(_key(owner, "")) for key in ledger.keys(_key(owner, ""))]


def _key(owner: str, group: str) -> str:
    return f"window:{owner}:{group}"


def _window(value: bytes | None, group: str) -> Window:
    try:
        return pacing.new_window(group) if value is None else msgspec.json.decode(value, type=Window)
    except msgspec.DecodeError:
        # Damaged, or of another version: as good as none.
        return pacing.new_window(group)
