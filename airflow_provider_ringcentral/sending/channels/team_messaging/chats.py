"""Where in Team Messaging a post goes to.

The posts of a chat: what RingCentral has of ours.
"""

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
from airflow_provider_ringcentral.client.paging import rows
from airflow_provider_ringcentral.sending.once.message import Record

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient

MOST_PAGES = 20
"""Of 250 posts. A list has no dates to ask for, and which end comes first is documented nowhere."""


def own_posts(client: RingCentralClient, chat: str, start: datetime) -> list[Record]:
    """Posts of the JWT's own user in a chat since `start` (aware).

    Source: operationId readGlipPostsNew, app scope TeamMessaging, 40 requests a minute; a page or two when the newest
    posts come first, as they seem to.
    """
    recent = [post for post in _posts(client, chat, start) if (made := _made(post)) is None or made >= start]
    # Others may post the same text, such as a second Airflow that reports the same.
    own = _own_id(client) if recent else None
    return [post for post in recent if own is None or str(post.get("creatorId") or own) == own]


def _posts(client: RingCentralClient, chat: str, start: datetime) -> Iterator[Record]:
    for number, page in enumerate(client.pages(LIST_POSTS.at(chatId=chat)), 1):
        posts = list(rows(page))
        yield from posts
        times = [made for post in posts if (made := _made(post)) is not None]
        over = len(times) > 1 and times[0] > times[-1] and times[-1] < start
        if over or number == MOST_PAGES:
            return


def _made(post: Record) -> datetime | None:
    return iso_time(post.get("creationTime"))


def _own_id(client: RingCentralClient) -> str | None:
    """The id of the JWT's user as an author of posts; None when RingCentral does not tell."""
    try:
        person = client.request_json("GET", READ_PERSON.at(personId=OWN))
    except (BadRequest, NotFound, PermissionDenied):
        return None
    return str(person["id"])


ARCHIVED = "archived"


def chat_of(client: RingCentralClient, *, chat: Any = None, team: Any = None, email: Any = None) -> str:
    """The id of the chat that exactly one of the three names.

    `chat` is an id, `team` a team's exact name, `email` of a person of the company: their conversation with the JWT's
    user, which is opened when there is none. One request (operationIds readGlipChatNew, listGlipTeamsNew a page of 250,
    createGlipConversationNew). Raises `BadArgument` for a chat that is not there, a name of no team or of several (with
    their ids), and an e-mail address of nobody, which it does not repeat.
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
            f"chat {chat} is not there, or the JWT's user is not a member of it; have the user added, or correct the "
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
    why = "is archived" if named else "is not there, or the JWT's user is not a member of it"
    raise BadArgument(
        f"the team {team!r} {why}; a name is compared as it is written, and chat takes an id.", parameter="team"
    )


def _by_email(client: RingCentralClient, email: str) -> str:
    if email.count("@") != 1 or any(letter.isspace() for letter in email):
        raise BadArgument("email is no e-mail address; write it like name@example.com.", parameter="email")
    try:
        record = client.request_json("POST", CREATE_CONVERSATION.at(), json={"members": [{"email": email}]})
    except (BadRequest, NotFound) as error:
        raise BadArgument(
            f"email is the address of nobody in this company (HTTP {error.status}); RingCentral compares with the "
            "e-mail of the user's extension.",
            parameter="email",
        ) from error
    return str(record["id"])
