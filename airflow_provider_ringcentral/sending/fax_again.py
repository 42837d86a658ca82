"""A fax that is at RingCentral and failed, sent anew without its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import CREATE_FAX
from airflow_provider_ringcentral.extract.errors import BadArgument
from airflow_provider_ringcentral.sending.draft import Record, digest
from airflow_provider_ringcentral.sending.fax import AnyFax, source_sizes, when
from airflow_provider_ringcentral.sending.ids import checked_id
from airflow_provider_ringcentral.sending.message_store import messages_by_id
from airflow_provider_ringcentral.sending.posting import post
from airflow_provider_ringcentral.sending.status import FAILED, status_of, word

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.transport import Passage

NAME = "original_message_id"


@dataclass(frozen=True)
class FaxAgain(AnyFax):
    """The fax `original`, to all of its recipients again. Source: operationId createFaxMessage with a JSON body."""

    original: str
    numbers: tuple[str, ...]
    sources: tuple[int, ...] = ()
    send_time: datetime | None = None

    @property
    def key(self) -> str:
        """By the fax that failed."""
        return digest(self.channel, "again", self.original)

    @property
    def recipients(self) -> tuple[str, ...]:
        """Those of the original."""
        return self.numbers

    @property
    def sizes(self) -> Sequence[int]:
        """Those of the original's files, as far as its record has them."""
        return self.sources

    def send(self, client: RingCentralClient, passage: Passage) -> Record:
        """One POST."""
        body = {"originalMessageId": self.original, **when(self.send_time)}
        return post(client, CREATE_FAX.at(accountId=OWN, extensionId=OWN), passage, json=body)

    def differs(self, record: Record) -> bool:
        """Also from the original."""
        return str(record.get("id")) == self.original or super().differs(record)


def failed_fax(client: RingCentralClient, message_id: Any, send_time: datetime | None) -> FaxAgain:
    """The draft for a fax that failed. One Light request (readMessage).

    Raises `BadArgument` for what is no id, no fax of this user, or did not fail (which RingCentral refuses: MSG-343).
    """
    text = checked_id(NAME, message_id, "give the id that the task that sent the fax returned")
    record = messages_by_id(client, [text]).get(text, {})
    if word(record.get("type")) != "fax":
        raise BadArgument(f"{NAME} {text} is no fax of this JWT's user; send the files instead.", parameter=NAME)
    if word(status_of(record)) not in FAILED:
        raise BadArgument(
            f"the fax {text} has the status {status_of(record)}, and only one that failed is sent anew; to send it to "
            "somebody once more, send its files.",
            parameter=NAME,
        )
    recipients = tuple(str(party.get("phoneNumber")) for party in record.get("to") or ())
    return FaxAgain(text, recipients, tuple(source_sizes(record)), send_time)


def only_original(**others: Any) -> None:
    """Raise `BadArgument` for arguments that a fax sent anew has already: it goes out as it was."""
    given = [name for name, value in others.items() if value or value == 0]
    if given:
        raise BadArgument(
            f"{NAME} sends the fax as it was, so {' and '.join(given)} cannot be given with it; leave one of the two "
            "out.",
            parameter=NAME,
        )
