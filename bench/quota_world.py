"""A sandbox in a process of its own, a ledger, and what a run of processes against them came to."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from airflow_provider_ringcentral.client.credentials import Credentials
from airflow_provider_ringcentral.sandbox import Sandbox
from bench import crew
from bench.crew import Job, Order, Outcome
from bench.stranger import AGENT


@dataclass(frozen=True, slots=True)
class Run:
    """`stats` and `requests` are the sandbox's, `seconds` the time of the whole crew."""

    outcomes: Sequence[Outcome]
    stats: dict[str, Any]
    requests: Sequence[dict[str, Any]]
    seconds: float

    @property
    def finished(self) -> int:
        """Processes that ended without an error."""
        return sum(outcome.error is None for outcome in self.outcomes)

    @property
    def logins(self) -> int:
        """Token requests, granted or refused."""
        return int(self.stats["groups"].get("Auth", 0))

    @property
    def limited(self) -> int:
        """Answers 429 that our processes met."""
        return sum(outcome.throttled for outcome in self.outcomes)

    @property
    def in_penalty(self) -> int:
        """Requests of anybody while a penalty was open."""
        return int(self.stats["in_penalty"])

    def of_group(self, group: str) -> list[dict[str, Any]]:
        """Our requests of a group, oldest first."""
        return [found for found in self.requests if found["group"] == group and found["user_agent"] != AGENT]


@dataclass(frozen=True, slots=True)
class World:
    """Where crews work. `ledger` is a SQLite file of this world."""

    sandbox: Sandbox
    credentials: Credentials
    ledger: str
    folder: str

    def run(self, processes: int, job: Job, *arguments: Any, ledgers: Sequence[str] = (), max_wait: float = 900) -> Run:
        """So many processes, taking turns over `ledgers`, begin `job` at once; what came of it."""
        urls = ledgers or [self.ledger]
        orders = [Order(self.credentials, urls[n % len(urls)], job, arguments, max_wait) for n in range(processes)]
        began = time.monotonic()
        outcomes = crew.run(orders)
        return self.seen(outcomes, time.monotonic() - began)

    def seen(self, outcomes: Sequence[Outcome], seconds: float) -> Run:
        """What the sandbox saw of it."""
        return Run(outcomes, self.sandbox.stats(), self.sandbox.requests(), seconds)


def credentials_of(sandbox: Sandbox) -> Credentials:
    """Those that are there from the start."""
    return Credentials(sandbox.client_id, sandbox.client_secret, sandbox.jwt, server=sandbox.url)


@contextmanager
def world(**options: Any) -> Iterator[World]:
    """A new one, with the sandbox's `options`."""
    options.setdefault("calls", 100)
    with (
        tempfile.TemporaryDirectory(prefix="quota-") as folder,
        Sandbox(process=True, **options) as sandbox,
    ):
        yield World(sandbox, credentials_of(sandbox), f"sqlite://{folder}/ledger.sqlite", folder)
