"""What became of the messages of one task, and the one error that says it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from airflow_provider_ringcentral.client.errors import OutcomeUnknown, RateLimited, RingCentralError, Unavailable
from airflow_provider_ringcentral.sending.once.message import Sent

MOST_PLACES = 20
"""Places of recipients that the error lists for each outcome; all of them are in `Outcomes.told`."""


class SendStatus(Enum):
    """What became of one message; the values are what users read."""

    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    LATER = "not sent yet"
    UNTRIED = "not tried"


@dataclass(frozen=True, slots=True)
class MessageOutcome:
    """One message of a `channel`: the places of its recipients in `to` (from 0), and `sent` or the `error`.

    `out`: it may be at the server although an error says that it failed.
    """

    places: tuple[int, ...]
    status: SendStatus = SendStatus.UNTRIED
    sent: Sent | None = None
    error: RingCentralError | None = None
    out: bool = False
    channel: str = "message"

    def told(self) -> dict[str, Any]:
        """As JSON, without personal data: `to`, `outcome`, `id`, and of the error `status` and `codes`."""
        error = self.error
        said = {} if error is None else {"status": error.status, "codes": list(error.codes)}
        return {"to": list(self.places), "outcome": self.status.value, "id": self.sent and self.sent.id, **said}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of all messages of a task, in their order."""

    all: Sequence[MessageOutcome]

    @property
    def complete(self) -> bool:
        """Whether every message is at RingCentral."""
        return all(one.status is SendStatus.SENT for one in self.all)

    @property
    def may_have_sent(self) -> bool:
        """Whether any message is at RingCentral, or may be."""
        return any(one.sent or one.out for one in self.all)

    @property
    def retryable(self) -> bool:
        """Whether a later try may send what is not sent yet."""
        return any(one.status is SendStatus.LATER for one in self.all)

    def told(self) -> list[dict[str, Any]]:
        """Each message as JSON."""
        return [one.told() for one in self.all]

    def error(self) -> RingCentralError | None:
        """One error for all that are not sent; None when all are.

        Of the kind that decides what happens next: what may pass (Airflow tries again, and goes on with the rest), then
        an unknown fate, then the first refusal.
        """
        failed = [one for one in self.all if one.error is not None]
        if not failed:
            return None
        worst = min(failed, key=lambda one: _rank(one.error))
        assert worst.error is not None  # noqa: S101 - for the type checker: `failed` has errors only
        error = worst.error
        if len(self.all) == 1:
            return error
        told = "; ".join(filter(None, map(self._said, SendStatus)))
        joined = type(error)(
            f"of {len(self.all)} messages {told}; to{list(worst.places)}: {error.message}", **error.fields()
        )
        joined.__cause__ = error.__cause__
        return joined

    def _said(self, status: SendStatus) -> str:
        """How many met this fate, where in `to` they are, and by which codes."""
        ones = [one for one in self.all if one.status is status]
        if not ones:
            return "none is sent" if status is SendStatus.SENT else ""
        groups: dict[str, list[int]] = {}
        for one in ones:
            groups.setdefault(_label(one.error), []).extend(one.places)
        parts = [_listed(places) + (f" {label}" if label else "") for label, places in groups.items()]
        verb = "is" if len(ones) == 1 else "are"
        return f"{len(ones)} {verb} {status.value} ({', '.join(parts)})"


def _rank(error: RingCentralError | None) -> int:
    if isinstance(error, (RateLimited, Unavailable)):
        # One that says when to come back is worth more: a deferrable task comes back then.
        return 0 if error.retry_after is not None else 1
    return 2 if isinstance(error, OutcomeUnknown) else 3


def _label(error: RingCentralError | None) -> str:
    if error is None:
        return ""
    status = f"HTTP {error.status}" if error.status else ""
    return " ".join(filter(None, (status, *error.codes))) or type(error).__name__


def _listed(places: Iterable[int]) -> str:
    ordered = sorted(places)
    more = f" and {len(ordered) - MOST_PLACES} more" if len(ordered) > MOST_PLACES else ""
    return f"to{ordered[:MOST_PLACES]}{more}"
