"""Chats of Team Messaging: which one is meant, and what the user has posted in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.arguments import iso_time, parse_id
from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import (
    CREATE_CONVERSATION,
    LIST_POSTS,
    LIST_TEAMS,
    READ_CHAT,
    READ_PERSON,
)
from airflow_provider_ringcentral.client.errors import BadRequest, NotFound, PermissionDenied
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.client.paging import records_of
from airflow_provider_ringcentral.sending.once.message import Record

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient

MOST_PAGES = 20
"""Pages of 250 posts that are read at most: the list cannot be limited by date, and its order is not documented."""


def own_posts(client: RingCentralClient, chat: str, start: datetime) -> list[Record]:
    """List posts of the JWT's user in a chat since `start` (aware).

    Source: operationId readGlipPostsNew, app scope TeamMessaging, 40 requests a minute. It takes a page or two
    if the newest posts come first, as they seem to.
    """
    recent = [post for post in _posts(client, chat, start) if (made := _made(post)) is None or made >= start]
    # Others may post the same text, such as a second Airflow.
    own = _own_id(client) if recent else None
    return [post for post in recent if own is None or str(post.get("creatorId") or own) == own]


def _posts(client: RingCentralClient, chat: str, start: datetime) -> Iterator[Record]:
    for number, page in enumerate(client.pages(LIST_POSTS.at(chatId=chat)), 1):
        posts = list(records_of(page))
        yield from posts
        times = [made for post in posts if (made := _made(post)) is not None]
        over = len(times) > 1 and times[0] > times[-1] and times[-1] < start
        if over or number == MOST_PAGES:
            return


def _made(post: Record) -> datetime | None:
    return iso_time(post.get("creationTime"))


def _own_id(client: RingCentralClient) -> str | None:
    """The id of the JWT's user as an author of posts; None if it cannot be read."""
    try:
        person = client.request_json("GET", READ_PERSON.at(personId=OWN))
    except (BadRequest, NotFound, PermissionDenied):
        return None
    return str(person["id"])


ARCHIVED = "archived"


def chat_of(client: RingCentralClient, *, chat: Any = None, team: Any = None, email: Any = None) -> str:
    """Return the id of a chat, given by exactly one of the three arguments.

    `chat` is an id, `team` a team's exact name, `email` of a person of the company: their conversation with the JWT's
    user, which is opened when there is none. One request (operationIds readGlipChatNew, listGlipTeamsNew a page of 250,
    createGlipConversationNew). Raises `BadArgument` if there is no such chat, if no team or several have the name (with
    their ids), and if nobody has the e-mail address, which it does not repeat.
    """
    given = {name: str(value).strip() for name, value in (("chat", chat), ("team", team), ("email", email)) if value}
    if len(given) != 1:
        both = " and ".join(given)
        raise BadArgument(
            f"{both} are given; give one of chat, team and email."
            if given
            else "neither chat, team nor email is given; say where the post goes.",
            parameter=next(iter(given), "chat"),
        )
    ((name, value),) = given.items()
    return {"chat": _by_id, "team": _by_name, "email": _by_email}[name](client, value)


def _by_id(client: RingCentralClient, chat: str) -> str:
    path = READ_CHAT.at(chatId=parse_id("chat", chat, "a team may be given by its name, as team"))
    try:
        record = client.request_json("GET", path)
    except NotFound as error:
        raise BadArgument(
            f"chat {chat} does not exist, or the JWT's user is not a member of it; have the user added, or correct the "
            "id.",
            parameter="chat",
        ) from error
    return str(record["id"])


def _by_name(client: RingCentralClient, team: str) -> str:
    named = [one for one in client.records(LIST_TEAMS.at()) if one.get("name") == team]
    # Names are not unique, and an archived team takes no posts.
    alive = [str(one["id"]) for one in named if str(one.get("status")).lower() != ARCHIVED]
    if len(alive) == 1:
        return alive[0]
    if alive:
        raise BadArgument(
            f"{len(alive)} teams are named {team!r}; give the id of the right one as chat: {', '.join(alive)}.",
            parameter="team",
        )
    why = "is archived" if named else "does not exist, or the JWT's user is not a member of it"
    raise BadArgument(
        f"the team {team!r} {why}; names are compared exactly; to give an id, use chat.", parameter="team"
    )


def _by_email(client: RingCentralClient, email: str) -> str:
    if email.count("@") != 1 or any(letter.isspace() for letter in email):
        raise BadArgument("email is not an e-mail address; write it like name@example.com.", parameter="email")
    try:
        record = client.request_json("POST", CREATE_CONVERSATION.at(), json={"members": [{"email": email}]})
    except (BadRequest, NotFound) as error:
        raise BadArgument(
            f"nobody in this company has this email (HTTP {error.status}); RingCentral compares it with the "
            "e-mail of the user's extension.",
            parameter="email",
        ) from error
    return str(record["id"])
