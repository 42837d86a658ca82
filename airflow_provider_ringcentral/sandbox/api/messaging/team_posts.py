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
from airflow_provider_ringcentral.sandbox.api.messaging.team_chats import chat_of, me, navigation, record_count
from airflow_provider_ringcentral.sandbox.api.multi_status import each, ids_of, multi_status
from airflow_provider_ringcentral.sandbox.api.paging import cut_page, read_token
from airflow_provider_ringcentral.sandbox.api.request_context import json_object, list_field, text_field
from airflow_provider_ringcentral.sandbox.api.responses import Answer
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import Card, SharedFile

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.api.uploads import Part, Upload
    from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import Post
    from airflow_provider_ringcentral.sandbox.model.state import State

LONGEST_TEXT = 10_000
MOST_ATTACHMENTS = 25
TOO_MANY = "You have exceeded your limits for this action."
_MENTION = re.compile(r"!\[:(Person|Team|File|Note|Task|Event|Link|Card)\]\((\w+)\)")
_DAY_SECONDS = 86_400


def check_daily_cap(visit: Visit) -> None:
    """500, with a text and no code that says so, beyond `posts_per_day` (FACTS 3.1)."""
    options = visit.state.options
    most = options.posts_per_day
    if not most or options.limits is False:
        return
    if visit.state.desk.rate.wait("post", me(visit), most, _DAY_SECONDS * options.scale, time.monotonic()):
        raise responses.refusal(500, "CMN-203", TOO_MANY)


def list_posts(visit: Visit) -> Answer:
    """`readGlipPostsNew`. Which end comes first is nowhere documented: the option `posts_order` says."""
    chat = chat_of(visit)
    kind = f"posts-{chat.id}"
    token = read_token(visit.one("pageToken"), kind)
    shown_until = visit.state.now() - visit.state.milliseconds(visit.state.options.message_lag)
    found = [post for post in visit.state.desk.rooms.in_chat(chat.id) if post.created <= shown_until]
    if visit.state.options.posts_order == "newest":
        found.reverse()
    page = cut_page(found, token, kind=kind, count=record_count(visit), key=lambda post: post.id, what={})
    records = [post_record(visit.state, post) for post in page.entries]
    return visit.json({"records": records, "navigation": navigation(page)})


def create_post(visit: Visit) -> Answer:
    """`createGlipPostNew`."""
    chat, body, rooms = chat_of(visit), json_object(visit), visit.state.desk.rooms
    if chat.status == "Archived":
        raise responses.invalid("chatId", chat.id, detail="the team is archived")
    text = text_field(body, "text", LONGEST_TEXT, required=False)
    attachments = _attachments(visit, body)
    if not text and not attachments:
        raise responses.missing("text")
    parent = body.get("parentPostId")
    if parent is not None and (parent not in rooms.posts or rooms.posts[parent].chat != chat.id):
        raise responses.not_found("parentPostId", str(parent))
    check_daily_cap(visit)
    now = visit.state.now()
    post = rooms.add_post(chat.id, me(visit), text, now, attachments=attachments, parent=parent)
    if parent is not None:
        rooms.posts[parent].is_parent = True
        post.thread = body.get("threadId") or rooms.posts[parent].thread or parent
    return visit.json(post_record(visit.state, post), 201)


def _attachments(visit: Visit, body: dict[str, Any]) -> list[dict[str, Any]]:
    entries = list_field(body, "attachments", required=False)
    if len(entries) > MOST_ATTACHMENTS:
        raise responses.invalid("attachments", detail=f"at most {MOST_ATTACHMENTS}")
    found = []
    for rank, entry in enumerate(entries):
        # A card is in the list of allowed types, and refused all the same (FACTS 8.2).
        if entry.get("type", "File") not in {"File", "Note", "Event"}:
            raise responses.invalid(f"attachments[{rank}].type", str(entry.get("type")))
        file = visit.state.desk.rooms.files.get(str(entry.get("id")))
        if file is None:
            raise responses.invalid(f"attachments[{rank}].id", str(entry.get("id")))
        found.append(file_attachment(visit.state, file.id))
    return found


def file_attachment(state: State, file_id: str) -> dict[str, Any]:
    """A file as an attachment of a post."""
    file = state.desk.rooms.files[file_id]
    return {"id": file.id, "type": "File", "name": file.name, "contentUri": file_uri(state, file.id)}


def file_uri(state: State, file_id: str) -> str:
    """Where the bytes of a file are said to be."""
    return f"{state.media_url}/team-messaging/v1/files/{file_id}/content"


def read_post(visit: Visit) -> Answer:
    """`readGlipPostNew`."""
    return visit.json(post_record(visit.state, _find(visit)))


def patch_post(visit: Visit) -> Answer:
    """`patchGlipPostNew`: its author changes the text."""
    post = _own(visit)
    post.text = text_field(json_object(visit), "text", LONGEST_TEXT)
    post.modified = visit.state.now()
    return visit.json(post_record(visit.state, post))


