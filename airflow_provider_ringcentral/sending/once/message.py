"""A message before it is sent: how it is sent, looked up and recognised."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from airflow_provider_ringcentral.arguments import iso_time

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.http.transport import SendObserver

C = TypeVar("C")
Record = Mapping[str, Any]


class Message(ABC, Generic[C]):
    """One message of one channel, sent through a client of type `C`. Its values are checked when it is made.

    `channel` names the kind, in ids that are claimed and in logs. `key` tells this message from the others of its task
    (a digest of the recipient, not of the text: a text that differs in the retry must not make a second message).
    `content` is a digest of all that makes two messages look alike; what of it lies at the server is `content_of`.

    A retry reads what is noted under `key` before anything else, so `key` asks nobody and opens no file. What does may
    be given as a function, and is first asked for when the message is to go out.
    """

    channel: ClassVar[str]
    settling: ClassVar[float] = 30.0
    """Seconds over which a message of unknown fate is looked for."""
    can_look_up: ClassVar[bool] = True
    """Whether the server can be asked what it has. If not, an unknown fate stays unknown."""
    interchangeable: ClassVar[bool] = True
    """Whether messages of equal content are equal. If not, one that has a double is taken for nobody's."""
    keeps: ClassVar[tuple[str, ...]] = ("messageStatus", "creationTime")
    """Fields of a record that a retry shall know."""
    known: AbstractSet[str] = frozenset()
    """Ids of messages that a person knows to be this task's."""

    @property
    @abstractmethod
    def key(self) -> str:
        """Which message of its task this is."""

    @property
    @abstractmethod
    def content(self) -> str:
        """A digest of what makes this message what it is, without personal data in clear."""

    @property
    def traits(self) -> dict[str, Any]:
        """What else is noted to recognise it by, as JSON without personal data in clear."""
        return {}

    @abstractmethod
    def send(self, client: C, observer: SendObserver) -> Record:
        """Send it and return the server's record of it.

        Pass `observer` to the one request that sends. Raises `OutcomeUnknown` when it may or may not have been
        executed; any other `RingCentralError` means that it was not.
        """

    def candidates(self, client: C, start: datetime, end: datetime) -> Iterable[Record]:
        """Records at the server, made between the two (aware) instants, that might be this message."""
        return ()

    def content_of(self, record: Record) -> str | None:
        """The `content` of a candidate; None for what is certainly something else."""
        return None

    def matches(self, record: Record, content: str, traits: Mapping[str, Any]) -> bool:
        """Whether a candidate is what went out with this `content` and these `traits`.

        They are those that were noted: what this draft has by now may have been rendered otherwise, or be gone.
        """
        return self.content_of(record) == content

    def id_of(self, record: Record) -> str:
        """The id of a record, as text: they exceed what a float holds (FACTS 13.23). Empty: it has none."""
        found = record.get("id")
        return "" if found is None else str(found)

    def created_at(self, record: Record) -> datetime | None:
        """When the record was made; None: it does not say."""
        return iso_time(record.get("creationTime"))

    def kept(self, record: Record) -> dict[str, Any]:
        """What a retry shall know of the answer, as JSON below 48 KB without personal data."""
        return {name: record[name] for name in self.keeps if record.get(name) is not None}


@dataclass(frozen=True, slots=True)
class Sent:
    """A message at the server.

    `record` is the server's record, or what `Message.kept` kept of it when an earlier try sent it (`earlier`). `found`:
    it was found after its answer was lost.
    """

    id: str
    record: Record
    found: bool = False
    earlier: bool = False

    @property
    def how(self) -> str:
        """How it got there, for a line of the log; nothing when it was sent and answered just now."""
        return " by an earlier try" if self.earlier else " (found after its answer was lost)" if self.found else ""


V = TypeVar("V")


def given(value: V | Callable[[], V]) -> V:
    """A value, or what the function that stands for it returns."""
    return value() if callable(value) else value


def digest(*parts: Any) -> str:
    """A short name for values that shall not be read."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]
