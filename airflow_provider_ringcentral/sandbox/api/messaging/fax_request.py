"""What a request to send a fax says, in any of its three forms."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses as bodies
from airflow_provider_ringcentral.sandbox.api.forms import choice_field, list_field, text_field
from airflow_provider_ringcentral.sandbox.api.messaging.numbers import is_e164
from airflow_provider_ringcentral.sandbox.api.messaging.sms import check_disposition, check_size, check_total, malformed
from airflow_provider_ringcentral.sandbox.model import timestamps as instants

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.uploads import Part, Upload

MOST_BYTES = 50_000_000
LONGEST_COVER_TEXT = 1024
DEFAULT_COVER = 1
COVERS = (
    "None",
    "Ancient",
    "Birthday",
    "Blank",
    "Clasmod",
    "Classic",
    "Confidential",
    "Contempo",
    "Elegant",
    "Express",
    "Formal",
    "Jazzy",
    "Modern",
    "Urgent",
)
# fmt: off
SUFFIXES = frozenset([
    "pdf", "psd", "doc", "docx", "dot", "mcw", "xls", "xlsx", "xlsb", "ppt", "pptx", "vsd", "vdx", "pub", "wps", "wri",
    "awd", "tif", "tiff", "gif", "jpg", "jpeg", "bmp", "png", "pcx", "tga", "rtf", "txt", "log", "xml", "html", "htm",
    "csv",
])
# fmt: on
_BAD_NAME = re.compile(r"[&@#$%^*]")
_FIELDS = ("faxResolution", "coverIndex", "coverPageText", "sendTime", "isoCode")


@dataclass(slots=True)
class FaxRequest:
    """A fax to be sent. `to` has E.164 numbers with the recipients' names; `send_time` in ms, None: at once."""

    to: list[tuple[str, str | None]]
    files: list[Part] = field(default_factory=list)
    resolution: str = "High"
    cover: int = DEFAULT_COVER
    cover_text: str = ""
    send_time: int | None = None


def read_fax(upload: Upload) -> FaxRequest:
    """The fax of a multipart body: a JSON envelope before the files, or form fields."""
    if not upload.multipart or upload.broken:
        raise malformed()
    body = upload.envelope()
    if body is None:
        body, files = _fields(upload.parts)
    else:
        files = [part for part in upload.parts[1:] if not _is_empty_text(part)]
    # A cover page that was chosen may be all there is, beside an empty text.
    if files or not (_has_empty_text(upload.parts) and body.get("coverIndex") and _cover(body)):
        _check_files(files)
    return FaxRequest(
        to=recipients(body),
        files=files,
        resolution=choice_field(body, "faxResolution", ("High", "Low"), required=False) or "High",
        cover=_cover(body),
        cover_text=text_field(body, "coverPageText", LONGEST_COVER_TEXT, required=False),
        send_time=send_time(body),
    )


def recipients(body: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Numbers and names of `to`."""
    found = []
    for entry in list_field(body, "to"):
        number = entry.get("phoneNumber")
        if number is None:
            raise bodies.missing("to.phoneNumber")
        if not is_e164(number):
            raise bodies.invalid("to", str(number))
        found.append((str(number), entry.get("name")))
    return found


def send_time(body: dict[str, Any]) -> int | None:
    """When to send, in ms."""
    value = body.get("sendTime")
    if value is None:
        return None
    try:
        return instants.parse(str(value))
    except ValueError:
        raise bodies.invalid("sendTime", str(value)) from None


def _fields(parts: list[Part]) -> tuple[dict[str, Any], list[Part]]:
    """Form fields: `to` may come often, as a number or as JSON; every `attachment` is a file."""
    body: dict[str, Any] = {}
    files: list[Part] = []
    for part in parts:
        if part.name == "to":
            body.setdefault("to", []).append(_recipient(part.text()))
        elif part.name in _FIELDS:
            body[part.name] = part.text()
        elif part.name is None or part.name.startswith("attachment"):
            if not _is_empty_text(part):
                files.append(part)
        else:
            raise bodies.refusal(400, "MSG-349", f"Part [{part.name}] is unknown", word="InvalidMultipartRequest")
    return body, files


def _recipient(text: str) -> dict[str, Any]:
    if text.startswith("{"):
        try:
            value = bodies.decode(text.encode())
        except ValueError:
            raise bodies.invalid("to", text) from None
        return dict(value)
    return {"phoneNumber": text}


def _is_empty_text(part: Part) -> bool:
    """A text body that says nothing may be there and is no file."""
    return part.content_type.startswith("text/") and part.blob.size == 0 and not part.filename


def _has_empty_text(parts: list[Part]) -> bool:
    return any(_is_empty_text(part) and part.name in (None, "attachment") for part in parts)


def _cover(body: dict[str, Any]) -> int:
    value = body.get("coverIndex")
    if value is None:
        return DEFAULT_COVER
    if not str(value).isdecimal() or int(value) >= len(COVERS):
        raise bodies.invalid("coverIndex", str(value))
    return int(value)


def _check_files(files: list[Part]) -> None:
    if not files:
        raise bodies.missing("attachment")
    for part in files:
        check_disposition(part)
        name = str(part.filename)
        if _BAD_NAME.search(name):
            raise bodies.refusal(400, "MSG-351", "File name of an attachment has characters that are not allowed")
        if not part.content_type or name.rpartition(".")[2].lower() not in SUFFIXES:
            raise bodies.refusal(415, "MSG-348", "Attachment type is not supported")
        check_size(part, MOST_BYTES)
    check_total(files, MOST_BYTES)
