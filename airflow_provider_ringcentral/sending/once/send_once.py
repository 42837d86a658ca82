"""send_once: one message for one order, whatever happens on the way. The contract is in the room's docstring.

Looking for a message whose answer was lost.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from airflow_provider_ringcentral.arguments import parse_choice
from airflow_provider_ringcentral.client.errors import OutcomeUnknown, RateLimited, RingCentralError, Unavailable
from airflow_provider_ringcentral.client.errors.remedies import DAG_AUTHOR, PLATFORM_TEAM, Remedy
from airflow_provider_ringcentral.sending.once.message import Message, Record, Sent
from airflow_provider_ringcentral.sending.once.store import IdempotencyStore, SendState, WriteConflict

C = TypeVar("C")

SKEW_SECONDS = 60.0
"""How far the server's clock may be from ours (the margin FACTS 4.4 proposes)."""

FIRST_PAUSE, LONGEST_PAUSE = 1 / 30, 1 / 4
"""Pauses between looks, doubling from the one to the other, as shares of the settling time: 1 s to 7.5 s of 30 s."""


class Lookup(Generic[C]):
    """Looks for the message of `entry` among the server's records, and claims it when what is there is `proof`.

    It is not when others do not note in this ledger what is theirs. Then `unclaimed_matches` are the ids of
    what looks the same and may be anybody's.
    """

    def __init__(
        self, client: C, message: Message[C], store: IdempotencyStore, entry: SendState, *, proof: bool = True
    ) -> None:
        self._client = client
        self._message = message
        self._store = store
        self._entry = entry
        self._proof = proof and store.claims_complete
        self._held_back = False
        self.unclaimed_matches: list[str] = []

    def until(self, deadline: float, settling: float) -> Record | None:
        """Look at once and then again until `deadline` (epoch seconds); the record, claimed for us, or None.

        Goes on for as long as candidates are there that belong to requests of others still under way.
        """
        pause = settling * FIRST_PAUSE
        while True:
            found = self.once()
            if self.unclaimed_matches:
                return None
            left = deadline - self._store.now()
            patience = self._store.flight if self._held_back else 0.0
            if found is not None or left <= -patience:
                return found
            longest = max(0.05, settling * LONGEST_PAUSE)
            self._store.sleep(min(max(pause, 0.05), max(left, 0.05) if left > 0 else longest))
            pause = min(pause * 2, longest)

    def once(self) -> Record | None:
        """One look."""
        free: list[Record] = []
        for record in self._likenesses():
            holder = self._store.claims.holder(self._message.channel, self._message.id_of(record))
            if holder == self._entry.ticket:
                # An earlier try had its answer and was killed before it could note it.
                return record
            if holder is None and self._message.id_of(record) in self._message.known and self._claim(record):
                return record
            if holder is None:
                free.append(record)
        if not self._proof:
            self.unclaimed_matches = [self._message.id_of(record) for record in free]
            return None
        in_flight = self._store.claims.others_in_flight(self._entry.content, self._entry.ticket)
        self._held_back = bool(free) and in_flight >= len(free)
        if self._held_back or (not self._message.interchangeable and len(free) + in_flight > 1):
            return None
        return next((record for record in sorted(free, key=self._distance) if self._claim(record)), None)

    def _likenesses(self) -> Iterator[Record]:
        """Records of the same content since the request went out."""
        start = datetime.fromtimestamp(self._entry.since - SKEW_SECONDS, UTC)
        end = datetime.fromtimestamp(self._store.now() + SKEW_SECONDS, UTC)
        for record in self._message.candidates(self._client, start, end):
            made = self._message.created_at(record)
            alike = self._message.matches(record, self._entry.content, self._entry.traits)
            if alike and self._message.id_of(record) and (made is None or start <= made <= end):
                yield record

    def _distance(self, record: Record) -> float:
        """The record made closest to when the request went out is likeliest ours."""
        made = self._message.created_at(record)
        return abs(made.timestamp() - self._entry.since) if made else 0.0

    def _claim(self, record: Record) -> bool:
        return self._store.claims.take(self._message.channel, self._message.id_of(record), self._entry.ticket)


log = logging.getLogger(__name__)

ON_UNKNOWN = ("look", "resend", "fail")
ON_RERUN = ("send", "skip")
MOST_SENDS = 2
LOOK_BACK_SECONDS = 6 * 24 * 3600.0
"""Older than this, claims may be forgotten, so that a message found might be another's."""

