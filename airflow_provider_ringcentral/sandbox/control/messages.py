"""Controls over messages: the truth about them, and what happens to them.

Messages that come from outside.

Controls over broadcasts, opt-outs and calls placed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api.messaging.consents import IN, OUT, Consent
from airflow_provider_ringcentral.sandbox.api.messaging.numbers import outsider, own_numbers
from airflow_provider_ringcentral.sandbox.api.messaging.pager import party
from airflow_provider_ringcentral.sandbox.api.messaging.sms import text_attachment
from airflow_provider_ringcentral.sandbox.control import team_messaging
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.blob import Blob
from airflow_provider_ringcentral.sandbox.model.messaging.batches import Batch, batch_record
from airflow_provider_ringcentral.sandbox.model.messaging.delivery import Outcome, StatusChange, status_at
from airflow_provider_ringcentral.sandbox.model.messaging.mailbox import Attachment, Message, Recipient

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_ringcentral.sandbox.model.company import Extension
    from airflow_provider_ringcentral.sandbox.model.state import State

_TYPES = ("SMS", "VoiceMail", "Fax", "Pager")
_KNOWN = frozenset(
    {"type", "from", "to", "text", "extension", "created", "after_seconds", "duration", "pages", "media"}
)


def receive(state: State, arguments: dict[str, Any]) -> Message:
    """Puts an inbound message into the mailbox of an extension, the default user's unless told otherwise.

    `from` is a number (of an extension for a pager message), `created` ISO; `after_seconds` (scaled) shows it later.
    A voicemail lasts `duration` seconds, a fax has `pages`; `media` is text that becomes the bytes of either.
    """
    kind = arguments.get("type", "SMS")
    if kind not in _TYPES or set(arguments) - _KNOWN:
        raise ValueError(f"type is one of {', '.join(_TYPES)}; what else may be given: {', '.join(sorted(_KNOWN))}")
    extension = _owner(state, arguments)
    arrives = state.now() + state.milliseconds(float(arguments.get("after_seconds") or 0))
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
    return state.messaging.mailbox.add(message)


def _owner(state: State, arguments: dict[str, Any]) -> Extension:
    wanted = arguments.get("extension") or state.identity.jwts[state.jwt].user_id
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
    """All batches at the server, oldest first, with every recipient."""
    now = state.now()
    with_messages = str(arguments.get("messages", True)).lower() == "true"
    return [
        _truth_of_broadcasts(batch, now, with_messages=with_messages)
        for batch in state.messaging.batches.batches.values()
    ]


def _truth_of_broadcasts(batch: Batch, now: int, *, with_messages: bool) -> dict[str, Any]:
    record = batch_record(batch, now)
    shown = {
        "id": batch.id,
        "from": batch.sender,
        "size": record["batchSize"],
        "processed": record["processedCount"],
        "status": record["status"],
        "created": timestamps.text(batch.created),
        "rejected": batch.rejected,
    }
    if with_messages:
        shown["messages"] = [
            {
                "id": one.id,
                "to": one.to,
                "text": one.text,
                "status": one.status_at(now).status,
                "code": one.status_at(now).code,
            }
            for one in batch.messages
        ]
    return shown


def opt_out(state: State, arguments: dict[str, Any]) -> Any:
    """Opts recipients out of texts from all numbers of the company's users, or from one (`sender`), or in again."""
    senders = [arguments["sender"]] if arguments.get("sender") else list(own_numbers(state))
    status = OUT if arguments.get("out", True) else IN
    for sender in senders:
        for number in arguments["numbers"]:
            state.messaging.consents.put(Consent(sender, number, status, "Recipient", state.now()))


def list_rings(state: State, _: dict[str, Any]) -> Any:
    """All calls that RingOut placed, oldest first, forgotten ones too."""
    now = state.now()
    return [
        {
            "id": ring.id,
            "user": ring.user,
            "from": ring.from_.get("phoneNumber") or ring.from_.get("forwardingNumberId"),
            "to": ring.to,
            "caller_id": ring.caller_id,
            "prompt": ring.prompt,
            "created": timestamps.text(ring.created),
            "cancelled": ring.cancelled,
        }
        | ring.statuses(now)
        for ring in state.messaging.ring_outs.values()
    ]


_MATCHED = frozenset({"id", "extension", "type", "direction", "from", "text", "status", "availability", "conversation"})


def list_messages(state: State, arguments: dict[str, Any]) -> Any:
    """All messages at the server, oldest first, lagging and deleted ones too, that match everything given."""
    if unknown := sorted(set(arguments) - _MATCHED - {"to"}):
        raise ValueError(f"{', '.join(unknown)}: messages are found by {', '.join(sorted(_MATCHED | {'to'}))}")
    now = state.now()
    found = [_truth(message, now) for message in state.messaging.mailbox.messages.values()]
    return [
        message
        for message in found
        if all(str(message[name]) == str(value) for name, value in arguments.items() if name != "to")
        and ("to" not in arguments or str(arguments["to"]) in message["to"])
    ]


def _truth(message: Message, now: int) -> dict[str, Any]:
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
        "recipients": [_recipient_truth(recipient, now) for recipient in message.to],
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


def _recipient_truth(recipient: Any, now: int) -> dict[str, Any]:
    change = status_at(recipient.history, now)
    return {"number": _number(recipient.party), "status": change.status, "code": change.code}


def receive_message(state: State, arguments: dict[str, Any]) -> Any:
    """Lets a message arrive."""
    return _truth(receive(state, arguments), state.now())


def change_message(state: State, arguments: dict[str, Any]) -> Any:
    """Gives every recipient of a message a status, now."""
    message, now = state.messaging.mailbox.messages[int(arguments["id"])], state.now()
    for recipient in message.to:
        past = tuple(change for change in recipient.history if change.at <= now)
        recipient.history = (*past, StatusChange(now, arguments["status"], arguments.get("code")))
    return _truth(message, now)


def set_outcome(state: State, arguments: dict[str, Any]) -> Any:
    """Chooses what becomes of messages to a number from now on."""
    fields = dict(arguments)
    number = fields.pop("number")
    state.messaging.outcomes.set(number, Outcome(**fields))


MESSAGING_CONTROLS: dict[tuple[str, str], Callable[[State, dict[str, Any]], Any]] = {
    ("GET", "/messages"): list_messages,
    ("POST", "/messages"): receive_message,
    ("PATCH", "/messages"): change_message,
    ("POST", "/outcomes"): set_outcome,
    ("POST", "/opt-outs"): opt_out,
    ("GET", "/batches"): list_batches,
    ("GET", "/rings"): list_rings,
    ("GET", "/posts"): team_messaging.list_posts,
    ("POST", "/posts"): team_messaging.add_post,
    ("GET", "/files"): team_messaging.list_files,
    ("GET", "/chats"): team_messaging.list_chats,
    ("POST", "/chats"): team_messaging.add_chat,
    ("POST", "/webhooks"): team_messaging.add_webhook,
    ("GET", "/webhook-posts"): team_messaging.list_webhook_posts,
}
