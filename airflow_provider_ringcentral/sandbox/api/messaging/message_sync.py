"""Changes of a mailbox (`syncMessages`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_ringcentral.sandbox.api import responses as bodies
from airflow_provider_ringcentral.sandbox.api import sync_tokens
from airflow_provider_ringcentral.sandbox.api.messaging.message_records import message_record
from airflow_provider_ringcentral.sandbox.api.messaging.message_store import MessageFilter, latest_of_each, read_filter
from airflow_provider_ringcentral.sandbox.model import timestamps as instants
from airflow_provider_ringcentral.sandbox.model.messaging.mailbox import ALIVE, Message

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.api.responses import Answer

OVERLAP_SECONDS = 5
"""An incremental sync goes back so far behind its token, so that what it tells comes twice (before scaling)."""
_RECORDS = 250
_REFUSED = "MSG-333"


class MessageCursor(msgspec.Struct, frozen=True, array_like=True):
    """What a token remembers: everything that changed up to `reached` (ms) was handed out."""

    owner: int
    reached: int
    issued: int
    epoch: int
    filter: MessageFilter


def sync_messages(visit: Visit) -> Answer:
    """`syncMessages`: FSync gives the newest messages of a window, ISync what changed since."""
    state, owner = visit.state, visit.extension()
    mode = visit.choice("syncType", ("FSync", "ISync"), "FSync") or "FSync"
    now, older = state.now(), False
    if mode == "FSync":
        chosen = read_filter(visit, availabilities=frozenset({ALIVE}))
        found, older = _newest(visit, owner.id, chosen, now)
    else:
        cursor = _read(visit, owner.id)
        chosen = cursor.filter
        found = _changed(visit, cursor, now)
    if chosen.distinct:
        found = latest_of_each(found)
    shown = [_shown(visit, message, now, full=mode == "FSync") for message in found]
    token = sync_tokens.write(MessageCursor(owner.id, now, now, state.sync_epoch, chosen))
    info = {"syncType": mode, "syncToken": token, "syncTime": instants.text(now), "olderRecordsExist": older}
    return visit.json({"uri": visit.uri(), "records": shown, "syncInfo": info})


def _newest(visit: Visit, owner: int, chosen: MessageFilter, now: int) -> tuple[list[Message], bool]:
    until = visit.moment("dateTo")
    since = visit.moment("dateFrom")
    last = now if until is None else until
    first = last - instants.DAY if since is None else since
    found = [
        message
        for message in visit.state.desk.mailbox.of(owner)
        if message.created <= last and message.visible <= now and chosen.passes(message)
    ]
    inside = [message for message in found if message.created >= first][: visit.number("recordCount", _RECORDS)]
    return inside, len(found) > len(inside)


def _changed(visit: Visit, cursor: MessageCursor, now: int) -> list[Message]:
    since = cursor.reached - visit.state.milliseconds(OVERLAP_SECONDS)
    deleted_too = replace(cursor.filter, availabilities=frozenset())
    return [
        message
        for message in visit.state.desk.mailbox.of(cursor.owner)
        if message.visible <= now and deleted_too.passes(message) and _changed_at(message, now) > since
    ]


def _changed_at(message: Message, now: int) -> int:
    return max(message.modified(now), message.visible)


def _shown(visit: Visit, message: Message, now: int, *, full: bool) -> dict[str, Any]:
    if full or message.availability == ALIVE:
        return message_record(visit.state, message, now)
    return {"id": message.id, "availability": message.availability}


def _read(visit: Visit, owner: int) -> MessageCursor:
    token = visit.one("syncToken")
    if token is None:
        raise bodies.missing("syncToken")
    cursor = sync_tokens.unpack(token, MessageCursor)
    state = visit.state
    life = state.options.sync_token_seconds
    stale = cursor is not None and life is not None and state.now() > cursor.issued + life * instants.SECOND
    if cursor is None or cursor.owner != owner or cursor.epoch != state.sync_epoch or stale:
        raise bodies.invalid("syncToken", token, code=_REFUSED, detail="full synchronization is required")
    return cursor
