"""One page of the call log, whose records pass through as the bytes that RingCentral sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated

import msgspec

from airflow_provider_ringcentral.arguments import iso_time
from airflow_provider_ringcentral.client.answer import DECODE_ERRORS
from airflow_provider_ringcentral.client.errors import Unavailable


class _Link(msgspec.Struct):
    uri: str | None = None


class _Navigation(msgspec.Struct, rename="camel"):
    next_page: _Link | None = None


class _RawPage(msgspec.Struct):
    records: list[msgspec.Raw]
    navigation: _Navigation | None = None


# gc=False: a thousand of these per page would trigger the garbage collector, and they cannot form cycles.
class _Head(msgspec.Struct, rename="camel", gc=False):
    id: str
    start_time: Annotated[datetime, msgspec.Meta(tz=True)]


class _Heads(msgspec.Struct):
    records: list[_Head]


class _LenientHead(msgspec.Struct, rename="camel"):
    id: str | int
    start_time: str


class _LenientHeads(msgspec.Struct):
    records: list[_LenientHead]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_raw_page = msgspec.json.Decoder(_RawPage)
_heads = msgspec.json.Decoder(_Heads)
_lenient_heads = msgspec.json.Decoder(_LenientHeads)
_head_lines = msgspec.json.Decoder(_Head)
_lenient_head_lines = msgspec.json.Decoder(_LenientHead)


class Page:
    """The `ids`, `times` (aware, UTC) and records of an answer of readCompanyCallLog or readUserCallLog.

    Raises `Unavailable` when the answer is not such a page, or when a record has no id or start time: without them
    nobody knows whether the record belongs to the window, and dropping it would lose a call silently.
    """

    def __init__(self, body: bytes) -> None:
        try:
            body = compact_json(body)
            raw_page = _raw_page.decode(body)
        except DECODE_ERRORS as error:
            raise Unavailable(f"RingCentral's answer is not a page of the call log: {error}") from error
        self._records = raw_page.records
        link = raw_page.navigation and raw_page.navigation.next_page
        self.has_next = bool(link and link.uri)
        """Whether RingCentral names a next page. It may do so after a short or empty page."""
        self.ids, self.times = _heads_of_page(body)

    def __len__(self) -> int:
        return len(self._records)

    def lines(self, kept: Sequence[int]) -> bytes:
        """Return the records with these indexes as NDJSON, byte for byte as sent, apart from line breaks."""
        whole_page = len(kept) == len(self._records)
        return join_lines(self._records if whole_page else [self._records[index] for index in kept])

    @cached_property
    def seconds(self) -> tuple[int, int]:
        """The oldest and the newest start time in whole epoch seconds. The page must have records."""
        return epoch_second(min(self.times)), epoch_second(max(self.times))

    @cached_property
    def newest_first(self) -> bool:
        """Whether start times descend, compared in whole seconds: the pager relies on nothing finer."""
        if self.times == sorted(self.times, reverse=True):
            return True
        seconds = [epoch_second(time) for time in self.times]
        return seconds == sorted(seconds, reverse=True)


def compact_json(body: bytes) -> bytes:
    """Return JSON without line breaks, so that each of its records fits on one line."""
    # JSON strings write a line break as \\n, so any line break found here is layout.
    return msgspec.json.format(body, indent=-1) if b"\n" in body or b"\r" in body else body


def join_lines(records: Sequence[msgspec.Raw]) -> bytes:
    """Return the records as NDJSON."""
    # Joining the last line break, too, saves a copy of the whole page.
    return b"\n".join([*records, b""]) if records else b""


def epoch_second(moment: datetime) -> int:
    """Return the epoch second in which `moment` (aware) lies."""
    # int(moment.timestamp()) would round towards zero, and lose precision in a float.
    since = moment - _EPOCH
    return since.days * 86_400 + since.seconds


def ids_and_times(lines: bytes) -> tuple[list[str], list[datetime]]:
    """Return the ids and start times of NDJSON lines that `Page.lines` wrote."""
    try:
        return _split(_head_lines.decode_lines(lines))
    except msgspec.ValidationError:
        return _split_lenient(_lenient_head_lines.decode_lines(lines))


def _heads_of_page(body: bytes) -> tuple[list[str], list[datetime]]:
    try:
        return _split(_heads.decode(body).records)
    except msgspec.ValidationError:
        # Not strictly RFC 3339, such as an offset without colon or no zone; a number for an id; or a field is missing.
        try:
            return _split_lenient(_lenient_heads.decode(body).records)
        except DECODE_ERRORS as error:
            raise Unavailable(f"A record of RingCentral's call log has no usable id or startTime: {error}") from error


def _split(heads: Sequence[_Head]) -> tuple[list[str], list[datetime]]:
    return [head.id for head in heads], [head.start_time for head in heads]


def _split_lenient(heads: Sequence[_LenientHead]) -> tuple[list[str], list[datetime]]:
    return [str(head.id) for head in heads], [parse_start_time(head.start_time) for head in heads]


def parse_start_time(text: str, subject: str = "A record of RingCentral's call log has a startTime") -> datetime:
    """Return the aware time of a record; a text without zone is in UTC, as all of RingCentral's times.

    Raises `Unavailable` with a message that begins with `subject`.
    """
    moment = iso_time(text, zone=UTC)
    if moment is None:
        raise Unavailable(f"{subject} that is not an ISO 8601 time.")
    return moment
