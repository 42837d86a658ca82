"""A server in memory that takes messages and loses answers, messages for it, and a clock that runs when somebody waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from airflow_provider_ringcentral.client.errors import OutcomeUnknown
from airflow_provider_ringcentral.client.http.transport import SendObserver
from airflow_provider_ringcentral.client.ledger.memory import MemoryLedger
from airflow_provider_ringcentral.sending.once.message import Message, Record, digest
from airflow_provider_ringcentral.sending.once.store import IdempotencyStore


class Clock(MemoryLedger):
    """A ledger whose time passes when somebody waits, and not otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.at = time.time()
        self._moving = threading.Lock()

    def now(self) -> float:
        return self.at

    def wait(self, seconds: float) -> None:
        with self._moving:
            self.at += max(0.0, seconds)
        # Other threads run in the meantime.
        time.sleep(0.001)


class ClockedStore(IdempotencyStore):
    """A store whose waits take no time."""

    def sleep(self, seconds: float) -> None:
        assert isinstance(self.ledger, Clock)
        self.ledger.wait(seconds)


class Killed(BaseException):
    """What kill -9 does to a process, as far as a test can."""


@dataclass
class PostOffice:
    """Each request does what the next of `plan` says; afterwards, and without a plan, it is answered.

    ok, lost (accepted, no answer), dropped (not accepted, no answer), killed (accepted, then the process dies),
    killed early (the process dies before anything goes out), an error: refused with it.
    """

    plan: list[Any] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    lists: list[Any] = field(default_factory=list)
    """What the next lookups see: an error is raised, "nothing" shows none; after that all."""
    looks: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    clock: Callable[[], float] = time.time

    def accept(self, to: str, text: str, *, ago: float = 0.0) -> dict[str, Any]:
        with self.lock:
            made = datetime.fromtimestamp(self.clock() - ago, UTC)
            record = {
                "id": 7_000_000_000_000_000_001 + len(self.messages),
                "to": to,
                "text": text,
                "creationTime": made.isoformat(timespec="milliseconds"),
                "messageStatus": "Queued",
            }
            self.messages.append(record)
            return record

    @property
    def ids(self) -> list[str]:
        return [str(message["id"]) for message in self.messages]


@dataclass(frozen=True)
class Note(Message[PostOffice]):
    to: str = "+16505550100"
    text: str = "hello"

    channel = "note"

    @property
    def key(self) -> str:
        return digest(self.to)

    @property
    def content(self) -> str:
        return digest(self.to, self.text)

    def send(self, client: PostOffice, observer: SendObserver) -> Record:
        step = client.plan.pop(0) if client.plan else "ok"
        if step == "killed early":
            raise Killed
        observer.before_send()
        if isinstance(step, Exception):
            raise step
        if step == "dropped":
            raise OutcomeUnknown("no answer", status=502)
        record = client.accept(self.to, self.text)
        if step == "killed":
            raise Killed
        if step == "lost":
            raise OutcomeUnknown("no answer", status=504)
        return record if step == "ok" else step(record)

    def candidates(self, client: PostOffice, start: datetime, end: datetime) -> Iterable[Record]:
        client.looks += 1
        step = client.lists.pop(0) if client.lists else "all"
        if isinstance(step, Exception):
            raise step
        return list(client.messages) if step == "all" else []

    def content_of(self, record: Record) -> str | None:
        return digest(record["to"], record["text"])


class Blind(Note):
    channel = "blind"
    can_look_up = False


class Lookalike(Note):
    channel = "lookalike"
    interchangeable = False
