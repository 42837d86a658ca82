"""A sandbox in a process of its own, a ledger, and the result of running processes against them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.auth.token_cache import read_token_state
from airflow_provider_ringcentral.client.endpoints import AUTH
from airflow_provider_ringcentral.client.ledger.factory import open_ledger
from airflow_provider_ringcentral.client.ledger.protocol import Ledger
from airflow_provider_ringcentral.client.rate_limit.limiter import read_window
from airflow_provider_ringcentral.client.rate_limit.windows import WINDOW_SECONDS, Window
from airflow_provider_ringcentral.sandbox import Sandbox
from scenarios.other_client import AGENT
from scenarios.processes import Job, Outcome, ProcessSpec, run_processes


@dataclass(frozen=True, slots=True)
class Run:
    """What the processes report, with the sandbox's `stats` and `requests`."""

    outcomes: Sequence[Outcome]
    stats: dict[str, Any]
    requests: Sequence[dict[str, Any]]

    @property
    def seconds(self) -> float:
        """From the first process that began to the last that ended."""
        return max(found.ended for found in self.outcomes) - min(found.began for found in self.outcomes)

    @property
    def finished(self) -> int:
        """How many processes ended without an error."""
        return sum(outcome.error is None for outcome in self.outcomes)

    @property
    def logins(self) -> int:
        """Token requests, granted or refused."""
        return int(self.stats["groups"].get("Auth", 0))

    @property
    def limited(self) -> int:
        """429 answers that our processes received."""
        return sum(outcome.throttled for outcome in self.outcomes)

    @property
    def in_penalty(self) -> int:
        """Requests of any client while a penalty was open."""
        return int(self.stats["in_penalty"])

    def into_known_penalty(self, penalty: float, flight: float = 0.25) -> int:
        """Our requests sent within `penalty` seconds after a 429 to one of ours, except those in flight together."""
        heavy = self.of_group("Heavy")
        refused = [found["time"] for found in heavy if found["status"] == 429]
        return sum(any(flight < found["time"] - at < penalty for at in refused) for found in heavy)

    def of_group(self, group: str) -> list[dict[str, Any]]:
        """Our requests of a group, oldest first."""
        return [found for found in self.requests if found["group"] == group and found["user_agent"] != AGENT]


WIDE_OPEN = {"Light": 100_000, "Medium": 100_000, "Heavy": 100_000, "Auth": 100_000}
"""Limits that no test reaches; answers still carry their headers."""


@dataclass(frozen=True, slots=True)
class SharedQuota:
    """A sandbox and a ledger that processes share. `ledger` is the URL of a SQLite file in `folder`."""

    sandbox: Sandbox
    credentials: Credentials
    ledger: str
    folder: str

    def run(self, count: int, job: Job, *arguments: Any, ledgers: Sequence[str] = (), max_wait: float = 900) -> Run:
        """Start `job` in `count` processes at once, which take `ledgers` in turn, and return the result."""
        urls = ledgers or [self.ledger]
        orders = [ProcessSpec(self.credentials, urls[n % len(urls)], job, arguments, max_wait) for n in range(count)]
        return self.seen(run_processes(orders))

    def seen(self, outcomes: Sequence[Outcome]) -> Run:
        """Add what the sandbox recorded."""
        return Run(outcomes, self.sandbox.stats(), self.sandbox.requests())

    def shorten_auth(self, scale: float) -> None:
        """Write the length of the Auth window into the ledger: the token endpoint's answers do not carry it."""
        window = Window(limit=5, seconds=WINDOW_SECONDS * scale)
        self._put(f"window:{self.credentials.app_key}:{AUTH}", window)

    def window(self, group: str) -> Window:
        """Read a group's window from the ledger."""
        with closing(open_ledger(self.ledger)) as ledger:
            return read_window(ledger, self._owner(ledger), group)

    def change_window(self, group: str, **fields: Any) -> None:
        """Change a group's window in the ledger."""
        window = msgspec.structs.replace(self.window(group), **fields)
        with closing(open_ledger(self.ledger)) as ledger:
            owner = self._owner(ledger)
        self._put(f"window:{owner}:{group}", window)

    def _owner(self, ledger: Ledger) -> str:
        return self.credentials.owner_key(read_token_state(ledger, self.credentials).owner_id)

    def _put(self, key: str, window: Window) -> None:
        with closing(open_ledger(self.ledger)) as ledger:
            ledger.update(key, lambda _: (msgspec.json.encode(window), None))


def credentials_of(sandbox: Sandbox) -> Credentials:
    """Return the credentials that the sandbox starts with."""
    return Credentials(sandbox.client_id, sandbox.client_secret, sandbox.jwt, server=sandbox.url)


@contextmanager
def shared_quota(**options: Any) -> Iterator[SharedQuota]:
    """Start a sandbox with `options` and an empty ledger."""
    options.setdefault("calls", 100)
    with (
        tempfile.TemporaryDirectory(prefix="quota-") as folder,
        Sandbox(process=True, **options) as sandbox,
    ):
        yield SharedQuota(sandbox, credentials_of(sandbox), f"sqlite://{folder}/ledger.sqlite", folder)
