"""What becomes of a message at one recipient: statuses that move in time, by the recipient's number."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

OPTED_OUT = "SMS-RC-413"


@dataclass(frozen=True, slots=True)
class StatusChange:
    """From `at` (ms) on the status is this; `code` is the delivery or fax error."""

    at: int
    status: str
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of messages to a number.

    `status` is the last one: Delivered, Sent and Queued (for ever), SendingFailed, DeliveryFailed or any other word.
    `after_seconds` (scaled) is when it comes; `refuse` is a code with which the request itself is refused.
    """

    status: str = "Delivered"
    code: str | None = None
    after_seconds: float | None = None
    refuse: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


_USUAL = Outcome()


@dataclass(frozen=True, slots=True)
class DeliveryDelays:
    """How long after its creation a message is sent, and how long until its last status (ms)."""

    sent: int
    final: int


def plan_history(outcome: Outcome, created: int, delays: DeliveryDelays, scale: float) -> tuple[StatusChange, ...]:
    """The statuses of a message that was created at a moment (ms)."""
    queued = StatusChange(created, "Queued")
    if outcome.status == "Queued":
        return (queued,)
    through_sent = outcome.status in {"Delivered", "DeliveryFailed"}
    wait = delays.final if through_sent else delays.sent
    if outcome.after_seconds is not None:
        wait = round(outcome.after_seconds * 1000 * scale)
    last = StatusChange(created + wait, outcome.status, outcome.code)
    if through_sent and delays.sent < wait:
        return (queued, StatusChange(created + delays.sent, "Sent"), last)
    return (queued, last)


def status_at(history: tuple[StatusChange, ...], now: int) -> StatusChange:
    """The step that holds at a moment."""
    return next((change for change in reversed(history) if change.at <= now), history[0])


class Outcomes:
    """What becomes of messages, by recipient."""

    def __init__(self) -> None:
        self._by_number: dict[str, Outcome] = {}

    def set(self, number: str, outcome: Outcome) -> None:
        """For messages from now on."""
        self._by_number[number] = outcome

    def of(self, number: str) -> Outcome:
        """The outcome of anything to a number; consent apart."""
        return self._by_number.get(number, _USUAL)
