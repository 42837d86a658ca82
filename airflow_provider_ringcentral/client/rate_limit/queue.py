"""The queue of a request window: who waits for a place, and which deferrable tasks may send. Pure.

Tasks that hold a worker are served in the order in which they came. Tasks that can wait without one stand behind them,
and wake one after the other: a task that woke for each of its requests would need a worker start for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

import msgspec

LOOK_AGAIN_SECONDS = 10.0
"""A waiter looks at its reservation at least this often, so that places of processes that died are given away."""

FORGOTTEN_SECONDS = 3 * LOOK_AGAIN_SECONDS

SHARE = 5
"""Requests that a task is taken to want in its turn, at most half of the limit. The next one in the queue wakes when
there are places beyond these."""

WAKING_SECONDS = 120.0
"""How long the turn of a task that was woken is kept until its worker sends the first request."""

EARLY_SECONDS = 5.0
"""How long before its place is free a task is woken. Its worker starts meanwhile, and may wait for the rest."""


class Waiter(msgspec.Struct):
    """A reservation: a place in the queue and the instant it may be used; `seen` is when its owner last looked.

    Who does not look for `kept` seconds loses it. `deferred`: it is that of a task that can wait without a worker.
    """

    ticket: str
    instant: float
    seen: float
    kept: float = FORGOTTEN_SECONDS
    deferred: bool = False


class Turn(msgspec.Struct):
    """A deferrable task that may send before all that are deferred; `used` counts its requests.

    It is over when no request comes for `kept` seconds.
    """

    name: str
    seen: float
    kept: float
    used: int = 0


def ahead(
    queue: Sequence[Waiter], turns: Iterable[Turn], name: str, now: float, *, deferred: bool, limit: int
) -> list[float]:
    """When the requests will be sent that go before the next one of `name`."""
    place = next((number for number, waiter in enumerate(queue) if waiter.ticket == name), len(queue))
    if not deferred:
        return [waiter.instant for waiter in queue[:place] if not waiter.deferred]
    share = max(1, min(SHARE, limit // 2))
    instants = [waiter.instant for waiter in queue if not waiter.deferred]
    for turn in turns:
        instants += [now] * max(1, share - turn.used)
    for waiter in queue[:place]:
        instants += [max(now, waiter.instant)] * share if waiter.deferred else []
    return instants


def deferred_before(queue: Iterable[Waiter], name: str) -> int:
    """How many deferred tasks are in front of `name`."""
    return sum(waiter.deferred for waiter in takewhile(lambda waiter: waiter.ticket != name, queue))


def wait(queue: list[Waiter], waiter: Waiter) -> None:
    """Stand in the queue, at the end unless it has its place already."""
    for place, there in enumerate(queue):
        if there.ticket == waiter.ticket:
            queue[place] = waiter
            return
    queue.append(waiter)


def without(queue: Iterable[Waiter], name: str) -> list[Waiter]:
    """The queue when `name` has left it."""
    return [waiter for waiter in queue if waiter.ticket != name]


def turn_of(turns: Iterable[Turn], name: str | None) -> Turn | None:
    """The turn that `name` has."""
    return next((turn for turn in turns if turn.name == name), None)
