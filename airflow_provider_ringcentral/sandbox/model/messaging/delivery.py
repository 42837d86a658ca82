"""What becomes of a message at one recipient: its statuses over time, by the recipient's number and consent.

Also the number of segments that a text is split into, on which its cost depends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

OPTED_OUT = "SMS-RC-413"
OPT_OUT, OPT_IN = "OptOut", "OptIn"

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWO_SEPTETS = frozenset("^{}\\[~]|€\f")


def utf16_units(text: str) -> int:
    """Return the length of a text in UTF-16 units, in which RingCentral states its limits."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def segments(text: str) -> int:
    """Return how many SMS a text fills: 160 or 153 characters of GSM 7-bit each, else 70 or 67 UTF-16 units."""
    if set(text) <= _GSM | _GSM_TWO_SEPTETS:
        length, single, part = len(text) + sum(letter in _GSM_TWO_SEPTETS for letter in text), 160, 153
    else:
        length, single, part = utf16_units(text), 70, 67
    return 1 if length <= single else -(-length // part)


@dataclass(frozen=True, slots=True)
class StatusChange:
    """The status that holds from `at` (ms) on; `code` is the delivery or fax error."""

    at: int
    status: str
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of messages to a number.

    `status` is the final one: Delivered, Sent or Queued (for ever), SendingFailed, DeliveryFailed or any other word.
    It comes after `after_seconds` (scaled). `refuse` is the error code with which the request itself is refused.
    """

    status: str = "Delivered"
    code: str | None = None
    after_seconds: float | None = None
    refuse: str | None = None


_USUAL = Outcome()


@dataclass(frozen=True, slots=True)
class DeliveryDelays:
    """How long after its creation a message is sent, and how long until it has its final status (ms)."""

    sent: int
    final: int


def plan_history(outcome: Outcome, created: int, delays: DeliveryDelays, scale: float) -> tuple[StatusChange, ...]:
    """Return all statuses that a message created at `created` (ms) will have."""
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
    """Return the status that holds at `now` (ms)."""
    return next((change for change in reversed(history) if change.at <= now), history[0])


@dataclass(frozen=True, slots=True)
class Consent:
    """Whether a recipient accepts texts from a sender; `status` is OptIn or OptOut, `modified` is in ms."""

    sender: str
    to: str
    status: str
    source: str
    modified: int


class Consents:
    """The latest consent of each recipient to each sender."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str], Consent] = {}

    def put(self, consent: Consent) -> None:
        """Replace the earlier consent of the same recipient to the same sender."""
        self._records.pop((consent.sender, consent.to), None)
        self._records[consent.sender, consent.to] = consent

    def opted_out(self, sender: str, to: str) -> bool:
        """Tell whether the recipient has opted out of texts from the sender."""
        found = self._records.get((sender, to))
        return found is not None and found.status == OPT_OUT

    def find(
        self, *, senders: Iterable[str] = (), to: Iterable[str] = (), statuses: Iterable[str] = ()
    ) -> list[Consent]:
        """Return the consents that match; an empty filter matches everything."""
        return [
            record
            for record in self._records.values()
            if (not senders or record.sender in senders)
            and (not to or record.to in to)
            and (not statuses or record.status in statuses)
        ]


class Outcomes:
    """What becomes of messages, by recipient."""

    def __init__(self, consents: Consents) -> None:
        self._by_number: dict[str, Outcome] = {}
        self._consents = consents

    def set(self, number: str, outcome: Outcome) -> None:
        """Choose the outcome of messages to a number from now on."""
        self._by_number[number] = outcome

    def of(self, number: str) -> Outcome:
        """Return the outcome of a message of any kind to a number, consents left aside."""
        return self._by_number.get(number, _USUAL)

    def of_text(self, number: str, sender: str) -> Outcome:
        """Return the outcome of a text from `sender`; an opt-out comes before the outcome chosen for the number."""
        if self._consents.opted_out(sender, number):
            return Outcome(status="SendingFailed", code=OPTED_OUT)
        return self.of(number)
