"""Window arithmetic: may a request be sent now, and if not, when. Pure: the clock is an argument, in seconds.

RingCentral counts requests per app, user and group in a sliding window, and every request sent inside a penalty
restarts the penalty (FACTS 3.1). A place in the window is held while its request is in flight and dated by the answer:
the server counts somewhere between sending and answering, so dated by the sending, latency alone earns 429s.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping

import msgspec

from airflow_provider_ringcentral.client.endpoints import AUTH, HEAVY, LIGHT, MEDIUM
from airflow_provider_ringcentral.client.rate_limit import queue as turns
from airflow_provider_ringcentral.client.rate_limit.queue import Turn, Waiter

WINDOW_SECONDS = 60.0
DEFAULT_LIMITS: Mapping[str, int] = {LIGHT: 50, MEDIUM: 40, HEAVY: 10, AUTH: 5}
STRICTEST = HEAVY
"""The group assumed for a path that no row and no answer has named yet."""

DEFAULT_PENALTY_SECONDS = 30.0
"""How long the gate stays closed after a 429 without `Retry-After` (FACTS 3.2)."""

EXTRA_SHARE = 0.05
EXTRA_GROWTH = 3.0
EXTRA_CAP = 32.0
"""The longest random extra after the nth 429 in a row, in shares of what the server asked: 3 s of a minute at first,
half an hour at last. Fifty clients that share nothing leave a minute of silence only when each of them stays away that
long; with a cap of one minute they never finished (docs/decisions/0004-extra-after-a-429-grows.md). Of a penalty longer
than a window, shares of a window: nobody learns more by staying away for days."""

LONGEST_GATE_SECONDS = 5520.0
"""The gate never stays closed for longer after one 429: an hour and the longest extra."""

MOST_PLACES = 10_000
"""A larger limit counts as this one: more than all processes together can send, and each place is kept as a number."""

LATE_SECONDS = 5.0
"""A caller reads the clock before it gets to change the window, so that others may have noted later dates meanwhile.
Only what lies further ahead shows a clock that jumped back."""

STRANGERS_KEPT = 5
"""Windows for which places are left free for strangers who were seen, at most half of all.

