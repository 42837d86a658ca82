"""Sending faxes (`createFaxMessage`, `listFaxCoverPages`)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.messaging.message_records import message_record
from airflow_provider_ringcentral.sandbox.api.messaging.numbers import check_outcome, is_e164
from airflow_provider_ringcentral.sandbox.api.request_context import choice_field, list_field, text_field
from airflow_provider_ringcentral.sandbox.api.uploads import check_disposition, check_size, check_total, malformed
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.messaging.delivery import (
    DeliveryDelays,
    Outcome,
    StatusChange,
    plan_history,
    status_at,
)
from airflow_provider_ringcentral.sandbox.model.messaging.mailbox import Attachment, Message, Recipient

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
    from airflow_provider_ringcentral.sandbox.api.uploads import Part, Upload
    from airflow_provider_ringcentral.sandbox.model.blob import Blob
    from airflow_provider_ringcentral.sandbox.model.company import Extension
    from airflow_provider_ringcentral.sandbox.model.state import State

MOST_BYTES = 50_000_000
LONGEST_COVER_TEXT = 1024
DEFAULT_COVER = 1
# fmt: off
COVERS = (
    "None", "Ancient", "Birthday", "Blank", "Clasmod", "Classic", "Confidential", "Contempo", "Elegant", "Express",
    "Formal", "Jazzy", "Modern", "Urgent",
)
SUFFIXES = frozenset([
    "pdf", "psd", "doc", "docx", "dot", "mcw", "xls", "xlsx", "xlsb", "ppt", "pptx", "vsd", "vdx", "pub", "wps", "wri",
    "awd", "tif", "tiff", "gif", "jpg", "jpeg", "bmp", "png", "pcx", "tga", "rtf", "txt", "log", "xml", "html", "htm",
    "csv",
])
# fmt: on
_BAD_NAME = re.compile(r"[&@#$%^*]")
_FIELDS = ("faxResolution", "coverIndex", "coverPageText", "sendTime", "isoCode")
MOST_PAGES = 200
_PDF_PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")
_CHUNK, _OVERLAP = 1 << 20, 64
_LINES_A_PAGE = 60


def create_fax_message(context: RequestContext) -> ApiResponse:
    """`createFaxMessage`: a multipart body sends a fax, a JSON body resends or forwards one."""
    extension = context.own_extension()
    if context.upload is None:
        return _resend(context, extension)
    request = _read_fax(context.upload)
    attachments = [
        Attachment(
            context.state.messaging.mailbox.next_id(),
            "SourceDocument",
            part.content_type,
            part.blob,
            filename=part.filename,
        )
        for part in request.files
    ]
    return _send(context, extension, request, attachments)


def _resend(context: RequestContext, extension: Extension) -> ApiResponse:
    """Resend a fax that failed somewhere, or forward one to others once it is no longer queued; else 406 MSG-343."""
    state, body = context.state, context.json_object()
    if body.get("originalMessageId") is None:
        raise responses.missing_parameter("originalMessageId")
    found = state.messaging.mailbox.find(extension.id, str(body["originalMessageId"]))
    if found is None or found.type != "Fax":
        raise responses.not_found("originalMessageId", str(body["originalMessageId"]))
    now = state.now()
    statuses = {status_at(recipient.history, now).status for recipient in found.to}
    to = (
        _read_recipients(body)
        if body.get("to")
        else [(one.party["phoneNumber"], one.party.get("name")) for one in found.to]
    )
    if "Queued" in statuses or not found.attachments or (not body.get("to") and statuses == {"Sent"}):
        raise responses.api_error(406, "MSG-343", "Fax cannot be resent in its current state")
    shown = found.extra
    request = FaxRequest(
        to=to,
        resolution=shown["faxResolution"],
        cover=shown.get("coverIndex", 0),
        cover_text=shown.get("coverPageText", ""),
        send_time=_read_send_time(body),
    )
    return _send(context, extension, request, list(found.attachments))


def _send(
    context: RequestContext, extension: Extension, request: FaxRequest, attachments: list[Attachment]
) -> ApiResponse:
    state = context.state
    for number, _ in request.to:
        check_outcome(state, number)
    now = state.now()
    starts = max(now, request.send_time or now)
    pages = sum(_count_pages(attachment) for attachment in attachments) + bool(request.cover)
    extra = {"faxResolution": request.resolution, "faxPageCount": pages, "coverIndex": request.cover}
    if request.cover_text:
        extra["coverPageText"] = request.cover_text
    message = Message(
        id=state.messaging.mailbox.next_id(),
        owner=extension.id,
        type="Fax",
        direction="Outbound",
        created=now,
        sender={"phoneNumber": extension.phone_number, "name": extension.name, "location": extension.location},
        to=[_recipient(state, one, rank, pages, now=now, starts=starts) for rank, one in enumerate(request.to)],
        attachments=attachments,
        visible=now + state.options.milliseconds(state.options.message_lag),
        starts=starts,
        rendered=starts + state.options.milliseconds(state.options.sent_seconds),
        extra=extra,
    )
    state.messaging.mailbox.add(message)
    return context.json(message_record(state, message, now))


def _recipient(state: State, to: tuple[str, str | None], rank: int, pages: int, *, now: int, starts: int) -> Recipient:
    number, name = to
    outcome = state.messaging.outcomes.of(number)
    if pages > MOST_PAGES:
        outcome = Outcome(status="SendingFailed", code="TooManyPages")
    # The final statuses of a fax are Sent and SendingFailed (guide page messaging/message-store/messaging).
    final = {"Delivered": "Sent", "DeliveryFailed": "SendingFailed"}.get(outcome.status, outcome.status)
    wait = state.options.milliseconds(state.options.sent_seconds + pages * state.options.fax_page_seconds)
    history = plan_history(replace(outcome, status=final), starts, DeliveryDelays(wait, wait), state.options.scale)
    party = {"phoneNumber": number, "recipientId": str(rank + 1)} | ({"name": name} if name else {})
    return Recipient(party, (StatusChange(now, "Queued"), *history[1:]))


def _count_pages(attachment: Attachment) -> int:
    """Return the number of pages: those of a PDF, sixty lines of a text each; any other file has one."""
    name = str(attachment.filename).lower()
    if name.endswith(".pdf"):
        return max(1, _matches(attachment.blob, _PDF_PAGE))
    if name.endswith((".txt", ".log", ".csv")):
        return max(1, -(-_matches(attachment.blob, re.compile(rb"\n")) // _LINES_A_PAGE))
    return 1


def _matches(blob: Blob, pattern: re.Pattern[bytes]) -> int:
    """Count the matches of a pattern; a blob is read in chunks, and a match counts in the chunk in which it begins."""
    count = 0
    for first in range(0, blob.size, _CHUNK):
        chunk = blob.cut(first, min(blob.size, first + _CHUNK + _OVERLAP))
        count += sum(match.start() < _CHUNK for match in pattern.finditer(chunk))
    return count


def list_fax_cover_pages(context: RequestContext) -> ApiResponse:
    """`listFaxCoverPages`: the cover pages by index."""
    return context.page_of([{"id": str(index), "name": name} for index, name in enumerate(COVERS)])


@dataclass(slots=True)
class FaxRequest:
    """A fax to be sent. `to`: E.164 numbers with the recipients' names; `send_time`: in ms, or None for at once."""

    to: list[tuple[str, str | None]]
    files: list[Part] = field(default_factory=list)
    resolution: str = "High"
    cover: int = DEFAULT_COVER
    cover_text: str = ""
    send_time: int | None = None


