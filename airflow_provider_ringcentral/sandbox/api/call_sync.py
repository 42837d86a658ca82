"""Changes of the call log: `call-log-sync` and `call-log-extract-sync` (`docs/voice/call-log/sync.md`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_ringcentral.sandbox.api import responses as bodies
from airflow_provider_ringcentral.sandbox.api import sync_tokens
from airflow_provider_ringcentral.sandbox.api.call_pages import Records
from airflow_provider_ringcentral.sandbox.api.call_query import VIEWS, Filter, read_filter
from airflow_provider_ringcentral.sandbox.api.sync_tokens import Cursor
from airflow_provider_ringcentral.sandbox.model import timestamps as instants
from airflow_provider_ringcentral.sandbox.model.call_selection import Sequence
from airflow_provider_ringcentral.sandbox.model.modifications import modified_after

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.api.responses import Answer
    from airflow_provider_ringcentral.sandbox.model.call_changes import Row
    from airflow_provider_ringcentral.sandbox.model.company import Extension

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
            raise bodies.invalid("recordCount", visit.one("recordCount"), detail="is allowed for FSync only")
        cursor = sync_tokens.read(visit, "extract")
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
    begin = now - instants.HOUR if start is None else start
    return Cursor("extract", begin - 1, view, count, filter_, now, visit.state.sync_epoch, now)


def _sync(visit: Visit, owner: Extension | None) -> Answer:
    state = visit.state
    state.arrivals.on_request(state.now())
    mode = visit.choice("syncType", ("FSync", "ISync"), "FSync") or "FSync"
    kind = f"sync-{owner.id if owner else 'company'}"
    now = state.now()
    if mode == "FSync":
        if visit.one("recordCount") is None:
            raise bodies.missing("recordCount")
        count = visit.number("recordCount", SYNC_LIMIT, most=SYNC_LIMIT)
        view = visit.choice("view", VIEWS, "Simple") or "Simple"
        start = visit.moment("dateFrom")
        cursor = Cursor(kind, now, view, count, read_filter(visit, owner), now, state.sync_epoch, now)
        first = now - 30 * instants.DAY if start is None else start
        shown = _newest(visit, cursor.filter, first, now, count)
    else:
        cursor = sync_tokens.read(visit, kind)
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
        raise sync_tokens.refused("CLG-105", visit.one("syncToken") or "")
    return sorted(calls, key=lambda call: -visit.state.changes.start_of(_index(call)))


def _answer(visit: Visit, mode: str, following: Cursor, calls: list[int | Row], extra: dict[str, Any]) -> Answer:
    """The answer; `following` is what the next request goes on from."""
    records = Records(visit.state, following.view)
    info = {"syncType": mode, "syncToken": sync_tokens.write(following), "syncTime": instants.text(following.issued)}
    shown = [records.value(call) for call in calls]
    return visit.json({"uri": visit.uri(), "records": shown, "syncInfo": info | extra})


def _facts(visit: Visit, call: int | Row) -> tuple[Any, Any]:
    return visit.state.calls.shape(_index(call)), None if isinstance(call, int) else call.fields


def _index(call: int | Row) -> int:
    return call if isinstance(call, int) else call.index


def _is_deleted(call: int | Row) -> bool:
    return not isinstance(call, int) and call.deleted
