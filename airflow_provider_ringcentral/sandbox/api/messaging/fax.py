"""Sending faxes (`createFaxMessage`, `listFaxCoverPages`)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses as bodies
from airflow_provider_ringcentral.sandbox.api.forms import json_object
from airflow_provider_ringcentral.sandbox.api.messaging.fax_request import (
    COVERS,
    FaxRequest,
    read_fax,
    recipients,
    send_time,
)
from airflow_provider_ringcentral.sandbox.api.messaging.message_records import message_record
from airflow_provider_ringcentral.sandbox.api.messaging.numbers import refused, sending_extension
from airflow_provider_ringcentral.sandbox.model.messaging.delivery import Outcome, Pace, Step, plan, step_at
from airflow_provider_ringcentral.sandbox.model.messaging.mailbox import Attachment, Message, Recipient

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.api.responses import Answer
    from airflow_provider_ringcentral.sandbox.model.blob import Blob
    from airflow_provider_ringcentral.sandbox.model.company import Extension
    from airflow_provider_ringcentral.sandbox.model.state import State

MOST_PAGES = 200
_PDF_PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")
_CHUNK, _OVERLAP = 1 << 20, 64
_LINES_A_PAGE = 60


def create_fax_message(visit: Visit) -> Answer:
    """`createFaxMessage`; JSON resends a fax, or forwards it."""
    extension = sending_extension(visit)
    if visit.upload is None:
        return _resend(visit, extension)
    request = read_fax(visit.upload)
    attachments = [
        Attachment(
            visit.state.desk.mailbox.next_id(), "SourceDocument", part.content_type, part.blob, filename=part.filename
        )
        for part in request.files
    ]
    return _send(visit, extension, request, attachments)


def _resend(visit: Visit, extension: Extension) -> Answer:
    """406 MSG-343 unless it failed somewhere; to others it may be forwarded once it is no longer on its way."""
    state, body = visit.state, json_object(visit)
    if body.get("originalMessageId") is None:
        raise bodies.missing("originalMessageId")
    found = state.desk.mailbox.find(extension.id, str(body["originalMessageId"]))
    if found is None or found.type != "Fax":
        raise bodies.not_found("originalMessageId", str(body["originalMessageId"]))
    now = state.now()
    statuses = {step_at(recipient.steps, now).status for recipient in found.to}
    to = recipients(body) if body.get("to") else [(one.party["phoneNumber"], one.party.get("name")) for one in found.to]
    if "Queued" in statuses or not found.attachments or (not body.get("to") and statuses == {"Sent"}):
        raise bodies.refusal(406, "MSG-343", "Fax cannot be resent in its current state")
    shown = found.extra
    request = FaxRequest(
        to=to,
        resolution=shown["faxResolution"],
        cover=shown.get("coverIndex", 0),
        cover_text=shown.get("coverPageText", ""),
        send_time=send_time(body),
    )
    return _send(visit, extension, request, list(found.attachments))


def _send(visit: Visit, extension: Extension, request: FaxRequest, attachments: list[Attachment]) -> Answer:
    state = visit.state
    for number, _ in request.to:
        refuse = state.desk.outcomes.of(number).refuse
        if refuse is not None:
            raise refused(refuse)
    now = state.now()
    starts = max(now, request.send_time or now)
    pages = sum(count_pages(attachment) for attachment in attachments) + bool(request.cover)
    extra: dict[str, Any] = {
        "faxResolution": request.resolution,
        "faxPageCount": pages,
        "coverIndex": request.cover,
    }
    if request.cover_text:
        extra["coverPageText"] = request.cover_text
    rendering = state.milliseconds(state.options.sent_seconds)
    message = Message(
        id=state.desk.mailbox.next_id(),
        owner=extension.id,
        type="Fax",
        direction="Outbound",
        created=now,
        sender={"phoneNumber": extension.phone_number, "name": extension.name, "location": extension.place},
        to=[_recipient(state, one, rank, pages, now=now, starts=starts) for rank, one in enumerate(request.to)],
        attachments=attachments,
        visible=now + state.milliseconds(state.options.message_lag),
        starts=starts,
        rendered=starts + rendering,
        extra=extra,
    )
    state.desk.mailbox.add(message)
    return visit.json(message_record(state, message, now))


def _recipient(state: State, to: tuple[str, str | None], rank: int, pages: int, *, now: int, starts: int) -> Recipient:
    number, name = to
    outcome = state.desk.outcomes.of(number)
    if pages > MOST_PAGES:
        outcome = Outcome(status="SendingFailed", code="TooManyPages")
    # A fax is never more than sent, and what fails has failed in sending (FACTS 7.4).
    final = {"Delivered": "Sent", "DeliveryFailed": "SendingFailed"}.get(outcome.status, outcome.status)
    wait = state.milliseconds(state.options.sent_seconds + pages * state.options.fax_page_seconds)
    steps = plan(replace(outcome, status=final), starts, Pace(wait, wait), state.options.scale)
    party = {"phoneNumber": number, "recipientId": str(rank + 1)} | ({"name": name} if name else {})
    return Recipient(party, (Step(now, "Queued"), *steps[1:]))


def count_pages(attachment: Attachment) -> int:
    """Pages of a PDF, sixty lines a page of a text; anything else is one."""
    name = str(attachment.filename).lower()
    if name.endswith(".pdf"):
        return max(1, _matches(attachment.blob, _PDF_PAGE))
    if name.endswith((".txt", ".log", ".csv")):
        return max(1, -(-_matches(attachment.blob, re.compile(rb"\n")) // _LINES_A_PAGE))
    return 1


def _matches(blob: Blob, pattern: re.Pattern[bytes]) -> int:
    """How often a pattern occurs; a large blob is read in pieces, and a match belongs to the piece it begins in."""
    count = 0
    for first in range(0, blob.size, _CHUNK):
        piece = blob.cut(first, min(blob.size, first + _CHUNK + _OVERLAP))
        count += sum(match.start() < _CHUNK for match in pattern.finditer(piece))
    return count


def list_fax_cover_pages(visit: Visit) -> Answer:
    """`listFaxCoverPages`."""
    return visit.page_of([{"id": str(index), "name": name} for index, name in enumerate(COVERS)])
