"""One post a second for each incoming webhook, by everybody who shares the ledger.

RingCentral documents no limit for them. What is faster may be answered 429, which keeps everybody waiting.
"""

from __future__ import annotations

import msgspec

from airflow_provider_ringcentral.client.ledger import Ledger
from airflow_provider_ringcentral.client.policy import Again

SECONDS_APART = 1.0
MOST_AHEAD_SECONDS = 3600.0
"""No turn lies further ahead, unless a clock jumped back."""


class Turns(msgspec.Struct):
    """When (epoch seconds) the next turn is that nobody has, and until when nobody may post after an answer 429."""

    free: float = 0.0
    closed: float = 0.0


class WebhookPace:
    """Gives turns to post. `key` names the webhook; nobody waits for more than `max_wait` seconds."""

    def __init__(self, ledger: Ledger, key: str, max_wait: float) -> None:
        self._ledger = ledger
        self._place = f"webhook:{key}"
        self._max_wait = max_wait

    def turn(self, held: float | None) -> float:
        """The instant (epoch seconds) at which a post may go out: the turn it holds already, or a new one.

        Raises `Again`, and takes none, when that is more than `max_wait` seconds away.
        """
        now = self._ledger.now()

        def change(value: bytes | None) -> tuple[bytes | None, float]:
            turns = _turns(value, now)
            if held is not None and held >= turns.closed:
                return value, held
            instant = max(now, turns.free, turns.closed)
            if instant - now > self._max_wait:
                return value, instant
            turns.free = instant + SECONDS_APART
            return msgspec.json.encode(turns), instant

        instant = self._ledger.update(self._place, change)
        if instant - now > self._max_wait:
            raise Again(f"others post through this webhook for {instant - now:.1f} s", delay=instant - now)
        return instant

    def wait_for(self, instant: float) -> None:
        """Raise `Again` until the turn has come."""
        needed = instant - self._ledger.now()
        if needed > 0:
            raise Again(f"the webhook takes a post a second; the turn of this one is in {needed:.1f} s", delay=needed)

    def close(self, seconds: float) -> None:
        """The webhook has had too many: nobody posts for so long, also those who have a turn."""
        now = self._ledger.now()

        def change(value: bytes | None) -> tuple[bytes, None]:
            turns = _turns(value, now)
            turns.closed = max(turns.closed, now + seconds)
            return msgspec.json.encode(turns), None

        self._ledger.update(self._place, change)


def _turns(value: bytes | None, now: float) -> Turns:
    try:
        turns = Turns() if value is None else msgspec.json.decode(value, type=Turns)
    except msgspec.MsgspecError:
        return Turns()
    return turns if max(turns.free, turns.closed) <= now + MOST_AHEAD_SECONDS else Turns()
