"""Posts, files and adaptive cards of Team Messaging (guide pages team-messaging/posting and adaptive-cards)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.messaging.team_chats import (
    find_chat,
    navigation,
    record_count,
)
from airflow_provider_ringcentral.sandbox.api.multi_status import path_ids, respond
from airflow_provider_ringcentral.sandbox.api.paging import cut_page, read_token
from airflow_provider_ringcentral.sandbox.api.request_context import list_field, text_field
from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
from airflow_provider_ringcentral.sandbox.api.uploads import malformed
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import Card, SharedFile

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.api.uploads import Part, Upload
    from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import Post
    from airflow_provider_ringcentral.sandbox.model.state import State

LONGEST_TEXT = 10_000
MOST_ATTACHMENTS = 25
MOST_FILE_BYTES = 30_000_000
_MENTION = re.compile(r"!\[:(Person|Team|File|Note|Task|Event|Link|Card)\]\((\w+)\)")
_DAY_SECONDS = 86_400
_CARD_VERSION = "1.3"
_CARD_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"


def _check_daily_cap(context: RequestContext) -> None:
    """Refuse a post beyond `posts_per_day`: 500, and only the message names the reason."""
    if context.state.send_wait("post", context.user_id(), context.state.options.posts_per_day, _DAY_SECONDS):
        raise responses.api_error(500, "CMN-203", "You have exceeded your limits for this action.")


def list_posts(context: RequestContext) -> ApiResponse:
    """`readGlipPostsNew`: the order is not documented, so the option `posts_order` sets it."""
    chat = find_chat(context)
    kind = f"posts-{chat.id}"
    token = read_token(context.value("pageToken"), kind)
    shown_until = context.state.now() - context.state.options.milliseconds(context.state.options.message_lag)
    found = [post for post in context.state.messaging.team_messaging.in_chat(chat.id) if post.created <= shown_until]
    if context.state.options.posts_order == "newest":
        found.reverse()
    page = cut_page(found, token, kind=kind, count=record_count(context), key=lambda post: post.id, filters={})
    records = [_post_record(context.state, post) for post in page.entries]
    return context.json({"records": records, "navigation": navigation(page)})


def create_post(context: RequestContext) -> ApiResponse:
    """`createGlipPostNew`: post text, files or a reply to a chat."""
    chat, body, team_messaging = find_chat(context), context.json_object(), context.state.messaging.team_messaging
    if chat.status == "Archived":
        raise responses.invalid_parameter("chatId", chat.id, detail="the team is archived")
    text = text_field(body, "text", LONGEST_TEXT, required=False)
    attachments = _attachments(context, body)
    if not text and not attachments:
        raise responses.missing_parameter("text")
    parent = body.get("parentPostId")
    if parent is not None and (parent not in team_messaging.posts or team_messaging.posts[parent].chat != chat.id):
        raise responses.not_found("parentPostId", str(parent))
    _check_daily_cap(context)
    now = context.state.now()
    post = team_messaging.add_post(chat.id, context.user_id(), text, now, attachments=attachments, parent=parent)
    if parent is not None:
        team_messaging.posts[parent].is_parent = True
        post.thread = body.get("threadId") or team_messaging.posts[parent].thread or parent
    return context.json(_post_record(context.state, post), 201)


def _attachments(context: RequestContext, body: dict[str, Any]) -> list[dict[str, Any]]:
    entries = list_field(body, "attachments", required=False)
    if len(entries) > MOST_ATTACHMENTS:
        raise responses.invalid_parameter("attachments", detail=f"at most {MOST_ATTACHMENTS}")
    found = []
    for rank, entry in enumerate(entries):
        # The specification lists Card among the types, but RingCentral refuses it.
        if entry.get("type", "File") not in {"File", "Note", "Event"}:
            raise responses.invalid_parameter(f"attachments[{rank}].type", str(entry.get("type")))
        file = context.state.messaging.team_messaging.files.get(str(entry.get("id")))
        if file is None:
            raise responses.invalid_parameter(f"attachments[{rank}].id", str(entry.get("id")))
        found.append(_file_attachment(context.state, file.id))
    return found


def _file_attachment(state: State, file_id: str) -> dict[str, Any]:
    """Return a file as an attachment of a post."""
    file = state.messaging.team_messaging.files[file_id]
    return {"id": file.id, "type": "File", "name": file.name, "contentUri": _file_uri(state, file.id)}


def _file_uri(state: State, file_id: str) -> str:
    """Return the `contentUri` of a file."""
    return f"{state.media_url}/team-messaging/v1/files/{file_id}/content"


def read_post(context: RequestContext) -> ApiResponse:
    """`readGlipPostNew`: one post of a chat."""
    return context.json(_post_record(context.state, _find_post(context)))


def patch_post(context: RequestContext) -> ApiResponse:
    """`patchGlipPostNew`: the author changes the text."""
    post = _own_post(context)
    post.text = text_field(context.json_object(), "text", LONGEST_TEXT)
    post.modified = context.state.now()
    return context.json(_post_record(context.state, post))


def delete_post(context: RequestContext) -> ApiResponse:
    """`deleteGlipPostNew`; 404 the second time."""
    del context.state.messaging.team_messaging.posts[_own_post(context).id]
    return ApiResponse(204, media_type=None)


def _find_post(context: RequestContext) -> Post:
    chat, wanted = find_chat(context), context.ids["postId"]
    post = context.state.messaging.team_messaging.posts.get(wanted)
    if post is None or post.chat != chat.id:
        raise responses.not_found("postId", wanted)
    return post


def _own_post(context: RequestContext) -> Post:
    post = _find_post(context)
    if post.creator != context.user_id():
        raise responses.access_denied("Only the author may change a post")
    return post


def _post_record(state: State, post: Post) -> dict[str, Any]:
    """Return the record of a post."""
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


def create_file(context: RequestContext) -> ApiResponse:
    """`createGlipFileNew`: a raw body or a form; with `groupId` the files are posted too. Responds with an array."""
    team_messaging, group = context.state.messaging.team_messaging, context.value("groupId")
    chat = find_chat(context, "groupId", chat_id=group) if group is not None else None
    parts = _parts(context)
    for part in parts:
        if part.blob.size == 0:
            raise responses.invalid_parameter("body", detail="the file is empty")
        if part.blob.size > MOST_FILE_BYTES:
            raise responses.api_error(413, "MSG-337", "Attachment is too large")
    if chat is not None:
        _check_daily_cap(context)
    files = []
    for part in parts:
        name = context.value("name") or part.filename or "file"
        file = SharedFile(team_messaging.next_id(), name, part.content_type, part.blob)
        team_messaging.files[file.id] = file
        files.append(file)
    if chat is not None:
        attachments = [_file_attachment(context.state, file.id) for file in files]
        team_messaging.add_post(chat.id, context.user_id(), "", context.state.now(), attachments=attachments)
    shown = [{"id": file.id, "contentUri": _file_uri(context.state, file.id), "name": file.name} for file in files]
    return context.json(shown)


def _parts(context: RequestContext) -> list[Part]:
    upload: Upload | None = context.upload
    if upload is None:
        raise responses.api_error(415, "CMN-104", "Content-Type is not supported")
    if upload.broken or not upload.parts:
        raise malformed()
    return upload.parts


def create_card(context: RequestContext) -> ApiResponse:
    """`createGlipAdaptiveCardNew`: a card, and a post of the chat that shows it."""
    chat, content, team_messaging = find_chat(context), _card_content(context), context.state.messaging.team_messaging
    _check_daily_cap(context)
    now = context.state.now()
    card = Card(team_messaging.next_id(), chat.id, context.user_id(), content, now, now)
    team_messaging.cards[card.id] = card
    text = str(content.get("fallbackText") or "")
    team_messaging.add_post(chat.id, card.creator, text, now, attachments=[{"id": card.id, "type": "Card"}])
    return context.json(_card_summary(card), 201)


def read_card(context: RequestContext) -> ApiResponse:
    """`getGlipAdaptiveCardNew`, of one id or (207) of many."""

    def show(one: str) -> dict[str, Any]:
        card = _find_card(context, one)
        return card.content | _card_summary(card)

    return respond(context, path_ids(context, "cardId"), show)


def update_card(context: RequestContext) -> ApiResponse:
    """`updateGlipAdaptiveCardNew`: the author replaces the content."""
    card = _own_card(context)
    card.content, card.modified = _card_content(context), context.state.now()
    return context.json(_card_summary(card))


def delete_card(context: RequestContext) -> ApiResponse:
    """`deleteGlipAdaptiveCardNew`, together with its post."""
    card, team_messaging = _own_card(context), context.state.messaging.team_messaging
    del team_messaging.cards[card.id]
    for post in team_messaging.in_chat(card.chat):
        if any(attachment["id"] == card.id for attachment in post.attachments):
            del team_messaging.posts[post.id]
    return ApiResponse(204, media_type=None)


def _card_content(context: RequestContext) -> dict[str, Any]:
    content = context.json_object()
    if content.get("type") is None:
        raise responses.missing_parameter("type")
    if content["type"] != "AdaptiveCard":
        raise responses.invalid_parameter("type", str(content["type"]))
    for name in ("body", "actions"):
        if not isinstance(content.get(name, []), list):
            raise responses.invalid_parameter(name)
    return content


def _find_card(context: RequestContext, card_id: str) -> Card:
    card = context.state.messaging.team_messaging.cards.get(card_id)
    if card is None or context.user_id() not in context.state.messaging.team_messaging.chats[card.chat].members:
        raise responses.not_found("cardId", card_id)
    return card


def _own_card(context: RequestContext) -> Card:
    card = _find_card(context, context.ids["cardId"])
    if card.creator != context.user_id():
        raise responses.access_denied("Only the author may change a card")
    return card


def _card_summary(card: Card) -> dict[str, Any]:
    """Return the fields of every response about a card; the server sets type and version."""
    return {
        "id": card.id,
        "creationTime": timestamps.text(card.created),
        "lastModifiedTime": timestamps.text(card.modified),
        "$schema": _CARD_SCHEMA,
        "type": "AdaptiveCard",
        "version": _CARD_VERSION,
        "creator": {"id": str(card.creator)},
        "chatIds": [card.chat],
    }
