"""What a wait keeps of a message's record: enough to judge it by, and no number and no text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airflow_provider_ringcentral.client.answer import objects
from airflow_provider_ringcentral.sending.once.message import Record
from airflow_provider_ringcentral.sending.status.status import code_of, status_of

Grouped = list[tuple[dict[str, Any], list[str]]]
"""Briefs, each with the ids of the messages that have it: a thousand of them have a handful of statuses."""


def brief_of(record: Record) -> dict[str, Any]:
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


def grouped(briefs: Mapping[str, Record]) -> Grouped:
    """Briefs by message id, in as little room as they need."""
    found: Grouped = []
    for message_id, brief in briefs.items():
        ids = next((ids for known, ids in found if known == brief), None)
        if ids is None:
            found.append((dict(brief), [message_id]))
        else:
            ids.append(message_id)
    return found


def ungrouped(groups: Iterable[tuple[Record, Sequence[str]]]) -> dict[str, Record]:
    """What `grouped` took, also after a journey as JSON."""
    return {message_id: {**brief, "id": message_id} for brief, ids in groups for message_id in ids}
