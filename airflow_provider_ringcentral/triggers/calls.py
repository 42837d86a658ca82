"""Wait in the triggerer for calls that ended: the filter, the result and the trigger."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.arguments import iso_time
from airflow_provider_ringcentral.client.endpoints import EXTRACT_SYNC_ACCOUNT_CALL_LOG
from airflow_provider_ringcentral.hooks.xcom import first_that_fit
from airflow_provider_ringcentral.sending.once.message import Record
from airflow_provider_ringcentral.sending.phone_numbers import is_one_of
from airflow_provider_ringcentral.sending.status.arrival import JsonFilter, list_start
from airflow_provider_ringcentral.sending.status.status import normalized
from airflow_provider_ringcentral.triggers.condition import PollResult
from airflow_provider_ringcentral.triggers.listing import read_list, whole_record
from airflow_provider_ringcentral.triggers.new_records import NewRecordSubscription, RingCentralNewRecordTrigger

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient
    from airflow_provider_ringcentral.triggers.poll_coordinator import PollTarget

MAX_EXTENSIONS = 500

LATE_SECONDS = 600.0
"""How long after its last change a call may appear in the change log: each poll reads that far back again.

RingCentral publishes no bound; calls usually appear after 15 to 30 s.
"""

_IN_PROGRESS = "inprogress"
_RETURNED_FIELDS = ("sessionId", "telephonySessionId", "type", "direction", "result", "startTime", "duration")


@dataclass(frozen=True, slots=True)
class EndedCallFilter(JsonFilter):
    """A filter for rows of the account's call log that ended at `since` (epoch seconds) or later.

    Empty values and None let every row pass. `extensions` are internal ids of the row's owner, the caller or the
    callee. `but_not` are ids of rows that ended before. `slack` is the number of seconds before `since` that a row may
    be dated, since clocks differ.
    """

    since: float
    direction: str | None = None
    call_type: str | None = None
    results: tuple[str, ...] = ()
    from_numbers: tuple[str, ...] = ()
    to_numbers: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    but_not: frozenset[str] = frozenset()
    slack: float = 0.0

    def passes(self, record: Record) -> bool:
        """Return whether a row passes. Case is ignored: RingCentral spells some results in several ways."""
        result = normalized(record.get("result"))
        ended = ended_at(record)
        return (
            ended is not None
            # RingCentral cuts durations to whole seconds.
            and ended.timestamp() > self.since - self.slack - 1
            and str(record.get("id")) not in self.but_not
            and result not in ("", _IN_PROGRESS)
            and not record.get("deleted")
            and (self.direction is None or normalized(self.direction) == normalized(record.get("direction")))
            and (self.call_type is None or normalized(self.call_type) == normalized(record.get("type")))
            and (not self.results or result in map(normalized, self.results))
            and is_one_of(self.from_numbers, [record.get("from")])
            and is_one_of(self.to_numbers, [record.get("to")])
            and (not self.extensions or not _extensions(record).isdisjoint(self.extensions))
        )


def changes_query(since: float) -> dict[str, Any]:
    """Return parameters of operationId extractSyncAccountCallLog for rows that changed since then (epoch seconds)."""
    return {
        "syncType": "FSync",
        "dateFrom": list_start(since),
        "view": "Simple",
        "recordCount": EXTRACT_SYNC_ACCOUNT_CALL_LOG.page_size,
    }


def ended_calls_result(wanted: EndedCallFilter, records: Sequence[Record]) -> PollResult:
    """Return the calls that pass the filter, oldest first: as many of them as XCom takes."""
    # A row that changed twice comes twice, with the later version last.
    found = {str(record.get("id")): _summary(record) for record in records if wanted.passes(record)}
    calls = sorted(found.values(), key=lambda one: (str(one["startTime"]), one["id"]))
    since = datetime.fromtimestamp(wanted.since, UTC).isoformat(timespec="seconds")
    return PollResult(done=bool(calls), value=first_that_fit(calls), reason=f"no such call ended since {since}")


def ended_at(record: Record) -> datetime | None:
    """Return when the call ended (start and duration); None when the row lacks one of them."""
    start, duration = iso_time(record.get("startTime")), record.get("duration")
    if start is None or not isinstance(duration, int | float):
        return None
    try:
        return start + timedelta(seconds=duration)
    except OverflowError:
        # One broken row must not fail all waits.
        return None


def _summary(record: Record) -> dict[str, Any]:
    message, recording = record.get("message"), record.get("recording")
    return {
        "id": str(record.get("id")),
        **{name: record.get(name) for name in _RETURNED_FIELDS},
        "message": str(message["id"]) if isinstance(message, dict) and "id" in message else None,
        "recording": str(recording["id"]) if isinstance(recording, dict) and "id" in recording else None,
    }


def _extensions(record: Record) -> set[str]:
    owner = record.get("extension")
    ids = [owner.get("id")] if isinstance(owner, dict) else []
    for side in ("from", "to"):
        party = record.get(side)
        ids += [party.get("extensionId")] if isinstance(party, dict) else []
    return {str(one) for one in ids if one}


class RingCentralCallTrigger(RingCentralNewRecordTrigger):
    """Wait until a call that passes `wanted` (an `EndedCallFilter`) ends. `path` is that of the account's change log.

    `found` has ids, times and results of the calls, oldest first.
    """

    def subscribe(self) -> tuple[PollTarget[Any], Any]:
        """Subscribe to ended calls."""
        return CallLogTarget(self.path), NewRecordSubscription(
            EndedCallFilter.of_json(self.wanted), ended_calls_result, self.start
        )


@dataclass(frozen=True)
class CallLogTarget:
    """Rows that changed since the earliest `start` of all waits: one Heavy request for every thousand."""

    path: str

    async def poll(
        self, client: AsyncRingCentralClient, subscriptions: Sequence[NewRecordSubscription[EndedCallFilter]]
    ) -> Sequence[PollResult]:
        """Poll once for all subscriptions."""
        complete_until = time.time() - LATE_SECONDS
        query = changes_query(min(one.start for one in subscriptions))
        records = await read_list(client, self.path, query, whole_record)
        return await client.work(lambda: [one.update(records, complete_until) for one in subscriptions])
