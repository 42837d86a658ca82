"""Files that can be faxed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.sending.channels.attachment import (
    NAME,
    FileAttachment,
    check_total,
    check_type,
    size_of,
    text_attachment,
)
from airflow_provider_ringcentral.sending.text import RENDERED_NONE

if TYPE_CHECKING:
    from upath import UPath

MOST_BYTES = 50_000_000
"""Of all files together (guide page "Sending faxes", messaging/fax/sending-faxes); a request may have 10 % more."""

TYPES = {
    **dict.fromkeys(("awd", "mcw", "psd", "pub", "vdx", "vsd", "wps", "wri"), "application/octet-stream"),
    "bmp": "image/bmp",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "dot": "application/msword",
    "gif": "image/gif",
    "htm": "text/html",
    "html": "text/html",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "log": "text/plain",
    "pcx": "image/x-pcx",
    "pdf": "application/pdf",
    "png": "image/png",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "rtf": "application/rtf",
    "tga": "image/x-tga",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "txt": "text/plain",
    "xls": "application/vnd.ms-excel",
    "xlsb": "application/vnd.ms-excel.sheet.binary.macroenabled.12",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "text/xml",
}
"""Suffix -> MIME type, of what RingCentral can render (guide page "Sending faxes", messaging/fax/sending-faxes)."""

TEXTS = frozenset({"csv", "htm", "html", "log", "rtf", "txt", "xml"})
"""Suffixes under which a text can be given."""

_BAD_NAME = re.compile(r'[&@#$%^*"\\\x00-\x1f\x7f]')


def fax_files(items: Sequence[UPath | Mapping[str, Any]], *, cover_alone: bool = False) -> tuple[FileAttachment, ...]:
    """Validate the files of a fax, given as paths, or as texts: `{"name": "cover.html", "text": "…"}`.

    With `cover_alone` there may be none. Raises `BadArgument` that names the file, before any file is read.
    """
    if not items and not cover_alone:
        raise BadArgument(
            'files is empty; give a path, or a text as {"name": "letter.txt", "text": "…"}. For a cover page alone, '
            "choose it: cover=1 to 13.",
            parameter=NAME,
        )
    files = tuple(_text(item) if isinstance(item, Mapping) else _file(item) for item in items)
    check_total((file.size for file in files), MOST_BYTES)
    return files


def _file(path: UPath) -> FileAttachment:
    return FileAttachment(path.name, TYPES[_checked_name(path.name)], size_of(path), path)


def _text(item: Mapping[str, Any]) -> FileAttachment:
    name, text = item.get("name"), item.get("text")
    if set(item) != {"name", "text"} or not isinstance(name, str) or not isinstance(text, str) or not text.strip():
        raise BadArgument(
            'a text among files is a dict with name and text, such as {"name": "letter.txt", "text": "Hello"}, and '
            "neither may be empty.",
            parameter=NAME,
        )
    if text.strip() == RENDERED_NONE:
        raise BadArgument(
            f'the text {name} is "{RENDERED_NONE}", as a template renders a value that is missing.', parameter=NAME
        )
    suffix = _checked_name(name)
    if suffix not in TEXTS:
        raise BadArgument(
            f"the text {name} cannot be a file of this type; it may be {', '.join(sorted(TEXTS))}.", parameter=NAME
        )
    return text_attachment(name, text, f"{TYPES[suffix]}; charset=utf-8")


def _checked_name(name: str) -> str:
    """Return the suffix of a file name that RingCentral accepts."""
    if _BAD_NAME.search(name):
        raise BadArgument(
            f"the file name {name!r} has characters that RingCentral refuses (any of &@#$%^*, MSG-351); rename it.",
            parameter=NAME,
        )
    return check_type(name, TYPES, "fax")
