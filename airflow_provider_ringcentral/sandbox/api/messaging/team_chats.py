"""Chats, conversations and teams of Team Messaging (guide page team-messaging)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.account import extension_info
from airflow_provider_ringcentral.sandbox.api.paging import cut_page, read_token
from airflow_provider_ringcentral.sandbox.api.request_context import list_field, text_field
from airflow_provider_ringcentral.sandbox.model import timestamps

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
    from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import Chat

_TYPES = ("Personal", "Direct", "Group", "Team", "Everyone")
_MOST_RECORDS = 250
_MOST_MEMBERS = 15
_LONGEST_NAME, _LONGEST_DESCRIPTION = 250, 1000


def find_chat(context: RequestContext, name: str = "chatId", *, chat_id: str | None = None, join: bool = False) -> Chat:
    """Return the chat of the path (`~`: the personal one), or the chat `chat_id`.

    404 for a chat that the user cannot see; 403 for a public team that the user has not joined, unless `join` is set.
    """
    wanted, user = chat_id or context.ids[name], context.user_id()
    team_messaging = context.state.messaging.team_messaging
    personal = team_messaging.personal(user, context.state.now())
    chat = personal if wanted == "~" else team_messaging.chats.get(wanted)
    if chat is None or (user not in chat.members and not chat.public):
        raise responses.not_found(name, wanted)
    if user not in chat.members and not join:
        raise responses.access_denied("The user is not a member of the chat")
    return chat


def list_chats(context: RequestContext) -> ApiResponse:
    """`listGlipChatsNew`: oldest first; the user's own, and public teams that may be joined."""
    return _list_chats(context, "chats", _TYPES, chat_record, with_public=True)


def list_teams(context: RequestContext) -> ApiResponse:
    """`listGlipTeamsNew`: the user's own teams, and public ones."""
    return _list_chats(context, "teams", ("Team",), team_record, with_public=True)


def list_conversations(context: RequestContext) -> ApiResponse:
    """`listGlipConversationsNew`: the user's own group conversations."""
    return _list_chats(context, "conversations", ("Group",), chat_record, with_public=False)


def _list_chats(
    context: RequestContext,
    kind: str,
    types: tuple[str, ...],
    show: Callable[[Chat], dict[str, Any]],
    *,
    with_public: bool,
) -> ApiResponse:
    token = read_token(context.value("pageToken"), kind)
    filters = token.filters if token else {"type": context.values("type")}
    for value in filters["type"]:
        if value not in _TYPES:
            raise responses.invalid_parameter("type", value)
    user, team_messaging = context.user_id(), context.state.messaging.team_messaging
    team_messaging.personal(user, context.state.now())
    wanted = set(filters["type"]) & set(types) if filters["type"] else set(types)
    found = [
        chat
        for chat in team_messaging.chats.values()
        if chat.type in wanted and (user in chat.members or (with_public and chat.public))
    ]
    page = cut_page(found, token, kind=kind, count=record_count(context), key=lambda chat: chat.id, filters=filters)
    return context.json({"records": [show(chat) for chat in page.entries], "navigation": navigation(page)})


def record_count(context: RequestContext) -> int:
    """`recordCount`: 30 unless given, at most 250."""
    return context.number("recordCount", 30, most=_MOST_RECORDS)


def navigation(page: Any) -> dict[str, str]:
    """Return the tokens of the next and the previous page; absent at either end."""
    tokens = {"prevPageToken": page.previous, "nextPageToken": page.following}
    return {name: token for name, token in tokens.items() if token is not None}


def read_chat(context: RequestContext) -> ApiResponse:
    """`readGlipChatNew`: one chat of any type."""
    return context.json(chat_record(find_chat(context, join=True)))


def read_conversation(context: RequestContext) -> ApiResponse:
    """`readGlipConversationNew`: one conversation, or the personal chat."""
    chat = find_chat(context)
    if chat.type not in {"Direct", "Group", "Personal"}:
        raise responses.not_found("chatId", chat.id)
    return context.json(chat_record(chat))


def read_team(context: RequestContext) -> ApiResponse:
    """`readGlipTeamNew`: one team, without its members."""
    chat = find_chat(context, join=True)
    if chat.type != "Team":
        raise responses.not_found("chatId", chat.id)
    return context.json(team_record(chat))


def create_conversation(context: RequestContext) -> ApiResponse:
    """`createGlipConversationNew`: 201 for a new conversation, 200 for an existing one or the personal chat."""
    team_messaging, now, user = context.state.messaging.team_messaging, context.state.now(), context.user_id()
    entries = list_field(context.json_object(), "members", required=False)
    if len(entries) > _MOST_MEMBERS:
        raise responses.invalid_parameter("members", detail=f"at most {_MOST_MEMBERS}")
    members = _members(context, entries) | {user}
    if members == {user}:
        return context.json(chat_record(team_messaging.personal(user, now)))
    found = team_messaging.between(members)
    if found is not None:
        return context.json(chat_record(found))
    made = team_messaging.add_chat("Direct" if len(members) == 2 else "Group", members, now)
    return context.json(chat_record(made), 201)


def create_team(context: RequestContext) -> ApiResponse:
    """`createGlipTeamNew`; names need not be unique."""
    body, team_messaging = context.json_object(), context.state.messaging.team_messaging
    name = text_field(body, "name", _LONGEST_NAME)
    description = text_field(body, "description", _LONGEST_DESCRIPTION, required=False)
    members = _members(context, list_field(body, "members", required=False)) | {context.user_id()}
    public = body.get("public") is True
    team = team_messaging.add_chat(
        "Team", members, context.state.now(), name=name, description=description, public=public
    )
    return context.json(team_record(team), 201)


def read_person(context: RequestContext) -> ApiResponse:
    """`readGlipPersonNew`, of one id."""
    wanted = context.ids["personId"]
    extension = context.state.company.find(str(context.user_id()) if wanted == "~" else wanted)
    if extension is None or extension.type != "User":
        raise responses.not_found("personId", wanted)
    contact = extension_info(context.state, extension)["contact"]
    names = {name: contact[name] for name in ("firstName", "lastName", "email")}
    return context.json({"id": str(extension.id), **names})


def _members(context: RequestContext, entries: list[dict[str, Any]]) -> set[int]:
    """Return members given by id or e-mail; 400 for one who does not belong to the company."""
    users = context.state.company.users
    by_email = {extension_info(context.state, user)["contact"]["email"]: user.id for user in users}
    by_id = {str(user.id): user.id for user in users}
    found = set()
    for rank, entry in enumerate(entries):
        name = "id" if entry.get("id") is not None else "email"
        value = str(entry.get(name) or "")
        person = by_id.get(value) if name == "id" else by_email.get(value.lower())
        if person is None:
            raise responses.invalid_parameter(f"members[{rank}].{name}", value)
        found.add(person)
    return found


def chat_record(chat: Chat) -> dict[str, Any]:
    """Return the record of a chat."""
    created = timestamps.text(chat.created)
    record: dict[str, Any] = {"id": chat.id, "type": chat.type, "creationTime": created, "lastModifiedTime": created}
    record["members"] = [{"id": str(member)} for member in sorted(chat.members)]
    if chat.type in {"Team", "Everyone"}:
        record |= {"name": chat.name, "description": chat.description}
    if chat.type == "Team":
        record |= {"public": chat.public, "status": chat.status}
    return record


def team_record(chat: Chat) -> dict[str, Any]:
    """Return the record of a team: that of a chat, without its members."""
    return {name: value for name, value in chat_record(chat).items() if name != "members"}
