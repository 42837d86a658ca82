"""Changes of the call log: `call-log-sync` and `call-log-extract-sync` (`docs/voice/call-log/sync.md`).

Sync tokens: opaque to clients, and they carry the filters of the full sync that began the series.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.call_log import VIEWS, Filter, Records, read_filter
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.call_selection import CallSequence, modified_after

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
    from airflow_provider_ringcentral.sandbox.model.call_changes import ChangedCall
    from airflow_provider_ringcentral.sandbox.model.company import Extension

REFUSALS = {
    "CLG-101": "Sync token is malformed",
    "CLG-102": "Sync token is expired",
    "CLG-103": "Sync token was issued for another resource",
    "CLG-104": "Sync token expired, call log was reset",
    "CLG-105": "Number of changes exceeds the limit, full synchronization is required",
}
"""Codes are documented as a family (token bad, expired, reset, too many changes); which is which is our reading."""


Remembered = TypeVar("Remembered", bound=msgspec.Struct)


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """What a token remembers, all moments in ms.

    `reached`: everything modified up to then was handed out; `issued`: when the token was made; `began`: when the full
    sync was, that the series began with.
    """

    kind: str
    reached: int
    view: str
    count: int
    filter: Filter
    issued: int
    epoch: int
    began: int


def write(cursor: msgspec.Struct) -> str:
    """A token."""
    return base64.urlsafe_b64encode(b"RC" + msgspec.msgpack.encode(cursor)).rstrip(b"=").decode()


def unpack(token: str, kind: type[Remembered]) -> Remembered | None:
    """The cursor in a token, None when it is not of that kind."""
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return msgspec.msgpack.decode(text.removeprefix(b"RC"), type=kind)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None


def read(context: RequestContext, kind: str) -> Cursor:
    """The cursor behind `syncToken`; 400 CLG-10x when it is refused."""
    token = context.value("syncToken")
    if token is None:
        raise responses.missing_parameter("syncToken")
    cursor = unpack(token, Cursor)
    if cursor is None:
        raise refused("CLG-101", token)
    state = context.state
    if cursor.kind != kind:
        raise refused("CLG-103", token)
    if cursor.epoch != state.sync_epoch:
        raise refused(state.sync_refusal, token)
    life = state.options.sync_token_seconds
    if life is not None and state.now() > cursor.issued + life * timestamps.SECOND:
        raise refused("CLG-102", token)
    return cursor


def refused(code: str, token: str) -> responses.ApiError:
    """400: start over with a full sync."""
    return responses.invalid_parameter(
        "syncToken", token, code=code, detail=REFUSALS.get(code, "Sync token is not valid")
    )


SYNC_LIMIT = 250
EXTRACT_DEFAULT, EXTRACT_LIMIT = 250, 1000


def sync_account_call_log(context: RequestContext) -> ApiResponse:
    """`syncAccountCallLog`."""
    context.check_account()
    return _sync(context, None)


def sync_user_call_log(context: RequestContext) -> ApiResponse:
    """`syncUserCallLog`."""
    return _sync(context, context.extension())


def extract_sync_account_call_log(context: RequestContext) -> ApiResponse:
    """`extractSyncAccountCallLog`: calls by modification time, oldest change first, until none is newer."""
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
        cursor = read(context, "extract")
    now = state.now()
    found, more = modified_after(state, cursor.reached, until=now, at_least=cursor.count)
    # A deletion is news to a reader of the series only; a full sync tells the calls that there are.
    news = mode == "ISync" and state.options.sync_deleted
    shown = [
        call
        for moment, call in found
        if cursor.filter.passes(*_facts(context, call)) and (not _is_deleted(call) or (news and moment > cursor.began))
    ]
    # Without more to come everything up to now is handed out; else up to the last change that was.
    reached = found[-1][0] if more else now
    following = msgspec.structs.replace(cursor, reached=reached, issued=now)
    return _answer(context, mode, following, shown, {"newerRecordsExist": more})


def _begin_extract(context: RequestContext) -> Cursor:
    start = context.timestamp("dateFrom")
    view = context.choice("view", VIEWS, "Simple") or "Simple"
    count = context.number("recordCount", EXTRACT_DEFAULT, most=EXTRACT_LIMIT)
    filter_ = Filter(categories=frozenset(context.values("metadataCategory")))
    now = context.state.now()
    begin = now - timestamps.HOUR if start is None else start
    return Cursor("extract", begin - 1, view, count, filter_, now, context.state.sync_epoch, now)


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
        view = context.choice("view", VIEWS, "Simple") or "Simple"
        start = context.timestamp("dateFrom")
        cursor = Cursor(kind, now, view, count, read_filter(context, owner), now, state.sync_epoch, now)
        first = now - 30 * timestamps.DAY if start is None else start
        shown = _newest(context, cursor.filter, first, now, count)
    else:
        cursor = read(context, kind)
        shown = _changed(context, cursor, now)
        extra = context.number("recordCount", 0, most=SYNC_LIMIT) if context.value("recordCount") else 0
        known = {_index(call) for call in shown}
        older = _newest(context, cursor.filter, 0, now, min(extra + len(known), SYNC_LIMIT))
        # Old records that are asked for on top fill the frame; fresh ones win.
        frame = [call for call in older if _index(call) not in known] if extra else []
        shown += frame[: max(0, min(extra, SYNC_LIMIT - len(shown)))]
    return _answer(context, mode, msgspec.structs.replace(cursor, reached=now, issued=now), shown, {})


def _newest(context: RequestContext, filter_: Filter, first: int, last: int, count: int) -> list[int | ChangedCall]:
    state = context.state
    rows = [row for row in state.changes.visible() if not row.deleted and filter_.passes(*_facts(context, row))]
    found = CallSequence(state.changes, state.select(filter_), rows, first=first, last=last)
    return [found.at(position) for position in range(min(count, len(found)))]


def _changed(context: RequestContext, cursor: Cursor, now: int) -> list[int | ChangedCall]:
    """What changed since a token, newest start first; 400 when that is more than the limit."""
    found, more = modified_after(context.state, cursor.reached, until=now, at_least=SYNC_LIMIT + 1)
    deleted = context.flag("showDeleted")
    calls = [
        call for _, call in found if cursor.filter.passes(*_facts(context, call)) and (deleted or not _is_deleted(call))
    ]
    if more or len(calls) > SYNC_LIMIT:
        raise refused("CLG-105", context.value("syncToken") or "")
    return sorted(calls, key=lambda call: -context.state.changes.start_of(_index(call)))


def _answer(
    context: RequestContext, mode: str, following: Cursor, calls: list[int | ChangedCall], extra: dict[str, Any]
) -> ApiResponse:
    """The answer; `following` is what the next request goes on from."""
    records = Records(context.state, following.view)
    info = {"syncType": mode, "syncToken": write(following), "syncTime": timestamps.text(following.issued)}
    shown = [records.value(call) for call in calls]
    return context.json({"uri": context.uri(), "records": shown, "syncInfo": info | extra})


def _facts(context: RequestContext, call: int | ChangedCall) -> tuple[Any, Any]:
    return context.state.calls.template(_index(call)), None if isinstance(call, int) else call.fields


def _index(call: int | ChangedCall) -> int:
    return call if isinstance(call, int) else call.index


def _is_deleted(call: int | ChangedCall) -> bool:
    return not isinstance(call, int) and call.deleted
