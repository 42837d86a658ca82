"""An adaptive card in a chat of Team Messaging."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.client.endpoints import CREATE_CARD, READ_CARD, UPDATE_CARD
from airflow_provider_ringcentral.client.errors import NotFound
from airflow_provider_ringcentral.extract.errors import BadArgument
from airflow_provider_ringcentral.extract.given import object_of
from airflow_provider_ringcentral.sending.chat_posts import own_posts
from airflow_provider_ringcentral.sending.draft import Draft, Record, digest
from airflow_provider_ringcentral.sending.ids import checked_id
from airflow_provider_ringcentral.sending.posting import post
from airflow_provider_ringcentral.sending.text import checked_text, same_text

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.client.transport import Passage

TYPE = "AdaptiveCard"
MOST_UNITS = 10_000
"""Of the text beside a card, as of a post."""

OWN_WORDS = frozenset({"$schema", "version"})
"""What RingCentral sets, whatever was sent (FACTS 8.2)."""


@dataclass(frozen=True)
class TeamCard(Draft["RingCentralClient"]):
    """A card (checked by `checked_card`) to the chat with the id `chat`; its id is the card's, not that of its post.

    Source: operationId createGlipAdaptiveCardNew, app scope TeamMessaging, 40 requests a minute. As an attachment of a
    post RingCentral refuses cards.
    """

    chat: str
    card: Mapping[str, Any] = field(repr=False)

    channel: ClassVar[str] = "card"

    @property
    def key(self) -> str:
        """By the chat."""
        return digest(self.channel, self.chat)

    @property
    def content(self) -> str:
        """Chat and card."""
        return digest(self.chat, json.dumps(self._asked, sort_keys=True))

    @property
    def _asked(self) -> dict[str, Any]:
        return {name: value for name, value in self.card.items() if name not in OWN_WORDS}

    def send(self, client: RingCentralClient, passage: Passage) -> Record:
        """One POST."""
        return post(client, CREATE_CARD.at(chatId=self.chat), passage, json=dict(self.card))

    def candidates(self, client: RingCentralClient, start: datetime, end: datetime) -> Iterator[Record]:
        """The cards that the user posted in the chat since `start`, each read by its id."""
        for one in own_posts(client, self.chat, start):
            for card_id in _cards_of(one):
                try:
                    yield client.request_json("GET", READ_CARD.at(cardId=card_id))
                except NotFound:
                    continue

    def content_of(self, record: Record) -> str | None:
        """As `content`, of a card that has all that ours has; RingCentral may add to it."""
        return self.content if _has(record, self._asked) else None


def change_card(client: RingCentralClient, card_id: Any, card: Mapping[str, Any]) -> Record:
    """Put a card in the place of an earlier one of the user; its record. Source: updateGlipAdaptiveCardNew."""
    path = UPDATE_CARD.at(
        cardId=checked_id("update_card_id", card_id, "give the id that the task that posted it returned")
    )
    record = client.request_json("PUT", path, json=dict(card))
    return record if isinstance(record, dict) else {}


def checked_card(card: Any, fallback_text: str | None = None) -> dict[str, Any]:
    """An adaptive card from an object or its JSON, with `fallback_text` as its `fallbackText`.

    Raises `BadArgument`. The text is what notices show, and clients that cannot show cards; without one they say that
    there is a new card.
    """
    card = object_of("card", card)
    if not isinstance(card, Mapping):
        raise BadArgument(f"card is {type(card).__name__} and no object; give an adaptive card.", parameter="card")
    if card.get("type") != TYPE:
        said = "no type" if card.get("type") is None else f"the type {card['type']!r}"
        raise BadArgument(f'card has {said}; an adaptive card has "type": "{TYPE}".', parameter="card")
    for name in ("body", "actions"):
        if not isinstance(card.get(name, []), list):
            raise BadArgument(f"card has a {name} that is no list.", parameter="card")
    if fallback_text is None:
        return dict(card)
    return {**card, "fallbackText": checked_text(fallback_text, MOST_UNITS, name="fallback_text")}


def _cards_of(record: Record) -> Iterable[str]:
    attached = record.get("attachments") or ()
    # "Card" in the specification; the endpoint's own name for it would be no surprise.
    return [str(one["id"]) for one in attached if str(one.get("type")).lower().endswith("card") and one.get("id")]


def _has(whole: Any, part: Any) -> bool:
    """Whether `whole` has all that `part` has."""
    if isinstance(part, Mapping):
        return isinstance(whole, Mapping) and all(_has(whole.get(name), value) for name, value in part.items())
    if isinstance(part, (list, tuple)):
        return isinstance(whole, list) and len(whole) == len(part) and all(map(_has, whole, part))
    if isinstance(part, str) and isinstance(whole, str):
        return same_text(whole) == same_text(part)
    return bool(whole == part)
