"""Calls that come into the log while someone is reading it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.changes import Row

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_provider_ringcentral.sandbox.changes import Changes

PLACES = ("head", "inside", "edge")


class Arrivals:
    """Adds calls, once or with every call-log request.

    Where: `head` is the last millisecond of the calls' window, `inside` a random moment of it, `edge` the very
    millisecond of the oldest call of the latest page.
    """

    def __init__(self, changes: Changes, *, seed: int) -> None:
        self._changes, self._random = changes, Random(f"arrivals-{seed}")
        self.per_request, self.where = 0, "head"
        self.edge: int | None = None

    def on_request(self, now: int) -> None:
        """Lets happen what is due with a call-log request, before it is answered."""
        self._changes.tick(now, request=True)
        if self.per_request:
            self.add(self.per_request, self.where, now)

    def add(
        self,
        count: int,
        where: str | int,
        now: int,
        *,
        fields: dict[str, Any] | None = None,
        requests: int = 0,
        at: int = 0,
    ) -> list[int]:
        """Adds calls at a place or a moment (ms), or schedules that; their indexes."""
        indexes = self._changes.reserve(count)
        rows = [(index, self.moment(where)) for index in indexes]

        def happen(moment: int) -> None:
            for index, start in rows:
                self._changes.put(Row(index, start, moment, fields or {}))

        self._changes.schedule(happen, now, requests=requests, at=at)
        return list(indexes)

    def delay(self, indexes: Iterable[int], now: int, *, requests: int = 0, at: int = 0) -> None:
        """Takes calls out of the log until so many requests were answered and `at` (ms) has come."""
        late = [index for index in indexes if self._changes.exists(index)]
        self._changes.hide(late)

        def happen(moment: int) -> None:
            for index in late:
                # What comes late is new to the change sync as well.
                self._changes.put(Row(index, self._changes.start_of(index), moment))

        self._changes.schedule(happen, now, requests=requests, at=at)

    def moment(self, where: str | int) -> int:
        """The start (ms) that a place stands for."""
        layout = self._changes.calls.layout
        if isinstance(where, int):
            return where
        if where == "inside":
            return self._random.randrange(layout.start, layout.end)
        if where == "edge" and self.edge is not None:
            return self.edge
        if where in PLACES:
            return layout.end - 1
        raise ValueError(f"{where!r} is none of {', '.join(PLACES)}")
