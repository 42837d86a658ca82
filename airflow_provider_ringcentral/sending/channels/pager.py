"""Pager: texts between extensions of one account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.arguments import as_text, is_digits
from airflow_provider_ringcentral.client.answer import objects
from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import CREATE_PAGER_MESSAGE
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.sending.once.message import Message, Record, digest, post
from airflow_provider_ringcentral.sending.status.message_store import sent_messages
from airflow_provider_ringcentral.sending.text import LIST_AS_TEXT, is_list_as_text, same_text

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.http.transport import SendObserver

MOST_UNITS = 1024
"""UTF-16 units of a text (operationId createInternalTextMessage)."""

NUMBER, ID = "extensionNumber", "extensionId"
Address = tuple[str, str]
"""Which of the two, and its value."""


@dataclass(frozen=True)
class PagerMessage(Message["RingCentralClient"]):
    """A text to extensions, who see each other.

    Source: operationId createInternalTextMessage, app scope InternalMessages.
    """

    to: tuple[Address, ...]
    text: str

    channel: ClassVar[str] = "pager message"

    @property
    def key(self) -> str:
        """A digest of the recipients."""
        return digest(self.channel, *sorted(self.to))

    @property
    def content(self) -> str:
        """A digest of recipients and text."""
        return _content(self.to, self.text)

    def send(self, client: RingCentralClient, observer: SendObserver) -> Record:
        """Send it with one POST."""
        body = {"to": [{kind: value} for kind, value in self.to], "text": self.text}
        return post(client, CREATE_PAGER_MESSAGE.at(accountId=OWN, extensionId=OWN), observer, json=body)

    def candidates(self, client: RingCentralClient, start: datetime, end: datetime) -> Iterable[Record]:
        """List what the user paged since `start`."""
        return sent_messages(client, "Pager", start)

    def content_of(self, record: Record) -> str | None:
        """Compute the digest if the recipients are the same, by extension number or id, whichever was given."""
        parties = objects(record.get("to"))
        named = {(kind, str(party.get(kind))) for party in parties for kind in (NUMBER, ID)}
        ours = len(parties) == len(self.to) and named.issuperset(self.to)
        return _content(self.to, record.get("subject")) if ours else None


def parse_extension(name: str, value: Any) -> Address:
    """Parse an extension: a number, `{"extensionId": "…"}` or `{"extensionNumber": "…"}`. Raises `BadArgument`."""
    if isinstance(value, Mapping) and len(value) == 1 and set(value) <= {NUMBER, ID}:
        kind, value = next(iter(value.items()))
    else:
        kind = NUMBER
    text = as_text(value)
    if not is_digits(text):
        why = f" ({LIST_AS_TEXT})" if is_list_as_text(text) else ""
        raise BadArgument(
            f'{name} is not an extension{why}: give its number, such as "101", or {{"extensionId": "…"}}.',
            parameter=name,
        )
    return kind, text


def _content(to: Iterable[Address], text: Any) -> str:
    return digest(*sorted(to), same_text(text))
