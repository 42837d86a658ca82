"""Messages as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api.request_context import units
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.company import account_path
from airflow_provider_ringcentral.sandbox.model.messaging.delivery import status_at

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.model.messaging.mailbox import Attachment, Message, Recipient
    from airflow_provider_ringcentral.sandbox.model.state import State

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("^{}\\[~]|€\f")


def segments(text: str) -> int:
    """How many SMS a text fills: 160 or 153 of GSM 7-bit, 70 or 67 UTF-16 units of anything else."""
    if set(text) <= _GSM | _GSM_TWICE:
        length, one, each = len(text) + sum(letter in _GSM_TWICE for letter in text), 160, 153
    else:
        length, one, each = units(text), 70, 67
    return 1 if length <= one else -(-length // each)


def message_path(state: State, message: Message) -> str:
    """The canonical URI."""
    return f"{state.url}{account_path()}/extension/{message.owner}/message-store/{message.id}"


def message_record(state: State, message: Message, now: int) -> dict[str, Any]:
    """The record of a message at a moment."""
    change, outbound = message.status_at(now), message.direction == "Outbound"
    record: dict[str, Any] = {
        "uri": message_path(state, message),
        "id": message.id,
        "extensionId": str(message.owner),
        "to": [_recipient(recipient, message, now) for recipient in message.to],
        "from": message.sender,
        "type": message.type,
        "creationTime": timestamps.text(message.created),
        "lastModifiedTime": timestamps.text(message.modified(now)),
        "readStatus": "Read" if message.read else "Unread",
        "priority": "Normal",
        "attachments": [_attachment(state, message, attachment) for attachment in message.attachments],
        "direction": message.direction,
        "availability": message.availability,
        "messageStatus": change.status,
    }
    if message.type in {"SMS", "Pager"}:
        record["subject"] = message.text
        record["conversationId"] = message.conversation
        record["conversation"] = {"id": str(message.conversation), "uri": _conversation(state, message)}
    if message.type == "SMS" and outbound:
        record["segmentCount"] = segments(message.text)
        record["smsSendingAttemptsCount"] = int(change.status != "Queued")
        if change.code is not None:
            record["deliveryErrorCode"] = change.code
        if change.status == "Delivered":
            record["smsDeliveryTime"] = timestamps.text(change.at)
    record |= message.extra
    if message.rendered > now:
        # Pages are counted when a fax is rendered, after it was accepted: our reading.
        record["faxPageCount"] = 0
    return record


def _conversation(state: State, message: Message) -> str:
    return f"{state.url}{account_path()}/extension/{message.owner}/conversation/{message.conversation}"


def _recipient(recipient: Recipient, message: Message, now: int) -> dict[str, Any]:
    change = status_at(recipient.history, now)
    shown = recipient.party | {"messageStatus": change.status}
    if message.type == "Fax" and change.code is not None:
        shown["faxErrorCode"] = change.code
    return shown


def _attachment(state: State, message: Message, attachment: Attachment) -> dict[str, Any]:
    path = f"{account_path()}/extension/{message.owner}/message-store/{message.id}/content/{attachment.id}"
    shown: dict[str, Any] = {
        "id": attachment.id,
        "uri": state.media_url + path,
        "type": attachment.type,
        "contentType": attachment.content_type,
        "size": attachment.blob.size,
    }
    if attachment.filename is not None:
        shown["fileName"] = attachment.filename
    if attachment.duration is not None:
        shown["vmDuration"] = attachment.duration
    return shown
