"""Sending texts and media (`createSMSMessage`, `createMMS`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.messaging import numbers
from airflow_provider_ringcentral.sandbox.api.messaging.message_records import message_record
from airflow_provider_ringcentral.sandbox.api.request_context import list_field, text_field
from airflow_provider_ringcentral.sandbox.api.uploads import check_disposition, check_size, check_total, malformed
from airflow_provider_ringcentral.sandbox.model.blob import Blob
from airflow_provider_ringcentral.sandbox.model.messaging.delivery import DeliveryDelays, plan_history
from airflow_provider_ringcentral.sandbox.model.messaging.mailbox import Attachment, Message, Recipient

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
    from airflow_provider_ringcentral.sandbox.api.uploads import Part
    from airflow_provider_ringcentral.sandbox.model.state import State

LONGEST_TEXT = 1000
MOST_RECIPIENTS = 10
MOST_ATTACHMENTS = 10
MMS_BYTES = 1_500_000
_JSON_BYTES = 10_000_000
# fmt: off
MMS_TYPES = frozenset([
    "image/jpeg", "image/png", "image/bmp", "image/gif", "image/tiff", "image/svg+xml", "image/webp",
    "video/3gpp", "video/mp4", "video/mpeg", "video/avi", "video/x-flv", "video/x-ms-wmv", "video/quicktime",
    "video/webm", "video/ogg",
    "audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/amr", "audio/3gpp",
    "text/vcard", "application/zip", "application/gzip",
    "application/rtf", "application/pdf", "text/html", "text/plain", "text/csv", "text/calendar",
])
# fmt: on
"""Media types that may be attached (guide page messaging/sms/sending-images)."""


def create_sms_message(context: RequestContext) -> ApiResponse:
    """`createSMSMessage`; with a multipart body it sends media, as `createMMS` does."""
    if context.upload is not None and context.upload.multipart:
        return create_mms(context)
    if len(context.body) > _JSON_BYTES:
        raise responses.api_error(413, "MSG-338", "Message is too large")
    body = context.json_object()
    text_field(body, "text", LONGEST_TEXT)
    return _send(context, body, [])


def create_mms(context: RequestContext) -> ApiResponse:
    """`createMMS`: a JSON envelope, then attachments."""
    upload = context.upload
    if upload is None or not upload.multipart or upload.broken:
        raise malformed()
    body = upload.envelope()
    if body is None:
        message = "Message envelope is absent or malformed"
        raise responses.api_error(400, "MSG-349", message, word="InvalidMultipartRequest")
    text_field(body, "text", LONGEST_TEXT, required=False)
    files = upload.parts[1:]
    _check_files(files)
    return _send(context, body, files)


def _check_files(files: list[Part]) -> None:
    if not files:
        raise responses.missing_parameter("attachments")
    if len(files) > MOST_ATTACHMENTS:
        raise responses.invalid_parameter("attachments", str(len(files)), detail=f"at most {MOST_ATTACHMENTS}")
    for part in files:
        check_disposition(part)
        if part.content_type not in MMS_TYPES:
            raise responses.api_error(415, "MSG-348", f"Attachment type [{part.content_type}] is not supported")
        check_size(part, MMS_BYTES)
    check_total(files, MMS_BYTES)


def _send(context: RequestContext, body: dict[str, Any], files: list[Part]) -> ApiResponse:
    state = context.state
    recipients = list_field(body, "to")
    group = len(recipients) > 1
    sender = numbers.sms_sender(context, body, mms=group or bool(files))
    numbers.check_country(body)
    if len(recipients) > MOST_RECIPIENTS:
        detail = f"Exceeded maximum number of recipients for a Group MMS: [{MOST_RECIPIENTS}]"
        raise responses.api_error(400, "MSG-381", detail, parameter="to")
    to = [
        numbers.check_text_recipient(context, entry.get("phoneNumber"), sender["phoneNumber"]) for entry in recipients
    ]
    owner = context.extension().id
    _check_rate(context, owner, mms=group or bool(files))
    now = state.now()
    message = _text_message(state, owner, sender, to, str(body.get("text") or ""), now=now)
    for part in files:
        attachment = Attachment(state.messaging.mailbox.next_id(), "MmsAttachment", part.content_type, part.blob)
        attachment.filename = part.filename
        message.attachments.append(attachment)
    state.messaging.mailbox.add(message)
    return context.json(message_record(state, message, now))


def _text_message(state: State, owner: int, sender: dict[str, Any], to: list[str], text: str, *, now: int) -> Message:
    """Return an outbound text that is accepted at `now` (ms)."""
    options, messaging = state.options, state.messaging
    delays = DeliveryDelays(
        state.options.milliseconds(options.sent_seconds), state.options.milliseconds(options.delivered_seconds)
    )
    recipients = [
        Recipient(
            numbers.outsider(state, number) | ({"recipientId": str(rank + 1)} if len(to) > 1 else {}),
            plan_history(messaging.outcomes.of_text(number, sender["phoneNumber"]), now, delays, options.scale),
        )
        for rank, number in enumerate(to)
    ]
    message_id = messaging.mailbox.next_id()
    return Message(
        id=message_id,
        owner=owner,
        type="SMS",
        direction="Outbound",
        created=now,
        sender=sender,
        to=recipients,
        text=text,
        attachments=[text_attachment(message_id, text)] if text else [],
        conversation=messaging.mailbox.conversation(owner, frozenset(to)),
        visible=now + state.options.milliseconds(options.message_lag),
    )


def text_attachment(message_id: int, text: str) -> Attachment:
    """Return the text of a message as the attachment under which it is stored too; it has the message's id."""
    return Attachment(message_id, "Text", "text/plain", Blob(text.encode()))


def _check_rate(context: RequestContext, user: int, *, mms: bool) -> None:
    """Refuse a send beyond the message service's own limit (429 MSG-305, without the headers of the group's)."""
    options = context.state.options
    most = options.mms_per_minute if mms else options.sms_per_minute
    wait = context.state.send_wait("mms" if mms else "sms", user, most)
    if wait:
        error = numbers.refused("MSG-305", {"Retry-After": responses.seconds_text(wait)})
        error.response.rated = False
        raise error
