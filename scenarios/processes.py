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
    [__name__, "scenarios.quota_jobs", "airflow_provider_ringcentral.client.ledger.memory", "redis", "sqlite3"]
)


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """Credentials, ledger, longest wait for one request (seconds) and job of a process."""

    credentials: Credentials
    ledger: str
    job: Job
    arguments: Sequence[Any] = ()
    max_wait: float = 900.0
    backoff: float = 2.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a process used and how it ended; `error` is None when its job finished.

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
class RunningProcess:
    """A process that runs a job."""

    process: ForkServerProcess
    pipe: Connection = field(repr=False)
    together: Barrier = field(repr=False)  # dropping the last reference here destroys it, even while children use it

    def outcome(self, seconds: float = 600) -> Outcome | None:
        """Return how it ended, None when it was killed. Raises TimeoutError after `seconds`."""
        try:
            if not self.pipe.poll(seconds):
                raise TimeoutError(f"process {self.process.pid} is still running")
            found: Outcome = self.pipe.recv()
        except EOFError:
            return None
        finally:
            self.pipe.close()
        self.process.join()
        return found

    def kill(self) -> None:
        """Send SIGKILL, as the kernel's out-of-memory killer does."""
        self.process.kill()
        self.process.join()


def start_processes(orders: Iterable[ProcessSpec]) -> list[RunningProcess]:
    """Start processes that begin their jobs at the same moment, once all of them are ready."""
    listed = list(orders)
    together = CONTEXT.Barrier(len(listed))
    return [_start(order, together) for order in listed]


def run_processes(orders: Iterable[ProcessSpec]) -> list[Outcome]:
    """Start processes, wait for all of them, and return how they ended."""
    return [outcome for member in start_processes(orders) if (outcome := member.outcome()) is not None]


def _start(order: ProcessSpec, together: Barrier) -> RunningProcess:
    ours, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_work, args=(order, together, theirs), daemon=True)
    process.start()
    theirs.close()
    return RunningProcess(process, ours, together)


def _work(order: ProcessSpec, together: Barrier, pipe: Connection) -> None:
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
    """Poll `happened` every 5 ms. Raises TimeoutError after `seconds`."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            raise TimeoutError(f"nothing happened in {seconds} s")
        time.sleep(0.005)
