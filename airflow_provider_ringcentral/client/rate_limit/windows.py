"""Rate limit windows: may a request be sent now, and if not, when? Pure: the clock is an argument, in seconds.

RingCentral counts the requests of an app and user per throttling group in a sliding window, and every request sent
during a penalty restarts the penalty (guide page "Rate limits", basics/rate-limits).

A slot is held while its request is under way and counts from the response on. RingCentral counts the request somewhere
between sending and responding; counting from the sending would lead to 429s from latency alone.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping

import msgspec

from airflow_provider_ringcentral.client.endpoints import AUTH, HEAVY, LIGHT, MEDIUM
from airflow_provider_ringcentral.client.rate_limit.queue import (
    EARLY_SECONDS,
    WAKING_SECONDS,
    Turn,
    Waiter,
    deferred_before,
    enqueue,
    times_ahead,
    turn_of,
    without,
)

WINDOW_SECONDS = 60.0
DEFAULT_LIMITS: Mapping[str, int] = {LIGHT: 50, MEDIUM: 40, HEAVY: 10, AUTH: 5}
GROUP_OF_UNKNOWN_PATHS = HEAVY
"""The group assumed for a path that neither `endpoints.py` nor a response has assigned to one."""

DEFAULT_PENALTY_SECONDS = 30.0
"""The penalty after a 429 without `Retry-After` (guide page "API error handling", basics/errors)."""

EXTRA_SHARE = 0.05
EXTRA_GROWTH = 3.0
EXTRA_CAP = 32.0
"""After the nth consecutive 429, a random extra of up to `EXTRA_SHARE * EXTRA_GROWTH ** (n - 1)` penalties is added: at
first 3 s for a penalty of a minute, at most `EXTRA_CAP` penalties or windows, whichever is shorter. Fifty clients that
share nothing leave a minute of silence only if each of them stays away that long; with a cap of one minute they never
finished."""

MAX_CLOSED_SECONDS = 5520.0
"""The longest that one 429 closes a window: an hour and the longest extra."""

MAX_LIMIT = 10_000
"""A larger limit counts as this one: all processes together cannot send more, and each request is stored."""

CLOCK_TOLERANCE_SECONDS = 5.0
"""A caller reads the clock before it changes the window, so others may have stored later times in between. Only times
further ahead show that a clock was set back."""

OTHER_CLIENTS_WINDOWS = 5
"""For how many windows slots are left free for other clients that were seen, at most half of all slots.

If we took those slots as soon as they are free, the other client would get a 429, and we a penalty we do not know of.
"""

PROBE_SECONDS = 0.5
"""After a penalty one request goes first. The others check this often whether it succeeded."""


class HeldSlot(msgspec.Struct):
    """The slot of a request under way since `since`. It counts as answered at `until` if no response is recorded."""

    ticket: str
    until: float
    since: float


class Window(msgspec.Struct):
    """The state of one throttling group, as stored in the ledger. Times are epoch seconds.

    `answered` are the response times of our requests, `other_clients` the assumed times of requests that other clients
    of the same app and user sent, `other_clients_peak` the most of these in one window, seen at
    `other_clients_peak_at`. `closed_until` ends the penalty of the last 429 and `closed_seconds` is its length.
    """

    limit: int
    seconds: float = WINDOW_SECONDS
    answered: list[float] = []
    other_clients: list[float] = msgspec.field(default_factory=list, name="strangers")
    other_clients_peak: int = msgspec.field(default=0, name="usual")
    other_clients_peak_at: float = msgspec.field(default=0.0, name="usual_seen")
    held: list[HeldSlot] = []
    queue: list[Waiter] = []
    turns: list[Turn] = []
    closed_until: float = msgspec.field(default=0.0, name="gate")
    closed_seconds: float = msgspec.field(default=0.0, name="gate_seconds")
    consecutive_429s: int = msgspec.field(default=0, name="strikes")
    remaining: int | None = None


class RateLimitInfo(msgspec.Struct, frozen=True):
    """What a response said about the window; `penalty` is the seconds to send nothing, for a 429."""

    limit: int | None = None
    seconds: float | None = None
    remaining: int | None = None
    penalty: float | None = None


def new_window(group: str) -> Window:
    """Return an unused window with the group's documented limit, or the strictest one for an unknown group."""
    return Window(limit=DEFAULT_LIMITS.get(group, DEFAULT_LIMITS[GROUP_OF_UNKNOWN_PATHS]))


