"""Looking for a message whose answer was lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Generic, TypeVar

from airflow_provider_ringcentral.sending.once.message import Draft, Record
from airflow_provider_ringcentral.sending.once.store import Entry, Notebook

C = TypeVar("C")

SKEW_SECONDS = 60.0
"""How far the server's clock may be from ours (the margin FACTS 4.4 proposes)."""

FIRST_PAUSE, LONGEST_PAUSE = 1 / 30, 1 / 4
"""Pauses between looks, doubling from the one to the other, as shares of the settling time: 1 s to 7.5 s of 30 s."""


class Look(Generic[C]):
    """Looks for the message of `entry` among the server's records, and claims it when what is there is `proof`.

    It is not when others do not note in this ledger what is theirs. Then `strangers` are the ids of what looks the same
    and may be anybody's.
    """

    def __init__(self, client: C, draft: Draft[C], notebook: Notebook, entry: Entry, *, proof: bool = True) -> None:
        self._client = client
        self._draft = draft
        self._notebook = notebook
        self._entry = entry
        self._proof = proof and notebook.sole
        self._held_back = False
        self.strangers: list[str] = []

    def until(self, deadline: float, settling: float) -> Record | None:
        """Look at once and then again until `deadline` (epoch seconds); the record, claimed for us, or None.

        Goes on for as long as candidates are there that belong to requests of others still under way.
        """
        pause = settling * FIRST_PAUSE
        while True:
            found = self.once()
            if self.strangers:
                return None
            left = deadline - self._notebook.now()
            patience = self._notebook.flight if self._held_back else 0.0
            if found is not None or left <= -patience:
                return found
            longest = max(0.05, settling * LONGEST_PAUSE)
            self._notebook.sleep(min(max(pause, 0.05), max(left, 0.05) if left > 0 else longest))
            pause = min(pause * 2, longest)

    def once(self) -> Record | None:
        """One look."""
        free: list[Record] = []
        for record in self._likenesses():
            holder = self._notebook.claims.holder(self._draft.channel, self._draft.id_of(record))
            if holder == self._entry.ticket:
                # An earlier try had its answer and was killed before it could note it.
                return record
            if holder is None and self._draft.id_of(record) in self._draft.known and self._claim(record):
                return record
            if holder is None:
                free.append(record)
        if not self._proof:
            self.strangers = [self._draft.id_of(record) for record in free]
            return None
        rivals = self._notebook.claims.others_under_way(self._entry.content, self._entry.ticket)
        self._held_back = bool(free) and rivals >= len(free)
        if self._held_back or (not self._draft.exact and len(free) + rivals > 1):
            return None
        return next((record for record in sorted(free, key=self._distance) if self._claim(record)), None)

    def _likenesses(self) -> Iterator[Record]:
        """Records of the same content since the request went out."""
        start = datetime.fromtimestamp(self._entry.since - SKEW_SECONDS, UTC)
        end = datetime.fromtimestamp(self._notebook.now() + SKEW_SECONDS, UTC)
        for record in self._draft.candidates(self._client, start, end):
            made = self._draft.moment_of(record)
            alike = self._draft.resembles(record, self._entry.content, self._entry.traits)
            if alike and self._draft.id_of(record) and (made is None or start <= made <= end):
                yield record

    def _distance(self, record: Record) -> float:
        """The record made closest to when the request went out is likeliest ours."""
        made = self._draft.moment_of(record)
        return abs(made.timestamp() - self._entry.since) if made else 0.0

    def _claim(self, record: Record) -> bool:
        return self._notebook.claims.take(self._draft.channel, self._draft.id_of(record), self._entry.ticket)
