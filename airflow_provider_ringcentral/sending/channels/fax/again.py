"""A fax that is at RingCentral and failed, sent anew without its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import CREATE_FAX
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.sending.channels.fax.fax import AnyFax, source_sizes, when
from airflow_provider_ringcentral.sending.ids import checked_id
from airflow_provider_ringcentral.sending.once.message import Record, digest, given
from airflow_provider_ringcentral.sending.once.posting import post
from airflow_provider_ringcentral.sending.status.message_store import messages_by_id
from airflow_provider_ringcentral.sending.status.status import FAILED, status_of, word

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.http.transport import Passage

NAME = "original_message_id"


@dataclass(frozen=True)
class FaxAgain(AnyFax):
    """The fax `original`, to all of its recipients again. Source: operationId createFaxMessage with a JSON body.

    `record` is the original's, or what reads it.
    """

    original: str
    record: Record | Callable[[], Record]
    send_time: datetime | None = None

    @property
    def key(self) -> str:
        """By the fax that failed."""
        return digest(self.channel, "again", self.original)

    @property
    def recipients(self) -> tuple[str, ...]:
        """Those of the original."""
        return tuple(str(party.get("phoneNumber")) for party in given(self.record).get("to") or ())

    @property
    def sizes(self) -> Sequence[int]:
        """Those of the original's files, as far as its record has them."""
        return source_sizes(given(self.record))

    def send(self, client: RingCentralClient, passage: Passage) -> Record:
        """One POST."""
        body = {"originalMessageId": self.original, **when(self.send_time)}
        return post(client, CREATE_FAX.at(accountId=OWN, extensionId=OWN), passage, json=body)

    def resembles(self, record: Record, content: str, traits: Mapping[str, Any]) -> bool:
        """Also that it is not the original."""
        return str(record.get("id")) != self.original and super().resembles(record, content, traits)


def failed_fax(client: RingCentralClient, message_id: Any, send_time: datetime | None) -> FaxAgain:
    """The draft for a fax that failed; it is read when it shall go out, since a retry may find it changed or gone.

    Raises `BadArgument` for what is no id.
    """
    text = checked_id(NAME, message_id, "give the id that the task that sent the fax returned")
    return FaxAgain(text, cache(lambda: _failed(client, text)), send_time)


def _failed(client: RingCentralClient, text: str) -> Record:
    """The record of a fax that failed. One Light request (readMessage).

    Raises `BadArgument` for no fax of this user, and for one that did not fail (which RingCentral refuses: MSG-343).
    """
    record = messages_by_id(client, [text]).get(text, {})
    if word(record.get("type")) != "fax":
        raise BadArgument(f"{NAME} {text} is no fax of this JWT's user; send the files instead.", parameter=NAME)
    if word(status_of(record)) not in FAILED:
        raise BadArgument(
            f"the fax {text} has the status {status_of(record)}, and only one that failed is sent anew; to send it to "
            "somebody once more, send its files.",
            parameter=NAME,
        )
    return record


def only_original(**others: Any) -> None:
    """Raise `BadArgument` for arguments that a fax sent anew has already: it goes out as it was."""
    given = [name for name, value in others.items() if value or value == 0]
    if given:
        raise BadArgument(
            f"{NAME} sends the fax as it was, so {' and '.join(given)} cannot be given with it; leave one of the two "
            "out.",
            parameter=NAME,
        )
