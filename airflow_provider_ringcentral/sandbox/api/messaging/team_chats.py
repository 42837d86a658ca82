"""Chats, conversations and teams of Team Messaging (`docs/team-messaging`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.account import extension_info
from airflow_provider_ringcentral.sandbox.api.paging import cut_page, read_token
from airflow_provider_ringcentral.sandbox.api.request_context import json_object, list_field, text_field
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


def current_user_id(context: RequestContext) -> int:
    """The extension id of whoever asks."""
    if context.token is None:
        raise responses.unauthorized("OAU-213", "Token not found")
    return context.token.user.id


def find_chat(context: RequestContext, name: str = "chatId", *, given: str | None = None, join: bool = False) -> Chat:
    """The chat of the path (`~`: the personal one), of which the user must be a member.

    404 for what the user cannot see; 403 for a public team that the user has not joined, unless `join` suffices.
    """
    wanted, user, team_messaging = (
        given or context.ids[name],
        current_user_id(context),
        context.state.messaging.team_messaging,
    )
    personal = team_messaging.personal(user, context.state.now())
    chat = personal if wanted == "~" else team_messaging.chats.get(wanted)
    if chat is None or (user not in chat.members and not chat.public):
        raise responses.not_found(name, wanted)
    if user not in chat.members and not join:
        raise responses.api_error(
            403, "CMN-404", "The user is not a member of the chat", word="InsufficientPermissions"
        )
    return chat


def list_chats(context: RequestContext) -> ApiResponse:
    """`listGlipChatsNew`: oldest first; the user's own, and public teams that may be joined."""
    return _listed(context, "chats", _TYPES, chat_record, with_public=True)


def list_teams(context: RequestContext) -> ApiResponse:
    """`listGlipTeamsNew`."""
    return _listed(context, "teams", ("Team",), team_record, with_public=True)


def list_conversations(context: RequestContext) -> ApiResponse:
    """`listGlipConversationsNew`."""
    return _listed(context, "conversations", ("Group",), chat_record, with_public=False)


def _listed(
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
    user, team_messaging = current_user_id(context), context.state.messaging.team_messaging
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
    """The tokens of a page's neighbours; absent at either end."""
    tokens = {"prevPageToken": page.previous, "nextPageToken": page.following}
    return {name: token for name, token in tokens.items() if token is not None}


def read_chat(context: RequestContext) -> ApiResponse:
    """`readGlipChatNew`."""
    return context.json(chat_record(find_chat(context, join=True)))


def read_conversation(context: RequestContext) -> ApiResponse:
    """`readGlipConversationNew`."""
    chat = find_chat(context)
    if chat.type not in {"Direct", "Group", "Personal"}:
        raise responses.not_found("chatId", chat.id)
    return context.json(chat_record(chat))


def read_team(context: RequestContext) -> ApiResponse:
    """`readGlipTeamNew`."""
    chat = find_chat(context, join=True)
    if chat.type != "Team":
        raise responses.not_found("chatId", chat.id)
    return context.json(team_record(chat))


def create_conversation(context: RequestContext) -> ApiResponse:
    """`createGlipConversationNew`: 201 for a new one, 200 for the one there is; alone, the personal chat."""
    team_messaging, now, user = context.state.messaging.team_messaging, context.state.now(), current_user_id(context)
    entries = list_field(json_object(context), "members", required=False)
    if len(entries) > _MOST_MEMBERS:
        raise responses.invalid_parameter("members", detail=f"at most {_MOST_MEMBERS}")
    members = _people(context, entries) | {user}
    if members == {user}:
        return context.json(chat_record(team_messaging.personal(user, now)))
    found = team_messaging.between(members)
    if found is not None:
        return context.json(chat_record(found))
    made = team_messaging.add_chat("Direct" if len(members) == 2 else "Group", members, now)
    return context.json(chat_record(made), 201)


def create_team(context: RequestContext) -> ApiResponse:
    """`createGlipTeamNew`; names need not be unique."""
    body, team_messaging = json_object(context), context.state.messaging.team_messaging
    name = text_field(body, "name", _LONGEST_NAME)
    description = text_field(body, "description", _LONGEST_DESCRIPTION, required=False)
    members = _people(context, list_field(body, "members", required=False)) | {current_user_id(context)}
    public = body.get("public") is True
    team = team_messaging.add_chat(
        "Team", members, context.state.now(), name=name, description=description, public=public
    )
    return context.json(team_record(team), 201)


def read_person(context: RequestContext) -> ApiResponse:
    """`readGlipPersonNew`, of one id."""
    wanted = context.ids["personId"]
    extension = context.state.company.find(str(current_user_id(context)) if wanted == "~" else wanted)
    if extension is None or extension.type != "User":
        raise responses.not_found("personId", wanted)
    contact = extension_info(context.state, extension)["contact"]
    names = {name: contact[name] for name in ("firstName", "lastName", "email")}
    return context.json({"id": str(extension.id), **names})


def _people(context: RequestContext, entries: list[dict[str, Any]]) -> set[int]:
    """Members by id or e-mail; 400 for somebody who is not of the company."""
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
    """A chat as the API shows it."""
    record: dict[str, Any] = {"id": chat.id, "type": chat.type} | _times(chat)
    record["members"] = [{"id": str(member)} for member in sorted(chat.members)]
    if chat.type in {"Team", "Everyone"}:
        record |= {"name": chat.name, "description": chat.description}
    if chat.type == "Team":
        record |= {"public": chat.public, "status": chat.status}
    return record


def team_record(chat: Chat) -> dict[str, Any]:
    """A team as the API shows it: a chat without its members."""
    return {name: value for name, value in chat_record(chat).items() if name != "members"}


def _times(chat: Chat) -> dict[str, str]:
    return {"creationTime": timestamps.text(chat.created), "lastModifiedTime": timestamps.text(chat.created)}
