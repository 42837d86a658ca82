"""The calls of the company: any number of them, each computed when asked for.

A million calls cost no memory and next to no time. Call number `i` is an instance of template `i % 1000`
(`call_templates.py`), with a code made of `i // 1000` and a start time from the layout. Code and timestamps have a
fixed width, so the bytes of a block of a thousand records are `code.join(fragments)` with a thousand timestamps written
over it, and record `n` of a block always lies at the same offset.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_ringcentral.sandbox.model.call_templates import CODE, TEMPLATE_COUNT, CallTemplate, make_templates
from airflow_provider_ringcentral.sandbox.model.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow_provider_ringcentral.sandbox.model.call_templates import CallTemplate, Recording
    from airflow_provider_ringcentral.sandbox.model.company import Company

LAYOUTS = ("even", "milliseconds", "instants:N", "clusters:N")


class Layout:
    """The start times of the calls: number 0 is the newest, and times never rise with the number.

    `text` is one of

    - `even`: spread evenly over the window,
    - `milliseconds`: one millisecond apart, ending at the window's end,
    - `instants:N`: groups of N calls that start in the same millisecond, the groups spread evenly,
    - `clusters:N`: groups of N calls one millisecond apart, the groups spread evenly.

    Every time lies in `start <= t < end`.
    """

    def __init__(self, text: str, calls: int, start: int, end: int) -> None:
        kind, _, number = text.partition(":")
        self.calls, self.start, self.end = calls, start, end
        self.group, self.gap = 1, 0
        if kind == "milliseconds" and not number:
            self.group, self.gap = max(calls, 1), 1
        elif kind in {"instants", "clusters"} and number.isdecimal() and int(number) > 0:
            self.group, self.gap = int(number), int(kind == "clusters")
        elif text != "even":
            raise ValueError(f"layout {text!r} is not one of: {', '.join(LAYOUTS)}")
        if end <= start:
            raise ValueError("the calls' window ends before it starts: end must be later than start")
        self.groups = max(1, -(-calls // self.group))
        self.span = end - start
        if (min(self.group, max(calls, 1)) - 1) * self.gap >= max(self.span // self.groups, 1):
            raise ValueError(f"layout {text!r} does not fit {calls} calls into {self.span} ms")

    def time(self, index: int) -> int:
        """Return the start of a call (ms since 1970)."""
        group, rank = divmod(index, self.group)
        return self.end - 1 - group * self.span // self.groups - rank * self.gap

    def first_not_after(self, latest: int) -> int:
        """Return the index of the newest call with `time <= latest` (ms), or the number of calls when there is none."""
        return bisect_left(range(self.calls), -latest, key=lambda index: -self.time(index))


_TIME = re.compile(rb"~(\d{22})~")
_CODE_MODULUS = 10**8


class Codes:
    """Turns block numbers into eight digits that look like a server's ids, and back."""

    def __init__(self, seed: int) -> None:
        self._factor, self._shift = 48_271_003, 12_345_679 + 7_919 * seed
        self._inverse = pow(self._factor, -1, _CODE_MODULUS)

    def code(self, block: int) -> bytes:
        """Return eight digits, different for each block below 100 million."""
        return b"%08d" % ((block * self._factor + self._shift) % _CODE_MODULUS)

    def block(self, code: str) -> int:
        """Return the block that has these eight digits."""
        return (int(code) - self._shift) * self._inverse % _CODE_MODULUS