def _read_fax(upload: Upload) -> FaxRequest:
    """Return the fax of a multipart body: a JSON envelope before the files, or form fields."""
    if not upload.multipart or upload.broken:
        raise malformed()
    body = upload.envelope()
    if body is None:
        body, files = _fields(upload.parts)
    else:
        files = [part for part in upload.parts[1:] if not _is_empty_text(part)]
    # An empty text with a chosen cover page is a fax without files.
    if files or not (_has_empty_text(upload.parts) and body.get("coverIndex") and _cover(body)):
        _check_files(files)
    return FaxRequest(
        to=_read_recipients(body),
        files=files,
        resolution=choice_field(body, "faxResolution", ("High", "Low"), required=False) or "High",
        cover=_cover(body),
        cover_text=text_field(body, "coverPageText", LONGEST_COVER_TEXT, required=False),
        send_time=_read_send_time(body),
    )


def _read_recipients(body: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Return the numbers and names of `to`."""
    found = []
    for entry in list_field(body, "to"):
        number = entry.get("phoneNumber")
        if number is None:
            raise responses.missing_parameter("to.phoneNumber")
        if not is_e164(number):
            raise responses.invalid_parameter("to", str(number))
        found.append((str(number), entry.get("name")))
    return found


def _read_send_time(body: dict[str, Any]) -> int | None:
    """Return when to send, in ms."""
    value = body.get("sendTime")
    if value is None:
        return None
    try:
        return timestamps.parse(str(value))
    except ValueError:
        raise responses.invalid_parameter("sendTime", str(value)) from None


def _fields(parts: list[Part]) -> tuple[dict[str, Any], list[Part]]:
    """Return body and files of form fields: `to` may repeat, as a number or as JSON; each `attachment` is a file."""
    body: dict[str, Any] = {}
    files: list[Part] = []
    for part in parts:
        if part.name == "to":
            body.setdefault("to", []).append(_recipient_field(part.text()))
        elif part.name in _FIELDS:
            body[part.name] = part.text()
        elif part.name is None or part.name.startswith("attachment"):
            if not _is_empty_text(part):
                files.append(part)
        else:
            raise responses.api_error(400, "MSG-349", f"Part [{part.name}] is unknown", word="InvalidMultipartRequest")
    return body, files


def _recipient_field(text: str) -> dict[str, Any]:
    if text.startswith("{"):
        try:
            value = responses.decode(text.encode())
        except ValueError:
            raise responses.invalid_parameter("to", text) from None
        return dict(value)
    return {"phoneNumber": text}


def _is_empty_text(part: Part) -> bool:
    """Tell whether a part is an empty text body, which is allowed and is not a file."""
    return part.content_type.startswith("text/") and part.blob.size == 0 and not part.filename


def _has_empty_text(parts: list[Part]) -> bool:
    return any(_is_empty_text(part) and part.name in (None, "attachment") for part in parts)


def _cover(body: dict[str, Any]) -> int:
    value = body.get("coverIndex")
    if value is None:
        return DEFAULT_COVER
    if not str(value).isdecimal() or int(value) >= len(COVERS):
        raise responses.invalid_parameter("coverIndex", str(value))
    return int(value)


def _check_files(files: list[Part]) -> None:
    if not files:
        raise responses.missing_parameter("attachment")
    for part in files:
        check_disposition(part)
        name = str(part.filename)
        if _BAD_NAME.search(name):
            raise responses.api_error(400, "MSG-351", "File name of an attachment has characters that are not allowed")
        if not part.content_type or name.rpartition(".")[2].lower() not in SUFFIXES:
            raise responses.api_error(415, "MSG-348", "Attachment type is not supported")
        check_size(part, MOST_BYTES)
    check_total(files, MOST_BYTES)
