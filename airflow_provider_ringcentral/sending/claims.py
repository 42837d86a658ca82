"""Which message at the server belongs to which send."""

from __future__ import annotations

from airflow_provider_ringcentral.client.ledger import Ledger


class Claims:
    """Ids of messages, each claimed by at most one ticket. One key of the ledger an id: it forgets them in 7 days."""

    def __init__(self, ledger: Ledger, place: str) -> None:
        self._ledger = ledger
        self._place = place

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
