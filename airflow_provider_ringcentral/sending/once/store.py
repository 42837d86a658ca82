"""What a task remembers of its sends, so that a retry does not repeat them.

Which message at the server belongs to which send, and which answers are still to come.

Where the notes of a task instance are written: Airflow's task state store, or the ledger.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import msgspec

from airflow_provider_ringcentral.client.ledger.protocol import Ledger

Roster = dict[str, float]
"""Ticket -> epoch seconds until which its request may be under way."""


class Claims:
    """What all sends to one server share through the ledger, which forgets it in 7 days.

    An id is claimed by at most one ticket, for good. While a request is under way its ticket is listed under the digest
    of its content, so that nobody takes a message whose own answer is still to come.
    """

    def __init__(self, ledger: Ledger, place: str) -> None:
        self._ledger = ledger
        self._place = place

    def departs(self, content: str, ticket: str, until: float) -> None:
        """A request goes out. Whoever is killed is off the list at `until` (epoch seconds)."""
        self._change(content, lambda roster: roster.update({ticket: until}))

    def lands(self, content: str, ticket: str) -> None:
        """It was answered, or its answer is lost."""
        self._change(content, lambda roster: roster.pop(ticket, None))

    def others_in_flight(self, content: str, ticket: str) -> int:
        """How many others have a request of this content under way."""
        roster = _roster(self._ledger.read(self._list(content)))
        now = self._ledger.now()
        return sum(until > now for other, until in roster.items() if other != ticket)

    def take(self, channel: str, message_id: str, ticket: str) -> bool:
        """Claim an id; whether it is this ticket's now."""
        own = ticket.encode()

        def change(holder: bytes | None) -> tuple[bytes, bool]:
            return holder or own, holder in (None, own)

        return self._ledger.update(self._key(channel, message_id), change)

    def holder(self, channel: str, message_id: str) -> str | None:
        """The ticket that has claimed an id."""
        holder = self._ledger.read(self._key(channel, message_id))
        return None if holder is None else holder.decode()

    def _key(self, channel: str, message_id: str) -> str:
        return f"claim:{self._place}:{channel}:{message_id}"

    def _list(self, content: str) -> str:
        return f"rivals:{self._place}:{content}"

    def _change(self, content: str, step: Callable[[Roster], object]) -> None:
        now = self._ledger.now()

        def change(value: bytes | None) -> tuple[bytes | None, None]:
            roster = {ticket: until for ticket, until in _roster(value).items() if until > now}
            step(roster)
            return msgspec.json.encode(roster) if roster else None, None

        self._ledger.update(self._list(content), change)


def _roster(value: bytes | None) -> Roster:
    try:
        return {} if value is None else msgspec.json.decode(value, type=Roster)
    except msgspec.DecodeError:
        return {}


class KeyValueStore(Protocol):
    """JSON values by key, for one task instance."""

    def get(self, key: str) -> Any:
        """The value, None when there is none."""
        ...

    def set(self, key: str, value: Any) -> None:
        """Write or overwrite."""
        ...

    def swap(self, key: str, before: Any, after: Any) -> bool:
        """Write `after` if the value still is `before`; whether it was."""
        ...


class LedgerKeyValueStore:
    """Pages in the ledger under the name `owner`; they live for 7 days."""

    def __init__(self, ledger: Ledger, owner: str) -> None:
        self._ledger = ledger
        self._owner = owner

    def get(self, key: str) -> Any:
        """The value, None when there is none."""
        return _value(self._ledger.read(self._key(key)))

    def set(self, key: str, value: Any) -> None:
        """Write or overwrite."""
        encoded = msgspec.json.encode(value)
        self._ledger.update(self._key(key), lambda _: (encoded, None))

    def swap(self, key: str, before: Any, after: Any) -> bool:
        """Write `after` if the value still is `before`, as one atomic step; whether it was."""
        encoded = msgspec.json.encode(after)

        def change(now: bytes | None) -> tuple[bytes | None, bool]:
            return (encoded, True) if _value(now) == before else (now, False)

        return self._ledger.update(self._key(key), change)

    def _key(self, key: str) -> str:
        return f"sent:{self._owner}:{key}"