class Blocks:
    """The bytes of records in one view ("Simple" or "Detailed"), compact or pretty-printed.

    Whole blocks are kept up to `cache_bytes`; `row` makes one record without a block.
    """

    def __init__(
        self,
        templates: Sequence[CallTemplate],
        layout: Layout,
        codes: Codes,
        *,
        view: str,
        pretty: bool,
        cache_bytes: int,
    ) -> None:
        self.layout, self.codes = layout, codes
        self.separator = b",\n" if pretty else b","
        rows = [
            _encode(template.simple if view == "Simple" else template.detailed, pretty=pretty) for template in templates
        ]
        self._rows = [(row.split(CODE.encode()), _slots(row)) for row in rows]
        self.offsets = [0]
        for row in rows:
            self.offsets.append(self.offsets[-1] + len(row) + len(self.separator))
        whole = b"".join(row + self.separator for row in rows)
        self._fragments = whole.split(CODE.encode())
        self._slots = [
            [(self.offsets[number] + offset, delta) for offset, delta in slots]
            for number, (_, slots) in enumerate(self._rows)
        ]
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        self._capacity = max(2, cache_bytes // max(len(whole), 1))

    def row(self, index: int, start: int) -> bytes:
        """Return the record of call `index`, started at `start` (ms), without a separator."""
        block, number = divmod(index, TEMPLATE_COUNT)
        fragments, slots = self._rows[number]
        row = bytearray(self.codes.code(block).join(fragments))
        for offset, delta in slots:
            row[offset : offset + 24] = stamp(start + delta)
        return bytes(row)

    def block(self, number: int) -> bytes:
        """Return a block of records, each followed by the separator; the last block may have garbage after its end."""
        found = self._cache.get(number)
        if found is None:
            found = self._cache[number] = self._make(number)
            if len(self._cache) > self._capacity:
                self._cache.popitem(last=False)
        else:
            self._cache.move_to_end(number)
        return found

    def _make(self, number: int) -> bytes:
        block = bytearray(self.codes.code(number).join(self._fragments))
        first = number * TEMPLATE_COUNT
        time = self.layout.time
        for index, slots in zip(
            range(first, min(first + TEMPLATE_COUNT, self.layout.calls)), self._slots, strict=False
        ):
            start = time(index)
            for offset, delta in slots:
                block[offset : offset + 24] = stamp(start + delta)
        return bytes(block)

    def span(self, first: int, end: int) -> list[memoryview]:
        """Return the records `first <= index < end`, newest first, each followed by the separator."""
        pieces = []
        while first < end:
            block, number = divmod(first, TEMPLATE_COUNT)
            stop = min(TEMPLATE_COUNT, number + end - first)
            pieces.append(memoryview(self.block(block))[self.offsets[number] : self.offsets[stop]])
            first += stop - number
        return pieces


def _encode(record: dict[str, object], *, pretty: bool) -> bytes:
    if not pretty:
        return json.dumps(record, separators=(",", ":")).encode()
    # In a page, records are indented by two levels.
    return ("    " + json.dumps(record, indent=2).replace("\n", "\n    ")).encode()


def _slots(row: bytes) -> list[tuple[int, int]]:
    """Return the offsets of a record's timestamps, and how far each lies from the call's start (ms)."""
    return [(match.start(), int(match[1])) for match in _TIME.finditer(row)]


FIRST_EXTRA = 50_000_000 * TEMPLATE_COUNT
"""Calls added while the sandbox runs are numbered from here on, so that their ids look like the others."""

_CACHE_BYTES = 48_000_000
_ID = re.compile(r"I(\d{8})(\w{6})\Z")
_SESSION = re.compile(r"4(\d{8})(\d{3})008\Z")
_TELEPHONY_SESSION = re.compile(r"s-a(\d{3})(\d{8})z19a035d17a2z4d39\Z")
_RECORDING = re.compile(r"([67])(\d{8})(\d{3})\Z")


class Selection:
    """The templates that pass a filter, and arithmetic over the calls made from them.

    Matching calls are numbered by *rank*: the newest matching call has rank 0.
    """

    def __init__(self, numbers: list[int]) -> None:
        self.numbers = numbers
        self.everything = len(numbers) == TEMPLATE_COUNT
        self._set = frozenset(numbers)

    def __contains__(self, index: int) -> bool:
        return index % TEMPLATE_COUNT in self._set

    def rank(self, index: int) -> int:
        """Return how many matching calls are newer than call `index`."""
        block, number = divmod(index, TEMPLATE_COUNT)
        return block * len(self.numbers) + bisect_left(self.numbers, number)

    def index(self, rank: int) -> int:
        """Return the index of the call with that rank."""
        block, rest = divmod(rank, len(self.numbers))
        return block * TEMPLATE_COUNT + self.numbers[rest]


class Calls:
    """Call number `index` (0 is the newest) for any index below `count`.

    Start times lie between `start` and `end` (ms since 1970), spread as `layout` says (see `Layout`).
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
        self.templates = make_templates(company, seed, url, media_url)
        self._pretty = pretty
        self._blocks: dict[str, Blocks] = {}
        self._tails = {template.tail: number for number, template in enumerate(self.templates)}

    def blocks(self, view: str) -> Blocks:
        """Return the records of a view ("Simple" or "Detailed") as bytes."""
        if view not in self._blocks:
            self._blocks[view] = Blocks(
                self.templates, self.layout, self.codes, view=view, pretty=self._pretty, cache_bytes=_CACHE_BYTES // 2
            )
        return self._blocks[view]

    def record(self, index: int, start: int, view: str) -> dict[str, Any]:
        """Return the record of call `index` (also beyond `count`), started at `start` (ms)."""
        record: dict[str, Any] = msgspec.json.decode(self.blocks(view).row(index, start))
        return record

    def template(self, index: int) -> CallTemplate:
        """Return the template of call `index`."""
        return self.templates[index % TEMPLATE_COUNT]

    def modified(self, index: int) -> int:
        """Return when the record of call `index` got its final form (ms)."""
        return self.layout.time(index) + self.template(index).latency

    def select(self, test: Callable[[CallTemplate], bool]) -> Selection:
        """Return the calls whose template passes a test."""
        return Selection([number for number, template in enumerate(self.templates) if test(template)])

    def index_of(self, call_id: str) -> int | None:
        """Return the index of the call with that `id`, even if the call does not exist (yet); None for another form."""
        match = _ID.match(call_id)
        if match is None or match[2] not in self._tails:
            return None
        return self.codes.block(match[1]) * TEMPLATE_COUNT + self._tails[match[2]]

    def index_of_recording(self, recording_id: str) -> int | None:
        """Return the index of the call that a recording belongs to; None when there is no such recording."""
        match = _RECORDING.match(recording_id)
        if match is None or match[1] not in {recording.digit for recording in self.templates[int(match[3])].recordings}:
            return None
        return self.codes.block(match[2]) * TEMPLATE_COUNT + int(match[3])

    def recordings(self, index: int) -> dict[str, Recording]:
        """Return the recordings of call `index` by id, with that of the whole call first."""
        block, number = divmod(index, TEMPLATE_COUNT)
        code = self.codes.code(block).decode()
        return {f"{found.digit}{code}{number:03d}": found for found in self.template(index).recordings}

    def id_of(self, index: int) -> str:
        """Return the `id` of call `index`."""
        return f"I{self.codes.code(index // TEMPLATE_COUNT).decode()}{self.template(index).tail}"

    def indexes_of_session(self, session_id: str) -> list[int]:
        """Return the indexes of the calls with a `sessionId` or a `telephonySessionId`."""
        if match := _SESSION.match(session_id):
            code, session = match[1], match[2]
        elif match := _TELEPHONY_SESSION.match(session_id):
            session, code = match[1], match[2]
        else:
            return []
        block = self.codes.block(code)
        return [
            block * TEMPLATE_COUNT + number
            for number, template in enumerate(self.templates)
            if template.session == session
        ]
