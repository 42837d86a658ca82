"""Control calls for Team Messaging: what there is, and what other people post and create."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api.messaging.team_chats import chat_record
from airflow_provider_ringcentral.sandbox.api.messaging.webhooks import webhook_uri
from airflow_provider_ringcentral.sandbox.model import timestamps

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import Post
    from airflow_provider_ringcentral.sandbox.model.state import State


def list_posts(state: State, arguments: dict[str, Any]) -> Any:
    """Return all posts, or those of a chat, oldest first."""
    team_messaging = state.messaging.team_messaging
    chat = arguments.get("chat")
    posts = team_messaging.in_chat(str(chat)) if chat else list(team_messaging.posts.values())
    return [_describe(state, post) for post in posts]


def _describe(state: State, post: Post) -> dict[str, Any]:
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
    team_messaging, shown = state.messaging.team_messaging, {"id": attachment["id"], "type": attachment["type"]}
    if (file := team_messaging.files.get(attachment["id"])) is not None:
        shown |= {"name": file.name, "size": file.blob.size, "sha256": file.blob.sha256}
    if (card := team_messaging.cards.get(attachment["id"])) is not None:
        shown["card"] = card.content
    return shown


def add_post(state: State, arguments: dict[str, Any]) -> Any:
    """Post a text as another user of the company."""
    creator = int(arguments.get("creator") or state.company.users[1].id)
    chat, text = str(arguments["chat"]), arguments["text"]
    return _describe(state, state.messaging.team_messaging.add_post(chat, creator, text, state.now()))


def list_files(state: State, _: dict[str, Any]) -> Any:
    """Return all uploaded files, posted or not."""
    return [
        {"id": file.id, "name": file.name, "content_type": file.content_type}
        | {"size": file.blob.size, "sha256": file.blob.sha256}
        for file in state.messaging.team_messaging.files.values()
    ]


def list_chats(state: State, _: dict[str, Any]) -> Any:
    """Return all chats of the company."""
    return [chat_record(chat) for chat in state.messaging.team_messaging.chats.values()]


def add_chat(state: State, arguments: dict[str, Any]) -> Any:
    """Create a chat; its members are the default user and a colleague unless `members` are given."""
    fields = dict(arguments)
    kind = fields.pop("type", "Team")
    usual = [state.identity.jwts[state.jwt].user_id, state.company.users[1].id]
    members = {int(member) for member in fields.pop("members", usual)}
    return chat_record(state.messaging.team_messaging.add_chat(kind, members, state.now(), **fields))


def add_webhook(state: State, arguments: dict[str, Any]) -> Any:
    """Create an incoming webhook of a chat, as a user does in RingCentral's app, and return its URI."""
    team_messaging, chat = state.messaging.team_messaging, arguments.get("chat")
    if chat is None:
        chat = next(one.id for one in team_messaging.chats.values() if one.type == "Team")
    creator = state.identity.jwts[state.jwt].user_id
    webhook = team_messaging.add_webhook(team_messaging.chats[str(chat)].id, creator, state.now())
    webhook.status = arguments.get("status", "Active")
    return {"uri": webhook_uri(state, webhook)}


def list_webhook_posts(state: State, _: dict[str, Any]) -> Any:
    """Return what webhooks accepted, oldest first."""
    return state.messaging.team_messaging.webhook_posts