SHARE_THE_LEDGER = Remedy(
    "What was sent from another machine, or by an earlier try, is not noted in this ledger, so nobody can tell whose "
    "message is whose.",
    "Look at the recipient's or the sender's messages; if this one is not among them, clear the task: it is sent then. "
    "For the future give all machines one ledger: [ringcentral] ledger_url = redis://….",
    PLATFORM_TEAM,
)


def send_once(
    client: C,
    message: Message[C],
    store: IdempotencyStore,
    *,
    on_unknown: str = "look",
    on_rerun: str = "send",
    settling: float | None = None,
) -> Sent:
    """Send `message` through `client` unless this order of the task has already sent it; what it is at the server.

    `settling` is in seconds (None: as the channel says). Raises `OutcomeUnknown` when nobody can tell whether the
    message went out (a retry looks for it first), and what refused it otherwise.
    """
    for name, value, known in (("on_unknown", on_unknown, ON_UNKNOWN), ("on_rerun", on_rerun, ON_RERUN)):
        parse_choice(name, value, known)
    entry = store.read(message.key)
    if entry is None and on_rerun == "skip" and (earlier := store.read_finished(message.key)) and earlier.id:
        entry = earlier
        store.write(message.key, entry)
    if entry is not None and entry.id:
        return _earlier(message, entry)
    seconds = message.settling if settling is None else settling
    return SendAttempt(client, message, store, entry, on_unknown=on_unknown, settling=seconds).run()


def _earlier(message: Message[C], entry: SendState) -> Sent:
    """What an earlier try has sent. Files of it may be gone, and then there is nothing to compare."""
    with suppress(RingCentralError):
        if entry.content != message.content:
            log.warning(
                "An earlier try sent %s %s with other content; it is not sent again.", message.channel, entry.id
            )
    return Sent(entry.id, entry.kept, entry.found, earlier=True)


@dataclass(slots=True)
class PossibleSend:
    """Something may be at the server. It shows until `deadline` (epoch seconds) if it is.

    `faint`: only that an earlier try may have sent something; what is not found did not go out.
    """

    error: OutcomeUnknown
    deadline: float
    faint: bool = False


