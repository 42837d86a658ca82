"""Changes of the call log: `call-log-sync` and `call-log-extract-sync` (guide page voice/call-log/sync).

Sync tokens are opaque to clients; they carry the filters of the full sync with which the series began.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.call_log import CallRecords, read_filter, read_view
from airflow_provider_ringcentral.sandbox.api.paging import decode_token, encode_token
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.call_selection import CallFilter, CallSequence, modified_after

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
    from airflow_provider_ringcentral.sandbox.model.call_changes import ChangedCall
    from airflow_provider_ringcentral.sandbox.model.company import Extension

SYNC_LIMIT = 250
EXTRACT_DEFAULT, EXTRACT_LIMIT = 250, 1000

_REFUSALS = {
    "CLG-101": "Sync token is malformed",
    "CLG-102": "Sync token is expired",
    "CLG-103": "Sync token was issued for another resource",
    "CLG-104": "Sync token expired, call log was reset",
    "CLG-105": "Number of changes exceeds the limit, full synchronization is required",
}
"""RingCentral documents the codes as a family (bad, expired, reset, too many changes); which means what is assumed."""


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The content of a sync token, with times in ms.

    `reached`: everything modified up to then was handed out; `issued`: when the token was made; `began`: when the full
    sync of the series was.
    """

    kind: str
    reached: int
    view: str
    count: int
    filter: CallFilter
    issued: int
    epoch: int
    began: int


def _read_token(context: RequestContext, kind: str) -> Cursor:
    """Return the content of `syncToken`; 400 CLG-10x when it is refused."""
    token = context.value("syncToken")
    if token is None:
        raise responses.missing_parameter("syncToken")
    cursor = decode_token(token, Cursor)
    if cursor is None:
        raise _token_refused("CLG-101", token)
    state = context.state
    if cursor.kind != kind:
        raise _token_refused("CLG-103", token)
    if cursor.epoch != state.sync_epoch:
        raise _token_refused(state.sync_refusal, token)
    life = state.options.sync_token_seconds
    if life is not None and state.now() > cursor.issued + life * timestamps.SECOND:
        raise _token_refused("CLG-102", token)
    return cursor


def _token_refused(code: str, token: str) -> responses.ApiError:
    """Return 400: a full sync is needed."""
    detail = _REFUSALS.get(code, "Sync token is not valid")
    return responses.invalid_parameter("syncToken", token, code=code, detail=detail)


def sync_account_call_log(context: RequestContext) -> ApiResponse:
    """`syncAccountCallLog`: full or incremental sync of the company's calls."""
    context.check_account()
    return _sync(context, None)


def sync_user_call_log(context: RequestContext) -> ApiResponse:
    """`syncUserCallLog`: full or incremental sync of one extension's calls."""
    return _sync(context, context.extension())


def extract_sync_account_call_log(context: RequestContext) -> ApiResponse:
    """`extractSyncAccountCallLog`: calls by modification time, oldest change first."""
    context.check_account()
    state = context.state
    state.arrivals.on_request(state.now())
    mode = context.choice("syncType", ("FSync", "ISync"), "FSync") or "FSync"
    if mode == "FSync":
        cursor = _begin_extract(context)
    else:
        if context.value("recordCount") is not None:
            raise responses.invalid_parameter(
                "recordCount", context.value("recordCount"), detail="is allowed for FSync only"
            )
        cursor = _read_token(context, "extract")
    now = state.now()
    found, more = modified_after(state.changes, cursor.reached, until=now, at_least=cursor.count)
    # A full sync lists the calls that exist; only an incremental one reports deletions, from its series' beginning on.
    report_deleted = mode == "ISync" and state.options.sync_deleted
    shown = [
        call
        for modified, call in found
        if cursor.filter.passes(*_filtered_values(context, call))
        and (not _is_deleted(call) or (report_deleted and modified > cursor.began))
    ]
    # With more to come, everything up to the last change in this response is handed out; else everything up to now.
    reached = found[-1][0] if more else now
    following = msgspec.structs.replace(cursor, reached=reached, issued=now)
    return _respond(context, mode, following, shown, {"newerRecordsExist": more})