class TaskStateKeyValueStore:
    """Airflow's task state store (3.3 and later).

    It has no compare-and-set. It belongs to the try that Airflow runs: one that Airflow has replaced can neither read
    nor write it, so between the look and the write nobody else comes.
    """

    def __init__(self, store: Any) -> None:
        self._store = store

    def get(self, key: str) -> Any:
        """The value, None when there is none."""
        return self._store.get(key)

    def set(self, key: str, value: Any) -> None:
        """Write or overwrite."""
        self._store.set(key, value)

    def swap(self, key: str, before: Any, after: Any) -> bool:
        """Write `after` if the value still is `before`; whether it was."""
        if self._store.get(key) != before:
            return False
        self._store.set(key, after)
        return True


def _value(encoded: bytes | None) -> Any:
    try:
        return None if encoded is None else msgspec.json.decode(encoded)
    except msgspec.DecodeError:
        return None


log = logging.getLogger(__name__)

__all__ = [
    "PREFIX",
    "IdempotencyStore",
    "KeyValueStore",
    "LedgerKeyValueStore",
    "SendState",
    "TaskStateKeyValueStore",
    "WriteConflict",
]

FLIGHT_SECONDS = 75.0
PREFIX = "ringcentral:"
FINISHED = f"{PREFIX}finished"


class WriteConflict(Exception):
    """Another process of the same task has written this note since it was read. Nothing was written."""


class SendState(msgspec.Struct):
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
class IdempotencyStore:
    """The notes of one task instance, and what it shares with all others through the ledger.

    `place` is the server: ids mean something there only. `order` (Airflow's `max_tries`) and `retries` change when a
    person clears the task, and not with a retry. `attempt` is Airflow's number of the try. `may_have_sent_since` (epoch
    seconds) is set when an earlier try of this order may have sent something and noted it where this one cannot see it.
    `claims_complete`: everybody who sends through this server records it in this ledger, so that a message nobody has
    claimed is nobody's. `flight` is how many seconds after it went out a request is answered or lost, by the client's
    timeout.
    `ends` (epoch seconds) is when this try has to be over, if anything says so.

    Notes come in generations: after a success and a person's clear the next one begins, with nothing noted.
    """

    pages: KeyValueStore
    ledger: Ledger
    place: str
    order: int = 0
    attempt: int = 1
    may_have_sent_since: float | None = None
    flight: float = FLIGHT_SECONDS
    ends: float | None = None
    retries: int | None = None
    claims_complete: bool = True
    claims: Claims = field(init=False)

    def __post_init__(self) -> None:
        self.claims = Claims(self.ledger, self.place)
        self._seen: dict[str, Any] = {}

    def read(self, key: str) -> SendState | None:
        """The entry of a draft's key; None when there is none, or an earlier version noted that the message failed."""
        return self._entry(self._name(key))

    def read_finished(self, key: str) -> SendState | None:
        """The entry of the generation that was finished before a person cleared the task."""
        return self._entry(_name(self._finished.number, key)) if self.cleared_after_success else None

    def write(self, key: str, entry: SendState) -> None:
        """Write the state. Raises `WriteConflict` when another process has changed it since it was read or written."""
        name = self._name(key)
        if name not in self._seen:
            self._seen[name] = self.pages.get(name)
        after = msgspec.to_builtins(entry)
        if not self.pages.swap(name, self._seen[name], after):
            raise WriteConflict(key)
        self._seen[name] = after

    def forget(self, key: str) -> None:
        """The message came to nothing: the next try sends it anew."""
        entry = self.read(key)
        if entry is not None:
            self.write(key, SendState(entry.order, entry.content))

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

    def _entry(self, name: str) -> SendState | None:
        value = self._seen[name] = self.pages.get(name)
        try:
            entry = None if value is None else msgspec.convert(value, SendState)
        except msgspec.ValidationError:
            log.warning("A note of what this task has sent is damaged or of another version (%s).", name)
            order = value.get("order") if isinstance(value, dict) else None
            # Something may be out, and nobody can tell what.
            return SendState(order if isinstance(order, int) else self.order, "", sends=1)
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