class SendAttempt(Generic[C]):
    """One draft on its way. It is the `SendObserver` of the request that sends."""

    def __init__(
        self,
        client: C,
        message: Message[C],
        store: IdempotencyStore,
        entry: SendState | None,
        *,
        on_unknown: str,
        settling: float,
    ) -> None:
        self._client = client
        self._message = message
        self._store = store
        self._entry = entry
        self._on_unknown = on_unknown
        self._settling = settling
        self._out = False

    def run(self) -> Sent:
        """Send, or find what an earlier try sent."""
        doubt = self._first_doubt()
        while True:
            if doubt is not None and (found := self._resolved(doubt)):
                return found
            try:
                return self._send()
            except OutcomeUnknown as error:
                log.warning("The answer to a %s was lost: %s", self._message.channel, error)
                doubt = PossibleSend(error, self._store.now() + self._settling)
            except WriteConflict:
                entry = self._entry = self._store.read(self._message.key)
                if entry is not None and entry.id:
                    return _earlier(self._message, entry)
                doubt = self._first_doubt()

    def departs(self) -> None:
        """Note that it goes out. Keeps it back when another process of the task has sent it meanwhile."""
        entry, now, content = self._noted(), self._store.now(), self._message.content
        if not entry.sends or entry.content != content:
            # A text that somebody has changed since is looked for from now on.
            entry.content, entry.traits, entry.since = content, self._message.traits, now
        entry.sends += 1
        entry.order = self._store.order
        self._store.write(self._message.key, entry)
        self._out = True
        self._store.claims.departs(entry.content, entry.ticket, now + self._store.flight)

    def refused(self) -> None:
        """Note that nothing is out."""
        if not self._out:
            return
        entry = self._noted()
        self._out = False
        entry.sends -= 1
        # Who has sent it again meanwhile has noted more than this.
        with suppress(WriteConflict):
            self._store.write(self._message.key, entry)
        self._store.claims.lands(entry.content, entry.ticket)

    def _first_doubt(self) -> PossibleSend | None:
        """What earlier tries, or other processes of this one, leave open."""
        entry, store, channel = self._entry, self._store, self._message.channel
        if entry is not None and entry.sends:
            error = OutcomeUnknown(f"an earlier try sent this {channel}, and its answer is lost")
            return PossibleSend(error, entry.since + store.flight + self._settling)
        looks = self._message.can_look_up and self._on_unknown != "fail"
        if entry is None and store.may_have_sent_since is not None and (looks or not store.claims_complete):
            # What is looked for is what this try would send: nobody knows what the earlier one did.
            self._noted().since = store.may_have_sent_since
            error = OutcomeUnknown(f"an earlier try may have sent this {channel}: its notes are not in this ledger")
            return PossibleSend(error, 0.0, faint=True)
        return None

    def _resolved(self, doubt: PossibleSend) -> Sent | None:
        """What went out, when it is found; None: it is to be sent (again). Raises when it is neither."""
        entry, store = self._noted(), self._store
        a_person_decided = not doubt.faint and entry.order != store.order
        why, remedy = "", SHARE_THE_LEDGER if doubt.faint else None
        recent = store.now() - entry.since <= LOOK_BACK_SECONDS
        if self._message.can_look_up and recent and (a_person_decided or self._on_unknown != "fail"):
            look = Lookup(self._client, self._message, store, entry, proof=not doubt.faint)
            try:
                record = look.until(doubt.deadline, self._settling)
            except (RateLimited, Unavailable):
                # Not looked is not "not found": a retry begins with the look.
                raise
            except RingCentralError as error:
                why = f", and it cannot be looked for: {error}"
            else:
                if record is not None:
                    log.info("Found: %s %s.", self._message.channel, self._message.id_of(record))
                    return self._note(record, found=True)
                if doubt.faint and not look.unclaimed_matches:
                    return None
                why, remedy = self._not_found(look)
        if a_person_decided or (self._on_unknown == "resend" and entry.sends < MOST_SENDS):
            log.warning("The %s was not found at the server; it is sent again.", self._message.channel)
            return None
        raise self._told(doubt, why, remedy)

    def _not_found(self, look: Lookup[C]) -> tuple[str, Remedy | None]:
        if look.unclaimed_matches:
            alike = f"{self._message.channel} {', '.join(look.unclaimed_matches[:3])}"
            log.warning("%s looks the same, and may be anybody's: not everybody notes in this ledger.", alike)
            return f", and {alike} looks the same, but may be another task's or a person's", SHARE_THE_LEDGER
        unsure = "" if self._message.interchangeable else ", or cannot be told from others"
        return f", and it was not found within {self._settling:g} s{unsure}", None

    def _send(self) -> Sent:
        self._out = False
        try:
            record = self._message.send(self._client, self)
            if not self._message.id_of(record):
                raise OutcomeUnknown("the answer to a send names no id")
        except OutcomeUnknown:
            self._lands()
            raise
        except RingCentralError:
            self.refused()
            raise
        sent = self._claimed(record)
        self._lands()
        return sent

    def _lands(self) -> None:
        self._store.claims.lands(self._noted().content, self._noted().ticket)

    def _claimed(self, record: Record) -> Sent:
        """The message as ours, or its double when somebody whose answer was lost has found ours first."""
        own = self._message.id_of(record)
        if self._store.claims.take(self._message.channel, own, self._noted().ticket):
            return self._note(record, found=False)
        log.warning("Another task has taken %s %s for its own; looking for its message.", self._message.channel, own)
        look = Lookup(self._client, self._message, self._store, self._noted())
        try:
            double = look.until(self._store.now() + self._settling, self._settling)
        except RingCentralError as error:
            log.warning("Could not look for it: %s", error)
            double = None
        return self._note(double or record, found=double is not None)

    def _noted(self) -> SendState:
        """The entry; a new one when nothing was noted yet."""
        if self._entry is None:
            self._entry = SendState(self._store.order, self._message.content, traits=self._message.traits)
        return self._entry

    def _note(self, record: Record, *, found: bool) -> Sent:
        entry, key = self._noted(), self._message.key
        entry.id, entry.found, entry.kept = self._message.id_of(record), found, self._message.kept(record)
        try:
            self._store.write(key, entry)
        except WriteConflict:
            # The other process of this task looks for the same message, or has found it.
            other = self._store.read(key)
            if other is None or not other.id:
                with suppress(WriteConflict):
                    self._store.write(key, entry)
        return Sent(entry.id, record, found)

    def _told(self, doubt: PossibleSend, why: str, remedy: Remedy | None) -> OutcomeUnknown:
        """The error for whoever has to decide."""
        fields = doubt.error.fields()
        error = OutcomeUnknown(f"{doubt.error.message}{why}", **fields)
        error.remedy = remedy or Remedy(
            f"The {self._message.channel} may or may not have gone out: RingCentral has no way to ask with certainty.",
            "Look at the recipient's or the sender's messages. If it is not there, clear the task: it looks once more "
            "and then sends. on_unknown='resend' would send again by itself, at the risk of a second message.",
            DAG_AUTHOR,
        )
        return error
