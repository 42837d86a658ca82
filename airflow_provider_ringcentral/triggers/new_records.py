"""Waiting for records that come to a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from airflow_provider_ringcentral.sending.once.message import Record
from airflow_provider_ringcentral.triggers.condition import Look
from airflow_provider_ringcentral.triggers.waiting import RingCentralSharedTrigger

W = TypeVar("W")


class Awaited(Generic[W]):
    """What is `wanted`, how a look is judged, and from when on (epoch seconds, `start`) the next one has to go."""

    def __init__(self, wanted: W, judge: Callable[[W, Sequence[Record]], Look], start: float) -> None:
        self.wanted = wanted
        self.start = start
        self._judge = judge

    def take(self, records: Sequence[Record], reached: float) -> Look:
        """Judge a look after which nothing from before `reached` comes any more."""
        self.start = max(self.start, reached)
        return self._judge(self.wanted, records)


class RingCentralComingTrigger(RingCentralSharedTrigger):
    """Waits until a record comes to the list at `path` that passes the filters `wanted` (JSON).

    `start` (epoch seconds) is from when on nobody has looked. All who wait for one list in a triggerer are answered by
    the same request.
    """

    fields: ClassVar[tuple[str, ...]] = (*RingCentralSharedTrigger.fields, "path", "wanted", "start")

    def __init__(self, *, path: str, wanted: Mapping[str, Any], start: float, **how: Any) -> None:
        super().__init__(**how)
        self.path = path
        self.wanted = dict(wanted)
        self.start = start
