"""What a task records of its sends, so that a retry does not repeat them, and what all tasks share about them."""

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

log = logging.getLogger(__name__)

PREFIX = "ringcentral:"
FINISHED = f"{PREFIX}finished"
IN_FLIGHT_SECONDS = 75.0

InFlight = dict[str, float]
"""Ticket -> epoch seconds until which its request may be in flight."""


class Claims:
    """What all sends to one server share through the ledger, which forgets it after 7 days.

    At most one ticket claims a message id, for good. While a request is in flight, its ticket is listed under the
    digest of its content, so that nobody else claims a message whose own answer is still to come.
    """

    def __init__(self, ledger: Ledger, server: str) -> None:
        self._ledger = ledger
        self._server = server

    def request_started(self, content: str, ticket: str, until: float) -> None:
        """List a request as in flight, until `until` (epoch seconds) at the latest: its process may be killed."""
        self._change(content, lambda in_flight: in_flight.update({ticket: until}))

    def request_ended(self, content: str, ticket: str) -> None:
        """Unlist a request that was answered, or whose answer is lost."""
        self._change(content, lambda in_flight: in_flight.pop(ticket, None))

    def others_in_flight(self, content: str, ticket: str) -> int:
        """Count the requests of this content that other tickets have in flight."""
        in_flight = _decode_in_flight(self._ledger.read(self._in_flight_key(content)))
        now = self._ledger.now()
        return sum(until > now for other, until in in_flight.items() if other != ticket)

    def claim(self, channel: str, message_id: str, ticket: str) -> bool:
        """Claim a message id; False if another ticket has claimed it."""
        own = ticket.encode()

        def change(holder: bytes | None) -> tuple[bytes, bool]:
            return holder or own, holder in (None, own)

        return self._ledger.update(self._claim_key(channel, message_id), change)

    def holder(self, channel: str, message_id: str) -> str | None:
        """Return the ticket that has claimed a message id."""
        holder = self._ledger.read(self._claim_key(channel, message_id))
        return None if holder is None else holder.decode()

    def _claim_key(self, channel: str, message_id: str) -> str:
        return f"claim:{self._server}:{channel}:{message_id}"

    def _in_flight_key(self, content: str) -> str:
        return f"rivals:{self._server}:{content}"

    def _change(self, content: str, step: Callable[[InFlight], object]) -> None:
        now = self._ledger.now()

        def change(value: bytes | None) -> tuple[bytes | None, None]:
            in_flight = {ticket: until for ticket, until in _decode_in_flight(value).items() if until > now}
            step(in_flight)
            return msgspec.json.encode(in_flight) if in_flight else None, None

        self._ledger.update(self._in_flight_key(content), change)


def _decode_in_flight(value: bytes | None) -> InFlight:
    try:
        return {} if value is None else msgspec.json.decode(value, type=InFlight)
    except msgspec.DecodeError:
        return {}


class KeyValueStore(Protocol):
    """JSON values by key, of one task instance."""

    def get(self, key: str) -> Any:
        """Return the value; None if there is none."""
        ...

    def set(self, key: str, value: Any) -> None:
        """Write or overwrite the value."""
        ...

    def compare_and_set(self, key: str, expected: Any, value: Any) -> bool:
        """Write `value` if the present value equals `expected` (None: absent); return whether it did."""
        ...


class LedgerKeyValueStore:
    """Values in the ledger under the name `owner`, which last for 7 days."""

    def __init__(self, ledger: Ledger, owner: str) -> None:
        self._ledger = ledger
        self._owner = owner

    def get(self, key: str) -> Any:
        """Return the value; None if there is none."""
        return _decode(self._ledger.read(self._key(key)))

    def set(self, key: str, value: Any) -> None:
        """Write or overwrite the value."""
        encoded = msgspec.json.encode(value)
        self._ledger.update(self._key(key), lambda _: (encoded, None))

    def compare_and_set(self, key: str, expected: Any, value: Any) -> bool:
        """Write `value` if the present value equals `expected`, as one atomic step; return whether it did."""
        encoded = msgspec.json.encode(value)

        def change(present: bytes | None) -> tuple[bytes | None, bool]:
            return (encoded, True) if _decode(present) == expected else (present, False)

        return self._ledger.update(self._key(key), change)

    def _key(self, key: str) -> str:
        return f"sent:{self._owner}:{key}"


