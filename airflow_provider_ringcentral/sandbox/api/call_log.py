"""The call log of the company and of one extension: pages of it, and single records."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, gcd
from random import Random
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.multi_status import path_ids, respond
from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.call_changes import ChangedCall
from airflow_provider_ringcentral.sandbox.model.call_selection import CallFilter, CallSequence
from airflow_provider_ringcentral.sandbox.model.calls import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.model.call_selection import Piece
    from airflow_provider_ringcentral.sandbox.model.calls import Calls
    from airflow_provider_ringcentral.sandbox.model.company import Extension
    from airflow_provider_ringcentral.sandbox.model.state import State

VIEWS = ("Simple", "Detailed")
PAGE_LIMITS = {"Simple": 1000, "Detailed": 250}
DEEPEST_PAGE = 1000

_EXCLUDED_BY_SESSION = ("extensionNumber", "phoneNumber", "direction", "type", "recordingType", "withRecording")
_PRIMES = (982_451_653, 961_748_941, 941_083_987)


def read_company_call_log(context: RequestContext) -> ApiResponse:
    """`readCompanyCallLog`: a page of the calls of all extensions."""
    context.check_account()
    return _read_call_log(context, None)


def read_user_call_log(context: RequestContext) -> ApiResponse:
    """`readUserCallLog`: a page of the calls of one extension."""
    return _read_call_log(context, context.extension())


def _read_call_log(context: RequestContext, owner: Extension | None) -> ApiResponse:
    query = _read_query(context, owner)
    context.state.arrivals.on_request(context.state.now())
    return _write_page(context, query, owner)


def read_company_call_record(context: RequestContext) -> ApiResponse:
    """`readCompanyCallRecord`: one id answers 200, up to 50 ids answer 207."""
    context.check_account()
    return _read_records(context, None)


def read_user_call_record(context: RequestContext) -> ApiResponse:
    """`readUserCallRecord`: one or up to 50 calls of one extension."""
    return _read_records(context, context.extension())


def _read_records(context: RequestContext, owner: Extension | None) -> ApiResponse:
    records = CallRecords(context.state, read_view(context))
    calls, changes = context.state.calls, context.state.changes

    def show(call_id: str) -> dict[str, Any]:
        index = calls.index_of(call_id)
        if index is None or not changes.exists(index) or (owner and calls.template(index).owner.id != owner.id):
            raise responses.not_found("callRecordId", call_id)
        return records.value(changes.rows.get(index, index))

    return respond(context, path_ids(context, "callRecordId"), show)


@dataclass(frozen=True, slots=True)
class CallQuery:
    """A request for a page of calls with `first <= start time <= last` (ms)."""

    view: str
    page: int
    per_page: int
    first: int
    last: int
    date_from: int
    filter: CallFilter
    show_deleted: bool
    session: str | None

    def passes(self, row: ChangedCall, calls: Calls) -> bool:
        """Tell whether a changed call passes the filters."""
        return (not row.deleted or self.show_deleted) and self.filter.passes(calls.template(row.index), row.fields)


def read_view(context: RequestContext) -> str:
    """Return the parameter `view`."""
    return context.choice("view", VIEWS, "Simple") or "Simple"


def read_filter(context: RequestContext, owner: Extension | None) -> CallFilter:
    """Return the filters of a call-log request."""
    kind = context.choice("recordingType", ("Automatic", "OnDemand", "All"))
    if kind is None and context.flag("withRecording"):
        kind = "All"
    groups = context.values("statusGroup")
    for value in groups:
        if value not in {"Missed", "All"}:
            raise responses.invalid_parameter("statusGroup", value)
    return CallFilter(
        types=context.choices("type", {"Voice", "Fax"}),
        directions=context.choices("direction", {"Inbound", "Outbound"}),
        transports=context.choices("transport", {"PSTN", "VoIP"}) if owner else frozenset(),
        recording=kind,
        extension_number=context.value("extensionNumber"),
        owner=owner.id if owner else None,
        phone=context.value("phoneNumber"),
        missed=bool(groups) and "All" not in groups,
        categories=frozenset(context.values("metadataCategory")),
    )


def _read_query(context: RequestContext, owner: Extension | None) -> CallQuery:
    """Return the query of a request; 400 (CMN-101, CLG-110) for whatever the specification does not allow."""
    view = read_view(context)
    session = context.value("sessionId")
    if session is not None and (mixed := [name for name in _EXCLUDED_BY_SESSION if context.values(name)]):
        detail = "can not be combined with sessionId"
        raise responses.invalid_parameter(mixed[0], context.values(mixed[0])[0], code="CLG-110", detail=detail)
    phone = context.value("phoneNumber")
    if phone is not None and context.value("extensionNumber") is not None:
        raise responses.invalid_parameter("phoneNumber", phone, detail="can not be combined with extensionNumber")
    first, last, date_from = context.time_bounds()
    if owner is not None:
        context.flag("showBlocked", default=True)
    most = PAGE_LIMITS[view]
    return CallQuery(
        view=view,
        page=context.number("page", 1, most=DEEPEST_PAGE),
        per_page=most if context.value("perPage") == "max" else min(context.number("perPage", 100), most),
        first=first,
        last=last,
        date_from=date_from,
        filter=read_filter(context, owner),
        show_deleted=context.flag("showDeleted"),
        session=session or context.value("telephonySessionId"),
    )


def _find_calls(state: State, query: CallQuery) -> CallSequence:
    """Return the calls that a query sees now."""
    calls, changes = state.calls, state.changes
    rows: Iterable[ChangedCall]
    if query.session is not None:
        indexes = calls.indexes_of_session(query.session)
        rows = [changes.row(index) for index in indexes if changes.exists(index) or changes.is_deleted(index)]
        selection = Selection([])
    else:
        rows, selection = changes.visible(), state.select(query.filter)
    kept = [row for row in rows if query.passes(row, calls)]
    return CallSequence(changes, selection, kept, first=query.first, last=query.last)


def _write_page(context: RequestContext, query: CallQuery, owner: Extension | None) -> ApiResponse:
    """Return one page: `records`, `paging` and `navigation`, as irregular as the options ask for."""
    state, options = context.state, context.state.options
    found = _find_calls(state, query)
    size = ceil(query.per_page * options.page_fill)
    empty = bool(options.empty_pages) and query.page % options.empty_pages == 0
    full_before = query.page - 1 - ((query.page - 1) // options.empty_pages if options.empty_pages else 0)
    first = min(full_before * size, len(found))
    last = first if empty else min(first + size, len(found))
    records = CallRecords(state, query.view, owner)
    rows = list(_ordered(records, found, first, last, options.order))
    if last > first:
        state.arrivals.edge = records.start(found.at(last - 1))
    tail = _tail(context, query, total=len(found), count=last - first, more=last < len(found), size=size)
    return ApiResponse(
        200, _join(context.uri(**_links(context, query), page=query.page), rows, tail, pretty=options.pretty)
    )


class CallRecords:
    """Turns calls into the bytes of their records, each followed by the separator of a list."""

    def __init__(self, state: State, view: str, owner: Extension | None = None) -> None:
        self._calls, self._changes, self._view = state.calls, state.changes, view
        self._blocks = state.calls.blocks(view)
        self._pretty = state.options.pretty
        self._path = f"/extension/{owner.id}/call-log/".encode() if owner else None

    def start(self, call: int | ChangedCall) -> int:
        """Return when a call started (ms)."""
        return call.start if isinstance(call, ChangedCall) else self._calls.layout.time(call)

    def value(self, call: int | ChangedCall) -> dict[str, Any]:
        """Return a record as a dict."""
        if not isinstance(call, ChangedCall):
            return self._calls.record(call, self._calls.layout.time(call), self._view)
        record = self._calls.record(call.index, call.start, self._view) | call.fields
        if record.get("recording", "") is None:
            for named in (record, *record.get("legs", ())):
                named.pop("recording", None)
        if self._view == "Detailed":
            record["lastModifiedTime"] = timestamps.text(call.modified)
        return record | ({"deleted": True} if call.deleted else {})

    def record(self, call: int | ChangedCall) -> bytes:
        """Return a record with its separator."""
        if isinstance(call, ChangedCall):
            row = responses.encode(self.value(call), pretty=self._pretty)
            if self._pretty:
                row = b"    " + row.replace(b"\n", b"\n    ")
        else:
            row = self._blocks.row(call, self._calls.layout.time(call))
        if self._path is not None:
            row = row.replace(b"/call-log/", self._path, 1)
        return row + self._blocks.separator

    def stretch(self, piece: Piece, selection: Selection) -> Iterable[bytes | memoryview]:
        """Return the records of a piece of a sequence."""
        if isinstance(piece, ChangedCall):
            return [self.record(piece)]
        if selection.everything and self._path is None:
            return self._blocks.span(*piece)
        return [self.record(selection.index(rank)) for rank in range(*piece)]


def _ordered(
    records: CallRecords, found: CallSequence, first: int, last: int, order: str
) -> Iterable[bytes | memoryview]:
    """Yield the records of a page in the order that the options ask for."""
    total = len(found)
    if order == "newest":
        for piece in found.cut(first, last):
            yield from records.stretch(piece, found.selection)
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
        yield records.record(found.at(position))


def _links(context: RequestContext, query: CallQuery) -> dict[str, object]:
    """Return the parameters that RingCentral adds to links. A `dateTo` that was not given is not among them."""
    links: dict[str, object] = {} if context.values("dateFrom") else {"dateFrom": timestamps.text(query.date_from)}
    return links | {"view": query.view, "perPage": query.per_page}


def _tail(
    context: RequestContext, query: CallQuery, *, total: int, count: int, more: bool, size: int
) -> dict[str, Any]:
    options, first = context.state.options, (query.page - 1) * query.per_page
    links = _links(context, query)
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
        "navigation": {name: {"uri": context.uri(**links, page=page)} for name, page in navigation.items()},
    }


def _join(uri: str, rows: list[bytes | memoryview], tail: dict[str, Any], *, pretty: bool) -> bytes:
    """Return the body; the records are inserted as the bytes that they are."""
    frame = responses.encode({"uri": uri, "records": [], **tail}, pretty=pretty)
    if not rows:
        return frame
    head, _, rest = frame.partition(b"[]")
    opening, closing, cut = (b"[\n", b"\n  ]", 2) if pretty else (b"[", b"]", 1)
    rows[-1] = memoryview(rows[-1])[:-cut]
    return b"".join((head, opening, *rows, closing, rest))
