"""RateLimiter: slots in the rate limit windows, shared through the ledger."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from airflow_provider_ringcentral.client.ledger.protocol import Ledger
from airflow_provider_ringcentral.client.policy import RetryLater
from airflow_provider_ringcentral.client.rate_limit import windows
from airflow_provider_ringcentral.client.rate_limit.queue import RECHECK_SECONDS, turn_of
from airflow_provider_ringcentral.client.rate_limit.windows import RateLimitInfo, Window

T = TypeVar("T")


class RateLimiter:
    """Acquires and releases slots. A window is identified by the key of the quota's owner and by its group.

    `hold_seconds` is how long a slot is held by a request whose response nobody records.
    """

    def __init__(self, ledger: Ledger, hold_seconds: float) -> None:
        self._ledger = ledger
        self._hold_seconds = hold_seconds
        self._rng = random.Random()

    def acquire(self, owner: str, group: str, ticket: str, *, failures: int = 0, task: str | None = None) -> None:
        """Hold a slot for the request `ticket`, or raise `RetryLater` with the time until one is free.

        `task` names a deferrable task, which gives up its worker if that takes long.
        """
        now = self._ledger.now()
        instant = self._change(
            owner, group, lambda window: windows.reserve(window, ticket, now, self._hold_seconds, task)
        )
        if instant > now:
            needed = instant - now
            reason = f"the quota of group {group} is used up by this app and user for {needed:.1f} s"
            raise RetryLater(reason, delay=min(needed, RECHECK_SECONDS), needed=needed, failures=failures)

    def record_response(self, owner: str, group: str, ticket: str, info: RateLimitInfo) -> None:
        """Count the request from now on: it was answered, or its outcome is unknown."""
        now = self._ledger.now()
        self._change(owner, group, lambda window: windows.record_response(window, ticket, now, info, self._rng))

    def release(self, owner: str, group: str, ticket: str) -> None:
        """Leave the queue and free a held slot: nothing was sent."""
        self._change(owner, group, lambda window: windows.release(window, ticket))

    def abandon(self, owner: str, group: str, ticket: str) -> None:
        """Leave the queue. A slot still held counts from now, since its request may have been sent."""
        now = self._ledger.now()
        self._change(owner, group, lambda window: windows.abandon(window, ticket, now))

    def end_turn(self, owner: str, group: str, task: str) -> None:
        """End the turn of a task that is over, so that the next deferred task may start."""
        self._change(owner, group, lambda window: windows.end_turn(window, task))

    def _change(self, owner: str, group: str, step: Callable[[Window], T]) -> T:
        return _change(self._ledger, owner, group, step)


@dataclass(frozen=True, slots=True)
class Reservation:
    """The position of a deferred task in a window's queue. `turn` is the task's name.

    Any process with the same ledger can check it. The field names are stored in trigger arguments.
    """

    owner: str
    group: str
    turn: str

    def renew(self, ledger: Ledger, seconds: float) -> tuple[float, int]:
        """Return the seconds until the task's turn, and how many deferred tasks are in front of it.

        At 0 seconds the turn has started. Otherwise the reservation is kept for `seconds` without another call.
        """
        now = ledger.now()
        instant, in_front = _change(
            ledger, self.owner, self.group, lambda window: windows.await_turn(window, self.turn, now, seconds)
        )
        return instant - now, in_front

    def check(self, ledger: Ledger, seconds: float) -> tuple[float, int] | None:
        """Renew an existing reservation, with the result of `renew`; None if this ledger does not know it."""
        window = read_window(ledger, self.owner, self.group)
        if turn_of(window.turns, self.turn) is not None:
            return 0.0, 0
        return self.renew(ledger, seconds) if any(each.ticket == self.turn for each in window.queue) else None


def read_window(ledger: Ledger, owner: str, group: str) -> Window:
    """Return the window of a group, unused if the ledger does not know it."""
    return _decode(ledger.read(_key(owner, group)), group)


def groups_of(ledger: Ledger, owner: str) -> list[str]:
    """Return the throttling groups that the ledger knows of an owner, by RingCentral's names."""
    return [key.removeprefix(_key(owner, "")) for key in ledger.keys(_key(owner, ""))]


def _change(ledger: Ledger, owner: str, group: str, step: Callable[[Window], T]) -> T:
    def change(value: bytes | None) -> tuple[bytes, T]:
        window = _decode(value, group)
        result = step(window)
        return msgspec.json.encode(window), result

    return ledger.update(_key(owner, group), change)


def _key(owner: str, group: str) -> str:
    return f"window:{owner}:{group}"


def _decode(value: bytes | None, group: str) -> Window:
    try:
        return windows.new_window(group) if value is None else msgspec.json.decode(value, type=Window)
    except msgspec.DecodeError:
        # Damaged, or of an incompatible version: start anew.
        return windows.new_window(group)