class TaskStateKeyValueStore:
    """Airflow's task state store (3.3 and later).

    It has no compare-and-set, and needs none: only the try that Airflow runs may access it. A process that Airflow has
    replaced can neither read nor write, so nobody writes between the comparison and the write.
    """

    def __init__(self, store: Any) -> None:
        self._store = store

    def get(self, key: str) -> Any:
        """Return the value; None if there is none."""
        return self._store.get(key)

    def set(self, key: str, value: Any) -> None:
        """Write or overwrite the value."""
        self._store.set(key, value)

    def compare_and_set(self, key: str, expected: Any, value: Any) -> bool:
        """Write `value` if the present value equals `expected`; return whether it did."""
        if self._store.get(key) != expected:
            return False
        self._store.set(key, value)
        return True


def _decode(encoded: bytes | None) -> Any:
    try:
        return None if encoded is None else msgspec.json.decode(encoded)
    except msgspec.DecodeError:
        return None


class WriteConflict(Exception):
    """Another process of the same task has changed this state since it was read. Nothing was written."""


class SendState(msgspec.Struct):
    """What the store knows of one message.

    `sends` counts the requests that went out and may have been executed (0: nothing is out), `since` (epoch seconds) is
    when the first of them did. `id` is the message's id at the server, empty while it is unknown, and `record` what is
    kept of its record. `found`: a lookup found it. `max_tries` is the task's when the last request went out. `ticket`
    names the send among all tasks. `content` and `traits` are those of the message that went out: a retry may render
    another one. `closed` is written by earlier versions only: the message failed.
    """

    max_tries: int = msgspec.field(name="order")
    content: str
    sends: int = 0
    since: float = 0.0
    id: str = ""
    found: bool = False
    closed: bool = False
    record: dict[str, Any] = msgspec.field(name="kept", default_factory=dict)
    ticket: str = msgspec.field(default_factory=lambda: uuid.uuid4().hex)
    traits: dict[str, Any] = {}

    @property
    def may_be_out(self) -> bool:
        """Whether the message is at the server, or may be."""
        return bool(self.id or self.sends)


class Finished(msgspec.Struct):
    """The number of the generation that a success has finished, and the task's `max_tries` and `retries` then."""

    number: int
    max_tries: int = msgspec.field(name="order")
    retries: int | None = None


