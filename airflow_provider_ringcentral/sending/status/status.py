"""What the status of a message means, and following messages until they have the status that a task waits for.

Source: `MessageStatusEnum` of RingCentral's OpenAPI file, guide pages "Messaging" (messaging/message-store/messaging)
and "SMS error codes" (messaging/sms/sms-errors).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.arguments import iso_time
from airflow_provider_ringcentral.client.answer import objects, one_word
from airflow_provider_ringcentral.client.errors import DeliveryFailed, RingCentralError
from airflow_provider_ringcentral.client.errors.remedies import delivery_remedy
from airflow_provider_ringcentral.sending.once.message import Record
from airflow_provider_ringcentral.sending.status.message_store import messages_by_id

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient

log = logging.getLogger(__name__)

WAIT_FOR = ("accepted", "sent", "delivered")
"""RingCentral has the message; the carrier has it (often the last status that is reported); the phone has it."""

FAILED = frozenset({"sendingfailed", "deliveryfailed"})
DELIVERED = frozenset({"delivered", "received"})
SENT = DELIVERED | {"sent"}

MOST_IDS_SHOWN = 10

WITHOUT_RECEIPTS = frozenset({"fax", "pager", "voicemail"})
"""Types whose final status is `Sent`: their delivery is not reported."""


class WaitState(Enum):
    """What a status means to a task that waits."""

    WAIT = "wait"
    DONE = "done"
    FAILED = "failed"


class NotConfirmed(RingCentralError):
    """The message was accepted, but its status did not arrive in time. A retry continues to wait, and sends nothing."""


def wait_state_of(record: Record, wait_for: str) -> WaitState:
    """Say whether a message has reached `wait_for` (one of `WAIT_FOR`). A status that is not known means to wait.

    `record` is from the message store. If one of several recipients failed, the message failed. A failure code that
    says that the carrier does not report the outcome (CAR-104, CAR-199) counts as sent, and not as delivered.
    """
    statuses = set(_statuses(record))
    not_reported = outcome_not_reported(record)
    if statuses & FAILED and not not_reported:
        return WaitState.FAILED
    if wait_for == "accepted":
        return WaitState.DONE
    final = normalized(record.get("type")) in WITHOUT_RECEIPTS
    wanted = DELIVERED if wait_for == "delivered" and not final else SENT | (FAILED if not_reported else frozenset())
    return WaitState.DONE if normalized(status_of(record)) in wanted else WaitState.WAIT


def normalized(text: Any) -> str:
    """Normalise a status to compare it: RingCentral spells some in two ways, such as `In Progress` and `InProgress`."""
    return "".join(str(text or "").split()).lower()


def status_of(record: Record) -> str:
    """Return the status of the message as RingCentral spells it; empty if there is none."""
    return str(record.get("messageStatus") or "")


def code_of(record: Record) -> str | None:
    """Return the delivery error code; for a fax, that of the first recipient who has one."""
    of_fax = next((party["faxErrorCode"] for party in objects(record.get("to")) if party.get("faxErrorCode")), None)
    code = record.get("deliveryErrorCode") or record.get("errorCode") or of_fax
    return one_word(str(code)) if code else None


def outcome_not_reported(record: Record) -> bool:
    """Whether the error code says that the carrier does not report what became of the message."""
    return not delivery_remedy(code_of(record)).is_failure


def failure_of(record: Record) -> DeliveryFailed:
    """Make the error for a message that failed; it is `temporary` if sending the message again may help."""
    code, status = code_of(record), status_of(record)
    remedy = delivery_remedy(code)
    return DeliveryFailed(
        f"message {one_word(str(record.get('id')))} has the status {one_word(status)} ({remedy.kind.value})",
        codes=(code,) if code else (),
        remedy=remedy,
        temporary=remedy.temporary,
    )


def _statuses(record: Record) -> Iterator[str]:
    yield normalized(status_of(record))
    for party in objects(record.get("to")):
        if party.get("messageStatus"):
            yield normalized(party["messageStatus"])


Grouped = list[tuple[dict[str, Any], list[str]]]
"""Status summaries, each with the ids of the messages that share it."""


def summary_of(record: Record) -> dict[str, Any]:
    """Reduce a record to its status summary, which has no number and no text.

    It has status, type, segments, delivery error code, and the statuses of recipients that differ from the message's.
    """
    status, code, kind = status_of(record), code_of(record), record.get("type")
    of_parties = {str(to["messageStatus"]) for to in objects(record.get("to")) if to.get("messageStatus")} - {status}
    return {
        "messageStatus": status,
        **({"type": kind} if kind else {}),
        **({"segmentCount": record["segmentCount"]} if record.get("segmentCount") else {}),
        **({"deliveryErrorCode": code} if code else {}),
        **({"to": [{"messageStatus": one} for one in sorted(of_parties)]} if of_parties else {}),
    }


def grouped(summaries: Mapping[str, Record]) -> Grouped:
    """Group status summaries by message id: a thousand messages have a handful of different ones."""
    found: Grouped = []
    for message_id, summary in summaries.items():
        ids = next((ids for known, ids in found if known == summary), None)
        if ids is None:
            found.append((dict(summary), [message_id]))
        else:
            ids.append(message_id)
    return found


def ungrouped(groups: Iterable[tuple[Record, Sequence[str]]]) -> dict[str, Record]:
    """Undo `grouped`, also after its result was JSON."""
    return {message_id: {**summary, "id": message_id} for summary, ids in groups for message_id in ids}


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """The delivery state of messages: their records by id, as far as they are known, and what is waited for."""

    records: Mapping[str, Record]
    wait_for: str

    def of(self, wait_state: WaitState, ids: Iterable[str]) -> list[str]:
        """Return those of `ids` that have this wait state. A message that is not in the message store (yet) waits."""
        return [message_id for message_id in ids if self.wait_state(message_id) is wait_state]

    def wait_state(self, message_id: str) -> WaitState:
        """Return the wait state of one message."""
        record = self.records.get(message_id)
        return WaitState.WAIT if record is None else wait_state_of(record, self.wait_for)

    def ended(self, ids: Iterable[str]) -> bool:
        """Whether the wait is over: none of the messages waits any more, or one has failed."""
        wait_states = {self.wait_state(message_id) for message_id in ids}
        return WaitState.WAIT not in wait_states or WaitState.FAILED in wait_states

    def updated(self, records: Mapping[str, Record]) -> DeliveryState:
        """Return a copy with newer records."""
        return DeliveryState({**self.records, **records}, self.wait_for)


def refresh_states(client: RingCentralClient, ids: Sequence[str], state: DeliveryState) -> DeliveryState:
    """Read the messages that still wait, once: a Light request for every 50 of them."""
    pending = state.of(WaitState.WAIT, ids)
    newer = messages_by_id(client, pending) if pending else {}
    for message_id, record in newer.items():
        before = state.records.get(message_id, {})
        if (status_of(before), code_of(before)) != (status_of(record), code_of(record)):
            _log_status(message_id, record)
    return state.updated(newer)


def check_failures(state: DeliveryState, ids: Sequence[str]) -> None:
    """Raise `DeliveryFailed` if a message failed; it is temporary only if all failures are.

    Logs a warning for each message whose carrier does not report the outcome.
    """
    for message_id in ids:
        record = state.records.get(message_id, {})
        if outcome_not_reported(record):
            log.warning("Message %s: %s %s", message_id, code_of(record), delivery_remedy(code_of(record)).cause)
    failed = state.of(WaitState.FAILED, ids)
    if not failed:
        return
    errors = [failure_of(state.records[message_id]) for message_id in failed]
    first = next((error for error in errors if not error.temporary), errors[0])
    if len(ids) == 1:
        raise first
    raise DeliveryFailed(
        f"{len(failed)} of {len(ids)} messages failed ({_some(failed)}); {first.message}", **first.fields()
    )


def not_confirmed(state: DeliveryState, ids: Sequence[str], timeout: float) -> NotConfirmed:
    """Make the error for messages that still wait after `timeout` seconds."""
    return NotConfirmed(
        f"{still_waiting(state, ids, f' after {timeout:g} s')}. "
        "They were accepted and are not sent again; a retry continues to wait. Carriers often report nothing after "
        "'Sent', so wait_for='sent' may be all that can be confirmed"
    )


def still_waiting(state: DeliveryState, ids: Sequence[str], when: str = "") -> str:
    """Say how many messages still wait, with which status, and which they are."""
    pending = state.of(WaitState.WAIT, ids)
    known = sorted({status_of(state.records[one]) or "no status" for one in pending if one in state.records})
    seen = f"status {', '.join(known)}" if known else "they are not in the message store"
    return f"{len(pending)} of {len(ids)} messages are not {state.wait_for}{when} ({seen}): {_some(pending)}"


def oldest_creation(state: DeliveryState, ids: Iterable[str]) -> float | None:
    """Return when the oldest of these messages was made (epoch seconds); None if that is not known."""
    moments = [iso_time(state.records.get(one, {}).get("creationTime")) for one in ids]
    return min((made.timestamp() for made in moments if made), default=None)


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - MOST_IDS_SHOWN} more" if len(ids) > MOST_IDS_SHOWN else ""
    return ", ".join(ids[:MOST_IDS_SHOWN]) + more


def _log_status(message_id: str, record: Record) -> None:
    code = code_of(record)
    log.info("Message %s: %s%s.", message_id, status_of(record) or "no status", f" ({code})" if code else "")
