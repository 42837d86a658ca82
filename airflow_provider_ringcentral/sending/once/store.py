"""What a task remembers of its sends, so that a retry does not repeat them."""

from __future__ import annotations

import logging
import time
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec

from airflow_provider_ringcentral.client.ledger import Ledger
from airflow_provider_ringcentral.sending.once.claims import Claims
from airflow_provider_ringcentral.sending.pages import LedgerPages, Pages, StorePages

log = logging.getLogger(__name__)

__all__ = ["PREFIX", "Entry", "LedgerPages", "Notebook", "Overtaken", "Pages", "StorePages"]

FLIGHT_SECONDS = 75.0
PREFIX = "ringcentral:"
FINISHED = f"{PREFIX}finished"


class Overtaken(Exception):
    """Another process of the same task has written this note since it was read. Nothing was written."""


class Entry(msgspec.Struct):
    """What is known of one message.

    `sends` is how often it went out and may be at the server (0: nothing is out), `since` (epoch seconds) when it first
    did, `id` its id at the server, empty while unknown. `order` is the task's when it went out last. `ticket` names it
    among all tasks. `content` and `traits` are what its draft said of itself then: a retry may render another one.
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
    traits: dict[str, Any] = {}


class Finished(msgspec.Struct):
    """The generation of notes that a success closed, and the task's order and retries then."""

    number: int
    order: int
    retries: int | None = None


@dataclass
class Notebook:
    """The notes of one task instance, and what it shares with all others through the ledger.

    `place` is the server: ids mean something there only. `order` (Airflow's `max_tries`) and `retries` change when a
    person clears the task, and not with a retry. `attempt` is Airflow's number of the try. `retried_since` (epoch
    seconds) is set when an earlier try of this order may have sent something and noted it where this one cannot see it.
    `sole`: everybody who sends through this server notes it in this ledger, so that a message nobody has claimed is
    nobody's. `flight` is how many seconds after it went out a request is answered or lost, by the client's timeout.
    `ends` (epoch seconds) is when this try has to be over, if anything says so.

    Notes come in generations: after a success and a person's clear the next one begins, with nothing noted.
    """

    pages: Pages
    ledger: Ledger
    place: str
    order: int = 0
    attempt: int = 1
    retried_since: float | None = None
    flight: float = FLIGHT_SECONDS
    ends: float | None = None
    retries: int | None = None
    sole: bool = True
    claims: Claims = field(init=False)

    def __post_init__(self) -> None:
        self.claims = Claims(self.ledger, self.place)
        self._seen: dict[str, Any] = {}

    def read(self, key: str) -> Entry | None:
        """The entry of a draft's key; None when there is none, or an earlier version noted that the message failed."""
        return self._entry(self._name(key))

    def read_finished(self, key: str) -> Entry | None:
        """The entry of the generation that was finished before a person cleared the task."""
        return self._entry(_name(self._finished.number, key)) if self.cleared_after_success else None

    def write(self, key: str, entry: Entry) -> None:
        """Note it, before anything else happens. Raises `Overtaken` when it is not as it was read or written last."""
        name = self._name(key)
        if name not in self._seen:
            self._seen[name] = self.pages.get(name)
        after = msgspec.to_builtins(entry)
        if not self.pages.swap(name, self._seen[name], after):
            raise Overtaken(key)
        self._seen[name] = after

    def forget(self, key: str) -> None:
        """The message came to nothing: the next try sends it anew."""
        entry = self.read(key)
        if entry is not None:
            self.write(key, Entry(entry.order, entry.content))

    def get(self, name: str) -> Any:
        """A further value of this generation."""
        return self.pages.get(self._name(name))

    def get_finished(self, name: str) -> Any:
        """The same, of the generation that was finished before a person cleared the task."""
        return self.pages.get(_name(self._finished.number, name)) if self.cleared_after_success else None

    def set(self, name: str, value: Any) -> None:
        """Write or overwrite such a value."""
        self.pages.set(self._name(name), value)

    def finish(self) -> None:
        """The task is about to succeed: when a person clears it from now on, everything is sent again."""
        self.pages.set(FINISHED, msgspec.to_builtins(Finished(self._generation, self.order, self.retries)))

    @property
    def cleared_after_success(self) -> bool:
        """Whether the task had succeeded when a person cleared it.

        A retry after a success is possible, too: when the worker was killed before it could report. Clearing sets
        `max_tries` to the tries so far and `retries`, so that only the same two numbers mean the same order.
        """
        finished = self._finished
        if finished.number < 0:
            return False
        same_retries = finished.retries is None or self.retries is None or finished.retries == self.retries
        return finished.order != self.order or not same_retries

    @cached_property
    def _finished(self) -> Finished:
        """What was finished last, when this try began; its number is -1 when nothing was."""
        value = self.pages.get(FINISHED)
        if isinstance(value, int):
            # An earlier version noted the order alone.
            return Finished(0, value)
        try:
            return msgspec.convert(value, Finished)
        except msgspec.ValidationError:
            return Finished(-1, 0)

    @property
    def _generation(self) -> int:
        return max(0, self._finished.number + self.cleared_after_success)

    def _name(self, key: str) -> str:
        return _name(self._generation, key)

    def _entry(self, name: str) -> Entry | None:
        value = self._seen[name] = self.pages.get(name)
        try:
            entry = None if value is None else msgspec.convert(value, Entry)
        except msgspec.ValidationError:
            log.warning("A note of what this task has sent is damaged or of another version (%s).", name)
            order = value.get("order") if isinstance(value, dict) else None
            # Something may be out, and nobody can tell what.
            return Entry(order if isinstance(order, int) else self.order, "", sends=1)
        return None if entry is None or entry.closed else entry

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


def _name(generation: int, key: str) -> str:
    return f"{PREFIX}{generation}:{key}" if generation else f"{PREFIX}{key}"
