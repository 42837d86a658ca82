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
from airflow_provider_ringcentral.sandbox.model.call_selection import Sequence, modified_after

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.api.responses import Answer
    from airflow_provider_ringcentral.sandbox.model.call_changes import Row
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


def read(visit: Visit, kind: str) -> Cursor:
    """The cursor behind `syncToken`; 400 CLG-10x when it is refused."""
    token = visit.one("syncToken")
    if token is None:
        raise responses.missing("syncToken")
    cursor = unpack(token, Cursor)
    if cursor is None:
        raise refused("CLG-101", token)
    state = visit.state
    if cursor.kind != kind:
        raise refused("CLG-103", token)
    if cursor.epoch != state.sync_epoch:
        raise refused(state.sync_refusal, token)
    life = state.options.sync_token_seconds
    if life is not None and state.now() > cursor.issued + life * timestamps.SECOND:
        raise refused("CLG-102", token)
    return cursor


def refused(code: str, token: str) -> responses.Refusal:
    """400: start over with a full sync."""
    return responses.invalid("syncToken", token, code=code, detail=REFUSALS.get(code, "Sync token is not valid"))


SYNC_LIMIT = 250
EXTRACT_DEFAULT, EXTRACT_LIMIT = 250, 1000


def sync_account_call_log(visit: Visit) -> Answer:
    """`syncAccountCallLog`."""
    visit.check_account()
    return _sync(visit, None)


def sync_user_call_log(visit: Visit) -> Answer:
    """`syncUserCallLog`."""
    return _sync(visit, visit.extension())


def extract_sync_account_call_log(visit: Visit) -> Answer:
    """`extractSyncAccountCallLog`: calls by modification time, oldest change first, until none is newer."""
    visit.check_account()
    state = visit.state
    state.arrivals.on_request(state.now())
    mode = visit.choice("syncType", ("FSync", "ISync"), "FSync") or "FSync"
    if mode == "FSync":
        cursor = _begin_extract(visit)
    else:
        if visit.one("recordCount") is not None:
            raise responses.invalid("recordCount", visit.one("recordCount"), detail="is allowed for FSync only")
        cursor = read(visit, "extract")
    now = state.now()
    found, more = modified_after(state, cursor.reached, until=now, at_least=cursor.count)
    # A deletion is news to a reader of the series only; a full sync tells the calls that there are.
    news = mode == "ISync" and state.options.sync_deleted
    shown = [
        call
        for moment, call in found
        if cursor.filter.passes(*_facts(visit, call)) and (not _is_deleted(call) or (news and moment > cursor.began))
    ]
    # Without more to come everything up to now is handed out; else up to the last change that was.
    reached = found[-1][0] if more else now
    following = msgspec.structs.replace(cursor, reached=reached, issued=now)
    return _answer(visit, mode, following, shown, {"newerRecordsExist": more})


def _begin_extract(visit: Visit) -> Cursor:
    start = visit.moment("dateFrom")
    view = visit.choice("view", VIEWS, "Simple") or "Simple"
    count = visit.number("recordCount", EXTRACT_DEFAULT, most=EXTRACT_LIMIT)
    filter_ = Filter(categories=frozenset(visit.many("metadataCategory")))
    now = visit.state.now()
    begin = now - timestamps.HOUR if start is None else start
    return Cursor("extract", begin - 1, view, count, filter_, now, visit.state.sync_epoch, now)


def _sync(visit: Visit, owner: Extension | None) -> Answer:
    state = visit.state
    state.arrivals.on_request(state.now())
    mode = visit.choice("syncType", ("FSync", "ISync"), "FSync") or "FSync"
    kind = f"sync-{owner.id if owner else 'company'}"
    now = state.now()
    if mode == "FSync":
        if visit.one("recordCount") is None:
            raise responses.missing("recordCount")
        count = visit.number("recordCount", SYNC_LIMIT, most=SYNC_LIMIT)
        view = visit.choice("view", VIEWS, "Simple") or "Simple"
        start = visit.moment("dateFrom")
        cursor = Cursor(kind, now, view, count, read_filter(visit, owner), now, state.sync_epoch, now)
        first = now - 30 * timestamps.DAY if start is None else start
        shown = _newest(visit, cursor.filter, first, now, count)
    else:
        cursor = read(visit, kind)
        shown = _changed(visit, cursor, now)
        extra = visit.number("recordCount", 0, most=SYNC_LIMIT) if visit.one("recordCount") else 0
        known = {_index(call) for call in shown}
        older = _newest(visit, cursor.filter, 0, now, min(extra + len(known), SYNC_LIMIT))
        # Old records that are asked for on top fill the frame; fresh ones win.
        frame = [call for call in older if _index(call) not in known] if extra else []
        shown += frame[: max(0, min(extra, SYNC_LIMIT - len(shown)))]
    return _answer(visit, mode, msgspec.structs.replace(cursor, reached=now, issued=now), shown, {})


def _newest(visit: Visit, filter_: Filter, first: int, last: int, count: int) -> list[int | Row]:
    state = visit.state
    rows = [row for row in state.changes.visible() if not row.deleted and filter_.passes(*_facts(visit, row))]
    found = Sequence(state.changes, state.select(filter_), rows, first=first, last=last)
    return [found.at(position) for position in range(min(count, len(found)))]


def _changed(visit: Visit, cursor: Cursor, now: int) -> list[int | Row]:
    """What changed since a token, newest start first; 400 when that is more than the limit."""
    found, more = modified_after(visit.state, cursor.reached, until=now, at_least=SYNC_LIMIT + 1)
    deleted = visit.flag("showDeleted")
    calls = [
        call for _, call in found if cursor.filter.passes(*_facts(visit, call)) and (deleted or not _is_deleted(call))
    ]
    if more or len(calls) > SYNC_LIMIT:
        raise refused("CLG-105", visit.one("syncToken") or "")
    return sorted(calls, key=lambda call: -visit.state.changes.start_of(_index(call)))


def _answer(visit: Visit, mode: str, following: Cursor, calls: list[int | Row], extra: dict[str, Any]) -> Answer:
    """The answer; `following` is what the next request goes on from."""
    records = Records(visit.state, following.view)
    info = {"syncType": mode, "syncToken": write(following), "syncTime": timestamps.text(following.issued)}
    shown = [records.value(call) for call in calls]
    return visit.json({"uri": visit.uri(), "records": shown, "syncInfo": info | extra})


def _facts(visit: Visit, call: int | Row) -> tuple[Any, Any]:
    return visit.state.calls.shape(_index(call)), None if isinstance(call, int) else call.fields


def _index(call: int | Row) -> int:
    return call if isinstance(call, int) else call.index


def _is_deleted(call: int | Row) -> bool:
    return not isinstance(call, int) and call.deleted
