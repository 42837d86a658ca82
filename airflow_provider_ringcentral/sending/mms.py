"""MMS: a text with files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, ClassVar

import msgspec

from airflow_provider_ringcentral.client.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import CREATE_MMS
from airflow_provider_ringcentral.extract.errors import BadArgument
from airflow_provider_ringcentral.sending.draft import Record
from airflow_provider_ringcentral.sending.posting import post
from airflow_provider_ringcentral.sending.sms import SmsDraft

if TYPE_CHECKING:
    from upath import UPath

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.transport import Passage

MOST_FILES = 10
MOST_BYTES = 1_500_000
"""Of all files together (FACTS 7.3)."""

TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "svg": "image/svg+xml",
    "3gp": "video/3gpp",
    "avi": "video/msvideo",
    "mp4": "video/mp4",
    "mpg": "video/mpeg",
    "mpeg": "video/mpeg",
    "amr": "audio/amr",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "vcf": "text/vcard",
    "rtf": "application/rtf",
    "zip": "application/zip",
    "gz": "application/gzip",
}
"""Suffix -> MIME type, of what RingCentral takes (guide page messaging/sms/sending-images)."""


@dataclass(frozen=True)
class Attachment:
    """A file in memory."""

    name: str
    content_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class MmsDraft(SmsDraft):
    """A text, which may be empty, with files. Source: operationId createMMS, app scope SMS, 50 a minute."""

    files: tuple[Attachment, ...] = ()

    channel: ClassVar[str] = "MMS"

    @property
    def files_count(self) -> int:
        """The store shows how many there are, and not always as they were sent."""
        return len(self.files)

    def send(self, client: RingCentralClient, passage: Passage) -> Record:
        """One POST: the envelope first, then the files."""
        envelope = ("request.json", msgspec.json.encode(self.envelope()), "application/json")
        attached = [("attachment", (file.name, file.data, file.content_type)) for file in self.files]
        parts = [("json", envelope), *attached]
        return post(client, CREATE_MMS.at(accountId=OWN, extensionId=OWN), passage, files=parts)


def attachments(paths: Sequence[UPath]) -> tuple[Attachment, ...]:
    """The files at `paths`, all checked before the first is read: number, type by suffix, and bytes together.

    Raises `BadArgument` that names the file.
    """
    if not paths:
        raise BadArgument(
            "files names none; for a text without files use RingCentralSendSmsOperator.", parameter="files"
        )
    if len(paths) > MOST_FILES:
        raise BadArgument(f"files has {len(paths)} files and an MMS may have {MOST_FILES}.", parameter="files")
    types = [_type_of(path) for path in paths]
    total = sum(_size_of(path) for path in paths)
    if total > MOST_BYTES:
        raise BadArgument(
            f"the files have {total} bytes together and may have {MOST_BYTES}; shrink them, or send a link.",
            parameter="files",
        )
    return tuple(Attachment(path.name, kind, path.read_bytes()) for path, kind in zip(paths, types, strict=True))


def _type_of(path: UPath) -> str:
    suffix = PurePosixPath(path.name).suffix.lower().removeprefix(".")
    if suffix not in TYPES:
        raise BadArgument(
            f"the file {path.name} has a type that MMS does not take; it takes {', '.join(sorted(TYPES))}.",
            parameter="files",
        )
    return TYPES[suffix]


def _size_of(path: UPath) -> int:
    try:
        if path.is_dir():
            raise BadArgument(f"{path} is a folder; name its files.", parameter="files")
        size = int(path.stat().st_size)
    except OSError as error:
        raise BadArgument(f"the file {path} cannot be read: {error.strerror or error}.", parameter="files") from error
    if size == 0:
        raise BadArgument(f"the file {path} is empty, which RingCentral refuses (MSG-347).", parameter="files")
    return size
