"""Adaptive cards (`docs/team-messaging/adaptive-cards`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses as bodies
from airflow_provider_ringcentral.sandbox.api.forms import json_object
from airflow_provider_ringcentral.sandbox.api.messaging.team_chats import chat_of, me
from airflow_provider_ringcentral.sandbox.api.messaging.team_posts import check_daily_cap
from airflow_provider_ringcentral.sandbox.api.multi_status import each, ids_of, multi_status
from airflow_provider_ringcentral.sandbox.api.responses import Answer
from airflow_provider_ringcentral.sandbox.model import timestamps as instants
from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import Card

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit

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
        card = _find(visit, one)
        return card.content | _short(card)

    ids = ids_of(visit, "cardId")
    return visit.json(show(ids[0])) if len(ids) == 1 else multi_status(visit, each(ids, show))


def update_card(visit: Visit) -> Answer:
    """`updateGlipAdaptiveCardNew`."""
    card = _own(visit)
    card.content, card.modified = _content(visit), visit.state.now()
    return visit.json(_short(card))


def delete_card(visit: Visit) -> Answer:
    """`deleteGlipAdaptiveCardNew`; its post goes too."""
    card, rooms = _own(visit), visit.state.desk.rooms
    del rooms.cards[card.id]
    for post in rooms.in_chat(card.chat):
        if any(attachment["id"] == card.id for attachment in post.attachments):
            del rooms.posts[post.id]
    return Answer(204, media_type=None)


def _content(visit: Visit) -> dict[str, Any]:
    content = json_object(visit)
    if content.get("type") is None:
        raise bodies.missing("type")
    if content["type"] != "AdaptiveCard":
        raise bodies.invalid("type", str(content["type"]))
    for name in ("body", "actions"):
        if not isinstance(content.get(name, []), list):
            raise bodies.invalid(name)
    return content


def _find(visit: Visit, card_id: str) -> Card:
    card = visit.state.desk.rooms.cards.get(card_id)
    if card is None or me(visit) not in visit.state.desk.rooms.chats[card.chat].members:
        raise bodies.not_found("cardId", card_id)
    return card


def _own(visit: Visit) -> Card:
    card = _find(visit, visit.ids["cardId"])
    if card.creator != me(visit):
        raise bodies.refusal(403, "CMN-404", "Only the author may change a card", word="InsufficientPermissions")
    return card


def _short(card: Card) -> dict[str, Any]:
    """What every answer says; type and version are the server's."""
    return {
        "id": card.id,
        "creationTime": instants.text(card.created),
        "lastModifiedTime": instants.text(card.modified),
        "$schema": _SCHEMA,
        "type": "AdaptiveCard",
        "version": _VERSION,
        "creator": {"id": str(card.creator)},
        "chatIds": [card.chat],
    }