@dataclass
class IdempotencyStore:
    """What one task instance records of its sends, and what it shares with all others through the ledger.

    `server` is a digest of the server's URL, since ids mean something there only. `max_tries` and `retries` are the
    task's: a retry leaves them as they are, and a person who clears the task changes at least one. `attempt` is the
    number of the try. `may_have_sent_since` (epoch seconds) is set if an earlier try of this generation may have sent
    something and recorded it where this try cannot read it. `claims_complete`: everybody who sends through this server
    claims their messages in this ledger, so that a message without a claim belongs to nobody. After `in_flight_seconds`
    a request is answered or lost, by the client's timeout. `ends_at` (epoch seconds) is when this try has to be over,
    if it has a limit.

    Records are numbered by generation: after a success and a clear the next generation begins, without any records.
    """

    values: KeyValueStore
    ledger: Ledger
    server: str
    max_tries: int = 0
    attempt: int = 1
    may_have_sent_since: float | None = None
    in_flight_seconds: float = IN_FLIGHT_SECONDS
    ends_at: float | None = None
    retries: int | None = None
    claims_complete: bool = True
    claims: Claims = field(init=False)

    def __post_init__(self) -> None:
        self.claims = Claims(self.ledger, self.server)
        self._last_values: dict[str, Any] = {}

    def read(self, key: str) -> SendState | None:
        """Return the state of a message; None if there is none, or an earlier version recorded that it failed."""
        return self._read(self._name(key))

    def read_finished(self, key: str) -> SendState | None:
        """Return the state from the generation that was finished before a person cleared the task."""
        return self._read(_name(self._finished.number, key)) if self.cleared_after_success else None

    def write(self, key: str, state: SendState) -> None:
        """Write the state of a message.

        Raises `WriteConflict` if another process has changed it since this one read or wrote it.
        """
        name = self._name(key)
        if name not in self._last_values:
            self._last_values[name] = self.values.get(name)
        value = msgspec.to_builtins(state)
        if not self.values.compare_and_set(name, self._last_values[name], value):
            raise WriteConflict(key)
        self._last_values[name] = value

    def forget(self, key: str) -> None:
        """Record that the message failed: the next try sends it again."""
        state = self.read(key)
        if state is not None:
            self.write(key, SendState(state.max_tries, state.content))

    def get(self, name: str) -> Any:
        """Return another value of this generation; None if there is none."""
        return self.values.get(self._name(name))

    def get_finished(self, name: str) -> Any:
        """Return another value of the generation that was finished before a person cleared the task."""
        return self.values.get(_name(self._finished.number, name)) if self.cleared_after_success else None

    def set(self, name: str, value: Any) -> None:
        """Write or overwrite another value of this generation."""
        self.values.set(self._name(name), value)

    def finish(self) -> None:
        """Record that the task is about to succeed: a person who clears it from now on makes it send again."""
        self.values.set(FINISHED, msgspec.to_builtins(Finished(self._generation, self.max_tries, self.retries)))

    @property
    def cleared_after_success(self) -> bool:
        """Whether a person has cleared the task after it had succeeded.

        A retry can follow a success, too, if the worker was killed before it reported. Clearing sets `max_tries` to the
        number of tries so far plus `retries`, so only a retry leaves both numbers as the success recorded them.
        """
        finished = self._finished
        if finished.number < 0:
            return False
        same_retries = finished.retries is None or self.retries is None or finished.retries == self.retries
        return finished.max_tries != self.max_tries or not same_retries

    @cached_property
    def _finished(self) -> Finished:
        """What was finished last when this try began; its number is -1 if nothing was."""
        value = self.values.get(FINISHED)
        if isinstance(value, int):
            # An earlier version wrote max_tries alone.
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

    def _read(self, name: str) -> SendState | None:
        value = self._last_values[name] = self.values.get(name)
        try:
            state = None if value is None else msgspec.convert(value, SendState)
        except msgspec.ValidationError:
            log.warning(
                "The record of what this task has sent cannot be read: it is damaged or of another version (%s). The "
                "message may have been sent.",
                name,
            )
            max_tries = value.get("order") if isinstance(value, dict) else None
            return SendState(max_tries if isinstance(max_tries, int) else self.max_tries, "", sends=1)
        return None if state is None or state.closed else state

    def deadline(self, seconds: float) -> float:
        """Return when this try stops waiting (epoch seconds): `seconds` after it asked first, `ends_at` at the latest.

        Deferrals do not move it.
        """
        name = f"{PREFIX}deadline:{self.attempt}"
        deadline = self.values.get(name)
        if not isinstance(deadline, int | float):
            deadline = self.now() + seconds
            self.values.set(name, deadline)
        return float(deadline) if self.ends_at is None else min(float(deadline), self.ends_at)

    def now(self) -> float:
        """Return epoch seconds by the clock of all who share the ledger."""
        return self.ledger.now()

    def sleep(self, seconds: float) -> None:
        """Wait. Tests replace it."""
        time.sleep(max(0.0, seconds))


def _name(generation: int, key: str) -> str:
    return f"{PREFIX}{generation}:{key}" if generation else f"{PREFIX}{key}"