def delete_post(visit: Visit) -> Answer:
    """`deleteGlipPostNew`; 404 the second time."""
    del visit.state.desk.rooms.posts[_own(visit).id]
    return Answer(204, media_type=None)


def _find(visit: Visit) -> Post:
    chat, wanted = chat_of(visit), visit.ids["postId"]
    post = visit.state.desk.rooms.posts.get(wanted)
    if post is None or post.chat != chat.id:
        raise responses.not_found("postId", wanted)
    return post


def _own(visit: Visit) -> Post:
    post = _find(visit)
    if post.creator != me(visit):
        raise responses.refusal(403, "CMN-404", "Only the author may change a post", word="InsufficientPermissions")
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
    chat = state.desk.rooms.chats.get(wanted)
    name = person.name if person else chat.name if chat else ""
    return {"id": wanted, "type": kind, "name": name}


MOST_BYTES = 30_000_000


def create_file(visit: Visit) -> Answer:
    """`createGlipFileNew`: a raw body or a form; with `groupId` the files are posted too. The answer is an array."""
    rooms, group = visit.state.desk.rooms, visit.one("groupId")
    chat = chat_of(visit, "groupId", given=group) if group is not None else None
    parts = _parts(visit)
    for part in parts:
        if part.blob.size == 0:
            raise responses.invalid("body", detail="the file is empty")
        if part.blob.size > MOST_BYTES:
            raise responses.refusal(413, "MSG-337", "Attachment is too large")
    if chat is not None:
        check_daily_cap(visit)
    files = []
    for part in parts:
        name = visit.one("name") or part.filename or "file"
        file = SharedFile(rooms.next_id(), name, part.content_type, part.blob)
        rooms.files[file.id] = file
        files.append(file)
    if chat is not None:
        attachments = [file_attachment(visit.state, file.id) for file in files]
        rooms.add_post(chat.id, me(visit), "", visit.state.now(), attachments=attachments)
    shown = [{"id": file.id, "contentUri": file_uri(visit.state, file.id), "name": file.name} for file in files]
    return visit.json(shown)


def _parts(visit: Visit) -> list[Part]:
    upload: Upload | None = visit.upload
    if upload is None:
        raise responses.refusal(415, "CMN-104", "Content-Type is not supported")
    if upload.broken or not upload.parts:
        raise malformed()
    return upload.parts


_VERSION = "1.3"
_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"


def create_card(visit: Visit) -> Answer:
    """`createGlipAdaptiveCardNew`: a card, and a post of the chat that shows it."""
    chat, content, rooms = chat_of(visit), _content(visit), visit.state.desk.rooms
    check_daily_cap(visit)
    now = visit.state.now()
    card = Card(rooms.next_id(), chat.id, me(visit), content, now, now)
    rooms.cards[card.id] = card
    text = str(content.get("fallbackText") or "")
    rooms.add_post(chat.id, card.creator, text, now, attachments=[{"id": card.id, "type": "Card"}])
    return visit.json(_short(card), 201)


def read_card(visit: Visit) -> Answer:
    """`getGlipAdaptiveCardNew`, of one id or of many."""

    def show(one: str) -> dict[str, Any]:
        card = _find_of_team_cards(visit, one)
        return card.content | _short(card)

    ids = ids_of(visit, "cardId")
    return visit.json(show(ids[0])) if len(ids) == 1 else multi_status(visit, each(ids, show))


def update_card(visit: Visit) -> Answer:
    """`updateGlipAdaptiveCardNew`."""
    card = _own_of_team_cards(visit)
    card.content, card.modified = _content(visit), visit.state.now()
    return visit.json(_short(card))


def delete_card(visit: Visit) -> Answer:
    """`deleteGlipAdaptiveCardNew`; its post goes too."""
    card, rooms = _own_of_team_cards(visit), visit.state.desk.rooms
    del rooms.cards[card.id]
    for post in rooms.in_chat(card.chat):
        if any(attachment["id"] == card.id for attachment in post.attachments):
            del rooms.posts[post.id]
    return Answer(204, media_type=None)


def _content(visit: Visit) -> dict[str, Any]:
    content = json_object(visit)
    if content.get("type") is None:
        raise responses.missing("type")
    if content["type"] != "AdaptiveCard":
        raise responses.invalid("type", str(content["type"]))
    for name in ("body", "actions"):
        if not isinstance(content.get(name, []), list):
            raise responses.invalid(name)
    return content


def _find_of_team_cards(visit: Visit, card_id: str) -> Card:
    card = visit.state.desk.rooms.cards.get(card_id)
    if card is None or me(visit) not in visit.state.desk.rooms.chats[card.chat].members:
        raise responses.not_found("cardId", card_id)
    return card


def _own_of_team_cards(visit: Visit) -> Card:
    card = _find_of_team_cards(visit, visit.ids["cardId"])
    if card.creator != me(visit):
        raise responses.refusal(403, "CMN-404", "Only the author may change a card", word="InsufficientPermissions")
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
