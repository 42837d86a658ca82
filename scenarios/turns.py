"""Deferrable tasks that share a credential and take turns, in simulated time."""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from airflow_provider_ringcentral.client.auth.credentials import DEFERRABLE_MAX_WAIT_SECONDS
from airflow_provider_ringcentral.client.rate_limit import windows
from airflow_provider_ringcentral.client.rate_limit.queue import RECHECK_SECONDS
from airflow_provider_ringcentral.client.rate_limit.windows import RateLimitInfo, Window
from airflow_provider_ringcentral.triggers.quota import MIN_DELAY_SECONDS, hold_seconds, pause_seconds

TASKS, PAGES, LIMIT = 100, 5, 10
HOLD_SECONDS = 75.0


@dataclass(slots=True)
class Task:
    """One extract: the `name` of its turn, the pages `left` to read, and the seconds `waited` for the next one."""

    name: str
    left: int
    starts: int = 0
    waited: float = 0.0
    request: int = 0


@dataclass(slots=True)
class Simulated:
    """The result: worker starts of each task, and when RingCentral counted each request (seconds since the start)."""

    tasks: Sequence[Task]
    counted: list[float] = field(default_factory=list)

    @property
    def starts(self) -> int:
        """Worker starts, including the first of each task."""
        return sum(task.starts for task in self.tasks)

    @property
    def wakings(self) -> int:
        """Starts after a deferral."""
        return sum(task.starts - 1 for task in self.tasks)

    @property
    def seconds(self) -> float:
        """Seconds until the last request."""
        return max(self.counted)

    @property
    def most_in_a_window(self) -> int:
        """The most requests in any window; more than the limit would be a 429."""
        counted, most, first = sorted(self.counted), 0, 0
        for last, moment in enumerate(counted):
            while moment - counted[first] >= windows.WINDOW_SECONDS:
                first += 1
            most = max(most, last - first + 1)
        return most


class _Simulation:
    """Handle events in the order of time. `keeps`: a deferred task keeps its reservation and its trigger checks it."""

    def __init__(self, pages: Sequence[int], *, keeps: bool, sees_ledger: bool, seed: int) -> None:
        self._rng = random.Random(seed)
        self._keeps, self._sees_ledger = keeps, sees_ledger
        self._window = Window(limit=LIMIT)
        self.result = Simulated([Task(f"task{number}", left) for number, left in enumerate(pages)])
        self._events: list[tuple[float, int, str, Task, float]] = []
        self._number = 0

    def run(self) -> Simulated:
        steps = {"start": self._start, "ask": self._ask, "answer": self._answer, "look": self._look}
        for task in self.result.tasks:
            self._at(self._rng.uniform(0.0, 2.0), "start", task)
        while self._events:
            now, _, step, task, moment = heapq.heappop(self._events)
            steps[step](now, task, moment)
        return self.result

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
            self.result.counted.append(now + self._rng.uniform(0.0, latency))
            self._at(now + latency, "answer", task)
        elif task.waited + needed <= DEFERRABLE_MAX_WAIT_SECONDS:
            task.waited += min(needed, RECHECK_SECONDS)
            self._at(now + min(needed, RECHECK_SECONDS), "ask", task)
        else:
            windows.release(self._window, ticket)
            self._defer(now, task, now + needed)

    def _defer(self, now: float, task: Task, moment: float) -> None:
        in_front = 0
        if self._keeps:
            moment, in_front = windows.await_turn(self._window, task.name, now, hold_seconds(moment - now))
        if self._keeps and self._sees_ledger:
            self._at(now + max(MIN_DELAY_SECONDS, pause_seconds(moment - now, in_front)), "look", task, moment)
        else:
            self._at(max(now + MIN_DELAY_SECONDS, moment) + self._starting(), "start", task)

    def _look(self, now: float, task: Task, moment: float) -> None:
        """What the trigger does."""
        instant, in_front = windows.await_turn(self._window, task.name, now, hold_seconds(moment - now))
        if instant > now:
            self._at(now + pause_seconds(instant - now, in_front), "look", task, instant)
        else:
            self._at(now + self._starting(), "start", task)

    def _starting(self) -> float:
        """The scheduler and a new process."""
        return self._rng.uniform(1.0, 4.0)

    def _answer(self, now: float, task: Task, moment: float) -> None:
        ticket = f"{task.name}:{task.request}"
        recent = sum(1 for counted in self.result.counted if now - windows.WINDOW_SECONDS < counted <= now)
        said = RateLimitInfo(limit=LIMIT, seconds=windows.WINDOW_SECONDS, remaining=max(0, LIMIT - recent))
        windows.record_response(self._window, ticket, now, said, self._rng)
        task.request, task.left, task.waited = task.request + 1, task.left - 1, 0.0
        if task.left:
            self._at(now + self._rng.uniform(0.0, 0.3), "ask", task)
        else:
            windows.end_turn(self._window, task.name)


def simulate(
    pages: Sequence[int] = (PAGES,) * TASKS, *, keeps: bool = True, sees_ledger: bool = True, seed: int = 7
) -> Simulated:
    """Tasks of so many pages each that start together, at ten pages a minute.

    `keeps`: deferred tasks keep their reservations. `sees_ledger`: their triggers can look at them.
    """
    return _Simulation(pages, keeps=keeps, sees_ledger=sees_ledger, seed=seed).run()
