"""One page of a call log, read without rebuilding its records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated

import msgspec

from airflow_provider_ringcentral.arguments import iso_time
from airflow_provider_ringcentral.client.answer import UNREADABLE
from airflow_provider_ringcentral.client.errors import Unavailable


class _Link(msgspec.Struct):
    uri: str | None = None


class _Navigation(msgspec.Struct, rename="camel"):
    next_page: _Link | None = None


class _Bodies(msgspec.Struct):
    records: list[msgspec.Raw]
    navigation: _Navigation | None = None


# gc=False: a thousand of these a page would wake the garbage collector, and strings and times form no cycles.
class _Head(msgspec.Struct, rename="camel", gc=False):
    id: str
    start_time: Annotated[datetime, msgspec.Meta(tz=True)]


class _Heads(msgspec.Struct):
    records: list[_Head]


class _LooseHead(msgspec.Struct, rename="camel"):
    id: str | int
    start_time: str


class _LooseHeads(msgspec.Struct):
    records: list[_LooseHead]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_bodies = msgspec.json.Decoder(_Bodies)
_heads = msgspec.json.Decoder(_Heads)
_loose_heads = msgspec.json.Decoder(_LooseHeads)
_head_lines = msgspec.json.Decoder(_Head)
_loose_head_lines = msgspec.json.Decoder(_LooseHead)


class Page:
    """`ids`, `times` (aware, UTC) and `has_next` of a call-log answer, and its records as lines.

    Raises `Unavailable` when the answer is no page, or one of its records has no id or start time: such a record
    could be neither placed in the window nor told from another, and dropping it would be silent loss.
    """

    def __init__(self, body: bytes) -> None:
        try:
            body = without_layout(body)
            bodies = _bodies.decode(body)
        except UNREADABLE as error:
            raise Unavailable(f"RingCentral's answer is no page of a call log: {error}") from error
        self._records = bodies.records
        link = bodies.navigation and bodies.navigation.next_page
        self.has_next = bool(link and link.uri)
        """RingCentral names a next page; a page may be short, or empty, and still do so (FACTS 5.1)."""
        self.ids, self.times = _heads_of_page(body)

    def __len__(self) -> int:
        return len(self._records)

    def lines(self, kept: Sequence[int]) -> bytes:
        """The records at these places as NDJSON, each byte as RingCentral sent it (layout between lines aside)."""
        return as_lines(self._records if len(kept) == len(self._records) else [self._records[place] for place in kept])

    @cached_property
    def seconds(self) -> tuple[int, int]:
        """The oldest and the newest start, cut to whole epoch seconds. Only for pages with records."""
        return second(min(self.times)), second(max(self.times))

    @cached_property
    def newest_first(self) -> bool:
        """The records go back in time, looked at in whole seconds: the finest step that the extract relies on."""
        if self.times == sorted(self.times, reverse=True):
            return True
        cut = [second(moment) for moment in self.times]
        return cut == sorted(cut, reverse=True)


def without_layout(body: bytes) -> bytes:
    """JSON in which no line break is left, so that none of its records goes over two lines."""
    # A line break inside a JSON string is always written \\n: one met here is layout and would split a record.
    return msgspec.json.format(body, indent=-1) if b"\n" in body or b"\r" in body else body


def as_lines(records: Sequence[msgspec.Raw]) -> bytes:
    """The records as NDJSON."""
    # The last line break is joined like the others: adding it would copy the whole page once more.
    return b"\n".join([*records, b""]) if records else b""


def second(moment: datetime) -> int:
    """The epoch second that `moment` (aware) lies in."""
    # Not int(moment.timestamp()): it rounds towards zero, and goes through a float.
    since = moment - _EPOCH
    return since.days * 86_400 + since.seconds


def heads_of_lines(lines: bytes) -> tuple[list[str], list[datetime]]:
    """Ids and start times of NDJSON lines that were a page's before."""
    try:
        return _split(_head_lines.decode_lines(lines))
    except msgspec.ValidationError:
        return _split_loose(_loose_head_lines.decode_lines(lines))


def _heads_of_page(body: bytes) -> tuple[list[str], list[datetime]]:
    try:
        return _split(_heads.decode(body).records)
    except msgspec.ValidationError:
        # Not RFC 3339 to the letter: an offset without colon (FACTS 1.3), no zone, a number for an id. Or nothing.
        try:
            return _split_loose(_loose_heads.decode(body).records)
        except UNREADABLE as error:
            raise Unavailable(f"A record of RingCentral's call log has no usable id or startTime: {error}") from error


def _split(heads: Sequence[_Head]) -> tuple[list[str], list[datetime]]:
    return [head.id for head in heads], [head.start_time for head in heads]


def _split_loose(heads: Sequence[_LooseHead]) -> tuple[list[str], list[datetime]]:
    return [str(head.id) for head in heads], [start_moment(head.start_time) for head in heads]


def start_moment(text: str, whose: str = "A record of RingCentral's call log has a startTime") -> datetime:
    """The aware time that RingCentral means by `text`; `Unavailable`, beginning with `whose`, when it is none."""
    moment = iso_time(text, zone=UTC)
    if moment is None:
        raise Unavailable(f"{whose} that is not an ISO 8601 time.")
    return moment
