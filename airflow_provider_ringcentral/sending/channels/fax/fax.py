"""Fax: files as pages to a number.

A fax that is at RingCentral and failed, sent anew without its files.

How a fax shall look: resolution and cover page.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.arguments import as_text, is_digits, is_unset, parse_choice, parse_id
from airflow_provider_ringcentral.client.answer import objects
from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import CREATE_FAX
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.client.http.request_body import MultipartBody, Part, text_part
from airflow_provider_ringcentral.sending.channels.attachment import FileAttachment
from airflow_provider_ringcentral.sending.once.message import Message, Record, digest, post, resolve
from airflow_provider_ringcentral.sending.phone_numbers import same_number
from airflow_provider_ringcentral.sending.status.message_store import messages_by_id, sent_messages
from airflow_provider_ringcentral.sending.status.status import FAILED, normalized, status_of
from airflow_provider_ringcentral.sending.text import parse_text, utf16_units

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.http.transport import SendObserver

RESOLUTIONS = ("High", "Low")
LAST_COVER = 13
MOST_UNITS = 1024
"""UTF-16 units on a cover page (FACTS 7.7)."""


@dataclass(frozen=True, slots=True)
class FaxStyle:
    """`cover` is a cover page's index, 0 for none, None for the user's own default."""

    resolution: str = "High"
    cover: int | None = None
    cover_text: str = ""

    def fields(self) -> dict[str, str | int]:
        """As RingCentral calls them."""
        named = {"faxResolution": self.resolution, "coverIndex": self.cover, "coverPageText": self.cover_text or None}
        return {name: value for name, value in named.items() if value is not None}


def fax_style(resolution: Any, cover: Any, cover_text: Any, *, has_text: bool = False) -> FaxStyle:
    """The style that an author asks for; with `has_text`, a text is wanted. Raises `BadArgument`."""
    chosen = parse_choice("resolution", str(resolution).strip().capitalize(), RESOLUTIONS)
    index, text = _cover(cover), cover_text or ""
    if not isinstance(text, str) or utf16_units(text) > MOST_UNITS:
        raise BadArgument(
            f"cover_text is no text of up to {MOST_UNITS} UTF-16 units; shorten it, or fax it as a page: "
            'files=[{"name": "letter.txt", "text": "…"}, …].',
            parameter="cover_text",
        )
    parse_text(text, MOST_UNITS, name="cover_text", may_be_empty=not has_text)
    if text and index == 0:
        raise BadArgument("cover_text stands on a cover page, and cover=0 is none; give 1 to 13.", parameter="cover")
    return FaxStyle(chosen, index, text)


def _cover(value: Any) -> int | None:
    if is_unset(value):
        return None
    text = as_text(value)
    if not is_digits(text) or int(text) > LAST_COVER:
        raise BadArgument(
            f"cover {value!r} is no cover page; give 0 for none, 1 to {LAST_COVER}, or leave it out for the user's "
            "own default.",
            parameter="cover",
        )
    return int(text)


SOURCE = "SourceDocument"


class BaseFax(Message["RingCentralClient"]):
    """How faxes are looked up: by recipient and time, and by what a record says of files and pages.

    A record has no text, and pages only once RingCentral has rendered them, so two faxes to one number cannot be told
    apart beyond doubt: `interchangeable` is False, and the content is the recipients alone.
    """

    channel: ClassVar[str] = "fax"
    interchangeable: ClassVar[bool] = False
    stored_fields: ClassVar[tuple[str, ...]] = (*Message.stored_fields, "faxPageCount")

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

    def matches(self, record: Record, content: str, traits: Mapping[str, Any]) -> bool:
        """Also that it is not certainly another fax: other files, or fewer pages than files."""
        pages, sources, sizes = _whole(record.get("faxPageCount")), source_sizes(record), traits.get("sizes")
        other = sizes is not None and (0 < pages < len(sizes) or (sources and sorted(sources) != sizes))
        return not other and super().matches(record, content, traits)


@dataclass(frozen=True)
class FaxMessage(BaseFax):
    """Files to a number. `send_time` (aware): not before then.

    Source: operationId createFaxMessage, app scope Faxes, 10 a minute.
    """

    to: str
    files: tuple[FileAttachment, ...] | Callable[[], tuple[FileAttachment, ...]]
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
        return [file.size for file in resolve(self.files)]

    def send(self, client: RingCentralClient, observer: SendObserver) -> Record:
        """One POST, whose files are read while it goes out."""
        fields = {"to": self.to, **self.style.fields(), **when(self.send_time)}
        attached = [
            Part("attachment", file.size, file.chunks, file.name, file.content_type) for file in resolve(self.files)
        ]
        if not attached:
            # A cover page alone: the part is required, and an empty text is no page.
            attached = [Part("attachment", 0, tuple, content_type="text/plain")]
        body = MultipartBody([*(text_part(name, str(value)) for name, value in fields.items()), *attached])
        headers = {"Content-Type": body.content_type}
        return post(client, CREATE_FAX.at(accountId=OWN, extensionId=OWN), observer, data=body, headers=headers)

    @property
    def traits(self) -> dict[str, Any]:
        """Also its look."""
        return {**super().traits, "looks": looks(self.style.fields())}

    def matches(self, record: Record, content: str, traits: Mapping[str, Any]) -> bool:
        """Also by its look, as far as the record tells it."""
        noted: Mapping[str, str] = traits.get("looks") or {}
        told = looks({name: record[name] for name in noted if record.get(name) is not None})
        return all(noted[name] == look for name, look in told.items()) and super().matches(record, content, traits)


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


NAME = "original_message_id"


@dataclass(frozen=True)
class FaxResend(BaseFax):
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
        return tuple(str(party.get("phoneNumber")) for party in resolve(self.record).get("to") or ())

    @property
    def sizes(self) -> Sequence[int]:
        """Those of the original's files, as far as its record has them."""
        return source_sizes(resolve(self.record))

    def send(self, client: RingCentralClient, observer: SendObserver) -> Record:
        """One POST."""
        body = {"originalMessageId": self.original, **when(self.send_time)}
        return post(client, CREATE_FAX.at(accountId=OWN, extensionId=OWN), observer, json=body)

    def matches(self, record: Record, content: str, traits: Mapping[str, Any]) -> bool:
        """Also that it is not the original."""
        return str(record.get("id")) != self.original and super().matches(record, content, traits)


