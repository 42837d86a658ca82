"""The bytes of a page of calls."""

from __future__ import annotations

from math import ceil, gcd
from random import Random
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses as bodies
from airflow_provider_ringcentral.sandbox.api.responses import Answer
from airflow_provider_ringcentral.sandbox.model import timestamps as instants
from airflow_provider_ringcentral.sandbox.model.call_changes import Row
from airflow_provider_ringcentral.sandbox.model.call_selection import Sequence
from airflow_provider_ringcentral.sandbox.model.calls import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_provider_ringcentral.sandbox.api.call_query import CallQuery
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.model.call_selection import Piece
    from airflow_provider_ringcentral.sandbox.model.company import Extension
    from airflow_provider_ringcentral.sandbox.model.state import State

_PRIMES = (982_451_653, 961_748_941, 941_083_987)


def find(state: State, query: CallQuery) -> Sequence:
    """All calls that a query sees at this moment."""
    calls, changes = state.calls, state.changes
    rows: Iterable[Row]
    if query.session is not None:
        indexes = calls.indexes_of_session(query.session)
        rows = [changes.row(index) for index in indexes if changes.exists(index) or changes.is_deleted(index)]
        selection = Selection([])
    else:
        rows, selection = changes.visible(), state.select(query.filter)
    kept = [row for row in rows if query.keeps(row, calls)]
    return Sequence(changes, selection, kept, first=query.first, last=query.last)


def write_page(visit: Visit, query: CallQuery, owner: Extension | None) -> Answer:
    """One page: `records`, `paging` and `navigation`, with all the irregularities that the options ask for."""
    state, options = visit.state, visit.state.options
    found = find(state, query)
    size = ceil(query.per_page * options.page_fill)
    empty = bool(options.empty_pages) and query.page % options.empty_pages == 0
    full_before = query.page - 1 - ((query.page - 1) // options.empty_pages if options.empty_pages else 0)
    first = min(full_before * size, len(found))
    last = first if empty else min(first + size, len(found))
    records = Records(state, query.view, owner)
    rows = list(_ordered(records, found, first, last, options.order))
    if last > first:
        state.arrivals.edge = records.start(found.at(last - 1))
    tail = _tail(visit, query, total=len(found), count=last - first, more=last < len(found), size=size)
    return Answer(200, _join(visit.uri(**_links(visit, query), page=query.page), rows, tail, pretty=options.pretty))


class Records:
    """Turns calls into the bytes of their records, each followed by the separator of a list."""

    def __init__(self, state: State, view: str, owner: Extension | None = None) -> None:
        self._calls, self._changes, self._view = state.calls, state.changes, view
        self._blocks = state.calls.blocks(view)
        self._pretty = state.options.pretty
        self._path = f"/extension/{owner.id}/call-log/".encode() if owner else None

    def start(self, call: int | Row) -> int:
        """When a call started (ms)."""
        return call.start if isinstance(call, Row) else self._calls.layout.time(call)

    def value(self, call: int | Row) -> dict[str, Any]:
        """A record as a dict."""
        if not isinstance(call, Row):
            return self._calls.record(call, self._calls.layout.time(call), self._view)
        record = self._calls.record(call.index, call.start, self._view) | call.fields
        if record.get("recording", "") is None:
            for named in (record, *record.get("legs", ())):
                named.pop("recording", None)
        if self._view == "Detailed":
            record["lastModifiedTime"] = instants.text(call.modified)
        return record | ({"deleted": True} if call.deleted else {})

    def one(self, call: int | Row) -> bytes:
        """A record with its separator."""
        if isinstance(call, Row):
            row = bodies.encode(self.value(call), pretty=self._pretty)
            if self._pretty:
                row = b"    " + row.replace(b"\n", b"\n    ")
        else:
            row = self._blocks.row(call, self._calls.layout.time(call))
        if self._path is not None:
            row = row.replace(b"/call-log/", self._path, 1)
        return row + self._blocks.separator

    def many(self, piece: Piece, selection: Selection) -> Iterable[bytes | memoryview]:
        """The records of a piece of a sequence."""
        if isinstance(piece, Row):
            return [self.one(piece)]
        if selection.everything and self._path is None:
            return self._blocks.span(*piece)
        return [self.one(selection.index(rank)) for rank in range(*piece)]


def _ordered(records: Records, found: Sequence, first: int, last: int, order: str) -> Iterable[bytes | memoryview]:
    """The records of a page in the order that the options ask for."""
    total = len(found)
    if order == "newest":
        for piece in found.cut(first, last):
            yield from records.many(piece, found.selection)
        return
    positions = list(range(first, last))
    if order == "oldest":
        positions = [total - 1 - position for position in positions]
    elif order == "shuffled":
        step = next(prime for prime in _PRIMES if gcd(prime, max(total, 1)) == 1)
        positions = [position * step % total for position in positions]
    else:
        Random(first).shuffle(positions)
    for position in positions:
        yield records.one(found.at(position))


def _links(visit: Visit, query: CallQuery) -> dict[str, object]:
    """The parameters that RingCentral spells out in links; what was not asked for stays open, such as dateTo."""
    links: dict[str, object] = {} if visit.many("dateFrom") else {"dateFrom": instants.text(query.date_from)}
    return links | {"view": query.view, "perPage": query.per_page}


def _tail(visit: Visit, query: CallQuery, *, total: int, count: int, more: bool, size: int) -> dict[str, Any]:
    options, first = visit.state.options, (query.page - 1) * query.per_page
    links = _links(visit, query)
    pages = max(1, -(-total // size))
    navigation = {"firstPage": 1}
    if more:
        navigation["nextPage"] = query.page + 1
    if query.page > 1:
        navigation["previousPage"] = query.page - 1
    if options.last_page != "none":
        navigation["lastPage"] = pages if options.last_page == "right" else max(1, pages - 1)
    paging = {
        "page": query.page,
        "perPage": query.per_page,
        "pageStart": first,
        "pageEnd": max(first, first + count - 1),
    }
    if options.totals:
        paging |= {"totalPages": pages, "totalElements": total}
    return {
        "paging": paging,
        "navigation": {name: {"uri": visit.uri(**links, page=page)} for name, page in navigation.items()},
    }


def _join(uri: str, rows: list[bytes | memoryview], tail: dict[str, Any], *, pretty: bool) -> bytes:
    """The whole body; the records are bytes already and stay so."""
    frame = bodies.encode({"uri": uri, "records": [], **tail}, pretty=pretty)
    if not rows:
        return frame
    head, _, rest = frame.partition(b"[]")
    opening, closing, cut = (b"[\n", b"\n  ]", 2) if pretty else (b"[", b"]", 1)
    rows[-1] = memoryview(rows[-1])[:-cut]
    return b"".join((head, opening, *rows, closing, rest))
