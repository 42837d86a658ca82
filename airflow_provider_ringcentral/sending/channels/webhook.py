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
"""UTF-16 units of a text: the limit of posts, since the guide gives none for webhooks."""

MOST_BYTES = 1_500_000
"""Of all attachments as JSON (guide page "Incoming webhooks", team-messaging/incoming-webhooks)."""

TYPES = ("AdaptiveCard", "Card")


@dataclass(frozen=True)
class WebhookPost(Message["WebhookClient"]):
    """A body of format 2, checked by `webhook_body`.

    What a webhook has posted cannot be listed, so an unknown outcome stays unknown. Its answers have no id: that of the
    record is made here, and means nothing to RingCentral.
    """

    body: Mapping[str, Any] = field(repr=False)

    channel: ClassVar[str] = "webhook post"
    can_look_up: ClassVar[bool] = False

    @property
    def key(self) -> str:
        """The same for all: a task posts one."""
        return digest(self.channel)

    @property
    def content(self) -> str:
        """A digest of the body."""
        return digest(json.dumps(self.body, sort_keys=True))

    def send(self, client: WebhookClient, observer: SendObserver) -> Record:
        """Send it with one POST."""
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
    """Make a body of format 2: a text, attachments (objects of type AdaptiveCard or Card), or both.

    Raises `BadArgument`; with `has_text`, also for an empty text.
    """
    parse_text(text, MOST_UNITS, may_be_empty=bool(attachments) and not has_text)
    named = {"title": title, "activity": activity, "iconUri": icon_uri, "text": text}
    body: dict[str, Any] = {name: _text(name, value) for name, value in named.items() if value}
    cards = [_card(f"attachments[{place}]", card) for place, card in enumerate(attachments)]
    size = len(json.dumps(cards).encode())
    if size > MOST_BYTES:
        raise BadArgument(
            f"attachments have {size} bytes as JSON; the limit is {MOST_BYTES}. Shorten them.", parameter="attachments"
        )
    return {**body, "attachments": cards} if cards else body


def _text(name: str, value: Any) -> str:
    return parse_text(value, MOST_UNITS, name=name)


def _card(name: str, card: Any) -> dict[str, Any]:
    card = parse_json(name, card)
    if not isinstance(card, Mapping) or card.get("type") not in TYPES:
        raise BadArgument(f'{name} must be an object with "type": "AdaptiveCard" (or "Card").', parameter=name)
    return dict(card)
