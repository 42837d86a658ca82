"""Messages that come from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api.messaging.numbers import outsider
from airflow_provider_ringcentral.sandbox.api.messaging.pager import party
from airflow_provider_ringcentral.sandbox.api.messaging.sms import text_attachment
from airflow_provider_ringcentral.sandbox.model import timestamps as instants
from airflow_provider_ringcentral.sandbox.model.blob import Blob
from airflow_provider_ringcentral.sandbox.model.messaging.delivery import Step
from airflow_provider_ringcentral.sandbox.model.messaging.mailbox import Attachment, Message, Recipient

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.model.company import Extension
    from airflow_provider_ringcentral.sandbox.model.state import State

_TYPES = ("SMS", "VoiceMail", "Fax", "Pager")
_KNOWN = frozenset(
    {"type", "from", "to", "text", "extension", "created", "after_seconds", "duration", "pages", "media"}
)


def receive(state: State, given: dict[str, Any]) -> Message:
    """Puts an inbound message into the mailbox of an extension, the default user's unless told otherwise.

    `from` is a number (of an extension for a pager message), `created` ISO; `after_seconds` (scaled) shows it later.
    A voicemail lasts `duration` seconds, a fax has `pages`; `media` is text that becomes the bytes of either.
    """
    kind = given.get("type", "SMS")
    if kind not in _TYPES or set(given) - _KNOWN:
        raise ValueError(f"type is one of {', '.join(_TYPES)}; what else may be given: {', '.join(sorted(_KNOWN))}")
    extension = _owner(state, given)
    arrives = state.now() + state.milliseconds(float(given.get("after_seconds") or 0))
    created = instants.parse(given["created"]) if given.get("created") else arrives
    sender = _sender(state, kind, given.get("from"))
    target = party(extension)
    if kind != "Pager":
        target = {"phoneNumber": given.get("to") or extension.phone_number, "name": extension.name}
    message_id, text = state.desk.mailbox.next_id(), str(given.get("text") or "")
    message = Message(
        id=message_id,
        owner=extension.id,
        type=kind,
        direction="Inbound",
        created=created,
        sender=sender,
        to=[Recipient(target, (Step(created, "Received"),))],
        text=text,
        visible=arrives,
        read=False,
    )
    if kind in {"SMS", "Pager"}:
        others = frozenset({str(sender.get("phoneNumber") or sender["extensionId"])})
        message.conversation = state.desk.mailbox.conversation(extension.id, others)
        message.attachments = [text_attachment(message_id, text)]
    else:
        _add_media(state, message, given)
    return state.desk.mailbox.add(message)


def _owner(state: State, given: dict[str, Any]) -> Extension:
    wanted = given.get("extension") or state.identity.jwts[state.jwt].user_id
    found = state.company.find(str(wanted))
    if found is None:
        raise ValueError(f"there is no extension {wanted!r}")
    return found


def _sender(state: State, kind: str, number: str | None) -> dict[str, Any]:
    if kind != "Pager":
        return outsider(state, number or state.company.outsiders[0][0])
    users = state.company.users
    found = next((one for one in users if one.number == number), None) if number else users[-1]
    if found is None:
        raise ValueError(f"there is no extension number {number!r}")
    return party(found)


def _add_media(state: State, message: Message, given: dict[str, Any]) -> None:
    media = str(given.get("media") or "RIFF of the sandbox").encode()
    attachment_id = state.desk.mailbox.next_id()
    if message.type == "Fax":
        pages = int(given.get("pages") or 1)
        message.attachments = [Attachment(attachment_id, "RenderedDocument", "application/pdf", Blob(media))]
        message.extra = {"faxPageCount": pages, "faxResolution": "High"}
        return
    duration = int(given.get("duration") or 10)
    audio = Attachment(attachment_id, "AudioRecording", "audio/mpeg", Blob(media), duration=duration)
    message.attachments = [audio]
    message.extra = {"vmTranscriptionStatus": "NotAvailable"}
    if message.text:
        written = Blob(message.text.encode())
        transcription_id = state.desk.mailbox.next_id()
        message.attachments.append(Attachment(transcription_id, "AudioTranscription", "text/plain", written))
        message.extra = {"vmTranscriptionStatus": "Completed"}
