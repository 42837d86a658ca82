"""Messages that arrive: which are waited for, and what is told of them. Pure."""

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
from airflow_provider_ringcentral.sending.status.status import word

TYPES = ("SMS", "VoiceMail", "Fax", "Pager")
WITH_TEXT = frozenset({"SMS", "Pager"})
DIRECTIONS = ("Inbound", "Outbound")

LATE_SECONDS = 3600.0
"""How long after its creation a message may appear in the list: so far a look goes back behind the one before."""

SKEW_SECONDS = 60.0

_TOLD = ("type", "direction", "creationTime")
_TOLD_OF_ATTACHMENTS = ("id", "uri", "type", "contentType", "vmDuration")


@dataclass(frozen=True, slots=True)
class Arrival:
    """Messages of a mailbox made at `since` (epoch seconds) or later. Empty tuples and None let everything pass.

    Of several recipients one is enough. `but_not` are ids that were looked at before. Clocks differ: a message may be
    dated up to `slack` seconds before `since`.
    """

    since: float
    types: tuple[str, ...] = ()
    direction: str | None = None
    from_numbers: tuple[str, ...] = ()
    to_numbers: tuple[str, ...] = ()
    but_not: frozenset[str] = frozenset()
    slack: float = 0.0

    def passes(self, record: Record) -> bool:
        """Whether a record is waited for."""
        made = iso_time(record.get("creationTime"))
        return (
            made is not None
            # RingCentral's times have milliseconds.
            and made.timestamp() >= int((self.since - self.slack) * 1000) / 1000
            and (not self.types or word(record.get("type")) in map(word, self.types))
            and (self.direction is None or word(self.direction) == word(record.get("direction")))
            and is_one_of(self.from_numbers, [record.get("from")])
            and is_one_of(self.to_numbers, objects(record.get("to")))
            and str(record.get("id")) not in self.but_not
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

    def query(self) -> dict[str, Any]:
        """Parameters of the list (operationId listMessages) that has them, with others."""
        query: dict[str, Any] = {"dateFrom": list_start(self.since - self.slack)}
        if self.types:
            query["messageType"] = list(self.types)
        if self.direction:
            query["direction"] = self.direction
        return query


def list_start(since: float) -> datetime:
    """Where a list begins that has all since a moment: never in the future of a server whose clock is behind ours."""
    return datetime.fromtimestamp(since - SKEW_SECONDS, UTC)


class Since(Protocol):
    """What comes at a moment or later, by a clock that may be ahead of RingCentral's by `slack` seconds."""

    @property
    def since(self) -> float:
        """Epoch seconds."""
        ...

    @property
    def slack(self) -> float:
        """Seconds."""
        ...


def next_start(wanted: Since, reached: float) -> float:
    """From when on `list_start` of the next look has to go, when nothing from before `reached` comes any more."""
    return max(wanted.since, reached) - max(0.0, wanted.slack - SKEW_SECONDS)


def arrival_told(record: Record) -> dict[str, Any]:
    """What is told of a message: no number, no name, no text."""
    conversation = record.get("conversation")
    return {
        "id": str(record.get("id")),
        **{name: record.get(name) for name in _TOLD},
        "conversation": str(conversation["id"]) if isinstance(conversation, dict) and "id" in conversation else None,
        "attachments": [
            {name: str(part[name]) if name == "id" else part[name] for name in _TOLD_OF_ATTACHMENTS if name in part}
            for part in objects(record.get("attachments"))
        ],
    }


def oldest_first(told: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each once, since a list may repeat rows."""
    return sorted(({one["id"]: dict(one) for one in told}).values(), key=lambda one: (one["creationTime"], one["id"]))
