"""Waiting for calls to end without a worker.

Calls that ended: which are waited for, and what is told of them. Pure.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

import msgspec

from airflow_provider_ringcentral.arguments import iso_time
from airflow_provider_ringcentral.client.endpoints import EXTRACT_SYNC_ACCOUNT_CALL_LOG
from airflow_provider_ringcentral.hooks.xcom import first_that_fit
from airflow_provider_ringcentral.sending.once.message import Record
from airflow_provider_ringcentral.sending.phone_numbers import is_one_of
from airflow_provider_ringcentral.sending.status.arrival import list_start
from airflow_provider_ringcentral.sending.status.status import word
from airflow_provider_ringcentral.triggers.condition import Look
from airflow_provider_ringcentral.triggers.listing import as_it_is, listed
from airflow_provider_ringcentral.triggers.new_records import Awaited, RingCentralComingTrigger

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.async_client import AsyncRingCentralClient
    from airflow_provider_ringcentral.triggers.poll_coordinator import PollTarget

MOST_EXTENSIONS = 500

LATE_SECONDS = 600.0
"""How long after its last change a call may appear: so far a look goes back behind the one before (FACTS 6.3)."""

_RUNNING = "inprogress"
_TOLD = ("sessionId", "telephonySessionId", "type", "direction", "result", "startTime", "duration")


@dataclass(frozen=True, slots=True)
class EndedCall:
    """Rows of the account's call log that ended at `since` (epoch seconds) or later. Empty and None let all pass.

    `extensions` are internal ids: of the row's owner, the caller or the called. `but_not` are ids of rows that had
    ended before. Clocks differ: a row may be dated up to `slack` seconds before `since`.
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
        """Whether a row is waited for. Spellings of results differ (FACTS 13.33), so case does not matter."""
        result = word(record.get("result"))
        ended = ended_at(record)
        return (
            ended is not None
            # Durations are whole seconds.
            and ended.timestamp() > self.since - self.slack - 1
            and str(record.get("id")) not in self.but_not
            and result not in ("", _RUNNING)
            and not record.get("deleted")
            and (self.direction is None or word(self.direction) == word(record.get("direction")))
            and (self.call_type is None or word(self.call_type) == word(record.get("type")))
            and (not self.results or result in map(word, self.results))
            and is_one_of(self.from_numbers, [record.get("from")])
            and is_one_of(self.to_numbers, [record.get("to")])
            and (not self.extensions or not _extensions(record).isdisjoint(self.extensions))
        )

    def as_json(self) -> dict[str, Any]:
        """For `of_json` in another process."""
        return {
            name: sorted(value) if isinstance(value, tuple | frozenset) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Self:
        """What `as_json` wrote down, lists for tuples."""
        return msgspec.convert(values, cls)


def changes_query(since: float) -> dict[str, Any]:
    """Parameters of extractSyncAccountCallLog for all rows that changed since then: also calls that began earlier."""
    return {
        "syncType": "FSync",
        "dateFrom": list_start(since),
        "view": "Simple",
        "recordCount": EXTRACT_SYNC_ACCOUNT_CALL_LOG.page_size,
    }


def ended_look(wanted: EndedCall, records: Sequence[Record]) -> Look:
    """Whether one of the rows is waited for; the value is what is told of those that are, oldest first.

    It is what XCom takes: of very many the oldest.
    """
    # A row that changed twice comes twice, the later version last.
    found = {str(record.get("id")): _told(record) for record in records if wanted.passes(record)}
    told = sorted(found.values(), key=lambda one: (str(one["startTime"]), one["id"]))
    since = datetime.fromtimestamp(wanted.since, UTC).isoformat(timespec="seconds")
    return Look(done=bool(told), value=first_that_fit(told), reason=f"no such call ended since {since}")


def ended_at(record: Record) -> datetime | None:
    """Start and duration; None when the row does not say."""
    start, duration = iso_time(record.get("startTime")), record.get("duration")
    if start is None or not isinstance(duration, int | float):
        return None
    try:
        return start + timedelta(seconds=duration)
    except OverflowError:
        # A row of a server gone mad must not end the waits of all others.
        return None


def _told(record: Record) -> dict[str, Any]:
    message, recording = record.get("message"), record.get("recording")
    return {
        "id": str(record.get("id")),
        **{name: record.get(name) for name in _TOLD},
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


class RingCentralCallTrigger(RingCentralComingTrigger):
    """Waits until a call of the account ended that passes `wanted`, an `EndedCall`. `path` is the change log's.

    `found` are ids, times and results, oldest first.
    """

    def asks(self) -> tuple[PollTarget[Any], Any]:
        """Which calls have ended."""
        return EndedCalls(self.path), Awaited(EndedCall.of_json(self.wanted), ended_look, self.start)


@dataclass(frozen=True)
class EndedCalls:
    """The rows that changed since the wait that has not looked for longest: a Heavy request for every thousand."""

    path: str

    async def look(self, client: AsyncRingCentralClient, questions: Sequence[Awaited[EndedCall]]) -> Sequence[Look]:
        """One look for all."""
        reached = time.time() - LATE_SECONDS
        query = changes_query(min(one.start for one in questions))
        records = await listed(client, self.path, query, as_it_is)
        return await client.work(lambda: [one.take(records, reached) for one in questions])
