"""Clients that share no ledger still finish, against a server as strict as documented. Simulated: hours in seconds."""

from __future__ import annotations

import heapq
import random
from collections import deque
from dataclasses import dataclass, field

import pytest

from airflow_provider_ringcentral.client.auth.login import FIRST_LOGIN_SPREAD_SECONDS
from airflow_provider_ringcentral.client.rate_limit import windows
from airflow_provider_ringcentral.client.rate_limit.windows import RateLimitInfo, Window

SESSIONS = 5
DAY = 24 * 3600.0


@dataclass
class Bucket:
    """A sliding minute; who exceeds it is shut out until a minute without any request has passed."""

    limit: int
    times: deque[float] = field(default_factory=deque)
    closed: float = 0.0
    refused: int = 0

    def ask(self, now: float) -> RateLimitInfo:
        while self.times and self.times[0] <= now - 60.0:
            self.times.popleft()
        if now < self.closed or len(self.times) >= self.limit:
            self.closed = now + 60.0
            self.refused += 1
            return RateLimitInfo(penalty=60.0)
        self.times.append(now)
        return RateLimitInfo(limit=self.limit, seconds=60.0, remaining=self.limit - len(self.times))


@dataclass
class Client:
    """One process with a ledger of its own."""

    work: int
    by_group: dict[str, Window] = field(
        default_factory=lambda: {name: windows.new_window(name) for name in ("auth", "heavy")}
    )
    token: int | None = None
    done: float = 0.0


class SharedQuota:
    """The server, its clients and their clock."""

    def __init__(self, clients: int, work: int, seed: int) -> None:
        self.rng = random.Random(seed)
        self.clients = [Client(work) for _ in range(clients)]
        self.buckets = {"auth": Bucket(5), "heavy": Bucket(10)}
        self.alive: deque[int] = deque(maxlen=SESSIONS)
        self.logins = 0
        self.events = [
            (self.rng.uniform(0, 1 + FIRST_LOGIN_SPREAD_SECONDS), n, "", RateLimitInfo()) for n in range(clients)
        ]
        heapq.heapify(self.events)

    def run(self) -> float:
        """Seconds until all are done; a day when they never are."""
        while self.events:
            now, n, arrived, info = heapq.heappop(self.events)
            if now > DAY:
                return DAY
            wake = self.answer(self.clients[n], arrived, info, now) if arrived else now
            if not self.clients[n].done:
                self.send(n, wake)
        return max(client.done for client in self.clients)

    def answer(self, client: Client, group: str, info: RateLimitInfo, now: float) -> float:
        windows.record_response(client.by_group[group], "t", now, info, self.rng)
        if info.penalty is None and group == "heavy":
            client.work -= 1
            client.done = 0.0 if client.work else now
        return now

    def send(self, n: int, now: float) -> None:
        client = self.clients[n]
        group = "auth" if client.token not in self.alive else "heavy"
        instant = windows.reserve(client.by_group[group], "t", now, 75.0)
        if instant > now:
            heapq.heappush(self.events, (instant + self.rng.uniform(0, 0.02), n, "", RateLimitInfo()))
            return
        info = self.buckets[group].ask(now)
        if group == "auth" and info.penalty is None:
            self.logins += 1
            client.token = self.logins
            self.alive.append(client.token)
        heapq.heappush(self.events, (now + self.rng.uniform(0.05, 0.3), n, group, info))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("clients", "work", "hours"), [(2, 20, 1), (4, 10, 1), (10, 4, 2), (50, 2, 3)])
def test_clients_that_share_nothing_finish(clients, work, hours, seed):
    assert SharedQuota(clients, work, seed).run() < hours * 3600


def test_one_client_alone_is_never_refused():
    shared_quota = SharedQuota(1, 60, 0)

    assert shared_quota.run() < 5 * 60 + 10
    assert [bucket.refused for bucket in shared_quota.buckets.values()] == [0, 0]
