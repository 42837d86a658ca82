"""What a task remembers of its sends, so that a retry does not repeat them."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import msgspec

from airflow_provider_ringcentral.client.ledger import Ledger
from airflow_provider_ringcentral.sending.claims import Claims
from airflow_provider_ringcentral.sending.rivals import Rivals

FLIGHT_SECONDS = 75.0
PREFIX = "ringcentral:"


class Pages(Protocol):
    """JSON values by key, for one task instance. Airflow's task state store is one as it is."""

    def get(self, key: str) -> Any:
        """The value, None when there is none."""
        ...

    def set(self, key: str, value: Any) -> None:
        """Write or overwrite."""
        ...


class LedgerPages:
    """Pages in the ledger, for `owner` (a digest of dag, run, task and map index); they live for 7 days."""

    def __init__(self, ledger: Ledger, owner: str) -> None:
        self._ledger = ledger
        self._owner = owner

    def get(self, key: str) -> Any:
        """The value, None when there is none."""
        value = self._ledger.read(f"sent:{self._owner}:{key}")
        try:
            return None if value is None else msgspec.json.decode(value)
        except msgspec.DecodeError:
            return None

    def set(self, key: str, value: Any) -> None:
        """Write or overwrite."""
        encoded = msgspec.json.encode(value)
        self._ledger.update(f"sent:{self._owner}:{key}", lambda _: (encoded, None))


class Entry(msgspec.Struct):
    """What is known of one message.

    `sends` is how often it went out and may be at the server, `since` (epoch seconds) when it first did, `id` its id at
    the server, empty while unknown. `order` counts a person's clears. `ticket` names it among all tasks.
    """

    order: int
    content: str
    sends: int = 0
    since: float = 0.0
    id: str = ""
    found: bool = False
    closed: bool = False
    kept: dict[str, Any] = {}
    ticket: str = msgspec.field(default_factory=lambda: uuid.uuid4().hex)


@dataclass
class Notebook:
    """The notes of one task instance, and what it shares with all others through the ledger.

    `place` is the server: ids mean something there only. `order` rises when a person clears the task (Airflow's
    `max_tries` does); callbacks have none. `attempt` is Airflow's number of the try. `retried_since` (epoch seconds) is
    set for a retry whose notes may lie on another machine: what has none is looked for from there. `flight` is how many
    seconds after it went out a request is answered or lost, by the timeout of the client. `ends` (epoch seconds) is
    when this try has to be over, if anything says so.
    """

    pages: Pages
    ledger: Ledger
    place: str
    order: int = 0
    attempt: int = 1
    retried_since: float | None = None
    flight: float = FLIGHT_SECONDS
    ends: float | None = None
    claims: Claims = field(init=False)
    rivals: Rivals = field(init=False)

    def __post_init__(self) -> None:
        self.claims = Claims(self.ledger, self.place)
        self.rivals = Rivals(self.ledger, self.place)

    def read(self, key: str) -> Entry | None:
        """The entry of a draft's key. Damaged, or of another version: none."""
        value = self.pages.get(PREFIX + key)
        try:
            return None if value is None else msgspec.convert(value, Entry)
        except msgspec.ValidationError:
            return None

    def write(self, key: str, entry: Entry) -> None:
        """Note it, before anything else happens."""
        self.pages.set(PREFIX + key, msgspec.to_builtins(entry))

    def finish(self) -> None:
        """The task is about to succeed: when a person clears it from now on, everything is sent again."""
        self.pages.set(PREFIX + "finished", self.order)

    def is_past(self, entry: Entry) -> bool:
        """Whether the entry belongs to an order that was finished before the present one was given."""
        return self.is_over(entry.order)

    def is_over(self, order: int) -> bool:
        """Whether `order` was finished before the present one was given."""
        return self._finished is not None and order <= self._finished < self.order

    @cached_property
    def _finished(self) -> int | None:
        """The order that was finished last, when this try began."""
        finished = self.pages.get(PREFIX + "finished")
        return finished if isinstance(finished, int) else None

    def close(self, key: str) -> None:
        """The message is known to have failed: the next try sends it anew."""
        entry = self.read(key)
        if entry is not None:
            entry.closed = True
            self.write(key, entry)

    def deadline(self, seconds: float) -> float:
        """Epoch seconds at which this try stops waiting, `seconds` from when it first asked.

        Deferrals do not move it, and it is not after `ends`.
        """
        name = f"{PREFIX}deadline:{self.attempt}"
        noted = self.pages.get(name)
        if not isinstance(noted, int | float):
            noted = self.now() + seconds
            self.pages.set(name, noted)
        return float(noted) if self.ends is None else min(float(noted), self.ends)

    def now(self) -> float:
        """Epoch seconds, by the clock of all who share the ledger."""
        return self.ledger.now()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(max(0.0, seconds))
