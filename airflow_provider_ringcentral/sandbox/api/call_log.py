"""Call log of the company and of one extension: lists and single records.

What a call-log request asks for (FACTS of `openapi26: readCompanyCallLog, readUserCallLog`), checked strictly.

The bytes of a page of calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, gcd
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.responses import ApiError, ApiResponse
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.call_changes import ChangedCall
from airflow_provider_ringcentral.sandbox.model.call_selection import CallSequence
from airflow_provider_ringcentral.sandbox.model.calls import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.model.call_selection import Piece
    from airflow_provider_ringcentral.sandbox.model.call_templates import CallTemplate
    from airflow_provider_ringcentral.sandbox.model.calls import Calls
    from airflow_provider_ringcentral.sandbox.model.company import Extension
    from airflow_provider_ringcentral.sandbox.model.state import State

VIEWS = ("Simple", "Detailed")
PAGE_LIMITS = {"Simple": 1000, "Detailed": 250}
DEEPEST_PAGE = 1000
MISSED = frozenset({"Missed", "Abandoned", "Voicemail", "No Answer", "Busy", "Rejected", "Declined"})

_EXCLUDED_BY_SESSION = ("extensionNumber", "phoneNumber", "direction", "type", "recordingType", "withRecording")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which calls pass. Empty sets and None let everything pass."""

    types: frozenset[str] = frozenset()
    directions: frozenset[str] = frozenset()
    transports: frozenset[str] = frozenset()
    recording: str | None = None
    extension_number: str | None = None
    owner: int | None = None
    phone: str | None = None
    missed: bool = False
    categories: frozenset[str] = frozenset()

    def passes(self, template: CallTemplate, fields: dict[str, Any] | None = None) -> bool:
        """Whether a call of that shape passes; `fields` are corrections of its record."""
        changed = fields or {}
        recording = (changed["recording"] or {}).get("type") if "recording" in changed else template.recording
        return (
            (not self.types or changed.get("type", template.type) in self.types)
            and (not self.directions or changed.get("direction", template.direction) in self.directions)
            and (not self.transports or changed.get("transport", template.transport) in self.transports)
            and (self.recording is None or recording == self.recording or (self.recording == "All" and bool(recording)))
            and self.extension_number in (None, template.owner.number)
            and self.owner in (None, template.owner.id)
            and (self.phone is None or self.phone in template.numbers)
            and (not self.missed or changed.get("result", template.result) in MISSED)
            # No call of the sandbox carries metadata of its own accord.
            and (not self.categories or bool(self.categories & set(changed.get("metadataCategories", ()))))
        )


@dataclass(frozen=True, slots=True)
class CallQuery:
    """A request for a page of calls with `first <= start time <= last` (ms)."""

    view: str
    page: int
    per_page: int
    first: int
    last: int
    date_from: int
    filter: Filter
    show_deleted: bool
    session: str | None

    def keeps(self, row: ChangedCall, calls: Calls) -> bool:
        """Whether a changed call belongs to the answer."""
        return (not row.deleted or self.show_deleted) and self.filter.passes(calls.template(row.index), row.fields)


def read_filter(context: RequestContext, owner: Extension | None) -> Filter:
    """The filters of a request."""
    kind = context.choice("recordingType", ("Automatic", "OnDemand", "All"))
    if kind is None and context.flag("withRecording"):
        kind = "All"
    groups = context.values("statusGroup")
    for value in groups:
        if value not in {"Missed", "All"}:
            raise responses.invalid_parameter("statusGroup", value)
    return Filter(
        types=choices(context, "type", {"Voice", "Fax"}),
        directions=choices(context, "direction", {"Inbound", "Outbound"}),
        transports=choices(context, "transport", {"PSTN", "VoIP"}) if owner else frozenset(),
        recording=kind,
        extension_number=context.value("extensionNumber"),
        owner=owner.id if owner else None,
        phone=context.value("phoneNumber"),
        missed=bool(groups) and "All" not in groups,
        categories=frozenset(context.values("metadataCategory")),
    )


def choices(context: RequestContext, name: str, allowed: set[str]) -> frozenset[str]:
    """Repeated values. A comma list is no error and matches nothing (FACTS 1.3); any other wrong value is one."""
    values = frozenset(context.values(name))
    for value in values:
        if value not in allowed and "," not in value:
            raise responses.invalid_parameter(name, value)
    return values