def reserve(window: Window, ticket: str, now: float, hold_seconds: float, task: str | None = None) -> float:
    """Return when the request `ticket` may be sent. If that is not after `now`, it holds a slot from here on.

    First come, first served. Call again at the returned time: what happened meanwhile may have moved the reservation.

    `task` names a deferrable task. It waits under this name behind all tasks that hold a worker, and keeps its
    reservation while it is deferred. Its first request starts a turn, in which it counts as one that holds a worker. A
    turn lasts for one window's requests while other tasks wait for theirs.
    """
    _tidy(window, now)
    turn = turn_of(window.turns, task)
    if turn is not None and turn.used >= window.limit and any(waiter.deferred for waiter in window.queue):
        window.turns.remove(turn)
        turn = None
    deferred = task is not None and turn is None
    name = task if task is not None and deferred else ticket
    instant = _next_free(window, name, now, deferred=deferred)
    if instant > now:
        enqueue(window.queue, Waiter(name, instant, now, deferred=deferred))
        return instant
    window.queue = without(window.queue, name)
    window.held.append(HeldSlot(ticket, now + hold_seconds, now))
    if task is not None:
        if turn is None:
            turn = Turn(task, now, hold_seconds)
            window.turns.append(turn)
        turn.seen, turn.kept, turn.used = now, hold_seconds, turn.used + 1
    return now


def await_turn(window: Window, task: str, now: float, kept: float) -> tuple[float, int]:
    """Return when the turn of a deferred task starts, and how many deferred tasks are in front of it.

    If that is soon, the turn starts now, since a worker takes a while to start. Otherwise the reservation is kept for
    `kept` seconds.
    """
    _tidy(window, now)
    # A task that has its turn and finds no slot waits until the others had theirs.
    window.turns = [turn for turn in window.turns if turn.name != task]
    instant = _next_free(window, task, now, deferred=True)
    if instant > now + EARLY_SECONDS:
        enqueue(window.queue, Waiter(task, instant, now, kept=kept, deferred=True))
        return instant, deferred_before(window.queue, task)
    window.queue = without(window.queue, task)
    window.turns.append(Turn(task, now, WAKING_SECONDS))
    return now, 0


def end_turn(window: Window, task: str) -> None:
    """End the turn of a task that succeeded or failed, so that the next task may start."""
    window.turns = [turn for turn in window.turns if turn.name != task]
    window.queue = without(window.queue, task)


def record_response(window: Window, ticket: str, now: float, info: RateLimitInfo, rng: random.Random) -> None:
    """Turn the held slot into a dated one, learn from the response's headers, and close the window after a 429.

    Fewer requests left than we can account for means that other clients use the same app and user; their requests count
    from now. We compare with the state at the sending: by the time of the response our own requests may have left the
    window, and one client alone would take itself for another and lose a minute.

    After a 429 the window stays closed for the penalty plus a random extra that grows with consecutive 429s: two
    clients that wait exactly as long as they were told wake up in each other's penalty forever. 429s to requests that
    were under way together count once.
    """
    _tidy(window, now)
    sent = next((slot.since for slot in window.held if slot.ticket == ticket), now)
    window.held = [slot for slot in window.held if slot.ticket != ticket]
    window.limit = min(info.limit or window.limit, MAX_LIMIT)
    window.seconds = info.seconds or window.seconds
    window.remaining = window.remaining if info.remaining is None else info.remaining
    if info.penalty is not None:
        window.consecutive_429s += window.closed_until <= sent
        # A 429 shows other clients too: ours alone get none.
        _note_other_clients(window, now, window.limit)
        silence = min(info.penalty + rng.uniform(0.0, _max_extra(window, info.penalty)), MAX_CLOSED_SECONDS)
        window.closed_until = max(window.closed_until, now + silence)
        window.closed_seconds = window.closed_until - now
        return
    if window.closed_until <= now:
        window.consecutive_429s = 0
    window.answered.append(now)
    if info.remaining is not None:
        known = sum(time > sent - window.seconds for time in (*window.answered, *window.other_clients))
        unknown = window.limit - min(info.remaining, window.limit) - known - len(window.held)
        window.other_clients.extend([now] * unknown)
        _note_other_clients(window, now, sum(time > now - window.seconds for time in window.other_clients))


