"""What one wait waits for, among records that come to a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from airflow_provider_ringcentral.sending.draft import Record
from airflow_provider_ringcentral.triggers.condition import Look

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
