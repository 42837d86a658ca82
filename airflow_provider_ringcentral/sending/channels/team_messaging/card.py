"""An adaptive card in a chat of Team Messaging."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.arguments import parse_id, parse_json
from airflow_provider_ringcentral.client.endpoints import CREATE_CARD, READ_CARD, UPDATE_CARD
from airflow_provider_ringcentral.client.errors import NotFound
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.sending.channels.team_messaging.chats import own_posts
from airflow_provider_ringcentral.sending.once.message import Message, Record, digest, post
from airflow_provider_ringcentral.sending.text import parse_text, same_text

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.http.transport import SendObserver

TYPE = "AdaptiveCard"
MOST_UNITS = 10_000
"""UTF-16 units of the text beside a card, as of a post."""

MOST_PARTS = 2000
"""Digests of parts that the store keeps: 24 KB."""

SET_BY_RINGCENTRAL = frozenset({"$schema", "version"})
"""Properties that RingCentral overwrites (guide page "Adaptive cards", team-messaging/adaptive-cards)."""


@dataclass(frozen=True)
class TeamCard(Message["RingCentralClient"]):
    """A card (checked by `parse_card`) to the chat with the id `chat`; its id is the card's, not that of its post.

    Source: operationId createGlipAdaptiveCardNew, app scope TeamMessaging, 40 requests a minute. RingCentral
    refuses cards as attachments of posts.
    """

    chat: str
    card: Mapping[str, Any] = field(repr=False)

    channel: ClassVar[str] = "card"

    @property
    def key(self) -> str:
        """A digest of the chat."""
        return digest(self.channel, self.chat)

    @property
    def content(self) -> str:
        """A digest of chat and card."""
        return digest(self.chat, json.dumps(self._given_card, sort_keys=True))

    @property
    def _given_card(self) -> dict[str, Any]:
        return {name: value for name, value in self.card.items() if name not in SET_BY_RINGCENTRAL}

    @property
    def traits(self) -> dict[str, Any]:
        """Digests of its parts: RingCentral adds further ones to a card."""
        return {"parts": sorted(_parts(self._given_card))[:MOST_PARTS]}

    def send(self, client: RingCentralClient, observer: SendObserver) -> Record:
        """Send it with one POST."""
        return post(client, CREATE_CARD.at(chatId=self.chat), observer, json=dict(self.card))

    def candidates(self, client: RingCentralClient, start: datetime, end: datetime) -> Iterator[Record]:
        """Read the cards that the user posted in the chat since `start`, each by its id."""
        for one in own_posts(client, self.chat, start):
            for card_id in _cards_of(one):
                try:
                    yield client.request_json("GET", READ_CARD.at(cardId=card_id))
                except NotFound:
                    continue

    def matches(self, record: Record, content: str, traits: Mapping[str, Any]) -> bool:
        """Whether it has all parts that were sent. An earlier version stored none; then those of this card count."""
        parts = traits.get("parts")
        if parts is None:
            return content == self.content and self.matches(record, content, self.traits)
        return set(parts) <= _parts(record)


def change_card(client: RingCentralClient, card_id: Any, card: Mapping[str, Any]) -> Record:
    """Replace an earlier card of the user; return its record. Source: operationId updateGlipAdaptiveCardNew."""
    path = UPDATE_CARD.at(
        cardId=parse_id("update_card_id", card_id, "give the id that the task that posted it returned")
    )
    record = client.request_json("PUT", path, json=dict(card))
    return record if isinstance(record, dict) else {}


def parse_card(card: Any, fallback_text: str | None = None) -> dict[str, Any]:
    """Return an adaptive card, given as an object or as JSON, with `fallback_text` as its `fallbackText`.

    Notifications show that text, and so do clients that cannot show cards. Raises `BadArgument`.
    """
    card = parse_json("card", card)
    if not isinstance(card, Mapping):
        raise BadArgument(f"card must be an object, an adaptive card, not {type(card).__name__}.", parameter="card")
    if card.get("type") != TYPE:
        said = "no type" if card.get("type") is None else f"the type {card['type']!r}"
        raise BadArgument(f'card has {said}; an adaptive card has "type": "{TYPE}".', parameter="card")
    for name in ("body", "actions"):
        if not isinstance(card.get(name, []), list):
            raise BadArgument(f"{name} of the card must be a list.", parameter="card")
    if fallback_text is None:
        return dict(card)
    return {**card, "fallbackText": parse_text(fallback_text, MOST_UNITS, name="fallback_text")}


def _cards_of(record: Record) -> Iterable[str]:
    attached = record.get("attachments") or ()
    # The specification says "Card"; other spellings of the type are accepted, too.
    return [str(one["id"]) for one in attached if str(one.get("type")).lower().endswith("card") and one.get("id")]


def _parts(value: Any, path: str = "") -> set[str]:
    """Digest the leaves of a value with their paths, and its lists and objects. A null counts as absent."""
    if isinstance(value, Mapping):
        inner = {part for name, one in value.items() if one is not None for part in _parts(one, f"{path}.{name}")}
        return {digest(path, "object")[:8]} | inner
    if isinstance(value, (list, tuple)):
        inner = {part for place, one in enumerate(value) for part in _parts(one, f"{path}[{place}]")}
        return {digest(path, "list", len(value))[:8]} | inner
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return {digest(path, json.dumps(same_text(value) if isinstance(value, str) else value))[:8]}
