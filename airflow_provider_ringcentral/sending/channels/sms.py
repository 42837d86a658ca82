"""SMS: one message to one recipient, or to a group whose members see each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.client.answer import objects
from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import CREATE_SMS
from airflow_provider_ringcentral.sending.once.message import Message, Record, digest, post, resolve
from airflow_provider_ringcentral.sending.phone_numbers import same_number
from airflow_provider_ringcentral.sending.status.message_store import sent_messages
from airflow_provider_ringcentral.sending.text import same_text

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.http.transport import SendObserver

MOST_UNITS = 1000
"""UTF-16 units of a text (operationId createSMSMessage)."""

ATTACHMENT = "MmsAttachment"


@dataclass(frozen=True)
class SmsMessage(Message["RingCentralClient"]):
    """A text from one of the user's numbers. Source: operationId createSMSMessage, app scope SMS, 40 a minute."""

    sender: str | Callable[[], str]
    to: tuple[str, ...]
    text: str

    channel: ClassVar[str] = "SMS"
    stored_fields: ClassVar[tuple[str, ...]] = (*Message.stored_fields, "segmentCount")

    @property
    def key(self) -> str:
        """A digest of the recipients."""
        return digest(self.channel, *sorted(self.to))

    @property
    def content(self) -> str:
        """A digest of sender, recipients, text and number of files."""
        return _content(resolve(self.sender), self.to, self.text, self.files_count)

    @property
    def files_count(self) -> int:
        """How many files it has; a text has none."""
        return 0

    def send(self, client: RingCentralClient, observer: SendObserver) -> Record:
        """Send it with one POST."""
        return post(client, CREATE_SMS.at(accountId=OWN, extensionId=OWN), observer, json=self.envelope())

    def envelope(self) -> dict[str, Any]:
        """Return the JSON of the request."""
        recipients = [{"phoneNumber": number} for number in self.to]
        return {"from": {"phoneNumber": resolve(self.sender)}, "to": recipients, "text": self.text}

    def candidates(self, client: RingCentralClient, start: datetime, end: datetime) -> Iterable[Record]:
        """List what was sent to the first recipient since `start`, up to RingCentral's own present: clocks differ."""
        return sent_messages(client, "SMS", start, phone_number=self.to[0])

    def content_of(self, record: Record) -> str | None:
        """Compute the digest from a record of the message store, whose `subject` is the text."""
        sender = next((party.get("phoneNumber") for party in objects([record.get("from")])), None)
        to = [party.get("phoneNumber") for party in objects(record.get("to"))]
        attached = sum(part.get("type") == ATTACHMENT for part in objects(record.get("attachments")))
        return _content(sender, to, record.get("subject"), attached)


def _content(sender: Any, to: Iterable[Any], text: Any, files: int) -> str:
    return digest(same_number(sender), *sorted(map(same_number, to)), same_text(text), files)
