"""The mailboxes of all extensions, and the messages in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.model.messaging.delivery import StatusChange, status_at

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.model.blob import Blob

ALIVE, DELETED, PURGED = "Alive", "Deleted", "Purged"

_RANK = {"Queued": 0, "SendingFailed": 1, "DeliveryFailed": 1, "Sent": 2, "Received": 2, "Delivered": 3}
_FIRST_MESSAGE = 2_917_564_302_118_400_000
_FIRST_CONVERSATION = 4_178_398_077_955_743_750


@dataclass(slots=True)
class Recipient:
    """One of `to[]`: the party as the API shows it, and the statuses of the message there."""

    party: dict[str, Any]
    history: tuple[StatusChange, ...]


@dataclass(slots=True)
class Attachment:
    """An attachment of a message. `type` is RingCentral's, such as Text or MmsAttachment; `duration` is in seconds."""

    id: int
    type: str
    content_type: str
    blob: Blob
    filename: str | None = None
    duration: int | None = None


@dataclass(slots=True, eq=False)
class Message:
    """One message in the mailbox of the extension `owner`, with times in ms.

    `visible`: lists show it from then on; `touched`: it was last read or deleted then; `extra`: further fields of its
    record. A fax is sent from `starts` on, and its page count is known from `rendered` on.
    """

    id: int
    owner: int
    type: str
    direction: str
    created: int
    sender: dict[str, Any]
    to: list[Recipient]
    text: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    conversation: int | None = None
    visible: int = 0
    read: bool = True
    availability: str = ALIVE
    touched: int = 0
    starts: int = 0
    rendered: int = 0
    extra: dict[str, Any] = field(default_factory=dict)

    def status_at(self, now: int) -> StatusChange:
        """Return the status of the whole message: that of its least advanced recipient, failures first."""
        statuses = [status_at(recipient.history, now) for recipient in self.to]
        return min(statuses, key=lambda change: _RANK.get(change.status, 1))

    def modified(self, now: int) -> int:
        """Return when it last changed, up to `now` (ms)."""
        changes = [change.at for recipient in self.to for change in recipient.history if change.at <= now]
        return max(self.created, self.touched, *changes)

    def numbers(self) -> set[str]:
        """Return the phone numbers of sender and recipients."""
        parties = [self.sender, *(recipient.party for recipient in self.to)]
        return {party["phoneNumber"] for party in parties if "phoneNumber" in party}


class Mailbox:
    """The messages of all extensions, by id."""

    def __init__(self) -> None:
        self.messages: dict[int, Message] = {}
        self._conversations: dict[tuple[int, frozenset[str]], int] = {}
        self._last_id = _FIRST_MESSAGE

    def next_id(self) -> int:
        """Return an id above 2^53, as RingCentral's are: a float cannot hold it."""
        self._last_id += 4_099
        return self._last_id

    def conversation(self, owner: int, others: frozenset[str]) -> int:
        """Return the id of the conversation of an extension with the others; a new one the first time."""
        fresh = _FIRST_CONVERSATION + 8_191 * len(self._conversations)
        return self._conversations.setdefault((owner, others), fresh)

    def add(self, message: Message) -> Message:
        """File a message, and return it."""
        self.messages[message.id] = message
        return message

    def of(self, owner: int) -> list[Message]:
        """Return the messages of an extension, newest first."""
        found = [message for message in self.messages.values() if message.owner == owner]
        return sorted(found, key=lambda message: (-message.created, -message.id))

    def find(self, owner: int, message_id: str) -> Message | None:
        """Return the message with that id if it belongs to the extension."""
        found = self.messages.get(int(message_id)) if message_id.isascii() and message_id.isdecimal() else None
        return found if found is not None and found.owner == owner else None

    def delete(self, message: Message, now: int, *, purge: bool = False) -> None:
        """Delete a message, or purge it if it is deleted already or `purge` is set; purging drops its attachments.

        A message that was scheduled for later is never sent.
        """
        if now < message.starts:
            for recipient in message.to:
                recipient.history = recipient.history[:1]
        message.availability = PURGED if purge or message.availability != ALIVE else DELETED
        message.touched = now
        if message.availability == PURGED:
            message.attachments = []