def failed_fax(client: RingCentralClient, message_id: Any, send_time: datetime | None) -> FaxResend:
    """The draft for a fax that failed; it is read when it shall go out, since a retry may find it changed or gone.

    Raises `BadArgument` for what is no id.
    """
    text = parse_id(NAME, message_id, "give the id that the task that sent the fax returned")
    return FaxResend(text, cache(lambda: _failed(client, text)), send_time)


def _failed(client: RingCentralClient, text: str) -> Record:
    """The record of a fax that failed. One Light request (readMessage).

    Raises `BadArgument` for no fax of this user, and for one that did not fail (which RingCentral refuses: MSG-343).
    """
    record = messages_by_id(client, [text]).get(text, {})
    if normalized(record.get("type")) != "fax":
        raise BadArgument(f"{NAME} {text} is no fax of this JWT's user; send the files instead.", parameter=NAME)
    if normalized(status_of(record)) not in FAILED:
        raise BadArgument(
            f"the fax {text} has the status {status_of(record)}, and only one that failed is sent anew; to send it to "
            "somebody once more, send its files.",
            parameter=NAME,
        )
    return record


def only_original(**others: Any) -> None:
    """Raise `BadArgument` for arguments that a fax sent anew has already: it goes out as it was."""
    named = [name for name, value in others.items() if value or value == 0]
    if named:
        raise BadArgument(
            f"{NAME} sends the fax as it was, so {' and '.join(named)} cannot be given with it; leave one of the two "
            "out.",
            parameter=NAME,
        )