def read_query(context: RequestContext, owner: Extension | None) -> CallQuery:
    """The query of a call-log request; 400 (CMN-101, CLG-110) for what a strict service would not take."""
    view = context.choice("view", VIEWS, "Simple") or "Simple"
    session = context.value("sessionId")
    if session is not None and (mixed := [name for name in _EXCLUDED_BY_SESSION if context.values(name)]):
        detail = "can not be combined with sessionId"
        raise responses.invalid_parameter(mixed[0], context.values(mixed[0])[0], code="CLG-110", detail=detail)
    if context.value("phoneNumber") is not None and context.value("extensionNumber") is not None:
        raise responses.invalid_parameter(
            "phoneNumber", context.value("phoneNumber"), detail="can not be combined with extensionNumber"
        )
    first, last, date_from = bounds(context)
    if owner is not None:
        context.flag("showBlocked", default=True)
    return CallQuery(
        view=view,
        page=context.number("page", 1, most=DEEPEST_PAGE),
        per_page=_per_page(context, view),
        first=first,
        last=last,
        date_from=date_from,
        filter=read_filter(context, owner),
        show_deleted=context.flag("showDeleted"),
        session=session or context.value("telephonySessionId"),
    )


def _per_page(context: RequestContext, view: str) -> int:
    if context.value("perPage") == "max":
        return PAGE_LIMITS[view]
    return min(context.number("perPage", 100), PAGE_LIMITS[view])


def bounds(context: RequestContext) -> tuple[int, int, int]:
    """First and last millisecond of the answer, and `dateFrom` as it goes into the links."""
    options = context.state.options
    asked_from, asked_to = context.timestamp("dateFrom"), context.timestamp("dateTo")
    date_to = context.state.now() if asked_to is None else asked_to
    date_from = date_to - timestamps.DAY if asked_from is None else asked_from
    if date_from > date_to:
        raise responses.invalid_parameter("dateFrom", context.value("dateFrom"), detail="is after dateTo")
    first = date_from
    if options.date_bounds == "seconds":
        first, date_to = (
            first // timestamps.SECOND * timestamps.SECOND,
            date_to // timestamps.SECOND * timestamps.SECOND,
        )
    return first, date_to if options.date_to == "inclusive" else date_to - 1, date_from


_PRIMES = (982_451_653, 961_748_941, 941_083_987)


def find(state: State, query: CallQuery) -> CallSequence:
    """All calls that a query sees at this moment."""
    calls, changes = state.calls, state.changes
    rows: Iterable[ChangedCall]
    if query.session is not None:
        indexes = calls.indexes_of_session(query.session)
        rows = [changes.row(index) for index in indexes if changes.exists(index) or changes.is_deleted(index)]
        selection = Selection([])
    else:
        rows, selection = changes.visible(), state.select(query.filter)
    kept = [row for row in rows if query.keeps(row, calls)]
    return CallSequence(changes, selection, kept, first=query.first, last=query.last)


def write_page(context: RequestContext, query: CallQuery, owner: Extension | None) -> ApiResponse:
    """One page: `records`, `paging` and `navigation`, with all the irregularities that the options ask for."""
    state, options = context.state, context.state.options
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
    tail = _tail(context, query, total=len(found), count=last - first, more=last < len(found), size=size)
    return ApiResponse(
        200, _join(context.uri(**_links(context, query), page=query.page), rows, tail, pretty=options.pretty)
    )


class Records:
    """Turns calls into the bytes of their records, each followed by the separator of a list."""

    def __init__(self, state: State, view: str, owner: Extension | None = None) -> None:
        self._calls, self._changes, self._view = state.calls, state.changes, view
        self._blocks = state.calls.blocks(view)
        self._pretty = state.options.pretty
        self._path = f"/extension/{owner.id}/call-log/".encode() if owner else None

    def start(self, call: int | ChangedCall) -> int:
        """When a call started (ms)."""
        return call.start if isinstance(call, ChangedCall) else self._calls.layout.time(call)

    def value(self, call: int | ChangedCall) -> dict[str, Any]:
        """A record as a dict."""
        if not isinstance(call, ChangedCall):
            return self._calls.record(call, self._calls.layout.time(call), self._view)
        record = self._calls.record(call.index, call.start, self._view) | call.fields
        if record.get("recording", "") is None:
            for named in (record, *record.get("legs", ())):
                named.pop("recording", None)
        if self._view == "Detailed":
            record["lastModifiedTime"] = timestamps.text(call.modified)
        return record | ({"deleted": True} if call.deleted else {})

    def one(self, call: int | ChangedCall) -> bytes:
        """A record with its separator."""
        if isinstance(call, ChangedCall):
            row = responses.encode(self.value(call), pretty=self._pretty)
            if self._pretty:
                row = b"    " + row.replace(b"\n", b"\n    ")
        else:
            row = self._blocks.row(call, self._calls.layout.time(call))
        if self._path is not None:
            row = row.replace(b"/call-log/", self._path, 1)
        return row + self._blocks.separator

    def many(self, piece: Piece, selection: Selection) -> Iterable[bytes | memoryview]:
        """The records of a piece of a sequence."""
        if isinstance(piece, ChangedCall):
            return [self.one(piece)]
        if selection.everything and self._path is None:
            return self._blocks.span(*piece)
        return [self.one(selection.index(rank)) for rank in range(*piece)]


