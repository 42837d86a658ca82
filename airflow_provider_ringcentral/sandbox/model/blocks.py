"""Call records as bytes, a thousand at a time.

A million calls must cost no memory and next to no time. Call number `i` is shape `i % 1000` (`shapes.py`) with a code
made of `i // 1000` and a start from the layout. Code and moments have a fixed width, so the bytes of a
block of a thousand records are `code.join(fragments)` with a thousand moments written over it, and record `n` of a
block always lies at the same offset.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.sandbox.model.call_templates import CODE, SHAPES, Shape
from airflow_provider_ringcentral.sandbox.model.timestamps import stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_provider_ringcentral.sandbox.model.layouts import Layout

_MOMENT = re.compile(rb"~(\d{22})~")
_CODE_MODULUS = 10**8


class Codes:
    """Turns block numbers into eight digits that look like a server's ids, and back."""

    def __init__(self, seed: int) -> None:
        self._factor, self._shift = 48_271_003, 12_345_679 + 7_919 * seed
        self._inverse = pow(self._factor, -1, _CODE_MODULUS)

    def code(self, block: int) -> bytes:
        """Eight digits, different for every block below 100 million."""
        return b"%08d" % ((block * self._factor + self._shift) % _CODE_MODULUS)

    def block(self, code: str) -> int:
        """The block of eight digits."""
        return (int(code) - self._shift) * self._inverse % _CODE_MODULUS


class Blocks:
    """The bytes of records in one view ("Simple" or "Detailed"), compact or pretty-printed.

    Whole blocks are kept up to `cache_bytes`; `row` makes one record without a block.
    """

    def __init__(
        self, shapes: Sequence[Shape], layout: Layout, codes: Codes, *, view: str, pretty: bool, cache_bytes: int
    ) -> None:
        self.layout, self.codes = layout, codes
        self.separator = b",\n" if pretty else b","
        rows = [_encode(shape.simple if view == "Simple" else shape.detailed, pretty=pretty) for shape in shapes]
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
        """The record of call `index`, started at `start` (ms), without a separator."""
        block, number = divmod(index, SHAPES)
        fragments, slots = self._rows[number]
        row = bytearray(self.codes.code(block).join(fragments))
        for offset, delta in slots:
            row[offset : offset + 24] = stamp(start + delta)
        return bytes(row)

    def block(self, number: int) -> bytes:
        """A block of records, each followed by the separator; one that is only begun has garbage after its end."""
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
        first = number * SHAPES
        time = self.layout.time
        for index, slots in zip(range(first, min(first + SHAPES, self.layout.calls)), self._slots, strict=False):
            start = time(index)
            for offset, delta in slots:
                block[offset : offset + 24] = stamp(start + delta)
        return bytes(block)

    def span(self, first: int, end: int) -> list[memoryview]:
        """The records `first <= index < end`, newest first, each followed by the separator."""
        pieces = []
        while first < end:
            block, number = divmod(first, SHAPES)
            stop = min(SHAPES, number + end - first)
            pieces.append(memoryview(self.block(block))[self.offsets[number] : self.offsets[stop]])
            first += stop - number
        return pieces


def _encode(record: dict[str, object], *, pretty: bool) -> bytes:
    if not pretty:
        return json.dumps(record, separators=(",", ":")).encode()
    # Records stand two levels deep in a page.
    return ("    " + json.dumps(record, indent=2).replace("\n", "\n    ")).encode()


def _slots(row: bytes) -> list[tuple[int, int]]:
    """Where the moments of a record are, and how far each lies from its start (ms)."""
    return [(match.start(), int(match[1])) for match in _MOMENT.finditer(row)]
