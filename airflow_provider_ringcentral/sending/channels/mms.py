"""MMS: a text with files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import msgspec

from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import CREATE_MMS
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.sending.channels.attachment import check_total, check_type, size_of
from airflow_provider_ringcentral.sending.channels.sms import SmsMessage
from airflow_provider_ringcentral.sending.once.message import Record, post, resolve

if TYPE_CHECKING:
    from upath import UPath

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.http.transport import SendObserver

MOST_FILES = 10
MOST_BYTES = 1_500_000
"""Of all files together (guide page "Sending images", messaging/sms/sending-images)."""

TYPES = {
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "tiff": "image/tiff",
    "tif": "image/tiff",
    "svg": "image/svg+xml",
    "webp": "image/webp",
    "3gp": "video/3gpp",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "mpeg": "video/mpeg",
    "mpg": "video/mpeg",
    "avi": "video/avi",
    "flv": "video/x-flv",
    "wmv": "video/x-ms-wmv",
    "mov": "video/quicktime",
    "qt": "video/quicktime",
    "webm": "video/webm",
    "ogg": "video/ogg",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "oga": "audio/ogg",
    "wav": "audio/wav",
    "amr": "audio/amr",
    "vcf": "text/vcard",
    "vcard": "text/vcard",
    "zip": "application/zip",
    "gzip": "application/gzip",
    "gz": "application/gzip",
    "rtf": "application/rtf",
    "pdf": "application/pdf",
    "html": "text/html",
    "txt": "text/plain",
    "csv": "text/csv",
    "ics": "text/calendar",
}
"""Suffix -> MIME type, of what RingCentral accepts (guide page "Sending images", messaging/sms/sending-images).

Python's `mimetypes` depends on the machine, and differs from RingCentral's for avi, wav, gz, 3gp, ogg and amr.
"""


@dataclass(frozen=True)
class Attachment:
    """A file in memory."""

    name: str
    content_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class MmsMessage(SmsMessage):
    """A text, which may be empty, with files. Source: operationId createMMS, app scope SMS, 50 a minute."""

    files: tuple[Attachment, ...] | Callable[[], tuple[Attachment, ...]] = ()

    channel: ClassVar[str] = "MMS"

    @property
    def files_count(self) -> int:
        """How many there are: RingCentral's store shows that, and may convert the files themselves."""
        return len(resolve(self.files))

    def send(self, client: RingCentralClient, observer: SendObserver) -> Record:
        """Send it with one POST: the envelope first, then the files."""
        envelope = ("request.json", msgspec.json.encode(self.envelope()), "application/json")
        attached = [("attachment", (file.name, file.data, file.content_type)) for file in resolve(self.files)]
        parts = [("json", envelope), *attached]
        return post(client, CREATE_MMS.at(accountId=OWN, extensionId=OWN), observer, files=parts)


def attachments(paths: Sequence[UPath]) -> tuple[Attachment, ...]:
    """Read the files at `paths`, after all of them were checked: number, type by suffix, and total size.

    Raises `BadArgument` that names the file.
    """
    if not paths:
        raise BadArgument("files is empty; for a text without files use RingCentralSendSmsOperator.", parameter="files")
    if len(paths) > MOST_FILES:
        raise BadArgument(f"files has {len(paths)} files, and an MMS takes at most {MOST_FILES}.", parameter="files")
    types = [TYPES[check_type(path.name, TYPES, "MMS")] for path in paths]
    check_total(map(size_of, paths), MOST_BYTES)
    return tuple(_attachment(path, kind) for path, kind in zip(paths, types, strict=True))


def _attachment(path: UPath, kind: str) -> Attachment:
    data = path.read_bytes()
    if kind == "video/3gpp" and b"soun" in data and b"vide" not in data:
        # The suffix is the same for audio and video; the handler of each track tells (ISO/IEC 14496-12).
        kind = "audio/3gpp"
    return Attachment(path.name, kind, data)
