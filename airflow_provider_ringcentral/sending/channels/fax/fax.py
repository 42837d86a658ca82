"""Fax: files as pages to a number, or a fax that failed, sent again without its files."""

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
from airflow_provider_ringcentral.client.http.request_body import FormPart, MultipartBody, text_part
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
"""UTF-16 units on a cover page (operationId createFaxMessage)."""


@dataclass(frozen=True, slots=True)
class FaxStyle:
    """Resolution and cover page. `cover` is the index of a cover page, 0 for none, None for the user's default."""

    resolution: str = "High"
    cover: int | None = None
    cover_text: str = ""

    def fields(self) -> dict[str, str | int]:
        """Return the fields of the request, by RingCentral's names."""
        named = {"faxResolution": self.resolution, "coverIndex": self.cover, "coverPageText": self.cover_text or None}
        return {name: value for name, value in named.items() if value is not None}


def fax_style(resolution: Any, cover: Any, cover_text: Any, *, has_text: bool = False) -> FaxStyle:
    """Validate the style that a DAG author asks for; `has_text`: cover_text was given. Raises `BadArgument`."""
    chosen = parse_choice("resolution", str(resolution).strip().capitalize(), RESOLUTIONS)
    index, text = _cover(cover), cover_text or ""
    if not isinstance(text, str) or utf16_units(text) > MOST_UNITS:
        raise BadArgument(
            f"cover_text must be a text of at most {MOST_UNITS} UTF-16 units; shorten it, or fax it as a page: "
            'files=[{"name": "letter.txt", "text": "…"}, …].',
            parameter="cover_text",
        )
    parse_text(text, MOST_UNITS, name="cover_text", may_be_empty=not has_text)
    if text and index == 0:
        raise BadArgument("cover_text needs a cover page, and cover=0 means none; give 1 to 13.", parameter="cover")
    return FaxStyle(chosen, index, text)


def _cover(value: Any) -> int | None:
    if is_unset(value):
        return None
    text = as_text(value)
    if not is_digits(text) or int(text) > LAST_COVER:
        raise BadArgument(
            f"cover {value!r} is not a cover page; give 0 for none, 1 to {LAST_COVER}, or leave it out for the user's "
            "default.",
            parameter="cover",
        )
    return int(text)


SOURCE = "SourceDocument"


