"""Controls over messages: the truth about them, and what happens to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.control import broadcasts as broadcast_controls
from airflow_provider_ringcentral.sandbox.control import team_messaging as chat_controls
from airflow_provider_ringcentral.sandbox.control.arrival import receive
from airflow_provider_ringcentral.sandbox.model import timestamps as instants
from airflow_provider_ringcentral.sandbox.model.messaging.delivery import Outcome, Step, step_at
from airflow_provider_ringcentral.sandbox.model.messaging.mailbox import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_ringcentral.sandbox.model.state import State

_MATCHED = frozenset({"id", "extension", "type", "direction", "from", "text", "status", "availability", "conversation"})


def list_messages(state: State, given: dict[str, Any]) -> Any:
    """All messages at the server, oldest first, lagging and deleted ones too, that match everything given."""
    if unknown := sorted(set(given) - _MATCHED - {"to"}):
        raise ValueError(f"{', '.join(unknown)}: messages are found by {', '.join(sorted(_MATCHED | {'to'}))}")
    now = state.now()
    found = [_truth(message, now) for message in state.desk.mailbox.messages.values()]
    return [
        message
        for message in found
        if all(str(message[name]) == str(value) for name, value in given.items() if name != "to")
        and ("to" not in given or str(given["to"]) in message["to"])
    ]


def _truth(message: Message, now: int) -> dict[str, Any]:
    step = message.step(now)
    return {
        "id": message.id,
        "extension": message.owner,
        "type": message.type,
        "direction": message.direction,
        "from": _number(message.sender),
        "to": [_number(recipient.party) for recipient in message.to],
        "text": message.text,
        "status": step.status,
        "code": step.code,
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
        "created": instants.text(message.created),
        "modified": instants.text(message.modified(now)),
        "extra": message.extra,
    }


def _number(party: dict[str, Any]) -> str:
    return str(party.get("phoneNumber") or party.get("extensionNumber"))


def _recipient_truth(recipient: Any, now: int) -> dict[str, Any]:
    step = step_at(recipient.steps, now)
    return {"number": _number(recipient.party), "status": step.status, "code": step.code}


def receive_message(state: State, given: dict[str, Any]) -> Any:
    """Lets a message arrive."""
    return _truth(receive(state, given), state.now())


def change_message(state: State, given: dict[str, Any]) -> Any:
    """Gives every recipient of a message a status, now."""
    message, now = state.desk.mailbox.messages[int(given["id"])], state.now()
    for recipient in message.to:
        past = tuple(step for step in recipient.steps if step.at <= now)
        recipient.steps = (*past, Step(now, given["status"], given.get("code")))
    return _truth(message, now)


def set_outcome(state: State, given: dict[str, Any]) -> Any:
    """Chooses what becomes of messages to a number from now on."""
    fields = dict(given)
    number = fields.pop("number")
    state.desk.outcomes.set(number, Outcome(**fields))


MESSAGING_CONTROLS: dict[tuple[str, str], Callable[[State, dict[str, Any]], Any]] = {
    ("GET", "/messages"): list_messages,
    ("POST", "/messages"): receive_message,
    ("PATCH", "/messages"): change_message,
    ("POST", "/outcomes"): set_outcome,
    ("POST", "/opt-outs"): broadcast_controls.opt_out,
    ("GET", "/batches"): broadcast_controls.list_batches,
    ("GET", "/rings"): broadcast_controls.list_rings,
    ("GET", "/posts"): chat_controls.list_posts,
    ("POST", "/posts"): chat_controls.add_post,
    ("GET", "/files"): chat_controls.list_files,
    ("GET", "/chats"): chat_controls.list_chats,
    ("POST", "/chats"): chat_controls.add_chat,
    ("POST", "/webhooks"): chat_controls.add_webhook,
    ("GET", "/webhook-posts"): chat_controls.list_webhook_posts,
}
