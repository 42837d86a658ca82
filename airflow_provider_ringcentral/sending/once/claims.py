"""Which message at the server belongs to which send, and which answers are still to come."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from airflow_provider_ringcentral.client.ledger import Ledger

Roster = dict[str, float]
"""Ticket -> epoch seconds until which its request may be under way."""


class Claims:
    """What all sends to one server share through the ledger, which forgets it in 7 days.

    An id is claimed by at most one ticket, for good. While a request is under way its ticket is listed under the digest
    of its content, so that nobody takes a message whose own answer is still to come.
    """

    def __init__(self, ledger: Ledger, place: str) -> None:
        self._ledger = ledger
        self._place = place

    def departs(self, content: str, ticket: str, until: float) -> None:
        """A request goes out. Whoever is killed is off the list at `until` (epoch seconds)."""
        self._change(content, lambda roster: roster.update({ticket: until}))

    def lands(self, content: str, ticket: str) -> None:
        """It was answered, or its answer is lost."""
        self._change(content, lambda roster: roster.pop(ticket, None))

    def others_under_way(self, content: str, ticket: str) -> int:
        """How many others have a request of this content under way."""
        roster = _roster(self._ledger.read(self._list(content)))
        now = self._ledger.now()
        return sum(until > now for other, until in roster.items() if other != ticket)

    def take(self, channel: str, message_id: str, ticket: str) -> bool:
        """Claim an id; whether it is this ticket's now."""
        own = ticket.encode()

        def change(holder: bytes | None) -> tuple[bytes, bool]:
            return holder or own, holder in (None, own)

        return self._ledger.update(self._key(channel, message_id), change)

    def holder(self, channel: str, message_id: str) -> str | None:
        """The ticket that has claimed an id."""
        holder = self._ledger.read(self._key(channel, message_id))
        return None if holder is None else holder.decode()

    def _key(self, channel: str, message_id: str) -> str:
        return f"claim:{self._place}:{channel}:{message_id}"

    def _list(self, content: str) -> str:
        return f"rivals:{self._place}:{content}"

    def _change(self, content: str, step: Callable[[Roster], object]) -> None:
        now = self._ledger.now()

        def change(value: bytes | None) -> tuple[bytes | None, None]:
            roster = {ticket: until for ticket, until in _roster(value).items() if until > now}
            step(roster)
            return msgspec.json.encode(roster) if roster else None, None

        self._ledger.update(self._list(content), change)


def _roster(value: bytes | None) -> Roster:
    try:
        return {} if value is None else msgspec.json.decode(value, type=Roster)
    except msgspec.DecodeError:
        return {}
