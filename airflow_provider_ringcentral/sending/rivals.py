"""Sends of equal content that are under way, so that nobody takes a message whose own answer is still to come."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from airflow_provider_ringcentral.client.ledger import Ledger

Roster = dict[str, float]
"""Ticket -> epoch seconds until which its request may be under way."""


class Rivals:
    """Who sends what at present, by the digest of the content."""

    def __init__(self, ledger: Ledger, place: str) -> None:
        self._ledger = ledger
        self._place = place

    def enter(self, content: str, ticket: str, until: float) -> None:
        """A request goes out. Whoever is killed leaves by himself at `until`."""
        self._change(content, lambda roster: roster.update({ticket: until}))

    def leave(self, content: str, ticket: str) -> None:
        """It was answered, or its answer is lost."""
        self._change(content, lambda roster: roster.pop(ticket, None))

    def count(self, content: str, ticket: str) -> int:
        """How many others have a request of this content under way."""
        roster = _roster(self._ledger.read(self._key(content)))
        now = self._ledger.now()
        return sum(until > now for other, until in roster.items() if other != ticket)

    def _change(self, content: str, step: Callable[[Roster], object]) -> None:
        now = self._ledger.now()

        def change(value: bytes | None) -> tuple[bytes | None, None]:
            roster = {ticket: until for ticket, until in _roster(value).items() if until > now}
            step(roster)
            return msgspec.json.encode(roster) if roster else None, None

        self._ledger.update(self._key(content), change)

    def _key(self, content: str) -> str:
        return f"rivals:{self._place}:{content}"


def _roster(value: bytes | None) -> Roster:
    try:
        return {} if value is None else msgspec.json.decode(value, type=Roster)
    except msgspec.DecodeError:
        return {}
