"""A post through an incoming webhook of Team Messaging."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_ringcentral.arguments import parse_json
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.sending.once.message import Message, Record, digest
from airflow_provider_ringcentral.sending.text import parse_text

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.http.transport import SendObserver
    from airflow_provider_ringcentral.client.webhook import WebhookClient

MOST_UNITS = 10_000
"""Of a text. The guide says nothing; it is what a post may have."""

MOST_BYTES = 1_500_000
"""Of all attachments as JSON (FACTS 8.4)."""

TYPES = ("AdaptiveCard", "Card")


@dataclass(frozen=True)
class WebhookPost(Message["WebhookClient"]):
    """A body of format 2, checked by `webhook_body`.

    Nobody can ask what a webhook has posted, so an unknown fate stays unknown. Its answers hold no id: the record's is
    made here, and means nothing to RingCentral.
    """

    body: Mapping[str, Any] = field(repr=False)

    channel: ClassVar[str] = "webhook post"
    can_look_up: ClassVar[bool] = False

    @property
    def key(self) -> str:
        """A task has one."""
        return digest(self.channel)

    @property
    def content(self) -> str:
        """The body."""
        return digest(json.dumps(self.body, sort_keys=True))

    def send(self, client: WebhookClient, observer: SendObserver) -> Record:
        """One POST."""
        client.post(self.body, observer)
        return {"id": uuid.uuid4().hex}


def webhook_body(
    text: str = "",
    *,
    title: str | None = None,
    activity: str | None = None,
    icon_uri: str | None = None,
    attachments: Sequence[Any] = (),
    has_text: bool = False,
) -> dict[str, Any]:
    """A body of format 2: a text, attachments (objects of type AdaptiveCard or Card), or both. Raises `BadArgument`.

    With `has_text` the text may not be empty.
    """
    parse_text(text, MOST_UNITS, may_be_empty=bool(attachments) and not has_text)
    named = {"title": title, "activity": activity, "iconUri": icon_uri, "text": text}
    body: dict[str, Any] = {name: _text(name, value) for name, value in named.items() if value}
    cards = [_card(f"attachments[{place}]", card) for place, card in enumerate(attachments)]
    size = len(json.dumps(cards).encode())
    if size > MOST_BYTES:
        raise BadArgument(
            f"attachments have {size} bytes as JSON and may have {MOST_BYTES}; shorten them.", parameter="attachments"
        )
    return {**body, "attachments": cards} if cards else body


def _text(name: str, value: Any) -> str:
    return parse_text(value, MOST_UNITS, name=name)


def _card(name: str, card: Any) -> dict[str, Any]:
    card = parse_json(name, card)
    if not isinstance(card, Mapping) or card.get("type") not in TYPES:
        raise BadArgument(f'{name} is no object with "type": "AdaptiveCard" (or "Card").', parameter=name)
    return dict(card)
