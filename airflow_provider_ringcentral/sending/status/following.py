"""Following messages until they are where the task wants them.

What a wait keeps of a message's record: enough to judge it by, and no number and no text.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.arguments import iso_time
from airflow_provider_ringcentral.client.answer import objects
from airflow_provider_ringcentral.client.errors import DeliveryFailed
from airflow_provider_ringcentral.client.errors.remedies import delivery_remedy
from airflow_provider_ringcentral.sending.once.message import Record
from airflow_provider_ringcentral.sending.status.message_store import messages_by_id
from airflow_provider_ringcentral.sending.status.status import (
    NotConfirmed,
    WaitState,
    code_of,
    failure_of,
    status_of,
    unknown_fate,
    wait_state_of,
)

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient

Grouped = list[tuple[dict[str, Any], list[str]]]
"""Briefs, each with the ids of the messages that have it: a thousand of them have a handful of statuses."""


def summary_of(record: Record) -> dict[str, Any]:
    """Status, type, segments, delivery error code, and statuses of recipients that differ from the message's."""
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
    """Briefs by message id, in as little room as they need."""
    found: Grouped = []
    for message_id, summary in summaries.items():
        ids = next((ids for known, ids in found if known == summary), None)
        if ids is None:
            found.append((dict(summary), [message_id]))
        else:
            ids.append(message_id)
    return found


def ungrouped(groups: Iterable[tuple[Record, Sequence[str]]]) -> dict[str, Record]:
    """What `grouped` took, also after a journey as JSON."""
    return {message_id: {**summary, "id": message_id} for summary, ids in groups for message_id in ids}


log = logging.getLogger(__name__)

SHOWN = 10


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """How messages stand: their records by id, as far as they are known."""

    records: Mapping[str, Record]
    wait_for: str

    def of(self, outcome: WaitState, ids: Iterable[str]) -> list[str]:
        """Those of `ids` that stand so. What is not in the store (yet) waits."""
        return [message_id for message_id in ids if self.outcome(message_id) is outcome]

    def outcome(self, message_id: str) -> WaitState:
        """How one stands."""
        record = self.records.get(message_id)
        return WaitState.WAIT if record is None else wait_state_of(record, self.wait_for)

    def ended(self, ids: Iterable[str]) -> bool:
        """Whether waiting for them is over: none waits, or one has failed."""
        outcomes = {self.outcome(message_id) for message_id in ids}
        return WaitState.WAIT not in outcomes or WaitState.FAILED in outcomes

    def updated(self, records: Mapping[str, Record]) -> DeliveryState:
        """With newer records."""
        return DeliveryState({**self.records, **records}, self.wait_for)


def refresh_states(client: RingCentralClient, ids: Sequence[str], state: DeliveryState) -> DeliveryState:
    """Ask once for what is still waited for: a Light request for every 50 messages."""
    pending = state.of(WaitState.WAIT, ids)
    newer = messages_by_id(client, pending) if pending else {}
    for message_id, record in newer.items():
        before = state.records.get(message_id, {})
        if (status_of(before), code_of(before)) != (status_of(record), code_of(record)):
            _tell(message_id, record)
    return state.updated(newer)


def check_failures(state: DeliveryState, ids: Sequence[str]) -> None:
    """Raise `DeliveryFailed` when a message failed: of one kind for all, and temporary only if all are.

    Warns of messages whose code says that the carrier does not tell what became of them.
    """
    for message_id in ids:
        record = state.records.get(message_id, {})
        if unknown_fate(record):
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
    """The error for messages that are still waited for."""
    return NotConfirmed(
        f"{still_waiting(state, ids, f' after {timeout:g} s')}. "
        "They were accepted and are not sent again; a retry goes on waiting. Carriers often report nothing after "
        "'Sent', so wait_for='sent' may be all there is"
    )


def still_waiting(state: DeliveryState, ids: Sequence[str], when: str = "") -> str:
    """How many messages are waited for, what is known of them, and which they are."""
    pending = state.of(WaitState.WAIT, ids)
    known = sorted({status_of(state.records[one]) or "no status" for one in pending if one in state.records})
    seen = f"status {', '.join(known)}" if known else "they are not in the message store"
    return f"{len(pending)} of {len(ids)} messages are not {state.wait_for}{when} ({seen}): {_some(pending)}"


def oldest_creation(state: DeliveryState, ids: Iterable[str]) -> float | None:
    """When the oldest of these messages was made (epoch seconds), as far as it is known."""
    moments = [iso_time(state.records.get(one, {}).get("creationTime")) for one in ids]
    return min((made.timestamp() for made in moments if made), default=None)


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return ", ".join(ids[:SHOWN]) + more


def _tell(message_id: str, record: Record) -> None:
    code = code_of(record)
    log.info("Message %s: %s%s.", message_id, status_of(record) or "no status", f" ({code})" if code else "")
