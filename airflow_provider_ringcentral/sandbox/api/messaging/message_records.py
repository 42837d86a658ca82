"""The records of messages, as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.company import account_path
from airflow_provider_ringcentral.sandbox.model.messaging.delivery import segments, status_at

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.model.messaging.mailbox import Attachment, Message, Recipient
    from airflow_provider_ringcentral.sandbox.model.state import State


def message_record(state: State, message: Message, now: int) -> dict[str, Any]:
    """Return the record of a message at `now` (ms)."""
    change, outbound = message.status_at(now), message.direction == "Outbound"
    extension = f"{account_path()}/extension/{message.owner}"
    record: dict[str, Any] = {
        "uri": f"{state.url}{extension}/message-store/{message.id}",
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
        conversation = f"{state.url}{extension}/conversation/{message.conversation}"
        record["conversation"] = {"id": str(message.conversation), "uri": conversation}
    if message.type == "SMS" and outbound:
        record["segmentCount"] = segments(message.text)
        record["smsSendingAttemptsCount"] = int(change.status != "Queued")
        if change.code is not None:
            record["deliveryErrorCode"] = change.code
        if change.status == "Delivered":
            record["smsDeliveryTime"] = timestamps.text(change.at)
    record |= message.extra
    if message.rendered > now:
        # Assumed: pages are counted when a fax is rendered, after it was accepted.
        record["faxPageCount"] = 0
    return record


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
