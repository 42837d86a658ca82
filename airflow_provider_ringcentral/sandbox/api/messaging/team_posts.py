"""Posts of Team Messaging (`docs/team-messaging/posting`).

Files of Team Messaging (`createGlipFileNew`).

Adaptive cards (`docs/team-messaging/adaptive-cards`).
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.messaging.sms import malformed
from airflow_provider_ringcentral.sandbox.api.messaging.team_chats import (
    current_user_id,
    find_chat,
    navigation,
    record_count,
)
from airflow_provider_ringcentral.sandbox.api.multi_status import handle_each, multi_status, path_ids
from airflow_provider_ringcentral.sandbox.api.paging import cut_page, read_token
from airflow_provider_ringcentral.sandbox.api.request_context import json_object, list_field, text_field
from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import Card, SharedFile

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.api.uploads import Part, Upload
    from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import Post
    from airflow_provider_ringcentral.sandbox.model.state import State

LONGEST_TEXT = 10_000
MOST_ATTACHMENTS = 25
TOO_MANY = "You have exceeded your limits for this action."
_MENTION = re.compile(r"!\[:(Person|Team|File|Note|Task|Event|Link|Card)\]\((\w+)\)")
_DAY_SECONDS = 86_400


def check_daily_cap(context: RequestContext) -> None:
    """500, with a text and no code that says so, beyond `posts_per_day` (FACTS 3.1)."""
    options = context.state.options
    most = options.posts_per_day
    if not most or options.limits is False:
        return
    if context.state.messaging.rate.wait(
        "post", current_user_id(context), most, _DAY_SECONDS * options.scale, time.monotonic()
    ):
        raise responses.api_error(500, "CMN-203", TOO_MANY)


def list_posts(context: RequestContext) -> ApiResponse:
    """`readGlipPostsNew`. Which end comes first is nowhere documented: the option `posts_order` says."""
    chat = find_chat(context)
    kind = f"posts-{chat.id}"
    token = read_token(context.value("pageToken"), kind)
    shown_until = context.state.now() - context.state.milliseconds(context.state.options.message_lag)
    found = [post for post in context.state.messaging.team_messaging.in_chat(chat.id) if post.created <= shown_until]
    if context.state.options.posts_order == "newest":
        found.reverse()
    page = cut_page(found, token, kind=kind, count=record_count(context), key=lambda post: post.id, filters={})
    records = [post_record(context.state, post) for post in page.entries]
    return context.json({"records": records, "navigation": navigation(page)})


def create_post(context: RequestContext) -> ApiResponse:
    """`createGlipPostNew`."""
    chat, body, team_messaging = find_chat(context), json_object(context), context.state.messaging.team_messaging
    if chat.status == "Archived":
        raise responses.invalid_parameter("chatId", chat.id, detail="the team is archived")
    text = text_field(body, "text", LONGEST_TEXT, required=False)
    attachments = _attachments(context, body)
    if not text and not attachments:
        raise responses.missing_parameter("text")
    parent = body.get("parentPostId")
    if parent is not None and (parent not in team_messaging.posts or team_messaging.posts[parent].chat != chat.id):
        raise responses.not_found("parentPostId", str(parent))
    check_daily_cap(context)
    now = context.state.now()
    post = team_messaging.add_post(chat.id, current_user_id(context), text, now, attachments=attachments, parent=parent)
    if parent is not None:
        team_messaging.posts[parent].is_parent = True
        post.thread = body.get("threadId") or team_messaging.posts[parent].thread or parent
    return context.json(post_record(context.state, post), 201)


def _attachments(context: RequestContext, body: dict[str, Any]) -> list[dict[str, Any]]:
    entries = list_field(body, "attachments", required=False)
    if len(entries) > MOST_ATTACHMENTS:
        raise responses.invalid_parameter("attachments", detail=f"at most {MOST_ATTACHMENTS}")
    found = []
    for rank, entry in enumerate(entries):
        # A card is in the list of allowed types, and refused all the same (FACTS 8.2).
        if entry.get("type", "File") not in {"File", "Note", "Event"}:
            raise responses.invalid_parameter(f"attachments[{rank}].type", str(entry.get("type")))
        file = context.state.messaging.team_messaging.files.get(str(entry.get("id")))
        if file is None:
            raise responses.invalid_parameter(f"attachments[{rank}].id", str(entry.get("id")))
        found.append(file_attachment(context.state, file.id))
    return found


def file_attachment(state: State, file_id: str) -> dict[str, Any]:
    """A file as an attachment of a post."""
    file = state.messaging.team_messaging.files[file_id]
    return {"id": file.id, "type": "File", "name": file.name, "contentUri": file_uri(state, file.id)}


def file_uri(state: State, file_id: str) -> str:
    """Where the bytes of a file are said to be."""
    return f"{state.media_url}/team-messaging/v1/files/{file_id}/content"


def read_post(context: RequestContext) -> ApiResponse:
    """`readGlipPostNew`."""
    return context.json(post_record(context.state, _find(context)))


def patch_post(context: RequestContext) -> ApiResponse:
    """`patchGlipPostNew`: its author changes the text."""
    post = _own(context)
    post.text = text_field(json_object(context), "text", LONGEST_TEXT)
    post.modified = context.state.now()
    return context.json(post_record(context.state, post))


def delete_post(context: RequestContext) -> ApiResponse:
    """`deleteGlipPostNew`; 404 the second time."""
    del context.state.messaging.team_messaging.posts[_own(context).id]
    return ApiResponse(204, media_type=None)


def _find(context: RequestContext) -> Post:
    chat, wanted = find_chat(context), context.ids["postId"]
    post = context.state.messaging.team_messaging.posts.get(wanted)
    if post is None or post.chat != chat.id:
        raise responses.not_found("postId", wanted)
    return post


def _own(context: RequestContext) -> Post:
    post = _find(context)
    if post.creator != current_user_id(context):
        raise responses.api_error(403, "CMN-404", "Only the author may change a post", word="InsufficientPermissions")
    return post


def post_record(state: State, post: Post) -> dict[str, Any]:
    """A post as the API shows it."""
    record: dict[str, Any] = {
        "id": post.id,
        "groupId": post.chat,
        "type": "TextMessage",
        "text": post.text,
        "creatorId": str(post.creator),
        "creationTime": timestamps.text(post.created),
        "lastModifiedTime": timestamps.text(post.modified),
        "attachments": post.attachments,
        "mentions": [_mention(state, kind, name) for kind, name in _MENTION.findall(post.text)],
    }
    if post.parent is not None:
        record |= {"parentPostId": post.parent, "threadId": post.thread}
    if post.is_parent:
        record["isParent"] = True
    return record | post.extra


def _mention(state: State, kind: str, wanted: str) -> dict[str, Any]:
    person = state.company.find(wanted)
    chat = state.messaging.team_messaging.chats.get(wanted)
    name = person.name if person else chat.name if chat else ""
    return {"id": wanted, "type": kind, "name": name}


MOST_BYTES = 30_000_000


def create_file(context: RequestContext) -> ApiResponse:
    """`createGlipFileNew`: a raw body or a form; with `groupId` the files are posted too. The answer is an array."""
    team_messaging, group = context.state.messaging.team_messaging, context.value("groupId")
    chat = find_chat(context, "groupId", given=group) if group is not None else None
    parts = _parts(context)
    for part in parts:
        if part.blob.size == 0:
            raise responses.invalid_parameter("body", detail="the file is empty")
        if part.blob.size > MOST_BYTES:
            raise responses.api_error(413, "MSG-337", "Attachment is too large")
    if chat is not None:
        check_daily_cap(context)
    files = []
    for part in parts:
        name = context.value("name") or part.filename or "file"
        file = SharedFile(team_messaging.next_id(), name, part.content_type, part.blob)
        team_messaging.files[file.id] = file
        files.append(file)
    if chat is not None:
        attachments = [file_attachment(context.state, file.id) for file in files]
        team_messaging.add_post(chat.id, current_user_id(context), "", context.state.now(), attachments=attachments)
    shown = [{"id": file.id, "contentUri": file_uri(context.state, file.id), "name": file.name} for file in files]
    return context.json(shown)


def _parts(context: RequestContext) -> list[Part]:
    upload: Upload | None = context.upload
    if upload is None:
        raise responses.api_error(415, "CMN-104", "Content-Type is not supported")
    if upload.broken or not upload.parts:
        raise malformed()
    return upload.parts


_VERSION = "1.3"
_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"


def create_card(context: RequestContext) -> ApiResponse:
    """`createGlipAdaptiveCardNew`: a card, and a post of the chat that shows it."""
    chat, content, team_messaging = find_chat(context), _content(context), context.state.messaging.team_messaging
    check_daily_cap(context)
    now = context.state.now()
    card = Card(team_messaging.next_id(), chat.id, current_user_id(context), content, now, now)
    team_messaging.cards[card.id] = card
    text = str(content.get("fallbackText") or "")
    team_messaging.add_post(chat.id, card.creator, text, now, attachments=[{"id": card.id, "type": "Card"}])
    return context.json(_short(card), 201)


def read_card(context: RequestContext) -> ApiResponse:
    """`getGlipAdaptiveCardNew`, of one id or of many."""

    def show(one: str) -> dict[str, Any]:
        card = _find_of_team_cards(context, one)
        return card.content | _short(card)

    ids = path_ids(context, "cardId")
    return context.json(show(ids[0])) if len(ids) == 1 else multi_status(context, handle_each(ids, show))


def update_card(context: RequestContext) -> ApiResponse:
    """`updateGlipAdaptiveCardNew`."""
    card = _own_of_team_cards(context)
    card.content, card.modified = _content(context), context.state.now()
    return context.json(_short(card))


def delete_card(context: RequestContext) -> ApiResponse:
    """`deleteGlipAdaptiveCardNew`; its post goes too."""
    card, team_messaging = _own_of_team_cards(context), context.state.messaging.team_messaging
    del team_messaging.cards[card.id]
    for post in team_messaging.in_chat(card.chat):
        if any(attachment["id"] == card.id for attachment in post.attachments):
            del team_messaging.posts[post.id]
    return ApiResponse(204, media_type=None)


def _content(context: RequestContext) -> dict[str, Any]:
    content = json_object(context)
    if content.get("type") is None:
        raise responses.missing_parameter("type")
    if content["type"] != "AdaptiveCard":
        raise responses.invalid_parameter("type", str(content["type"]))
    for name in ("body", "actions"):
        if not isinstance(content.get(name, []), list):
            raise responses.invalid_parameter(name)
    return content


def _find_of_team_cards(context: RequestContext, card_id: str) -> Card:
    card = context.state.messaging.team_messaging.cards.get(card_id)
    if card is None or current_user_id(context) not in context.state.messaging.team_messaging.chats[card.chat].members:
        raise responses.not_found("cardId", card_id)
    return card


def _own_of_team_cards(context: RequestContext) -> Card:
    card = _find_of_team_cards(context, context.ids["cardId"])
    if card.creator != current_user_id(context):
        raise responses.api_error(403, "CMN-404", "Only the author may change a card", word="InsufficientPermissions")
    return card


def _short(card: Card) -> dict[str, Any]:
    """What every answer says; type and version are the server's."""
    return {
        "id": card.id,
        "creationTime": timestamps.text(card.created),
        "lastModifiedTime": timestamps.text(card.modified),
        "$schema": _SCHEMA,
        "type": "AdaptiveCard",
        "version": _VERSION,
        "creator": {"id": str(card.creator)},
        "chatIds": [card.chat],
    }
