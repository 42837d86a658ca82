"""What became of the messages of one task, and one error that says it for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from airflow_provider_ringcentral.client.errors import OutcomeUnknown, RateLimited, RingCentralError, Unavailable
from airflow_provider_ringcentral.sending.once.message import Sent

MOST_POSITIONS = 20
"""Positions of recipients that the error lists for each status; `Outcomes.as_json` has all of them."""


class SendStatus(Enum):
    """What became of one message. Users read the values in errors and in XCom."""

    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    LATER = "not sent yet"
    UNTRIED = "not tried"


@dataclass(frozen=True, slots=True)
class MessageOutcome:
    """One message of a `channel`: the positions of its recipients in `to` (from 0), and `sent` or the `error`.

    `may_be_out`: it may be at the server although there is an error.
    """

    positions: tuple[int, ...]
    status: SendStatus = SendStatus.UNTRIED
    sent: Sent | None = None
    error: RingCentralError | None = None
    may_be_out: bool = False
    channel: str = "message"

    def as_json(self) -> dict[str, Any]:
        """Return `to`, `outcome` and `id`, and of an error `status` and `codes`, without personal data."""
        error = self.error
        failure = {} if error is None else {"status": error.status, "codes": list(error.codes)}
        sent_id = self.sent and self.sent.id
        return {"to": list(self.positions), "outcome": self.status.value, "id": sent_id, **failure}


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
        return any(one.sent or one.may_be_out for one in self.all)

    @property
    def retryable(self) -> bool:
        """Whether a later try may send what is not sent yet."""
        return any(one.status is SendStatus.LATER for one in self.all)

    def as_json(self) -> list[dict[str, Any]]:
        """Return each message as JSON."""
        return [one.as_json() for one in self.all]

    def error(self) -> RingCentralError | None:
        """Combine the errors of all messages into one; None if there is none.

        Its class decides what happens next, so the first of these that occurred gives it: a temporary error (Airflow
        retries, and sends the rest), an unknown outcome, a refusal.
        """
        failed = [one for one in self.all if one.error is not None]
        if not failed:
            return None
        decisive = min(failed, key=lambda one: _rank(one.error))
        assert decisive.error is not None  # noqa: S101 - for the type checker: `failed` has errors only
        error = decisive.error
        if len(self.all) == 1:
            return error
        counts = "; ".join(filter(None, map(self._count, SendStatus)))
        combined = type(error)(
            f"of {len(self.all)} messages {counts}; to{list(decisive.positions)}: {error.message}", **error.fields()
        )
        combined.__cause__ = error.__cause__
        return combined

    def _count(self, status: SendStatus) -> str:
        """How many messages have this status, whose they are, and by which error codes."""
        ones = [one for one in self.all if one.status is status]
        if not ones:
            return "none is sent" if status is SendStatus.SENT else ""
        groups: dict[str, list[int]] = {}
        for one in ones:
            groups.setdefault(_label(one.error), []).extend(one.positions)
        listed = [_listed(positions) + (f" {label}" if label else "") for label, positions in groups.items()]
        verb = "is" if len(ones) == 1 else "are"
        return f"{len(ones)} {verb} {status.value} ({', '.join(listed)})"


def _rank(error: RingCentralError | None) -> int:
    if isinstance(error, (RateLimited, Unavailable)):
        # A deferrable task resumes at the time that `retry_after` says.
        return 0 if error.retry_after is not None else 1
    return 2 if isinstance(error, OutcomeUnknown) else 3


def _label(error: RingCentralError | None) -> str:
    if error is None:
        return ""
    status = f"HTTP {error.status}" if error.status else ""
    return " ".join(filter(None, (status, *error.codes))) or type(error).__name__


def _listed(positions: Iterable[int]) -> str:
    ordered = sorted(positions)
    more = f" and {len(ordered) - MOST_POSITIONS} more" if len(ordered) > MOST_POSITIONS else ""
    return f"to{ordered[:MOST_POSITIONS]}{more}"
