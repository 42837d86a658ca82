"""The queue of a rate limit window: which requests wait for a slot, and which deferrable tasks may send. Pure.

Requests of tasks that hold a worker are served in the order in which they came. Deferred tasks stand behind them and
wake one after the other, each for several requests: waking a task for each of its requests would cost a worker start
each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

import msgspec

RECHECK_SECONDS = 10.0
"""A waiter checks its reservation at least this often, so that slots of processes that died are given to others."""

EXPIRY_SECONDS = 3 * RECHECK_SECONDS
"""A reservation that is not checked for this long expires."""

REQUESTS_PER_TURN = 5
"""How many requests a task is assumed to need in its turn, but at most half of the limit. The next task in the queue
wakes when there are slots beyond these."""

WAKING_SECONDS = 120.0
"""How long a woken task keeps its turn until its worker sends the first request."""

EARLY_SECONDS = 5.0
"""How long before its slot is free a task is woken: its worker starts meanwhile, and may wait for the rest."""


class Waiter(msgspec.Struct):
    """A reservation: a position in the queue, and the time (epoch seconds) at which a slot will be free for it.

    It expires when nobody checked it for `kept` seconds since `seen`. `deferred`: it belongs to a task that waits
    without a worker. The field names are stored in the ledger.
    """

    ticket: str
    instant: float
    seen: float
    kept: float = EXPIRY_SECONDS
    deferred: bool = False


class Turn(msgspec.Struct):
    """A woken task's right to send before all deferred tasks; `name` is the task, `used` counts its requests.

    It ends when the task sends no request for `kept` seconds. The field names are stored in the ledger.
    """

    name: str
    seen: float
    kept: float
    used: int = 0


def times_ahead(
    queue: Sequence[Waiter], turns: Iterable[Turn], ticket: str, now: float, *, deferred: bool, limit: int
) -> list[float]:
    """Return the times at which the requests will be sent that go before the next one of `ticket`."""
    position = next((number for number, waiter in enumerate(queue) if waiter.ticket == ticket), len(queue))
    if not deferred:
        return [waiter.instant for waiter in queue[:position] if not waiter.deferred]
    share = max(1, min(REQUESTS_PER_TURN, limit // 2))
    times = [waiter.instant for waiter in queue if not waiter.deferred]
    for turn in turns:
        times += [now] * max(1, share - turn.used)
    for waiter in queue[:position]:
        times += [max(now, waiter.instant)] * share if waiter.deferred else []
    return times


def deferred_before(queue: Iterable[Waiter], ticket: str) -> int:
    """Return how many deferred tasks are in front of `ticket`."""
    return sum(waiter.deferred for waiter in takewhile(lambda waiter: waiter.ticket != ticket, queue))


def enqueue(queue: list[Waiter], waiter: Waiter) -> None:
    """Add `waiter` at the end of the queue, or update it where it stands already."""
    for position, other in enumerate(queue):
        if other.ticket == waiter.ticket:
            queue[position] = waiter
            return
    queue.append(waiter)


def without(queue: Iterable[Waiter], ticket: str) -> list[Waiter]:
    """Return the queue without `ticket`."""
    return [waiter for waiter in queue if waiter.ticket != ticket]


def turn_of(turns: Iterable[Turn], task: str | None) -> Turn | None:
    """Return the turn that `task` has, or None."""
    return next((turn for turn in turns if turn.name == task), None)
