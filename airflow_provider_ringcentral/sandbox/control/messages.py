"""Control calls for messages, batches, opt-outs and RingOut: what there is, and what happens to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api.messaging.numbers import outsider, own_numbers
from airflow_provider_ringcentral.sandbox.api.messaging.pager import party
from airflow_provider_ringcentral.sandbox.api.messaging.sms import text_attachment
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.blob import Blob
from airflow_provider_ringcentral.sandbox.model.messaging.delivery import (
    OPT_IN,
    OPT_OUT,
    Consent,
    Outcome,
    StatusChange,
    status_at,
)
from airflow_provider_ringcentral.sandbox.model.messaging.mailbox import Attachment, Message, Recipient

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.model.company import Extension
    from airflow_provider_ringcentral.sandbox.model.messaging.batches import Batch
    from airflow_provider_ringcentral.sandbox.model.state import State

_TYPES = ("SMS", "VoiceMail", "Fax", "Pager")
_MATCHED = frozenset({"id", "extension", "type", "direction", "from", "text", "status", "availability", "conversation"})
_KNOWN = frozenset(
    {"type", "from", "to", "text", "extension", "created", "after_seconds", "duration", "pages", "media"}
)


def receive_message(state: State, arguments: dict[str, Any]) -> Any:
    """Let a message arrive in the mailbox of an extension, by default the default user's.

    `from` is a phone number (for a pager message an extension number), `created` is ISO; `after_seconds` (scaled) makes
    it visible later. A voicemail lasts `duration` seconds, a fax has `pages`; the bytes of either are the text `media`.
    """
    kind = arguments.get("type", "SMS")
    if kind not in _TYPES or set(arguments) - _KNOWN:
        raise ValueError(f"type must be one of {', '.join(_TYPES)}, and each field one of {', '.join(sorted(_KNOWN))}")
    extension = _owner(state, arguments)
    arrives = state.now() + state.options.milliseconds(float(arguments.get("after_seconds") or 0))
    created = timestamps.parse(arguments["created"]) if arguments.get("created") else arrives
    sender = _sender(state, kind, arguments.get("from"))
    target = party(extension)
    if kind != "Pager":
        target = {"phoneNumber": arguments.get("to") or extension.phone_number, "name": extension.name}
    message_id, text = state.messaging.mailbox.next_id(), str(arguments.get("text") or "")
    message = Message(
        id=message_id,
        owner=extension.id,
        type=kind,
        direction="Inbound",
        created=created,
        sender=sender,
        to=[Recipient(target, (StatusChange(created, "Received"),))],
        text=text,
        visible=arrives,
        read=False,
    )
    if kind in {"SMS", "Pager"}:
        others = frozenset({str(sender.get("phoneNumber") or sender["extensionId"])})
        message.conversation = state.messaging.mailbox.conversation(extension.id, others)
        message.attachments = [text_attachment(message_id, text)]
    else:
        _add_media(state, message, arguments)
    return _describe(state.messaging.mailbox.add(message), state.now())


def _owner(state: State, arguments: dict[str, Any]) -> Extension:
    wanted = arguments.get("extension") or state.identity.jwts[state.jwt].user_id
    found = state.company.find(str(wanted))
    if found is None:
        raise ValueError(f"extension {wanted!r} does not exist")
    return found


def _sender(state: State, kind: str, number: str | None) -> dict[str, Any]:
    if kind != "Pager":
        return outsider(state, number or state.company.outsiders[0][0])
    users = state.company.users
    found = next((one for one in users if one.number == number), None) if number else users[-1]
    if found is None:
        raise ValueError(f"extension number {number!r} does not exist")
    return party(found)


def _add_media(state: State, message: Message, arguments: dict[str, Any]) -> None:
    media = str(arguments.get("media") or "RIFF of the sandbox").encode()
    attachment_id = state.messaging.mailbox.next_id()
    if message.type == "Fax":
        pages = int(arguments.get("pages") or 1)
        message.attachments = [Attachment(attachment_id, "RenderedDocument", "application/pdf", Blob(media))]
        message.extra = {"faxPageCount": pages, "faxResolution": "High"}
        return
    duration = int(arguments.get("duration") or 10)
    audio = Attachment(attachment_id, "AudioRecording", "audio/mpeg", Blob(media), duration=duration)
    message.attachments = [audio]
    message.extra = {"vmTranscriptionStatus": "NotAvailable"}
    if message.text:
        written = Blob(message.text.encode())
        transcription_id = state.messaging.mailbox.next_id()
        message.attachments.append(Attachment(transcription_id, "AudioTranscription", "text/plain", written))
        message.extra = {"vmTranscriptionStatus": "Completed"}


def list_batches(state: State, arguments: dict[str, Any]) -> Any:
    """Return all batches, oldest first, with their messages."""
    now = state.now()
    with_messages = str(arguments.get("messages", True)).lower() == "true"
    batches = state.messaging.batches.batches.values()
    return [_describe_batch(batch, now, with_messages=with_messages) for batch in batches]


def _describe_batch(batch: Batch, now: int, *, with_messages: bool) -> dict[str, Any]:
    shown = {
        "id": batch.id,
        "from": batch.sender,
        "size": len(batch.messages),
        "processed": batch.processed_count(now),
        "status": batch.status(now),
        "created": timestamps.text(batch.created),
        "rejected": batch.rejected,
    }
    if with_messages:
        shown["messages"] = [
            {"id": one.id, "to": one.to, "text": one.text, "status": change.status, "code": change.code}
            for one in batch.messages
            for change in [one.status_at(now)]
        ]
    return shown


def opt_out(state: State, arguments: dict[str, Any]) -> Any:
    """Opt recipients out of texts (or in again) from all numbers of users who may log in, or from `sender`."""
    senders = [arguments["sender"]] if arguments.get("sender") else list(own_numbers(state))
    status = OPT_OUT if arguments.get("out", True) else OPT_IN
    for sender in senders:
        for number in arguments["numbers"]:
            state.messaging.consents.put(Consent(sender, number, status, "Recipient", state.now()))


def list_ring_outs(state: State, _: dict[str, Any]) -> Any:
    """Return all calls that RingOut placed, oldest first, with those that the API has forgotten."""
    now = state.now()
    return [
        {
            "id": call.id,
            "user": call.user,
            "from": call.from_.get("phoneNumber") or call.from_.get("forwardingNumberId"),
            "to": call.to,
            "caller_id": call.caller_id,
            "prompt": call.prompt,
            "created": timestamps.text(call.created),
            "cancelled": call.cancelled,
        }
        | call.statuses(now)
        for call in state.messaging.ring_outs.calls.values()
    ]


def list_messages(state: State, arguments: dict[str, Any]) -> Any:
    """Return the messages that match all arguments, oldest first, with deleted ones and those lists do not show yet."""
    if unknown := sorted(set(arguments) - _MATCHED - {"to"}):
        raise ValueError(f"unknown filter {', '.join(unknown)}; use {', '.join(sorted(_MATCHED | {'to'}))}")
    now = state.now()
    found = [_describe(message, now) for message in state.messaging.mailbox.messages.values()]
    return [
        message
        for message in found
        if all(str(message[name]) == str(value) for name, value in arguments.items() if name != "to")
        and ("to" not in arguments or str(arguments["to"]) in message["to"])
    ]


def _describe(message: Message, now: int) -> dict[str, Any]:
    change = message.status_at(now)
    return {
        "id": message.id,
        "extension": message.owner,
        "type": message.type,
        "direction": message.direction,
        "from": _number(message.sender),
        "to": [_number(recipient.party) for recipient in message.to],
        "text": message.text,
        "status": change.status,
        "code": change.code,
        "recipients": [_recipient_describe(recipient, now) for recipient in message.to],
        "attachments": [
            {
                "id": attachment.id,
                "type": attachment.type,
                "filename": attachment.filename,
                "content_type": attachment.content_type,
                "size": attachment.blob.size,
                "sha256": attachment.blob.sha256,
            }
            for attachment in message.attachments
        ],
        "availability": message.availability,
        "conversation": message.conversation,
        "read": message.read,
        "created": timestamps.text(message.created),
        "modified": timestamps.text(message.modified(now)),
        "extra": message.extra,
    }


def _number(party: dict[str, Any]) -> str:
    return str(party.get("phoneNumber") or party.get("extensionNumber"))


def _recipient_describe(recipient: Any, now: int) -> dict[str, Any]:
    change = status_at(recipient.history, now)
    return {"number": _number(recipient.party), "status": change.status, "code": change.code}


def change_message(state: State, arguments: dict[str, Any]) -> Any:
    """Give each recipient of a message a status, now."""
    message, now = state.messaging.mailbox.messages[int(arguments["id"])], state.now()
    for recipient in message.to:
        past = tuple(change for change in recipient.history if change.at <= now)
        recipient.history = (*past, StatusChange(now, arguments["status"], arguments.get("code")))
    return _describe(message, now)


def set_outcome(state: State, arguments: dict[str, Any]) -> Any:
    """Choose what becomes of messages to a number from now on."""
    fields = dict(arguments)
    number = fields.pop("number")
    state.messaging.outcomes.set(number, Outcome(**fields))
