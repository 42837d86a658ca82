"""The messages of one task: sent one after the other, so that what went out is told even when some did not."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from airflow_provider_ringcentral.client.errors import BadRequest, OutcomeUnknown, RingCentralError
from airflow_provider_ringcentral.sending.draft import Draft, Sent
from airflow_provider_ringcentral.sending.notebook import Notebook
from airflow_provider_ringcentral.sending.once import send_once

C = TypeVar("C")
log = logging.getLogger(__name__)

MOST_FAILURES_IN_A_ROW = 3
"""After this many the rest is not tried: the text or the sender is at fault, or RingCentral is down."""


@dataclass(frozen=True)
class Parcel(Generic[C]):
    """A draft, and the places of its recipients in the operator's `to` (from 0)."""

    draft: Draft[C]
    places: tuple[int, ...]


def send_all(
    client: C,
    parcels: Sequence[Parcel[C]],
    notebook: Notebook,
    *,
    on_unknown: str = "look",
    on_rerun: str = "send",
    settling: float | None = None,
) -> list[Sent]:
    """Send every parcel once, in their order; what they are at the server.

    A message that is refused, or whose fate is unknown, does not keep the others back; when all are through, the first
    such error is raised, with the places of all. Whatever else goes wrong is raised at once. A retry goes on with what
    is not sent yet.
    """
    sent: list[Sent] = []
    failed: list[tuple[Parcel[C], RingCentralError]] = []
    in_a_row = 0
    for parcel in parcels:
        try:
            one = send_once(client, parcel.draft, notebook, on_unknown=on_unknown, on_rerun=on_rerun, settling=settling)
        except (BadRequest, OutcomeUnknown) as error:
            failed.append((parcel, error))
            in_a_row += 1
            if in_a_row >= MOST_FAILURES_IN_A_ROW:
                break
        else:
            sent.append(one)
            in_a_row = 0
            _tell(one, parcel)
    if failed:
        raise _joined(failed, len(sent), len(parcels)) from failed[0][1].__cause__
    return sent


def _tell(sent: Sent, parcel: Parcel[C]) -> None:
    whom = f", for to{list(parcel.places)}" if parcel.places else ""
    log.info("%s %s is at RingCentral%s%s.", parcel.draft.channel, sent.id, sent.how, whom)


def _joined(failed: Sequence[tuple[Parcel[C], RingCentralError]], sent: int, total: int) -> RingCentralError:
    """One error for all, of the first one's kind."""
    first = failed[0][1]
    if total == 1:
        return first
    places = ", ".join(f"to{list(parcel.places)}" for parcel, _ in failed)
    untried = total - sent - len(failed)
    rest = f", {untried} were not tried after {MOST_FAILURES_IN_A_ROW} failures in a row" if untried else ""
    message = f"{sent} of {total} messages are sent, {len(failed)} are not ({places}){rest}; the first: {first.message}"
    return type(first)(message, **first.fields())
