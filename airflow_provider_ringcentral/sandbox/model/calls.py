"""The calls that the sandbox's company made: any number of them, computed when asked for."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_ringcentral.sandbox.model.blocks import Blocks, Codes
from airflow_provider_ringcentral.sandbox.model.call_templates import SHAPES, make_shapes
from airflow_provider_ringcentral.sandbox.model.layouts import Layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_ringcentral.sandbox.model.call_templates import Recording, Shape
    from airflow_provider_ringcentral.sandbox.model.company import Company

FIRST_EXTRA = 50_000_000 * SHAPES
"""Calls that are added while the sandbox runs count from here, so that their ids fit in with the others."""

_CACHE_BYTES = 48_000_000
_ID = re.compile(r"I(\d{8})(\w{6})\Z")
_SESSION = re.compile(r"4(\d{8})(\d{3})008\Z")
_TELEPHONY_SESSION = re.compile(r"s-a(\d{3})(\d{8})z19a035d17a2z4d39\Z")
_RECORDING = re.compile(r"([67])(\d{8})(\d{3})\Z")


class Selection:
    """The shapes that pass a filter, and with them arithmetic over the calls that do.

    Matching calls are numbered by *rank*: the newest matching call has rank 0.
    """

    def __init__(self, numbers: list[int]) -> None:
        self.numbers = numbers
        self.everything = len(numbers) == SHAPES
        self._set = frozenset(numbers)

    def __contains__(self, index: int) -> bool:
        return index % SHAPES in self._set

    def rank(self, index: int) -> int:
        """How many matching calls are newer than call `index`."""
        block, number = divmod(index, SHAPES)
        return block * len(self.numbers) + bisect_left(self.numbers, number)

    def index(self, rank: int) -> int:
        """The call of that rank."""
        block, place = divmod(rank, len(self.numbers))
        return block * SHAPES + self.numbers[place]


class Calls:
    """Call number `index` (0 is the newest) for any index below `count`.

    `start` and `end` (ms since 1970) bound the start times, `layout` says how they lie (`layouts.py`).
    """

    def __init__(
        self,
        company: Company,
        *,
        count: int,
        start: int,
        end: int,
        layout: str,
        seed: int,
        url: str,
        pretty: bool,
        media_url: str | None = None,
    ) -> None:
        self.count = count
        self.layout = Layout(layout, count, start, end)
        self.codes = Codes(seed)
        self.shapes = make_shapes(company, seed, url, media_url)
        self._pretty = pretty
        self._tails = {shape.tail: number for number, shape in enumerate(self.shapes)}

    @cached_property
    def _simple(self) -> Blocks:
        return self._blocks("Simple")

    @cached_property
    def _detailed(self) -> Blocks:
        return self._blocks("Detailed")

    def _blocks(self, view: str) -> Blocks:
        return Blocks(
            self.shapes, self.layout, self.codes, view=view, pretty=self._pretty, cache_bytes=_CACHE_BYTES // 2
        )

    def blocks(self, view: str) -> Blocks:
        """The records of a view ("Simple" or "Detailed") as bytes."""
        return self._simple if view == "Simple" else self._detailed

    def record(self, index: int, start: int, view: str) -> dict[str, Any]:
        """The record of call `index` (also beyond `count`), started at `start` (ms)."""
        record: dict[str, Any] = msgspec.json.decode(self.blocks(view).row(index, start))
        return record

    def shape(self, index: int) -> Shape:
        """What kind of call it is."""
        return self.shapes[index % SHAPES]

    def modified(self, index: int) -> int:
        """When the record of call `index` got its final form (ms)."""
        return self.layout.time(index) + self.shape(index).latency

    def select(self, test: Callable[[Shape], bool]) -> Selection:
        """The calls whose shape passes a test."""
        return Selection([number for number, shape in enumerate(self.shapes) if test(shape)])

    def index_of(self, call_id: str) -> int | None:
        """The index behind a record's `id`, also of calls that do not exist (yet)."""
        match = _ID.match(call_id)
        if match is None or match[2] not in self._tails:
            return None
        return self.codes.block(match[1]) * SHAPES + self._tails[match[2]]

    def index_of_recording(self, recording_id: str) -> int | None:
        """The index of the call that a recording belongs to, None when there is no such recording."""
        match = _RECORDING.match(recording_id)
        if match is None or match[1] not in {recording.digit for recording in self.shapes[int(match[3])].recordings}:
            return None
        return self.codes.block(match[2]) * SHAPES + int(match[3])

    def recordings(self, index: int) -> dict[str, Recording]:
        """The recordings of call `index` by id, that of the row first."""
        block, number = divmod(index, SHAPES)
        code = self.codes.code(block).decode()
        return {f"{found.digit}{code}{number:03d}": found for found in self.shape(index).recordings}

    def id_of(self, index: int) -> str:
        """The `id` of call `index`."""
        return f"I{self.codes.code(index // SHAPES).decode()}{self.shape(index).tail}"

    def indexes_of_session(self, session_id: str) -> list[int]:
        """The calls of a `sessionId` or a `telephonySessionId`."""
        if match := _SESSION.match(session_id):
            code, session = match[1], match[2]
        elif match := _TELEPHONY_SESSION.match(session_id):
            session, code = match[1], match[2]
        else:
            return []
        block = self.codes.block(code)
        return [block * SHAPES + number for number, shape in enumerate(self.shapes) if shape.session == session]
