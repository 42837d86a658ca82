"""Chats, conversations and teams of Team Messaging (`docs/team-messaging`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.account import extension_info
from airflow_provider_ringcentral.sandbox.api.paging import cut_page, filters, read_token
from airflow_provider_ringcentral.sandbox.api.request_context import json_object, list_field, text_field
from airflow_provider_ringcentral.sandbox.model import timestamps

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.api.responses import Answer
    from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import Chat

_TYPES = ("Personal", "Direct", "Group", "Team", "Everyone")
_MOST_RECORDS = 250
_MOST_MEMBERS = 15
_LONGEST_NAME, _LONGEST_DESCRIPTION = 250, 1000


def me(visit: Visit) -> int:
    """The extension id of whoever asks."""
    if visit.token is None:
        raise responses.unauthorized("OAU-213", "Token not found")
    return visit.token.user.id


def chat_of(visit: Visit, name: str = "chatId", *, given: str | None = None, join: bool = False) -> Chat:
    """The chat of the path (`~`: the personal one), of which the user must be a member.

    404 for what the user cannot see; 403 for a public team that the user has not joined, unless `join` suffices.
    """
    wanted, user, rooms = given or visit.ids[name], me(visit), visit.state.desk.rooms
    personal = rooms.personal(user, visit.state.now())
    chat = personal if wanted == "~" else rooms.chats.get(wanted)
    if chat is None or (user not in chat.members and not chat.public):
        raise responses.not_found(name, wanted)
    if user not in chat.members and not join:
        raise responses.refusal(403, "CMN-404", "The user is not a member of the chat", word="InsufficientPermissions")
    return chat


def list_chats(visit: Visit) -> Answer:
    """`listGlipChatsNew`: oldest first; the user's own, and public teams that may be joined."""
    return _listed(visit, "chats", _TYPES, chat_record, with_public=True)


def list_teams(visit: Visit) -> Answer:
    """`listGlipTeamsNew`."""
    return _listed(visit, "teams", ("Team",), team_record, with_public=True)


def list_conversations(visit: Visit) -> Answer:
    """`listGlipConversationsNew`."""
    return _listed(visit, "conversations", ("Group",), chat_record, with_public=False)


def _listed(
    visit: Visit, kind: str, types: tuple[str, ...], show: Callable[[Chat], dict[str, Any]], *, with_public: bool
) -> Answer:
    token = read_token(visit.one("pageToken"), kind)
    what = filters(visit, token, "type")
    for value in what["type"]:
        if value not in _TYPES:
            raise responses.invalid("type", value)
    user, rooms = me(visit), visit.state.desk.rooms
    rooms.personal(user, visit.state.now())
    wanted = set(what["type"]) & set(types) if what["type"] else set(types)
    found = [
        chat
        for chat in rooms.chats.values()
        if chat.type in wanted and (user in chat.members or (with_public and chat.public))
    ]
    page = cut_page(found, token, kind=kind, count=record_count(visit), key=lambda chat: chat.id, what=what)
    return visit.json({"records": [show(chat) for chat in page.entries], "navigation": navigation(page)})


def record_count(visit: Visit) -> int:
    """`recordCount`: 30 unless given, at most 250."""
    return visit.number("recordCount", 30, most=_MOST_RECORDS)


def navigation(page: Any) -> dict[str, str]:
    """The tokens of a page's neighbours; absent at either end."""
    tokens = {"prevPageToken": page.previous, "nextPageToken": page.following}
    return {name: token for name, token in tokens.items() if token is not None}


def read_chat(visit: Visit) -> Answer:
    """`readGlipChatNew`."""
    return visit.json(chat_record(chat_of(visit, join=True)))


def read_conversation(visit: Visit) -> Answer:
    """`readGlipConversationNew`."""
    chat = chat_of(visit)
    if chat.type not in {"Direct", "Group", "Personal"}:
        raise responses.not_found("chatId", chat.id)
    return visit.json(chat_record(chat))


def read_team(visit: Visit) -> Answer:
    """`readGlipTeamNew`."""
    chat = chat_of(visit, join=True)
    if chat.type != "Team":
        raise responses.not_found("chatId", chat.id)
    return visit.json(team_record(chat))


def create_conversation(visit: Visit) -> Answer:
    """`createGlipConversationNew`: 201 for a new one, 200 for the one there is; alone, the personal chat."""
    rooms, now, user = visit.state.desk.rooms, visit.state.now(), me(visit)
    entries = list_field(json_object(visit), "members", required=False)
    if len(entries) > _MOST_MEMBERS:
        raise responses.invalid("members", detail=f"at most {_MOST_MEMBERS}")
    members = _people(visit, entries) | {user}
    if members == {user}:
        return visit.json(chat_record(rooms.personal(user, now)))
    found = rooms.between(members)
    if found is not None:
        return visit.json(chat_record(found))
    made = rooms.add_chat("Direct" if len(members) == 2 else "Group", members, now)
    return visit.json(chat_record(made), 201)


def create_team(visit: Visit) -> Answer:
    """`createGlipTeamNew`; names need not be unique."""
    body, rooms = json_object(visit), visit.state.desk.rooms
    name = text_field(body, "name", _LONGEST_NAME)
    description = text_field(body, "description", _LONGEST_DESCRIPTION, required=False)
    members = _people(visit, list_field(body, "members", required=False)) | {me(visit)}
    public = body.get("public") is True
    team = rooms.add_chat("Team", members, visit.state.now(), name=name, description=description, public=public)
    return visit.json(team_record(team), 201)


def read_person(visit: Visit) -> Answer:
    """`readGlipPersonNew`, of one id."""
    wanted = visit.ids["personId"]
    extension = visit.state.company.find(str(me(visit)) if wanted == "~" else wanted)
    if extension is None or extension.type != "User":
        raise responses.not_found("personId", wanted)
    contact = extension_info(visit.state, extension)["contact"]
    names = {name: contact[name] for name in ("firstName", "lastName", "email")}
    return visit.json({"id": str(extension.id), **names})


def _people(visit: Visit, entries: list[dict[str, Any]]) -> set[int]:
    """Members by id or e-mail; 400 for somebody who is not of the company."""
    users = visit.state.company.users
    by_email = {extension_info(visit.state, user)["contact"]["email"]: user.id for user in users}
    by_id = {str(user.id): user.id for user in users}
    found = set()
    for rank, entry in enumerate(entries):
        name = "id" if entry.get("id") is not None else "email"
        value = str(entry.get(name) or "")
        person = by_id.get(value) if name == "id" else by_email.get(value.lower())
        if person is None:
            raise responses.invalid(f"members[{rank}].{name}", value)
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
