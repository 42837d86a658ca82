"""The messages of one task: each is tried, and what became of each is told."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from airflow_provider_ringcentral.client.errors import OutcomeUnknown, RateLimited, RingCentralError, Unavailable
from airflow_provider_ringcentral.sending.failed import FailedBefore
from airflow_provider_ringcentral.sending.once.message import Draft
from airflow_provider_ringcentral.sending.once.send_once import send_once
from airflow_provider_ringcentral.sending.once.store import Notebook
from airflow_provider_ringcentral.sending.outcomes import Fate, Outcome, Outcomes
from airflow_provider_ringcentral.sending.refusals import concerns_everybody

C = TypeVar("C")
log = logging.getLogger(__name__)

FAILING_SECONDS = 300.0
"""When nothing has gone through for this long, RingCentral is down, and the rest is left to the next try."""


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
) -> Outcomes:
    """Send every parcel once, in their order; what became of each, in that order. Raises none of their errors.

    No recipient keeps the others back: after a refusal, an unknown fate or an outage the next one is tried. It stops
    for what all have in common only (`refusals.py`), and when nothing has gone through for `FAILING_SECONDS`. What is
    not sent yet is sent by a retry or after a deferral: first whoever was not tried, then whoever failed; what this try
    was refused for good is not asked again.
    """
    before = FailedBefore(notebook)
    outcomes = [Outcome(parcel.places, channel=parcel.draft.channel) for parcel in parcels]
    failing_since: float | None = None
    for place in before.order([parcel.draft.key for parcel in parcels]):
        parcel = parcels[place]
        error = before.refusal(parcel.draft.key)
        if error is None and failing_since is not None and notebook.now() - failing_since > FAILING_SECONDS:
            break
        try:
            if error is not None:
                raise error
            sent = send_once(
                client, parcel.draft, notebook, on_unknown=on_unknown, on_rerun=on_rerun, settling=settling
            )
        except RingCentralError as caught:
            outcomes[place] = replace(
                outcomes[place], fate=_fate(caught), error=caught, out=_is_out(notebook, parcel, caught)
            )
            if concerns_everybody(caught):
                break
            if isinstance(caught, (OutcomeUnknown, RateLimited, Unavailable)) and failing_since is None:
                failing_since = notebook.now()
        else:
            outcomes[place] = replace(outcomes[place], fate=Fate.SENT, sent=sent)
            failing_since = None
            whom = f", for to{list(parcel.places)}" if parcel.places else ""
            log.info("%s %s is at RingCentral%s%s.", parcel.draft.channel, sent.id, sent.how, whom)
    result = Outcomes(tuple(outcomes))
    if result.comes_back:
        before.note(_failures(parcels, result))
    return result


def send_all_then_look(
    client: C, parcels: Sequence[Parcel[C]], notebook: Notebook, *, settling: float | None = None
) -> Outcomes:
    """As `send_all`, for who has little time: lost answers are looked for when everybody was sent to."""
    outcomes = send_all(client, parcels, notebook, on_unknown="fail", settling=settling)
    unknown = [place for place, one in enumerate(outcomes.all) if one.fate is Fate.UNKNOWN]
    if not unknown:
        return outcomes
    # What was lost was lost here, so that nothing is under way any more.
    notebook.flight = 0.0
    looked = send_all(client, [parcels[place] for place in unknown], notebook, settling=settling)
    found = {place: one for place, one in zip(unknown, looked.all, strict=True) if one.fate is Fate.SENT}
    return Outcomes(tuple(found.get(place, one) for place, one in enumerate(outcomes.all)))


def _fate(error: RingCentralError) -> Fate:
    if isinstance(error, OutcomeUnknown):
        return Fate.UNKNOWN
    return Fate.LATER if isinstance(error, (RateLimited, Unavailable)) else Fate.REFUSED


def _is_out(notebook: Notebook, parcel: Parcel[C], error: RingCentralError) -> bool:
    """Whether it may be at the server all the same: it went out, and the look for it got no answer."""
    if isinstance(error, OutcomeUnknown):
        return True
    entry = notebook.read(parcel.draft.key) if isinstance(error, (RateLimited, Unavailable)) else None
    return entry is not None and bool(entry.id or entry.sends)


def _failures(parcels: Sequence[Parcel[C]], result: Outcomes) -> Iterator[tuple[str, RingCentralError]]:
    for parcel, outcome in zip(parcels, result.all, strict=True):
        if outcome.error is not None:
            yield parcel.draft.key, outcome.error