def _begin_extract(context: RequestContext) -> Cursor:
    start = context.timestamp("dateFrom")
    view = read_view(context)
    count = context.number("recordCount", EXTRACT_DEFAULT, most=EXTRACT_LIMIT)
    call_filter = CallFilter(categories=frozenset(context.values("metadataCategory")))
    now = context.state.now()
    begin = now - timestamps.HOUR if start is None else start
    return Cursor("extract", begin - 1, view, count, call_filter, now, context.state.sync_epoch, now)


def _sync(context: RequestContext, owner: Extension | None) -> ApiResponse:
    state = context.state
    state.arrivals.on_request(state.now())
    mode = context.choice("syncType", ("FSync", "ISync"), "FSync") or "FSync"
    kind = f"sync-{owner.id if owner else 'company'}"
    now = state.now()
    if mode == "FSync":
        if context.value("recordCount") is None:
            raise responses.missing_parameter("recordCount")
        count = context.number("recordCount", SYNC_LIMIT, most=SYNC_LIMIT)
        view = read_view(context)
        start = context.timestamp("dateFrom")
        cursor = Cursor(kind, now, view, count, read_filter(context, owner), now, state.sync_epoch, now)
        first = now - 30 * timestamps.DAY if start is None else start
        shown = _newest(context, cursor.filter, first, now, count)
    else:
        cursor = _read_token(context, kind)
        shown = _changed(context, cursor, now)
        extra = context.number("recordCount", 0, most=SYNC_LIMIT) if context.value("recordCount") else 0
        known = {_index(call) for call in shown}
        older = _newest(context, cursor.filter, 0, now, min(extra + len(known), SYNC_LIMIT))
        # `recordCount` asks for unchanged records in addition, as far as the limit leaves room.
        unchanged = [call for call in older if _index(call) not in known] if extra else []
        shown += unchanged[: max(0, min(extra, SYNC_LIMIT - len(shown)))]
    return _respond(context, mode, msgspec.structs.replace(cursor, reached=now, issued=now), shown, {})


def _newest(
    context: RequestContext, call_filter: CallFilter, first: int, last: int, count: int
) -> list[int | ChangedCall]:
    state = context.state
    rows = [
        row
        for row in state.changes.visible()
        if not row.deleted and call_filter.passes(*_filtered_values(context, row))
    ]
    found = CallSequence(state.changes, state.select(call_filter), rows, first=first, last=last)
    return [found.at(position) for position in range(min(count, len(found)))]


def _changed(context: RequestContext, cursor: Cursor, now: int) -> list[int | ChangedCall]:
    """Return the calls changed since a token, newest start first; 400 CLG-105 when they exceed the limit."""
    found, more = modified_after(context.state.changes, cursor.reached, until=now, at_least=SYNC_LIMIT + 1)
    deleted = context.flag("showDeleted")
    calls = [
        call
        for _, call in found
        if cursor.filter.passes(*_filtered_values(context, call)) and (deleted or not _is_deleted(call))
    ]
    if more or len(calls) > SYNC_LIMIT:
        raise _token_refused("CLG-105", context.value("syncToken") or "")
    return sorted(calls, key=lambda call: -context.state.changes.start_of(_index(call)))


def _respond(
    context: RequestContext, mode: str, following: Cursor, calls: list[int | ChangedCall], extra: dict[str, Any]
) -> ApiResponse:
    """Return the response; `following` is the cursor of the next request."""
    records = CallRecords(context.state, following.view)
    info = {"syncType": mode, "syncToken": encode_token(following), "syncTime": timestamps.text(following.issued)}
    shown = [records.value(call) for call in calls]
    return context.json({"uri": context.uri(), "records": shown, "syncInfo": info | extra})


def _filtered_values(context: RequestContext, call: int | ChangedCall) -> tuple[Any, Any]:
    return context.state.calls.template(_index(call)), None if isinstance(call, int) else call.fields


def _index(call: int | ChangedCall) -> int:
    return call if isinstance(call, int) else call.index


def _is_deleted(call: int | ChangedCall) -> bool:
    return not isinstance(call, int) and call.deleted
