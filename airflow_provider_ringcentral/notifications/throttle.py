"""Alert throttle: when many tasks alert at once, decide which alert is sent, and in which message the others are named.

The processes that alert decide among themselves through the ledger; there is no daemon. Imports no Airflow.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

import msgspec

from airflow_provider_ringcentral.client.ledger.protocol import Ledger

T = TypeVar("T")
log = logging.getLogger(__name__)

HOUR = 3600.0
LONGEST_SECONDS = 120.0

MOST_NAMES = 200
"""Different alerts that are held by name; the rest is counted together."""

MOST_KEYS = 1000
"""Keys whose last message is remembered, and messages of the last hour; the oldest are forgotten first."""

CHECKS = 10
"""How often a waiting alert checks within `gather` seconds whether another one has arrived."""


class Held(msgspec.Struct):
    """Alerts of one key that were not sent: their name, and how many."""

    name: str
    count: int = 0


class SilencedKey(msgspec.Struct):
    """Until when (epoch seconds) a key is not sent again. `summed`: a summary has named it, so it is only counted."""

    until: float
    summed: bool = False


class ThrottleState(msgspec.Struct):
    """What all notifiers of the same audience share in the ledger. Times are epoch seconds.

    `silenced` are the keys that were reported lately, `sent_at` the times of the messages of the last hour, `held` the
    alerts since `since` that no message has reported yet. `waiting` is the ticket of the alert that waits to report
    them, and `last` when the last alert arrived that was not merely counted.
    """

    silenced: dict[str, SilencedKey] = msgspec.field(name="quiet", default_factory=dict)
    sent_at: list[float] = msgspec.field(name="out", default_factory=list)
    held: dict[str, Held] = {}
    since: float = 0.0
    last: float = 0.0
    waiting: str = msgspec.field(name="turn", default="")


@dataclass(frozen=True, slots=True)
class Rules:
    """When alerts are held.

    `min_interval`: seconds in which a key is sent once, and named in one summary. `max_per_hour`: messages in any hour,
    plus one summary; None: any number. `gather`: seconds without another alert after which a summary is sent.
    `longest`: seconds after which it is sent although alerts keep arriving.
    """

    min_interval: float
    max_per_hour: int | None
    gather: float
    longest: float = LONGEST_SECONDS


class Admission(Enum):
    """What happens to an alert that arrives."""

    SEND = "send"
    WAIT = "wait"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Decision:
    """What an alert sends: itself, or a `summary` in its place.

    `held` are the alerts by key that the message has to name as well, not reported since `since` (epoch seconds).
    `until` is when the next message may be sent, if this is the last one that the hour allows; otherwise 0.
    """

    summary: bool
    held: dict[str, Held]
    since: float
    until: float = 0.0

    @property
    def names(self) -> dict[str, int]:
        """How many alerts of each name were held."""
        names: dict[str, int] = {}
        for one in self.held.values():
            names[one.name] = names.get(one.name, 0) + one.count
        return names


class AlertThrottle:
    """The throttle for one alert, with the `key` and `name` given.

    Alerts to the same `audience` (a digest of the channel, the recipients, the server and the credential) share limits.
    """

    def __init__(
        self,
        ledger: Ledger,
        audience: str,
        rules: Rules,
        key: str,
        name: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ledger = ledger
        self._state_key = f"storm:{audience}"
        self._rules = rules
        self._key = key
        self._name = name
        self._sleep = sleep
        self._ticket = uuid.uuid4().hex

    def decide(self) -> Decision | None:
        """Decide what to send. None: the alert is counted, and another one reports it.

        May wait for `gather` seconds, or for as long as other alerts keep arriving.
        """
        admission, decision = self.change(self.admit)
        return self._wait() if admission is Admission.WAIT else decision

    def take_back(self, decision: Decision) -> None:
        """Undo a decision whose message nobody received: the next alert reports it, and may be sent at once."""

        def step(state: ThrottleState, now: float) -> None:
            own = [] if decision.summary else [(self._key, Held(self._name, 1))]
            for key, one in [*decision.held.items(), *own]:
                _hold(state, now, key, one)
            for key in decision.held if decision.summary else [self._key]:
                state.silenced.pop(key, None)
            state.sent_at = state.sent_at[:-1]
            state.since = min(state.since, decision.since or now)

        self.change(step)

    def admit(self, state: ThrottleState, now: float) -> tuple[Admission, Decision | None]:
        """Let the alert in: change `state`, and return what happens to the alert. Pure."""
        admission = admission_of(state, now, self._key, self._rules)
        if admission is Admission.SEND:
            state.last = now
            return admission, self._take_held(state, now, summary=False)
        _hold(state, now, self._key, Held(self._name, 1))
        if admission is Admission.WAIT and now - state.since >= self._rules.longest:
            # Alerts arrive faster than the waiting one checks, so it would never get to send.
            state.last = now
            return Admission.SEND, self._take_held(state, now, summary=True)
        if admission is Admission.WAIT:
            state.waiting, state.last = self._ticket, now
        return admission, None

    def _wait(self) -> Decision | None:
        """Wait until no further alert arrives; None if one did, which then reports everything."""
        while True:
            self._sleep(max(0.02, self._rules.gather / CHECKS))
            done, decision = self.change(self._check)
            if done:
                return decision

    def _check(self, state: ThrottleState, now: float) -> tuple[bool, Decision | None]:
        if state.waiting != self._ticket:
            return True, None
        if now - state.last < self._rules.gather and now - state.since < self._rules.longest:
            return False, None
        # An alert that is the only one held, and no repetition, says more than a summary of it.
        own = state.held.get(self._key)
        alone = len(state.held) == 1 and own is not None and own.count == 1 and self._key not in state.silenced
        if alone:
            state.held = {}
        return True, self._take_held(state, now, summary=not alone)

    def _take_held(self, state: ThrottleState, now: float, *, summary: bool) -> Decision:
        """Decide to send now, together with all alerts that are held."""
        state.sent_at, most = [*state.sent_at, now][-MOST_KEYS:], self._rules.max_per_hour
        full = most is not None and len(state.sent_at) > most
        decision = Decision(summary, state.held, state.since, until=state.sent_at[0] + HOUR if full else 0.0)
        for key in decision.held if summary else [self._key]:
            # Removed first, so that the order is that of the last message.
            state.silenced.pop(key, None)
            state.silenced[key] = SilencedKey(now + self._rules.min_interval, summed=summary)
        state.held, state.since, state.waiting = {}, 0.0, ""
        return decision

    def change(self, step: Callable[[ThrottleState, float], T]) -> T:
        """Apply `step` to the shared state and the present time, as one atomic step; return its result."""
        now = self._ledger.now()

        def change(value: bytes | None) -> tuple[bytes, T]:
            state = decode_state(value)
            _forget_old(state, now)
            result = step(state, now)
            return msgspec.json.encode(state), result

        return self._ledger.update(self._state_key, change)


def discard_earlier(ledger: Ledger, audience: str) -> None:
    """Delete what an earlier version recorded, in another form and for all servers together."""
    key = f"alerts:{audience}"
    if ledger.read(key) is not None:
        ledger.update(key, lambda _: (None, None))
        log.info("Records of alerts to these recipients by an earlier version of this provider are discarded.")


def admission_of(state: ThrottleState, now: float, key: str, rules: Rules) -> Admission:
    """Decide what happens to an alert of `key`. Pure."""
    left = 1 if rules.max_per_hour is None else rules.max_per_hour - len(state.sent_at)
    calm = now - state.last >= rules.gather
    silenced = state.silenced.get(key)
    if calm and left > 0 and silenced is None:
        return Admission.SEND
    # One summary beyond the limit says that no more messages follow.
    return Admission.COUNT if left < 0 or (silenced is not None and silenced.summed) else Admission.WAIT


def _hold(state: ThrottleState, now: float, key: str, more: Held) -> None:
    if not state.held:
        state.since = now
    if key not in state.held and len(state.held) >= MOST_NAMES:
        key, more = "", Held("others", more.count)
    state.held.setdefault(key, Held(more.name)).count += more.count


def _forget_old(state: ThrottleState, now: float) -> None:
    state.sent_at = [time for time in state.sent_at if now - time < HOUR]
    silenced = [(key, one) for key, one in state.silenced.items() if now < one.until]
    state.silenced = dict(silenced[-MOST_KEYS:])


def decode_state(value: bytes | None) -> ThrottleState:
    """Decode the value in the ledger; an empty state if there is none, or it cannot be read."""
    try:
        return ThrottleState() if value is None else msgspec.json.decode(value, type=ThrottleState)
    except msgspec.MsgspecError:
        log.warning("The record of earlier alerts is damaged or of another version; it is discarded.")
        return ThrottleState()
