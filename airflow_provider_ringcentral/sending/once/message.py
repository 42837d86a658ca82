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
from airflow_provider_ringcentral.client.answer import decoded
from airflow_provider_ringcentral.client.errors import OutcomeUnknown, Unavailable

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.http.transport import SendObserver

C = TypeVar("C")
V = TypeVar("V")
Record = Mapping[str, Any]


class Message(ABC, Generic[C]):
    """One message of one channel, sent through a client of type `C`. Its values are validated by whoever makes it.

    `channel` names the kind in claims and logs. `key` tells this message from the others of its task; it is a digest of
    the recipient and not of the text, since a retry that renders another text must not send a second message. `content`
    is a digest of everything that makes two messages equal; `content_of` computes it from a record of the server.

    A retry reads the store by `key` before anything else, so computing `key` sends no request and opens no file. Values
    that need either may be given as functions, which are called when the message is about to go out.
    """

    channel: ClassVar[str]
    settling: ClassVar[float] = 30.0
    """Seconds for which a message of unknown outcome is looked up."""
    can_look_up: ClassVar[bool] = True
    """Whether the server can list what it has. If not, an unknown outcome stays unknown."""
    interchangeable: ClassVar[bool] = True
    """Whether any of several messages of equal content will do. If not, a lookup with several matches finds nothing."""
    stored_fields: ClassVar[tuple[str, ...]] = ("messageStatus", "creationTime")
    """Fields of the server's record that the store keeps for a retry."""
    known_ids: AbstractSet[str] = frozenset()
    """Ids of messages at the server that a person has named as this task's."""

    @property
    @abstractmethod
    def key(self) -> str:
        """Which message of its task this is, as a digest."""

    @property
    @abstractmethod
    def content(self) -> str:
        """A digest of what the message says and to whom, without personal data in clear."""

    @property
    def traits(self) -> dict[str, Any]:
        """Further properties to recognise the message by, as JSON without personal data in clear."""
        return {}

    @abstractmethod
    def send(self, client: C, observer: SendObserver) -> Record:
        """Send the message and return the server's record of it.

        Pass `observer` to the one request that sends. Raises `OutcomeUnknown` when it may or may not have been
        executed; any other `RingCentralError` means that it was not.
        """

    def candidates(self, client: C, start: datetime, end: datetime) -> Iterable[Record]:
        """List records that may be this message, made at the server between two (aware) times."""
        return ()

    def content_of(self, record: Record) -> str | None:
        """Compute the `content` of a candidate; None if it is certainly something else."""
        return None

    def matches(self, record: Record, content: str, traits: Mapping[str, Any]) -> bool:
        """Whether a candidate is what went out with this `content` and these `traits`.

        Both come from the store: a retry may have rendered this message differently, or its files may be gone.
        """
        return self.content_of(record) == content

    def id_of(self, record: Record) -> str:
        """Return the id of a record as text, since ids exceed what a float holds; empty if there is none."""
        found = record.get("id")
        return "" if found is None else str(found)

    def created_at(self, record: Record) -> datetime | None:
        """Return when the record was made; None if it does not say."""
        return iso_time(record.get("creationTime"))

    def reduced(self, record: Record) -> dict[str, Any]:
        """Reduce the server's record to what the store keeps: JSON below 48 KB, without personal data."""
        return {name: record[name] for name in self.stored_fields if record.get(name) is not None}


@dataclass(frozen=True, slots=True)
class Sent:
    """A message at the server.

    `record` is the server's record, or its reduced form if an earlier try sent the message (`earlier`). `found` means
    that the answer was lost and a lookup found the message.
    """

    id: str
    record: Record
    found: bool = False
    earlier: bool = False

    @property
    def log_suffix(self) -> str:
        """How the message got there, for the end of a log line; empty if this try sent it and got the answer."""
        return " by an earlier try" if self.earlier else " (found after its answer was lost)" if self.found else ""


def post(client: RingCentralClient, path: str, observer: SendObserver, **options: Any) -> Record:
    """POST a message and return the record in the answer. `options` are those of `RingCentralClient.raw_json`.

    Raises `OutcomeUnknown` for an answer that cannot be read, too: the request was executed.
    """
    body = client.raw_json("POST", path, observer=observer, **options)
    try:
        record = decoded(body)
    except Unavailable as error:
        raise OutcomeUnknown(error.message) from None
    return record if isinstance(record, dict) else {}


def resolve(value: V | Callable[[], V]) -> V:
    """Return the value, or what the function given in its place returns."""
    return value() if callable(value) else value


def digest(*values: Any) -> str:
    """Hash values into 32 hexadecimal digits that do not reveal them."""
    return hashlib.sha256("\0".join(map(str, values)).encode()).hexdigest()[:32]
