"""`send_once`: send a message unless it was sent already, and look it up when that is unknown.

The guarantee and its reasons are in the docstring of `airflow_provider_ringcentral.sending`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from airflow_provider_ringcentral.client.errors import OutcomeUnknown, RateLimited, RingCentralError, Unavailable
from airflow_provider_ringcentral.client.errors.remedy import DAG_AUTHOR, PLATFORM_TEAM, Remedy
from airflow_provider_ringcentral.sending.once.message import Message, Record, Sent
from airflow_provider_ringcentral.sending.once.store import IdempotencyStore, SendState, WriteConflict

C = TypeVar("C")
log = logging.getLogger(__name__)

ON_UNKNOWN = ("look", "resend", "fail")
ON_RERUN = ("send", "skip")
MOST_SENDS = 2

CLOCK_SKEW_SECONDS = 60.0
"""How far the server's clock may be from ours. Most clocks are within seconds; a minute costs nothing here."""

FIRST_PAUSE, LONGEST_PAUSE = 1 / 30, 1 / 4
"""Shortest and longest pause between two searches, as shares of the settling time: 1 s and 7.5 s of 30 s."""

LOOK_BACK_SECONDS = 6 * 24 * 3600.0
"""The ledger forgets claims after 7 days. An older match might be another task's whose claim is forgotten."""

