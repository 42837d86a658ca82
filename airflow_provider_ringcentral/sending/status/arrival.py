"""Messages that arrive: which ones are waited for, and what is reported of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, Self

import msgspec

from airflow_provider_ringcentral.arguments import iso_time
from airflow_provider_ringcentral.client.answer import objects
from airflow_provider_ringcentral.sending.once.message import Record
from airflow_provider_ringcentral.sending.phone_numbers import is_one_of
from airflow_provider_ringcentral.sending.status.status import normalized

TYPES = ("SMS", "VoiceMail", "Fax", "Pager")
WITH_TEXT = frozenset({"SMS", "Pager"})
DIRECTIONS = ("Inbound", "Outbound")

LATE_SECONDS = 3600.0
"""How long after its creation a message may appear in the list. A poll reads this far behind the one before."""

SKEW_SECONDS = 60.0

_FIELDS = ("type", "direction", "creationTime")
_ATTACHMENT_FIELDS = ("id", "uri", "type", "contentType", "vmDuration")


@dataclass(frozen=True, slots=True)
class JsonFilter:
    """A filter that crosses processes as JSON. Subclasses are dataclasses."""

    def as_json(self) -> dict[str, Any]:
        """Return the filter as JSON, for `of_json` in another process."""
        return {
            name: sorted(value) if isinstance(value, tuple | frozenset) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Self:
        """Read the filter from the JSON of `as_json`, which has lists for tuples."""
        return msgspec.convert(values, cls)


@dataclass(frozen=True, slots=True)
class Arrival(JsonFilter):
    """A filter for messages of a mailbox made at `since` (epoch seconds) or later.

    Empty tuples and None match everything; of several recipients, one has to match. `but_not` are ids that were seen
    before. A message may be dated up to `slack` seconds before `since`, because clocks differ.
    """

    since: float
    types: tuple[str, ...] = ()
    direction: str | None = None
    from_numbers: tuple[str, ...] = ()
    to_numbers: tuple[str, ...] = ()
    but_not: frozenset[str] = frozenset()
    slack: float = 0.0

    def passes(self, record: Record) -> bool:
        """Whether a record matches the filter."""
        made = iso_time(record.get("creationTime"))
        return (
            made is not None
            # RingCentral's times have milliseconds.
            and made.timestamp() >= int((self.since - self.slack) * 1000) / 1000
            and (not self.types or normalized(record.get("type")) in map(normalized, self.types))
            and (self.direction is None or normalized(self.direction) == normalized(record.get("direction")))
            and is_one_of(self.from_numbers, [record.get("from")])
            and is_one_of(self.to_numbers, objects(record.get("to")))
            and str(record.get("id")) not in self.but_not
        )

    def query(self) -> dict[str, Any]:
        """Return parameters of a list (operationId listMessages) that includes all matching messages, among others."""
        query: dict[str, Any] = {"dateFrom": list_start(self.since - self.slack)}
        if self.types:
            query["messageType"] = list(self.types)
        if self.direction:
            query["direction"] = self.direction
        return query


def list_start(since: float) -> datetime:
    """Return where a list has to begin to include everything since a time, if the server's clock is behind ours."""
    return datetime.fromtimestamp(since - SKEW_SECONDS, UTC)


class Since(Protocol):
    """A filter for records made at a time or later, by a clock that may be `slack` seconds ahead of RingCentral's."""

    @property
    def since(self) -> float:
        """Epoch seconds."""
        ...

    @property
    def slack(self) -> float:
        """Seconds."""
        ...


def next_start(wanted: Since, reached: float) -> float:
    """Return the `since` for `list_start` of the next poll, if no record from before `reached` will appear any more."""
    return max(wanted.since, reached) - max(0.0, wanted.slack - SKEW_SECONDS)


def arrival_summary(record: Record) -> dict[str, Any]:
    """Reduce a message to what is reported of it, without number, name and text."""
    conversation = record.get("conversation")
    return {
        "id": str(record.get("id")),
        **{name: record.get(name) for name in _FIELDS},
        "conversation": str(conversation["id"]) if isinstance(conversation, dict) and "id" in conversation else None,
        "attachments": [
            {name: str(one[name]) if name == "id" else one[name] for name in _ATTACHMENT_FIELDS if name in one}
            for one in objects(record.get("attachments"))
        ],
    }


def oldest_first(summaries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Sort reported messages by time, each once, since a list may repeat rows."""
    return sorted(
        ({one["id"]: dict(one) for one in summaries}).values(), key=lambda one: (one["creationTime"], one["id"])
    )
