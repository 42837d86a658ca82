"""The posts of a chat: what RingCentral has of ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import LIST_POSTS, READ_PERSON
from airflow_provider_ringcentral.client.errors import BadRequest, NotFound, PermissionDenied
from airflow_provider_ringcentral.client.paging import rows
from airflow_provider_ringcentral.sending.once.message import Record, moment

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
    return moment(post.get("creationTime"))


def _own_id(client: RingCentralClient) -> str | None:
    """The id of the JWT's user as an author of posts; None when RingCentral does not tell."""
    try:
        person = client.request_json("GET", READ_PERSON.at(personId=OWN))
    except (BadRequest, NotFound, PermissionDenied):
        return None
    return str(person["id"])