class BaseFax(Message["RingCentralClient"]):
    """A fax as it is looked up: by recipient and time, and by what the record says of files and pages.

    A record has no text, and has pages only after RingCentral has rendered them. Two faxes to one number can therefore
    not be told apart with certainty: `interchangeable` is False, and the content is the recipients alone.
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
        """The size of each of its files, in bytes."""

    @property
    def content(self) -> str:
        """A digest of the recipients."""
        return _content(self.recipients)

    @property
    def traits(self) -> dict[str, Any]:
        """The sizes of its files."""
        return {"sizes": sorted(self.sizes)}

    def candidates(self, client: RingCentralClient, start: datetime, end: datetime) -> Iterable[Record]:
        """List what was faxed to the first recipient since `start`."""
        return sent_messages(client, "Fax", start, phone_number=self.recipients[0])

    def content_of(self, record: Record) -> str | None:
        """Compute the digest of the recipients."""
        return _content(party.get("phoneNumber") for party in objects(record.get("to")))

    def matches(self, record: Record, content: str, traits: Mapping[str, Any]) -> bool:
        """Whether it is not certainly another fax, with other files, or fewer pages than files."""
        pages, sources, sizes = _whole(record.get("faxPageCount")), source_sizes(record), traits.get("sizes")
        other = sizes is not None and (0 < pages < len(sizes) or (sources and sorted(sources) != sizes))
        return not other and super().matches(record, content, traits)


@dataclass(frozen=True)
class FaxMessage(BaseFax):
    """Files to a number. With `send_time` (aware), RingCentral sends it then.

    Source: operationId createFaxMessage, app scope Faxes, 10 a minute.
    """

    to: str
    files: tuple[FileAttachment, ...] | Callable[[], tuple[FileAttachment, ...]]
    style: FaxStyle = field(default_factory=FaxStyle)
    send_time: datetime | None = None

    @property
    def key(self) -> str:
        """A digest of the number."""
        return digest(self.channel, self.to)

    @property
    def recipients(self) -> tuple[str, ...]:
        """The one number: several recipients of one fax would fail together, and be sent it again together."""
        return (self.to,)

    @property
    def sizes(self) -> Sequence[int]:
        """The size of each file, in bytes."""
        return [file.size for file in resolve(self.files)]

    def send(self, client: RingCentralClient, observer: SendObserver) -> Record:
        """Send it with one POST, which reads the files as it goes out."""
        fields = {"to": self.to, **self.style.fields(), **send_time_field(self.send_time)}
        attached = [
            FormPart("attachment", file.size, file.chunks, file.name, file.content_type) for file in resolve(self.files)
        ]
        if not attached:
            # For a cover page alone, the part is required all the same; an empty text makes no page.
            attached = [FormPart("attachment", 0, tuple, content_type="text/plain")]
        body = MultipartBody([*(text_part(name, str(value)) for name, value in fields.items()), *attached])
        headers = {"Content-Type": body.content_type}
        return post(client, CREATE_FAX.at(accountId=OWN, extensionId=OWN), observer, data=body, headers=headers)

    @property
    def traits(self) -> dict[str, Any]:
        """Also digests of its style."""
        return {**super().traits, "looks": style_digests(self.style.fields())}

    def matches(self, record: Record, content: str, traits: Mapping[str, Any]) -> bool:
        """Whether it also has the same style, as far as the record shows it."""
        sent: Mapping[str, str] = traits.get("looks") or {}
        shown = style_digests({name: record[name] for name in sent if record.get(name) is not None})
        return all(sent[name] == style for name, style in shown.items()) and super().matches(record, content, traits)


def style_digests(fields: Mapping[str, Any]) -> dict[str, str]:
    """Digest each field of a style: the text of a cover page is personal data."""
    return {name: digest(value) for name, value in fields.items()}


def send_time_field(moment: datetime | None) -> dict[str, str]:
    """Return the field of the request for the time to send at."""
    return {} if moment is None else {"sendTime": moment.astimezone(UTC).isoformat(timespec="seconds")}


def source_sizes(record: Record) -> list[int]:
    """Return the sizes of the files that a fax was made of, as far as its record has them."""
    attached = [part for part in objects(record.get("attachments")) if part.get("type") == SOURCE]
    return [_whole(part["size"]) for part in attached if part.get("size") is not None]


def _whole(value: Any) -> int:
    """Read a number of a record; 0 for anything that is not a number."""
    try:
        return int(value or 0)
    except (TypeError, ValueError, OverflowError):
        return 0


def _content(numbers: Iterable[Any]) -> str:
    return digest(*sorted(map(same_number, numbers)))


NAME = "original_message_id"


@dataclass(frozen=True)
class FaxResend(BaseFax):
    """The fax `original`, sent again to all of its recipients. Source: operationId createFaxMessage, JSON body.

    `record` is that of the original, or a function that reads it.
    """

    original: str
    record: Record | Callable[[], Record]
    send_time: datetime | None = None

    @property
    def key(self) -> str:
        """A digest of the id of the fax that failed."""
        return digest(self.channel, "again", self.original)

    @property
    def recipients(self) -> tuple[str, ...]:
        """The recipients of the original."""
        return tuple(str(party.get("phoneNumber")) for party in resolve(self.record).get("to") or ())

    @property
    def sizes(self) -> Sequence[int]:
        """The sizes of the original's files, as far as its record has them."""
        return source_sizes(resolve(self.record))

    def send(self, client: RingCentralClient, observer: SendObserver) -> Record:
        """Send it with one POST."""
        body = {"originalMessageId": self.original, **send_time_field(self.send_time)}
        return post(client, CREATE_FAX.at(accountId=OWN, extensionId=OWN), observer, json=body)

    def matches(self, record: Record, content: str, traits: Mapping[str, Any]) -> bool:
        """Whether it also is not the original."""
        return str(record.get("id")) != self.original and super().matches(record, content, traits)


def failed_fax(client: RingCentralClient, message_id: Any, send_time: datetime | None) -> FaxResend:
    """Make the message that sends a failed fax again. Raises `BadArgument` if the id is not valid.

    The original is read just before the message goes out: on a retry, it may have changed or be gone.
    """
    text = parse_id(NAME, message_id, "give the id that the task that sent the fax returned")
    return FaxResend(text, cache(lambda: _failed(client, text)), send_time)


def _failed(client: RingCentralClient, text: str) -> Record:
    """Read the record of a failed fax with one Light request (operationId readMessage).

    Raises `BadArgument` if it is not a fax of this user, or did not fail (which RingCentral refuses: MSG-343).
    """
    record = messages_by_id(client, [text]).get(text, {})
    if normalized(record.get("type")) != "fax":
        raise BadArgument(f"{NAME} {text} is not a fax of this JWT's user; send the files instead.", parameter=NAME)
    if normalized(status_of(record)) not in FAILED:
        raise BadArgument(
            f"the fax {text} has the status {status_of(record)}, and only a failed fax can be resent; to send it to "
            "somebody once more, send its files.",
            parameter=NAME,
        )
    return record


def only_original(**others: Any) -> None:
    """Raise `BadArgument` for arguments that cannot be given, because the fax goes out again as it was."""
    named = [name for name, value in others.items() if value or value == 0]
    if named:
        raise BadArgument(
            f"{NAME} sends the fax as it was, so {' and '.join(named)} cannot be given with it; leave one of the two "
            "out.",
            parameter=NAME,
        )
