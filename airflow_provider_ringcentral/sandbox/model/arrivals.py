"""Calls that come into the log while someone is reading it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.model.call_changes import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airflow_provider_ringcentral.sandbox.model.call_changes import Changes

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
            self.add([self.where] * self.per_request, now)

    def add(
        self,
        places: Sequence[str | int],
        now: int,
        *,
        fields: dict[str, Any] | None = None,
        requests: int = 0,
        at: int = 0,
    ) -> list[int]:
        """Adds a call at each place or moment (ms), or schedules that; their indexes."""
        rows = [
            (index, self.moment(where)) for index, where in zip(self._changes.reserve(len(places)), places, strict=True)
        ]

        def happen(moment: int) -> None:
            for index, start in rows:
                self._changes.put(Row(index, start, moment, fields or {}))

        self._changes.schedule(happen, now, requests=requests, at=at)
        return [index for index, _ in rows]

    def delay(self, indexes: Iterable[int], now: int, *, requests: int = 0, at: int = 0) -> None:
        """Takes calls out of the log until so many requests were answered and `at` (ms) has come."""
        late = [index for index in indexes if self._changes.exists(index)]
        self._changes.hide(late)

        def happen(moment: int) -> None:
            for index in late:
                self._changes.reveal(index, moment)

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
