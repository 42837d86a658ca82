"""Fax: files as pages to a number."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.client.answer import objects
from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import CREATE_FAX
from airflow_provider_ringcentral.client.http.multipart import MultipartBody, Part, text_part
from airflow_provider_ringcentral.sending.channels.attachment import Enclosure
from airflow_provider_ringcentral.sending.channels.fax.style import FaxStyle
from airflow_provider_ringcentral.sending.once.message import Draft, Record, digest, given
from airflow_provider_ringcentral.sending.once.posting import post
from airflow_provider_ringcentral.sending.status.message_store import sent_messages
from airflow_provider_ringcentral.sending.text import same_number

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.http.transport import Passage

SOURCE = "SourceDocument"


class AnyFax(Draft["RingCentralClient"]):
    """How faxes are looked up: by recipient and time, and by what a record says of files and pages.

    A record has no text, and pages only once RingCentral has rendered them, so two faxes to one number cannot be told
    apart beyond doubt: `exact` is False, and the content is the recipients alone.
    """

    channel: ClassVar[str] = "fax"
    exact: ClassVar[bool] = False
    keeps: ClassVar[tuple[str, ...]] = (*Draft.keeps, "faxPageCount")

    @property
    @abstractmethod
    def recipients(self) -> tuple[str, ...]:
        """The numbers it goes to."""

    @property
    @abstractmethod
    def sizes(self) -> Sequence[int]:
        """The bytes of each of its files."""

    @property
    def content(self) -> str:
        """The recipients."""
        return _content(self.recipients)

    @property
    def traits(self) -> dict[str, Any]:
        """The sizes of its files."""
        return {"sizes": sorted(self.sizes)}

    def candidates(self, client: RingCentralClient, start: datetime, end: datetime) -> Iterable[Record]:
        """What was faxed to the first recipient since `start`."""
        return sent_messages(client, "Fax", start, phone_number=self.recipients[0])

    def content_of(self, record: Record) -> str | None:
        """The recipients."""
        return _content(party.get("phoneNumber") for party in objects(record.get("to")))

    def resembles(self, record: Record, content: str, traits: Mapping[str, Any]) -> bool:
        """Also that it is not certainly another fax: other files, or fewer pages than files."""
        pages, sources, sizes = _whole(record.get("faxPageCount")), source_sizes(record), traits.get("sizes")
        other = sizes is not None and (0 < pages < len(sizes) or (sources and sorted(sources) != sizes))
        return not other and super().resembles(record, content, traits)


@dataclass(frozen=True)
class FaxDraft(AnyFax):
    """Files to a number. `send_time` (aware): not before then.

    Source: operationId createFaxMessage, app scope Faxes, 10 a minute.
    """

    to: str
    files: tuple[Enclosure, ...] | Callable[[], tuple[Enclosure, ...]]
    style: FaxStyle = field(default_factory=FaxStyle)
    send_time: datetime | None = None

    @property
    def key(self) -> str:
        """By who gets it."""
        return digest(self.channel, self.to)

    @property
    def recipients(self) -> tuple[str, ...]:
        """One: the recipients of one fax succeed or fail together, and would be sent it anew together."""
        return (self.to,)

    @property
    def sizes(self) -> Sequence[int]:
        """Of each file."""
        return [file.size for file in given(self.files)]

    def send(self, client: RingCentralClient, passage: Passage) -> Record:
        """One POST, whose files are read while it goes out."""
        fields = {"to": self.to, **self.style.fields(), **when(self.send_time)}
        attached = [
            Part("attachment", file.size, file.chunks, file.name, file.content_type) for file in given(self.files)
        ]
        if not attached:
            # A cover page alone: the part is required, and an empty text is no page.
            attached = [Part("attachment", 0, tuple, content_type="text/plain")]
        body = MultipartBody([*(text_part(name, str(value)) for name, value in fields.items()), *attached])
        headers = {"Content-Type": body.content_type}
        return post(client, CREATE_FAX.at(accountId=OWN, extensionId=OWN), passage, data=body, headers=headers)

    @property
    def traits(self) -> dict[str, Any]:
        """Also its look."""
        return {**super().traits, "looks": looks(self.style.fields())}

    def resembles(self, record: Record, content: str, traits: Mapping[str, Any]) -> bool:
        """Also by its look, as far as the record tells it."""
        noted: Mapping[str, str] = traits.get("looks") or {}
        told = looks({name: record[name] for name in noted if record.get(name) is not None})
        return all(noted[name] == look for name, look in told.items()) and super().resembles(record, content, traits)


def looks(fields: Mapping[str, Any]) -> dict[str, str]:
    """Digests of how a fax looks, by field: a cover page has a text."""
    return {name: digest(value) for name, value in fields.items()}


def when(moment: datetime | None) -> dict[str, str]:
    """The field for the time to send at."""
    return {} if moment is None else {"sendTime": moment.astimezone(UTC).isoformat(timespec="seconds")}


def source_sizes(record: Record) -> list[int]:
    """The bytes of the files that a fax was made of, as far as its record has them."""
    attached = [part for part in objects(record.get("attachments")) if part.get("type") == SOURCE]
    return [_whole(part["size"]) for part in attached if part.get("size") is not None]


def _whole(value: Any) -> int:
    """A number of a record; 0 for what is none."""
    try:
        return int(value or 0)
    except (TypeError, ValueError, OverflowError):
        return 0


def _content(numbers: Iterable[Any]) -> str:
    return digest(*sorted(map(same_number, numbers)))
