"""A crowd of deferrable tasks that share a credential, in simulated time: how often a worker starts for them. Pure."""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from airflow_provider_ringcentral.client.auth.credentials import DEFERRABLE_MAX_WAIT_SECONDS
from airflow_provider_ringcentral.client.rate_limit import windows
from airflow_provider_ringcentral.client.rate_limit.turns import LOOK_AGAIN_SECONDS
from airflow_provider_ringcentral.client.rate_limit.windows import RateLimitInfo, Window
from airflow_provider_ringcentral.triggers.quota import SOONEST_SECONDS, kept_seconds, pause_seconds
from bench.claim import Claim
from bench.table import Number, table

TASKS, PAGES, LIMIT = 100, 5, 10
HOLD_SECONDS = 75.0


@dataclass(slots=True)
class Task:
    """One extract. `name` is its turn's, `left` the pages that it lacks, `waited` for the next one on this worker."""

    name: str
    left: int
    starts: int = 0
    waited: float = 0.0
    request: int = 0


@dataclass(slots=True)
class Crowd:
    """What a run came to: worker starts by task, and when RingCentral counted each request (s since the begin)."""

    tasks: Sequence[Task]
    counted: list[float] = field(default_factory=list)

    @property
    def starts(self) -> int:
        """Of workers, the first of each task included."""
        return sum(task.starts for task in self.tasks)

    @property
    def wakings(self) -> int:
        """Starts after a deferral."""
        return sum(task.starts - 1 for task in self.tasks)

    @property
    def seconds(self) -> float:
        """Until the last request."""
        return max(self.counted)

    @property
    def most_in_a_window(self) -> int:
        """Requests in any window: more than the limit would be a 429."""
        counted, most, first = sorted(self.counted), 0, 0
        for last, moment in enumerate(counted):
            while moment - counted[first] >= windows.WINDOW_SECONDS:
                first += 1
            most = max(most, last - first + 1)
        return most


class _Simulation:
    """Events in the order of time. `keeps`: a deferred task keeps its reservation, and its trigger looks at it."""

    def __init__(self, pages: Sequence[int], *, keeps: bool, sees_ledger: bool, seed: int) -> None:
        self._rng = random.Random(seed)
        self._keeps, self._sees_ledger = keeps, sees_ledger
        self._window = Window(limit=LIMIT)
        self.crowd = Crowd([Task(f"task{number}", left) for number, left in enumerate(pages)])
        self._events: list[tuple[float, int, str, Task, float]] = []
        self._number = 0

    def run(self) -> Crowd:
        steps = {"start": self._start, "ask": self._ask, "answer": self._answer, "look": self._look}
        for task in self.crowd.tasks:
            self._at(self._rng.uniform(0.0, 2.0), "start", task)
        while self._events:
            now, _, step, task, moment = heapq.heappop(self._events)
            steps[step](now, task, moment)
        return self.crowd

    def _at(self, now: float, step: str, task: Task, moment: float = 0.0) -> None:
        self._number += 1
        heapq.heappush(self._events, (now, self._number, step, task, moment))

    def _start(self, now: float, task: Task, moment: float) -> None:
        task.starts += 1
        task.waited = 0.0
        self._ask(now, task, moment)

    def _ask(self, now: float, task: Task, moment: float) -> None:
        ticket, turn = f"{task.name}:{task.request}", task.name if self._keeps else None
        needed = windows.reserve(self._window, ticket, now, HOLD_SECONDS, turn) - now
        if needed <= 0.0:
            latency = self._rng.uniform(0.1, 0.6)
            self.crowd.counted.append(now + self._rng.uniform(0.0, latency))
            self._at(now + latency, "answer", task)
        elif task.waited + needed <= DEFERRABLE_MAX_WAIT_SECONDS:
            task.waited += min(needed, LOOK_AGAIN_SECONDS)
            self._at(now + min(needed, LOOK_AGAIN_SECONDS), "ask", task)
        else:
            windows.give_back(self._window, ticket)
            self._defer(now, task, now + needed)

    def _defer(self, now: float, task: Task, moment: float) -> None:
        in_front = 0
        if self._keeps:
            moment, in_front = windows.await_turn(self._window, task.name, now, kept_seconds(moment - now))
        if self._keeps and self._sees_ledger:
            self._at(now + max(SOONEST_SECONDS, pause_seconds(moment - now, in_front)), "look", task, moment)
        else:
            self._at(max(now + SOONEST_SECONDS, moment) + self._starting(), "start", task)

    def _look(self, now: float, task: Task, moment: float) -> None:
        """What the trigger does."""
        instant, in_front = windows.await_turn(self._window, task.name, now, kept_seconds(moment - now))
        if instant > now:
            self._at(now + pause_seconds(instant - now, in_front), "look", task, instant)
        else:
            self._at(now + self._starting(), "start", task)

    def _starting(self) -> float:
        """The scheduler and a new process."""
        return self._rng.uniform(1.0, 4.0)

    def _answer(self, now: float, task: Task, moment: float) -> None:
        ticket = f"{task.name}:{task.request}"
        recent = sum(1 for counted in self.crowd.counted if now - windows.WINDOW_SECONDS < counted <= now)
        said = RateLimitInfo(limit=LIMIT, seconds=windows.WINDOW_SECONDS, remaining=max(0, LIMIT - recent))
        windows.answered(self._window, ticket, now, said, self._rng)
        task.request, task.left, task.waited = task.request + 1, task.left - 1, 0.0
        if task.left:
            self._at(now + self._rng.uniform(0.0, 0.3), "ask", task)
        else:
            windows.end_turn(self._window, task.name)


def simulate(
    pages: Sequence[int] = (PAGES,) * TASKS, *, keeps: bool = True, sees_ledger: bool = True, seed: int = 7
) -> Crowd:
    """Tasks of so many pages each that start together, at ten pages a minute.

    `keeps`: deferred tasks keep their reservations. `sees_ledger`: their triggers can look at them.
    """
    return _Simulation(pages, keeps=keeps, sees_ledger=sees_ledger, seed=seed).run()


def measure(rounds: int) -> list[Claim]:
    """One round is enough: time is simulated, and chance is seeded."""
    del rounds
    ways = {
        "places kept, the triggerer sees the ledger": simulate(),
        "places kept, the triggerer sees no ledger": simulate(sees_ledger=False),
        "places not kept": simulate(keeps=False),
    }
    rows: list[list[object]] = [
        [name, Number(found.starts), Number(found.wakings), Number(_per_ten(found), 2), Number(found.seconds)]
        for name, found in ways.items()
    ]
    print(f"\n## {TASKS} deferrable tasks of {PAGES} pages each on one credential, {LIMIT} pages a minute, simulated\n")
    print(table(["", "worker starts", "of these after a deferral", "per ten pages", "seconds"], rows))
    kept, *_, forgotten = ways.values()
    least = (len(kept.counted) - 1) // LIMIT * windows.WINDOW_SECONDS
    return [
        Claim(
            "crowd: at most 3 worker starts after a deferral for ten pages",
            f"{_per_ten(kept):.2f} (places not kept: {_per_ten(forgotten):.2f})",
            _per_ten(kept) <= 3.0,
        ),
        Claim("crowd: no task is started more than twice", f"{kept.starts} for {TASKS}", kept.starts <= 2 * TASKS),
        Claim(
            "crowd: the time is within 3% of what the limit allows",
            f"{kept.seconds / least - 1:+.1%}",
            kept.seconds <= 1.03 * least,
        ),
    ]


def _per_ten(crowd: Crowd) -> float:
    return crowd.wakings * 10 / len(crowd.counted)
