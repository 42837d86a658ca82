"""Controls over Team Messaging: the truth about posts, and chats that others make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api.messaging.team_chats import chat_record
from airflow_provider_ringcentral.sandbox.api.messaging.webhooks import make_webhook, webhook_uri
from airflow_provider_ringcentral.sandbox.model import timestamps

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import Post
    from airflow_provider_ringcentral.sandbox.model.state import State


def list_posts(state: State, given: dict[str, Any]) -> Any:
    """All posts at the server, or those of a chat, oldest first."""
    rooms = state.desk.rooms
    posts = rooms.in_chat(str(given["chat"])) if given.get("chat") else list(rooms.posts.values())
    return [_truth(state, post) for post in posts]


def _truth(state: State, post: Post) -> dict[str, Any]:
    return {
        "id": post.id,
        "chat": post.chat,
        "creator": post.creator,
        "text": post.text,
        "created": timestamps.text(post.created),
        "modified": timestamps.text(post.modified),
        "attachments": [_attachment(state, attachment) for attachment in post.attachments],
    } | post.extra


def _attachment(state: State, attachment: dict[str, Any]) -> dict[str, Any]:
    rooms, shown = state.desk.rooms, {"id": attachment["id"], "type": attachment["type"]}
    if (file := rooms.files.get(attachment["id"])) is not None:
        shown |= {"name": file.name, "size": file.blob.size, "sha256": file.blob.sha256}
    if (card := rooms.cards.get(attachment["id"])) is not None:
        shown["card"] = card.content
    return shown


def add_post(state: State, given: dict[str, Any]) -> Any:
    """Lets somebody else of the company write."""
    creator = int(given.get("creator") or state.company.users[1].id)
    return _truth(state, state.desk.rooms.add_post(str(given["chat"]), creator, given["text"], state.now()))


def list_files(state: State, _: dict[str, Any]) -> Any:
    """All files that were uploaded, posted or not."""
    return [
        {"id": file.id, "name": file.name, "content_type": file.content_type}
        | {"size": file.blob.size, "sha256": file.blob.sha256}
        for file in state.desk.rooms.files.values()
    ]


def list_chats(state: State, _: dict[str, Any]) -> Any:
    """All chats of the company."""
    return [chat_record(chat) for chat in state.desk.rooms.chats.values()]


def add_chat(state: State, given: dict[str, Any]) -> Any:
    """Makes a chat; the default user and a colleague are in it unless `members` says otherwise."""
    fields = dict(given)
    kind = fields.pop("type", "Team")
    usual = [state.identity.jwts[state.jwt].user_id, state.company.users[1].id]
    members = {int(member) for member in fields.pop("members", usual)}
    return chat_record(state.desk.rooms.add_chat(kind, members, state.now(), **fields))


def add_webhook(state: State, given: dict[str, Any]) -> Any:
    """Makes an incoming webhook of a chat, as somebody does in RingCentral's app; its URI."""
    rooms, chat = state.desk.rooms, given.get("chat")
    if chat is None:
        chat = next(one.id for one in rooms.chats.values() if one.type == "Team")
    webhook = make_webhook(state, rooms.chats[str(chat)].id, state.identity.jwts[state.jwt].user_id)
    webhook.status = given.get("status", "Active")
    return {"uri": webhook_uri(state, webhook)}


def list_webhook_posts(state: State, _: dict[str, Any]) -> Any:
    """What webhooks accepted, oldest first."""
    return state.desk.rooms.webhook_posts