Taken by us the moment they come free, they would earn the stranger a 429, and us a penalty we know nothing of.
"""

PROBE_SECONDS = 0.5
"""After a penalty one request goes first; the others look this often whether it was let in."""


class Hold(msgspec.Struct):
    """A place taken by a request in flight since `since`; counts as answered at `until` when no answer is reported."""

    ticket: str
    until: float
    since: float


class Window(msgspec.Struct):
    """What is known of one group's window. Instants are epoch seconds.

    `answered` are the dates of our requests, `strangers` those that others are taken to have sent, `usual` how many of
    these there were in one window, as seen at `usual_seen`.
    """

    limit: int
    seconds: float = WINDOW_SECONDS
    answered: list[float] = []
    strangers: list[float] = []
    usual: int = 0
    usual_seen: float = 0.0
    held: list[Hold] = []
    queue: list[Waiter] = []
    turns: list[Turn] = []
    gate: float = 0.0
    gate_seconds: float = 0.0
    strikes: int = 0
    remaining: int | None = None


class RateLimitInfo(msgspec.Struct, frozen=True):
    """What an answer said about the window; `refused` is the seconds to stay silent when it was a 429."""

    limit: int | None = None
    seconds: float | None = None
    remaining: int | None = None
    refused: float | None = None


def new_window(group: str) -> Window:
    """A window nothing has been heard of: the documented default, the strictest one for a group of unknown name."""
    return Window(limit=DEFAULT_LIMITS.get(group, DEFAULT_LIMITS[STRICTEST]))


def reserve(window: Window, ticket: str, now: float, hold_seconds: float, turn: str | None = None) -> float:
    """The instant at which `ticket` may be sent; when that is not after `now`, its place is held from here on.

    First come, first served. The reservation is looked at again on waking: what happened meanwhile may have moved it.

    `turn` names a task that gives its worker back when its place is far away. It waits under this name, behind all who
    hold a worker, and keeps its reservation while it is deferred. Its first request begins a turn, within which it is
    one of those who hold a worker. A turn lasts for a window's requests while others wait for theirs.
    """
    _tidy(window, now)
    mine = turns.turn_of(window.turns, turn)
    if mine is not None and mine.used >= window.limit and any(waiter.deferred for waiter in window.queue):
        window.turns.remove(mine)
        mine = None
    waits = turn is not None and mine is None
    name = turn if turn is not None and waits else ticket
    instant = _instant(window, name, now, deferred=waits)
    if instant > now:
        turns.wait(window.queue, Waiter(name, instant, now, deferred=waits))
        return instant
    window.queue = turns.without(window.queue, name)
    window.held.append(Hold(ticket, now + hold_seconds, now))
    if turn is not None:
        if mine is None:
            mine = Turn(turn, now, hold_seconds)
            window.turns.append(mine)
        mine.seen, mine.kept, mine.used = now, hold_seconds, mine.used + 1
    return now


def await_turn(window: Window, turn: str, now: float, kept: float) -> tuple[float, int]:
    """The instant of a task that is deferred, and how many such tasks are in front of it.

    When it is close, the turn begins, and the instant is `now`: a worker takes a while to start. Else the reservation
    is kept for `kept` seconds from here on.
    """
    _tidy(window, now)
    # A task that has its turn and finds no place rests until the others had theirs.
    window.turns = [one for one in window.turns if one.name != turn]
    instant = _instant(window, turn, now, deferred=True)
    if instant > now + turns.EARLY_SECONDS:
        turns.wait(window.queue, Waiter(turn, instant, now, kept=kept, deferred=True))
        return instant, turns.deferred_before(window.queue, turn)
    window.queue = turns.without(window.queue, turn)
    window.turns.append(Turn(turn, now, turns.WAKING_SECONDS))
    return now, 0


def end_turn(window: Window, turn: str) -> None:
    """The task is done, or has failed: the next one may have its turn."""
    window.turns = [one for one in window.turns if one.name != turn]
    window.queue = turns.without(window.queue, turn)


def answered(window: Window, ticket: str, now: float, heard: RateLimitInfo, rng: random.Random) -> None:
    """Give the held place its date, learn what the answer says, and close the gate after a 429.

    Fewer requests left than we can explain means that strangers use the same app and user; their places are counted as
    if taken now. What the server counted may leave our window while the answer is under way, so we explain with what
    was there at the sending: by the time of the answer, one client alone took itself for a stranger and lost a minute.

    After a 429 the gate stays closed for what the server asked plus a random extra that grows with repeated 429s: two
    clients that wait exactly as told wake inside each other's penalty for ever. Answers 429 to requests that were under
    way together are one.
    """
    _tidy(window, now)
    sent = next((hold.since for hold in window.held if hold.ticket == ticket), now)
    window.held = [hold for hold in window.held if hold.ticket != ticket]
    window.limit = min(heard.limit or window.limit, MOST_PLACES)
    window.seconds = heard.seconds or window.seconds
    window.remaining = window.remaining if heard.remaining is None else heard.remaining
    if heard.refused is not None:
        window.strikes += window.gate <= sent
        _see(window, now, window.limit)
        silence = min(heard.refused + rng.uniform(0.0, _longest_extra(window, heard.refused)), LONGEST_GATE_SECONDS)
        window.gate = max(window.gate, now + silence)
        window.gate_seconds = window.gate - now
        return
    if window.gate <= now:
        window.strikes = 0
    window.answered.append(now)
    if heard.remaining is not None:
        known = sum(date > sent - window.seconds for date in (*window.answered, *window.strangers))
        unknown = window.limit - min(heard.remaining, window.limit) - known - len(window.held)
        window.strangers.extend([now] * unknown)
        _see(window, now, sum(date > now - window.seconds for date in window.strangers))


def give_back(window: Window, ticket: str) -> None:
    """Take `ticket` out of the queue, and give up the place it holds: nothing was sent."""
    window.queue = turns.without(window.queue, ticket)
    window.held = [hold for hold in window.held if hold.ticket != ticket]


def leave(window: Window, ticket: str, now: float) -> None:
    """Take `ticket` out of the queue. A place that it still holds counts from now.

    Its request was interrupted (a timeout of Airflow, a signal) and may be out: RingCentral counts it without us.
    """
    if any(hold.ticket == ticket for hold in window.held):
        window.answered.append(now)
    give_back(window, ticket)


def left(window: Window, now: float) -> int:
    """Requests that may be sent now."""
    _tidy(window, now)
    counted = sum(date > now - window.seconds for date in (*window.answered, *window.strangers)) + len(window.held)
    return 0 if window.gate > now else max(0, _places(window, now) - counted)


def _longest_extra(window: Window, refused: float) -> float:
    # The exponent has an end, or a thousand 429s in a row would be beyond what a number can be.
    share = EXTRA_SHARE * EXTRA_GROWTH ** min(window.strikes - 1, 20)
    return min(refused * share, min(refused, WINDOW_SECONDS) * EXTRA_CAP)


def _see(window: Window, now: float, strangers: int) -> None:
    """Remember the most of them for a while. A 429 is a sign of strangers too: we alone earn none."""
    strangers = min(strangers, window.limit // 2)
    if strangers >= window.usual or now > window.usual_seen + STRANGERS_KEPT * window.seconds:
        window.usual, window.usual_seen = strangers, now


def _places(window: Window, now: float) -> int:
    """The limit, less what is left free for strangers who have not come yet in this window."""
    if now > window.usual_seen + STRANGERS_KEPT * window.seconds:
        return window.limit
    there = sum(date > now - window.seconds for date in window.strangers)
    return max(1, window.limit - max(0, window.usual - there))


def _instant(window: Window, name: str, now: float, *, deferred: bool) -> float:
    instant = max(now, window.gate)
    if window.strikes and window.held:
        # All at once would be one 429 each, should the penalty have been restarted by somebody else.
        instant = max(instant, now + PROBE_SECONDS)
    ahead = turns.ahead(window.queue, window.turns, name, now, deferred=deferred, limit=window.limit)
    starts = [*window.answered, *window.strangers, *(now for _ in window.held), *ahead]
    places = _places(window, now)
    if len(starts) >= places:
        instant = max(instant, sorted(starts)[-places] + window.seconds)
    return instant


def _tidy(window: Window, now: float) -> None:
    """Drop what no longer counts. A clock that jumped back leaves dates in the future: they are drawn back to `now`."""
    lost = [hold.until for hold in window.held if hold.until <= now]
    window.held = [hold for hold in window.held if hold.until > now]
    begin = min((now, *(hold.since for hold in window.held))) - window.seconds
    window.answered = _dates((*window.answered, *lost), begin, now)
    window.strangers = _dates(window.strangers, begin, now)
    window.usual_seen = min(window.usual_seen, now + LATE_SECONDS)
    window.queue = [waiter for waiter in window.queue if abs(now - waiter.seen) < waiter.kept]
    window.turns = [turn for turn in window.turns if abs(now - turn.seen) < turn.kept]
    # Other versions closed it for as long as any answer asked.
    window.gate_seconds = min(window.gate_seconds, LONGEST_GATE_SECONDS)
    window.gate = min(window.gate, now + LATE_SECONDS + window.gate_seconds)


def _dates(dates: Iterable[float], begin: float, now: float) -> list[float]:
    drawn_back = (date if date <= now + LATE_SECONDS else now for date in dates)
    return sorted(date for date in drawn_back if date > begin)
