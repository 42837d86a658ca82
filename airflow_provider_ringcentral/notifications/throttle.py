"""Alert storms: who of many that report at once is sent, and what is told of the others.

No daemon: those who report decide among themselves through the ledger. The rule, and what was refused, is in
docs/decisions/0006-alert-storms-end-in-the-ledger.md.
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
"""Different alerts that are counted by name; what comes on top is counted together."""

MOST_KEYS = 1000
"""Keys whose last alert is remembered, and messages of the last hour; the oldest are forgotten first."""

LOOKS = 10
"""How often in `gather` seconds the one whose turn it is looks whether somebody came after it."""


class Held(msgspec.Struct):
    """Alerts of one key that were not sent: what they were about, and how many."""

    name: str
    count: int = 0


class SilencedKey(msgspec.Struct):
    """Until when (epoch seconds) a key is not sent again. `summed`: a summary has named it, and it is only counted."""

    until: float
    summed: bool = False


class ThrottleState(msgspec.Struct):
    """What all who alert the same people share. Times are epoch seconds.

    `quiet` has the keys that were told of lately, `out` when something was sent in the last hour. `held` is what was
    not told yet, since `since`; `turn` is who shall tell it, `last` when the latest alert came that was not merely
    counted.
    """

    quiet: dict[str, SilencedKey] = {}
    out: list[float] = []
    held: dict[str, Held] = {}
    since: float = 0.0
    last: float = 0.0
    turn: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """When alerts are held back.

    `min_interval`: seconds in which a key is sent once and named in one summary. `max_per_hour`: messages in any hour,
    one summary more apart; None: any number. `gather`: seconds without a further alert that end a storm. `longest`:
    seconds after which what was held back is told although the storm goes on.
    """

    min_interval: float
    max_per_hour: int | None
    gather: float
    longest: float = LONGEST_SECONDS


class Fate(Enum):
    """What becomes of an alert."""

    SEND = "send"
    WAIT = "wait"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Decision:
    """What one alert shall say now: itself, or instead of it a `summary`.

    `held` goes along: alerts that nobody was told of, by key, since `since` (epoch seconds). `until` is when the next
    one may be sent at the earliest, when this is the last that the hour allows, else 0.
    """

    summary: bool
    held: dict[str, Held]
    since: float
    until: float = 0.0

    @property
    def names(self) -> dict[str, int]:
        """What was held back, and how many of each."""
        names: dict[str, int] = {}
        for one in self.held.values():
            names[one.name] = names.get(one.name, 0) + one.count
        return names


class AlertThrottle:
    """An alert of `key` about `name` in the storms of one `line` (a digest of who is told how, by whom)."""

    def __init__(self, ledger: Ledger, line: str, rules: Rules, key: str, name: str) -> None:
        self._ledger = ledger
        self._place = f"storm:{line}"
        self._rules = rules
        self._key = key
        self._name = name
        self._ticket = uuid.uuid4().hex

    def word(self) -> Decision | None:
        """What to send; None: the alert is counted, and another one tells of it.

        May wait, for `gather` seconds, for those who come after it.
        """
        fate, word = self._change(self._admitted)
        return self._last_word() if fate is Fate.WAIT else word

    def take_back(self, word: Decision) -> None:
        """Nobody got `word`: the next alert tells of it, and may be sent at once."""

        def step(state: ThrottleState, now: float) -> None:
            told = [] if word.summary else [(self._key, Held(self._name, 1))]
            for key, one in [*word.held.items(), *told]:
                _hold(state, now, key, one)
            for key in word.held if word.summary else [self._key]:
                state.quiet.pop(key, None)
            state.out = state.out[:-1]
            state.since = min(state.since, word.since or now)

        self._change(step)

    def _admitted(self, state: ThrottleState, now: float) -> tuple[Fate, Decision | None]:
        fate = admission(state, now, self._key, self._rules)
        if fate is Fate.SEND:
            state.last = now
            return fate, self._taken(state, now, summary=False)
        _hold(state, now, self._key, Held(self._name, 1))
        if fate is Fate.WAIT and now - state.since >= self._rules.longest:
            # In a storm that goes on, whoever has the turn loses it before it may speak.
            state.last = now
            return Fate.SEND, self._taken(state, now, summary=True)
        if fate is Fate.WAIT:
            state.turn, state.last = self._ticket, now
        return fate, None

    def _last_word(self) -> Decision | None:
        """Wait until nobody comes any more; None when somebody did, who tells everything."""
        while True:
            time.sleep(max(0.02, self._rules.gather / LOOKS))
            done, word = self._change(self._ended)
            if done:
                return word

    def _ended(self, state: ThrottleState, now: float) -> tuple[bool, Decision | None]:
        if state.turn != self._ticket:
            return True, None
        if now - state.last < self._rules.gather and now - state.since < self._rules.longest:
            return False, None
        # When nothing but this one alert was held back, it says more than a summary of it.
        alone = set(state.held) == {self._key} and state.held[self._key].count == 1 and self._key not in state.quiet
        if alone:
            state.held = {}
        return True, self._taken(state, now, summary=not alone)

    def _taken(self, state: ThrottleState, now: float, *, summary: bool) -> Decision:
        """Take what was held back off the board, to be told now."""
        state.out, most = [*state.out, now][-MOST_KEYS:], self._rules.max_per_hour
        full = most is not None and len(state.out) > most
        word = Decision(summary, state.held, state.since, until=state.out[0] + HOUR if full else 0.0)
        for key in word.held if summary else [self._key]:
            # Anew, so that the oldest stand first.
            state.quiet.pop(key, None)
            state.quiet[key] = SilencedKey(now + self._rules.min_interval, summed=summary)
        state.held, state.since, state.turn = {}, 0.0, ""
        return word

    def _change(self, step: Callable[[ThrottleState, float], T]) -> T:
        now = self._ledger.now()

        def change(value: bytes | None) -> tuple[bytes, T]:
            state = _state(value)
            _forget(state, now)
            result = step(state, now)
            return msgspec.json.encode(state), result

        return self._ledger.update(self._place, change)


def discard_earlier(ledger: Ledger, line: str) -> None:
    """Discard what an earlier version noted, by other names and without regard to the server."""
    place = f"alerts:{line}"
    if ledger.read(place) is not None:
        ledger.update(place, lambda _: (None, None))
        log.info("What an earlier version noted of alerts to these recipients is discarded.")


def admission(state: ThrottleState, now: float, key: str, rules: Rules) -> Fate:
    """What becomes of an alert of `key`. Pure."""
    left = 1 if rules.max_per_hour is None else rules.max_per_hour - len(state.out)
    calm = now - state.last >= rules.gather
    quiet = state.quiet.get(key)
    if calm and left > 0 and quiet is None:
        return Fate.SEND
    # One summary more than allowed says that there are no more.
    return Fate.COUNT if left < 0 or (quiet is not None and quiet.summed) else Fate.WAIT


def _hold(state: ThrottleState, now: float, key: str, more: Held) -> None:
    if not state.held:
        state.since = now
    if key not in state.held and len(state.held) >= MOST_NAMES:
        key, more = "", Held("others", more.count)
    state.held.setdefault(key, Held(more.name)).count += more.count


def _forget(state: ThrottleState, now: float) -> None:
    state.out = [moment for moment in state.out if now - moment < HOUR]
    lasting = [(key, quiet) for key, quiet in state.quiet.items() if now < quiet.until]
    state.quiet = dict(lasting[-MOST_KEYS:])


def _state(value: bytes | None) -> ThrottleState:
    try:
        return ThrottleState() if value is None else msgspec.json.decode(value, type=ThrottleState)
    except msgspec.MsgspecError:
        log.warning("What the ledger knows of earlier alerts is damaged or of another version; it is discarded.")
        return ThrottleState()