def _ordered(records: Records, found: CallSequence, first: int, last: int, order: str) -> Iterable[bytes | memoryview]:
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


def _links(context: RequestContext, query: CallQuery) -> dict[str, object]:
    """The parameters that RingCentral spells out in links; what was not asked for stays open, such as dateTo."""
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
    """The whole body; the records are bytes already and stay so."""
    frame = responses.encode({"uri": uri, "records": [], **tail}, pretty=pretty)
    if not rows:
        return frame
    head, _, rest = frame.partition(b"[]")
    opening, closing, cut = (b"[\n", b"\n  ]", 2) if pretty else (b"[", b"]", 1)
    rows[-1] = memoryview(rows[-1])[:-cut]
    return b"".join((head, opening, *rows, closing, rest))


BULK_LIMIT = 50
MULTIPART_JSON = "application/vnd.ringcentral.multipart+json"


def read_company_call_log(context: RequestContext) -> ApiResponse:
    """`readCompanyCallLog`."""
    context.check_account()
    query = read_query(context, None)
    context.state.arrivals.on_request(context.state.now())
    return write_page(context, query, None)


def read_user_call_log(context: RequestContext) -> ApiResponse:
    """`readUserCallLog`."""
    owner = context.extension()
    query = read_query(context, owner)
    context.state.arrivals.on_request(context.state.now())
    return write_page(context, query, owner)


def read_company_call_record(context: RequestContext) -> ApiResponse:
    """`readCompanyCallRecord`: one id answers 200, up to 50 ids answer 207."""
    context.check_account()
    return _records(context, None)


def read_user_call_record(context: RequestContext) -> ApiResponse:
    """`readUserCallRecord`."""
    return _records(context, context.extension())


def _records(context: RequestContext, owner: Extension | None) -> ApiResponse:
    view = context.choice("view", VIEWS, "Simple") or "Simple"
    ids = [call_id for call_id in context.ids["callRecordId"].split(",") if call_id]
    if len(ids) > BULK_LIMIT:
        raise responses.api_error(
            400, "CMN-106", f"Batch size is above the limit of {BULK_LIMIT}", parameter="callRecordId"
        )
    if len(ids) == 1:
        return context.json(_record(context, owner, ids[0], view))
    results = [_attempt(context, owner, call_id, view) for call_id in ids]
    if MULTIPART_JSON in context.headers.get("accept", ""):
        items = [
            {"resourceId": call_id, "status": status, "body": body}
            for call_id, (status, body) in zip(ids, results, strict=True)
        ]
        return ApiResponse(207, responses.encode(items, pretty=context.state.options.pretty), MULTIPART_JSON)
    return _multipart(context, ids, results)


def _record(context: RequestContext, owner: Extension | None, call_id: str, view: str) -> dict[str, Any]:
    calls, changes = context.state.calls, context.state.changes
    index = calls.index_of(call_id)
    if index is None or not changes.exists(index) or (owner and calls.template(index).owner.id != owner.id):
        raise responses.not_found("callRecordId", call_id)
    return Records(context.state, view).value(changes.row(index) if index in changes.rows else index)


def _attempt(context: RequestContext, owner: Extension | None, call_id: str, view: str) -> tuple[int, Any]:
    try:
        return 200, _record(context, owner, call_id, view)
    except ApiError as refused:
        return refused.response.status, responses.decode(refused.response.body)


def _multipart(context: RequestContext, ids: list[str], results: list[tuple[int, Any]]) -> ApiResponse:
    """`multipart/mixed`: first the statuses, then one part per id in their order (`docs/basics/batch-requests.md`)."""
    base = context.path.rpartition("/")[0]
    statuses = [
        {
            "href": f"{context.state.url}{base}/{call_id}",
            "status": status,
            "responseDescription": "OK" if status == 200 else "Not Found",
        }
        for call_id, (status, _) in zip(ids, results, strict=True)
    ]
    boundary = f"Boundary_{uuid4().hex}"
    parts = [{"response": statuses}, *(body for _, body in results)]
    text = b"".join(
        b"--%s\r\nContent-Type: application/json\r\n\r\n%s\r\n" % (boundary.encode(), responses.encode(part))
        for part in parts
    )
    return ApiResponse(207, text + f"--{boundary}--\r\n".encode(), f"multipart/mixed; boundary={boundary}")