SHARE_THE_LEDGER = Remedy(
    "Sends from another machine, or by an earlier try, are not recorded in this ledger, so nobody can tell which task "
    "a message belongs to.",
    "Look at the recipient's or the sender's messages; if this one is not among them, clear the task: it is sent then. "
    "To prevent this, give all machines one ledger: [ringcentral] ledger_url = redis://….",
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
    """Send `message` through `client` unless this run generation of the task has sent it; return what is at the server.

    `on_unknown` is one of `ON_UNKNOWN`, `on_rerun` one of `ON_RERUN`; `settling` is in seconds (None: the channel's).
    Raises `OutcomeUnknown` if the message may or may not have gone out, which a retry looks up first, and the server's
    error if it was refused.
    """
    state = store.read(message.key)
    if state is None and on_rerun == "skip" and (finished := store.read_finished(message.key)) and finished.id:
        state = finished
        store.write(message.key, state)
    if state is not None and state.id:
        return _sent_earlier(message, state)
    seconds = message.settling if settling is None else settling
    return SendAttempt(client, message, store, state, on_unknown=on_unknown, settling=seconds).run()


def _sent_earlier(message: Message[C], state: SendState) -> Sent:
    # Without the message's files, which may be gone, there is nothing to compare.
    with suppress(RingCentralError):
        if state.content != message.content:
            channel = message.channel
            log.warning("An earlier try sent %s %s with other content; it is not sent again.", channel, state.id)
    return Sent(state.id, state.record, state.found, earlier=True)


class Lookup(Generic[C]):
    """Search the server's records for the message of `state`, and claim the match.

    With `conclusive=False`, or if not everybody claims messages in this ledger, a match without a claim may be
    anybody's: nothing is claimed, and `unclaimed_matches` has the ids of such matches.
    """

    def __init__(
        self,
        client: C,
        message: Message[C],
        store: IdempotencyStore,
        state: SendState,
        *,
        conclusive: bool = True,
    ) -> None:
        self._client = client
        self._message = message
        self._store = store
        self._state = state
        self._conclusive = conclusive and store.claims_complete
        self._left_for_others = False
        self.unclaimed_matches: list[str] = []

    def until(self, deadline: float, settling: float) -> Record | None:
        """Search now and repeatedly until `deadline` (epoch seconds). Returns the claimed record, or None.

        Continues after the deadline while all matches may belong to requests of others that are still in flight.
        """
        pause = settling * FIRST_PAUSE
        while True:
            found = self.once()
            if self.unclaimed_matches:
                return None
            left = deadline - self._store.now()
            extra = self._store.in_flight_seconds if self._left_for_others else 0.0
            if found is not None or left <= -extra:
                return found
            longest = max(0.05, settling * LONGEST_PAUSE)
            self._store.sleep(min(max(pause, 0.05), max(left, 0.05) if left > 0 else longest))
            pause = min(pause * 2, longest)

    def once(self) -> Record | None:
        """Search once."""
        free: list[Record] = []
        for record in self._matches():
            message_id = self._message.id_of(record)
            holder = self._store.claims.holder(self._message.channel, message_id)
            if holder == self._state.ticket:
                # An earlier try got its answer, and was killed before it recorded the id.
                return record
            if holder is None and message_id in self._message.known_ids and self._claim(record):
                return record
            if holder is None:
                free.append(record)
        if not self._conclusive:
            self.unclaimed_matches = [self._message.id_of(record) for record in free]
            return None
        in_flight = self._store.claims.others_in_flight(self._state.content, self._state.ticket)
        self._left_for_others = bool(free) and in_flight >= len(free)
        if self._left_for_others or (not self._message.interchangeable and len(free) + in_flight > 1):
            return None
        return next((record for record in sorted(free, key=self._time_distance) if self._claim(record)), None)

    def _matches(self) -> Iterator[Record]:
        start = datetime.fromtimestamp(self._state.since - CLOCK_SKEW_SECONDS, UTC)
        end = datetime.fromtimestamp(self._store.now() + CLOCK_SKEW_SECONDS, UTC)
        for record in self._message.candidates(self._client, start, end):
            created = self._message.created_at(record)
            matches = self._message.matches(record, self._state.content, self._state.traits)
            if matches and self._message.id_of(record) and (created is None or start <= created <= end):
                yield record

    def _time_distance(self, record: Record) -> float:
        """Seconds between the request and the record: the closest one is most likely ours."""
        created = self._message.created_at(record)
        return abs(created.timestamp() - self._state.since) if created else 0.0

    def _claim(self, record: Record) -> bool:
        return self._store.claims.claim(self._message.channel, self._message.id_of(record), self._state.ticket)


@dataclass(slots=True)
class PossibleSend:
    """The message may be at the server; if it is, it shows there by `deadline` (epoch seconds).

    `recorded`: the store says that a request went out. Otherwise an earlier try only may have sent something, and what
    is not found did not go out.
    """

    error: OutcomeUnknown
    deadline: float
    recorded: bool = True


class SendAttempt(Generic[C]):
    """One run of `send_once` for one message. It is the `SendObserver` of the request that sends."""

    def __init__(
        self,
        client: C,
        message: Message[C],
        store: IdempotencyStore,
        state: SendState | None,
        *,
        on_unknown: str,
        settling: float,
    ) -> None:
        self._client = client
        self._message = message
        self._store = store
        self._known_state = state
        self._on_unknown = on_unknown
        self._settling = settling
        self._out = False

    def run(self) -> Sent:
        """Send the message, or find what was sent."""
        possible = self._earlier_send()
        while True:
            if possible is not None and (found := self._find(possible)):
                return found
            try:
                return self._send()
            except OutcomeUnknown as error:
                log.warning("The answer to a %s was lost: %s", self._message.channel, error)
                possible = PossibleSend(error, self._store.now() + self._settling)
            except WriteConflict:
                state = self._known_state = self._store.read(self._message.key)
                if state is not None and state.id:
                    return _sent_earlier(self._message, state)
                possible = self._earlier_send()

    def before_send(self) -> None:
        """Record that the request goes out. Raises `WriteConflict`, which holds it back, if another process sent it."""
        state, now, content = self._state, self._store.now(), self._message.content
        if not state.sends or state.content != content:
            # The text may have been changed since the last request; from now on the new one is looked up.
            state.content, state.traits, state.since = content, self._message.traits, now
        state.sends += 1
        state.max_tries = self._store.max_tries
        self._store.write(self._message.key, state)
        self._out = True
        self._store.claims.request_started(state.content, state.ticket, now + self._store.in_flight_seconds)

    def not_executed(self) -> None:
        """Record that the request was not executed."""
        if not self._out:
            return
        state = self._state
        self._out = False
        state.sends -= 1
        # On a conflict, another process has sent the message since, and recorded more than this.
        with suppress(WriteConflict):
            self._store.write(self._message.key, state)
        self._request_ended()

    def _request_ended(self) -> None:
        self._store.claims.request_ended(self._state.content, self._state.ticket)

    def _earlier_send(self) -> PossibleSend | None:
        """What an earlier try, or another process of this one, may have sent."""
        state, store, channel = self._known_state, self._store, self._message.channel
        if state is not None and state.sends:
            error = OutcomeUnknown(f"an earlier try sent this {channel}, and its answer is lost")
            return PossibleSend(error, state.since + store.in_flight_seconds + self._settling)
        looks = self._message.can_look_up and self._on_unknown != "fail"
        if state is None and store.may_have_sent_since is not None and (looks or not store.claims_complete):
            # What the earlier try sent is not known, so this try's own message is looked up.
            self._state.since = store.may_have_sent_since
            error = OutcomeUnknown(f"an earlier try may have sent this {channel}: its records are not in this ledger")
            return PossibleSend(error, 0.0, recorded=False)
        return None

    def _find(self, possible: PossibleSend) -> Sent | None:
        """Find what went out. None means that the message is to be sent (again); otherwise raises."""
        state, store = self._state, self._store
        cleared_since = possible.recorded and state.max_tries != store.max_tries
        why, remedy = "", None if possible.recorded else SHARE_THE_LEDGER
        recent = store.now() - state.since <= LOOK_BACK_SECONDS
        if self._message.can_look_up and recent and (cleared_since or self._on_unknown != "fail"):
            lookup = Lookup(self._client, self._message, store, state, conclusive=possible.recorded)
            try:
                record = lookup.until(possible.deadline, self._settling)
            except (RateLimited, Unavailable):
                # A lookup without an answer is not "not found": a retry begins with it.
                raise
            except RingCentralError as error:
                why = f", and it cannot be looked for: {error}"
            else:
                if record is not None:
                    log.info("Found: %s %s.", self._message.channel, self._message.id_of(record))
                    return self._record(record, found=True)
                if not possible.recorded and not lookup.unclaimed_matches:
                    return None
                why, remedy = self._why_not_found(lookup)
        if cleared_since or (self._on_unknown == "resend" and state.sends < MOST_SENDS):
            log.warning("The %s was not found at the server; it is sent again.", self._message.channel)
            return None
        raise self._unknown(possible, why, remedy)

    def _why_not_found(self, lookup: Lookup[C]) -> tuple[str, Remedy | None]:
        if lookup.unclaimed_matches:
            alike = f"{self._message.channel} {', '.join(lookup.unclaimed_matches[:3])}"
            log.warning("%s looks the same, but may be anybody's: not every task uses this ledger.", alike)
            return f", and {alike} looks the same, but may be another task's or a person's", SHARE_THE_LEDGER
        unsure = "" if self._message.interchangeable else ", or cannot be told from others"
        return f", and it was not found within {self._settling:g} s{unsure}", None

    def _send(self) -> Sent:
        self._out = False
        try:
            record = self._message.send(self._client, self)
            if not self._message.id_of(record):
                raise OutcomeUnknown("the answer to a send has no id")
        except OutcomeUnknown:
            self._request_ended()
            raise
        except RingCentralError:
            self.not_executed()
            raise
        sent = self._claim(record)
        self._request_ended()
        return sent

    def _claim(self, record: Record) -> Sent:
        """Claim the message that was sent.

        A task whose answer was lost may have found and claimed it first. Then its own message, of equal content, is
        left over at the server, and becomes ours.
        """
        own = self._message.id_of(record)
        if self._store.claims.claim(self._message.channel, own, self._state.ticket):
            return self._record(record, found=False)
        log.warning("Another task has claimed %s %s; looking for its message instead.", self._message.channel, own)
        lookup = Lookup(self._client, self._message, self._store, self._state)
        try:
            other = lookup.until(self._store.now() + self._settling, self._settling)
        except RingCentralError as error:
            log.warning("The lookup failed: %s", error)
            other = None
        return self._record(other or record, found=other is not None)

    @property
    def _state(self) -> SendState:
        """The state of the message; a new one if nothing was recorded."""
        if self._known_state is None:
            self._known_state = SendState(self._store.max_tries, self._message.content, traits=self._message.traits)
        return self._known_state

    def _record(self, record: Record, *, found: bool) -> Sent:
        state, key = self._state, self._message.key
        state.id, state.found, state.record = self._message.id_of(record), found, self._message.reduced(record)
        try:
            self._store.write(key, state)
        except WriteConflict:
            # The other process of this task looks for the same message, or has found it.
            other = self._store.read(key)
            if other is None or not other.id:
                with suppress(WriteConflict):
                    self._store.write(key, state)
        return Sent(state.id, record, found)

    def _unknown(self, possible: PossibleSend, why: str, remedy: Remedy | None) -> OutcomeUnknown:
        error = OutcomeUnknown(f"{possible.error.message}{why}", **possible.error.fields())
        error.remedy = remedy or Remedy(
            f"The {self._message.channel} may or may not have gone out: RingCentral has no way to ask with certainty.",
            "Look at the recipient's or the sender's messages. If it is not there, clear the task: it looks once more "
            "and then sends. on_unknown='resend' would send again by itself, at the risk of a second message.",
            DAG_AUTHOR,
        )
        return error
