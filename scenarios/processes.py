"""Processes that use RingCentral at the same time, as the tasks of one Connection do."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Barrier
from typing import Any

from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.client.errors import RingCentralError
from airflow_provider_ringcentral.client.ledger.factory import open_ledger
from airflow_provider_ringcentral.client.policy import Policy

Job = Callable[..., Any]

CONTEXT = multiprocessing.get_context("forkserver")
# Every process is a fork of one that has imported this and nothing else happened in: a start costs milliseconds.
CONTEXT.set_forkserver_preload(
    [__name__, "scenarios.quota_jobs", "airflow_provider_ringcentral.client.ledger.fallback", "redis", "sqlite3"]
)


@dataclass(frozen=True, slots=True)
class Order:
    """Who a process is, which ledger it opens, how patient it is (seconds for one request), and what it does."""

    credentials: Credentials
    ledger: str
    job: Job
    arguments: Sequence[Any] = ()
    max_wait: float = 900.0
    backoff: float = 2.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a process used and how it ended; `error` is None when it finished.

    `waited` is in seconds, `began` and `ended` of its job are epoch seconds.
    """

    requests: int
    logins: int
    throttled: int
    waited: float
    began: float
    ended: float
    error: str | None = None
    message: str = ""
    retry_after: float | None = None
    value: Any = None


@dataclass(slots=True)
class Member:
    """One process of a crew."""

    process: ForkServerProcess
    pipe: Connection = field(repr=False)
    together: Barrier = field(repr=False)  # it is gone with its last reference here, children or not

    def outcome(self, seconds: float = 600) -> Outcome | None:
        """How it ended; None when it was killed. Raises TimeoutError after `seconds`."""
        try:
            if not self.pipe.poll(seconds):
                raise TimeoutError(f"process {self.process.pid} is still at work")
            found: Outcome = self.pipe.recv()
        except EOFError:
            return None
        finally:
            self.pipe.close()
        self.process.join()
        return found

    def kill(self) -> None:
        """SIGKILL, as the kernel's out-of-memory killer does."""
        self.process.kill()
        self.process.join()


def start(orders: Iterable[Order]) -> list[Member]:
    """Processes that begin their jobs at the same moment, once all of them are there."""
    listed = list(orders)
    together = CONTEXT.Barrier(len(listed))
    return [_start(order, together) for order in listed]


def run(orders: Iterable[Order]) -> list[Outcome]:
    """Starts them and waits for all."""
    return [outcome for member in start(orders) if (outcome := member.outcome()) is not None]


def _start(order: Order, together: Barrier) -> Member:
    ours, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_work, args=(order, together, theirs), daemon=True)
    process.start()
    theirs.close()
    return Member(process, ours, together)


def _work(order: Order, together: Barrier, pipe: Connection) -> None:
    policy = Policy(max_wait=order.max_wait, backoff=order.backoff)
    client = RingCentralClient(order.credentials, open_ledger(order.ledger), policy=policy)
    together.wait()
    began = time.time()
    value, error, message, retry_after = None, None, "", None
    try:
        value = order.job(client, *order.arguments)
    except RingCentralError as failed:
        error, message, retry_after = type(failed).__name__, str(failed), failed.retry_after
    usage = client.usage
    used = (usage.requests, usage.logins, usage.throttled, usage.waited)
    pipe.send(Outcome(*used, began, time.time(), error, message, retry_after, value))


def wait_until(happened: Callable[[], bool], seconds: float = 60.0) -> None:
    """Looks every few milliseconds; TimeoutError after `seconds`."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError(f"nothing happened in {seconds} s")
        time.sleep(0.005)
