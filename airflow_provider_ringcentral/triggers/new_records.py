"""Base class of the triggers that wait for new records in a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from airflow_provider_ringcentral.sending.once.message import Record
from airflow_provider_ringcentral.triggers.condition import PollResult
from airflow_provider_ringcentral.triggers.waiting import RingCentralSharedPollTrigger

W = TypeVar("W")


class NewRecordSubscription(Generic[W]):
    """One trigger's wait for new records that pass the filter `wanted`.

    `start` (epoch seconds) is the time from which on its next poll must read the list.
    """

    def __init__(self, wanted: W, evaluate: Callable[[W, Sequence[Record]], PollResult], start: float) -> None:
        self.wanted = wanted
        self.start = start
        self._evaluate = evaluate

    def update(self, records: Sequence[Record], complete_until: float) -> PollResult:
        """Evaluate the records of a poll. No record from before `complete_until` (epoch seconds) can appear later."""
        self.start = max(self.start, complete_until)
        return self._evaluate(self.wanted, records)


class RingCentralNewRecordTrigger(RingCentralSharedPollTrigger):
    """Wait until the list at `path` has a new record that passes the filter `wanted` (JSON).

    `start` (epoch seconds) is the time from which on the list was not read yet. All waits for one list in a triggerer
    share one request per poll.
    """

    fields: ClassVar[tuple[str, ...]] = (*RingCentralSharedPollTrigger.fields, "path", "wanted", "start")

    def __init__(self, *, path: str, wanted: Mapping[str, Any], start: float, **shared: Any) -> None:
        super().__init__(**shared)
        self.path = path
        self.wanted = dict(wanted)
        self.start = start
