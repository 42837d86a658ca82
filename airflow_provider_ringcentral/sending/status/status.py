"""What a message's status means, in one table for operators, sensors and triggers. Pure.

Source: MessageStatusEnum of the OpenAPI file, guide pages messaging/message-store/messaging and
messaging/sms/sms-errors (FACTS 7.4).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from airflow_provider_ringcentral.client.answer import objects, one_word
from airflow_provider_ringcentral.client.errors import DeliveryFailed, RingCentralError
from airflow_provider_ringcentral.client.errors.remedies import delivery_remedy
from airflow_provider_ringcentral.sending.once.message import Record

WAIT_FOR = ("accepted", "sent", "delivered")
"""RingCentral has it; the carrier has it (which is often the last that is heard of it); the phone has it."""

FAILED = frozenset({"sendingfailed", "deliveryfailed"})
DELIVERED = frozenset({"delivered", "received"})
SENT = DELIVERED | {"sent"}

WITHOUT_RECEIPTS = frozenset({"fax", "pager", "voicemail"})
"""Types whose `Sent` is the end: nobody reports their delivery."""


class WaitState(Enum):
    """What a status says to whoever waits."""

    WAIT = "wait"
    DONE = "done"
    FAILED = "failed"


class NotConfirmed(RingCentralError):
    """The message was accepted, and its final status did not come in time. It is not sent again: a retry waits on."""


def wait_state_of(record: Record, wait_for: str) -> WaitState:
    """Whether a message is where `wait_for` (one of `WAIT_FOR`) wants it. A status that nobody knows yet waits.

    `record` is of the message store; of several recipients, one that failed makes the message fail. A failure whose
    code says that the carrier does not tell (CAR-104, CAR-199) is none: it counts as sent, and not as delivered.
    """
    statuses = set(_statuses(record))
    silent = unknown_fate(record)
    if statuses & FAILED and not silent:
        return WaitState.FAILED
    if wait_for == "accepted":
        return WaitState.DONE
    final = word(record.get("type")) in WITHOUT_RECEIPTS
    wanted = DELIVERED if wait_for == "delivered" and not final else SENT | (FAILED if silent else frozenset())
    return WaitState.DONE if word(status_of(record)) in wanted else WaitState.WAIT


def word(text: Any) -> str:
    """A status for comparing: RingCentral spells some in several ways, such as `In Progress` and `InProgress`."""
    return "".join(str(text or "").split()).lower()


def status_of(record: Record) -> str:
    """The message's own status, as RingCentral spells it; empty when there is none."""
    return str(record.get("messageStatus") or "")


def code_of(record: Record) -> str | None:
    """The delivery error code; of a fax, the first that a recipient has."""
    of_fax = next((party["faxErrorCode"] for party in objects(record.get("to")) if party.get("faxErrorCode")), None)
    code = record.get("deliveryErrorCode") or record.get("errorCode") or of_fax
    return one_word(str(code)) if code else None


def unknown_fate(record: Record) -> bool:
    """Whether the code says that the carrier does not tell what became of the message."""
    return not delivery_remedy(code_of(record)).is_failure


def failure_of(record: Record) -> DeliveryFailed:
    """The error for a message that failed; `temporary` when sending it anew may help."""
    code, status = code_of(record), status_of(record)
    remedy = delivery_remedy(code)
    return DeliveryFailed(
        f"message {one_word(str(record.get('id')))} has the status {one_word(status)} ({remedy.kind.value})",
        codes=(code,) if code else (),
        remedy=remedy,
        temporary=remedy.temporary,
    )


def _statuses(record: Record) -> Iterator[str]:
    yield word(status_of(record))
    for party in objects(record.get("to")):
        if party.get("messageStatus"):
            yield word(party["messageStatus"])