def release(window: Window, ticket: str) -> None:
    """Remove `ticket` from the queue and free the slot it holds: nothing was sent."""
    window.queue = without(window.queue, ticket)
    window.held = [slot for slot in window.held if slot.ticket != ticket]


def abandon(window: Window, ticket: str, now: float) -> None:
    """Remove `ticket` from the queue. A slot that it still holds counts from now.

    Its request was interrupted (by an Airflow timeout or a signal) and may have been sent, so RingCentral counts it.
    """
    if any(slot.ticket == ticket for slot in window.held):
        window.answered.append(now)
    release(window, ticket)


def slots_left(window: Window, now: float) -> int:
    """Return how many requests may be sent now."""
    _tidy(window, now)
    counted = sum(time > now - window.seconds for time in (*window.answered, *window.other_clients)) + len(window.held)
    return 0 if window.closed_until > now else max(0, _usable_limit(window, now) - counted)


def _max_extra(window: Window, penalty: float) -> float:
    # The exponent is bounded: a thousand consecutive 429s would overflow.
    share = EXTRA_SHARE * EXTRA_GROWTH ** min(window.consecutive_429s - 1, 20)
    return min(penalty * share, min(penalty, WINDOW_SECONDS) * EXTRA_CAP)


def _note_other_clients(window: Window, now: float, number: int) -> None:
    number = min(number, window.limit // 2)
    expired = now > window.other_clients_peak_at + OTHER_CLIENTS_WINDOWS * window.seconds
    if number >= window.other_clients_peak or expired:
        window.other_clients_peak, window.other_clients_peak_at = number, now


def _usable_limit(window: Window, now: float) -> int:
    """Return the limit without the slots left free for other clients that have not sent yet in this window."""
    if now > window.other_clients_peak_at + OTHER_CLIENTS_WINDOWS * window.seconds:
        return window.limit
    counted = sum(time > now - window.seconds for time in window.other_clients)
    return max(1, window.limit - max(0, window.other_clients_peak - counted))


def _next_free(window: Window, name: str, now: float, *, deferred: bool) -> float:
    instant = max(now, window.closed_until)
    if window.consecutive_429s and window.held:
        # If another client restarted the penalty, sending all at once would cost one 429 each.
        instant = max(instant, now + PROBE_SECONDS)
    ahead = times_ahead(window.queue, window.turns, name, now, deferred=deferred, limit=window.limit)
    times = [*window.answered, *window.other_clients, *(now for _ in window.held), *ahead]
    limit = _usable_limit(window, now)
    if len(times) >= limit:
        instant = max(instant, sorted(times)[-limit] + window.seconds)
    return instant


def _tidy(window: Window, now: float) -> None:
    """Drop what no longer counts. If the clock was set back, times in the future become `now`."""
    unreported = [slot.until for slot in window.held if slot.until <= now]
    window.held = [slot for slot in window.held if slot.until > now]
    start = min((now, *(slot.since for slot in window.held))) - window.seconds
    window.answered = _times_after(start, (*window.answered, *unreported), now)
    window.other_clients = _times_after(start, window.other_clients, now)
    window.other_clients_peak_at = min(window.other_clients_peak_at, now + CLOCK_TOLERANCE_SECONDS)
    window.queue = [waiter for waiter in window.queue if abs(now - waiter.seen) < waiter.kept]
    window.turns = [turn for turn in window.turns if abs(now - turn.seen) < turn.kept]
    # Earlier versions of this package closed a window for as long as any response asked.
    window.closed_seconds = min(window.closed_seconds, MAX_CLOSED_SECONDS)
    window.closed_until = min(window.closed_until, now + CLOCK_TOLERANCE_SECONDS + window.closed_seconds)


def _times_after(start: float, times: Iterable[float], now: float) -> list[float]:
    corrected = (time if time <= now + CLOCK_TOLERANCE_SECONDS else now for time in times)
    return sorted(time for time in corrected if time > start)
