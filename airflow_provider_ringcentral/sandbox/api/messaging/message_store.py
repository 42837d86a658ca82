"""The message store: reading, marking and deleting messages (`docs/messaging/message-store`).

The bytes of attachments (`readMessageContent`).

Changes of a mailbox (`syncMessages`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_ringcentral.sandbox.api import call_sync, media, responses
from airflow_provider_ringcentral.sandbox.api.call_log import bounds, choices
from airflow_provider_ringcentral.sandbox.api.messaging.message_records import message_record
from airflow_provider_ringcentral.sandbox.api.multi_status import MULTIPART_JSON, handle_each, multi_status, path_ids
from airflow_provider_ringcentral.sandbox.api.request_context import choice_field, json_object, json_value
from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.messaging.mailbox import ALIVE, DELETED, PURGED, Message

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext

TYPES = ("Fax", "SMS", "VoiceMail", "Pager", "Text")
_MOST_IN_BODY = 1000
_MOST_CONVERSATIONS = 100


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages of a mailbox pass. Empty sets and None let everything pass."""

    types: frozenset[str] = frozenset()
    directions: frozenset[str] = frozenset()
    read_statuses: frozenset[str] = frozenset()
    availabilities: frozenset[str] = frozenset({ALIVE})
    conversation: str | None = None
    phone: str | None = None
    distinct: bool = False

    def passes(self, message: Message) -> bool:
        """Whether a message passes, `distinct` apart."""
        return (
            (not self.types or message.type in self.types)
            and (not self.directions or message.direction in self.directions)
            and (not self.read_statuses or ("Read" if message.read else "Unread") in self.read_statuses)
            and (not self.availabilities or message.availability in self.availabilities)
            and self.conversation in (None, str(message.conversation))
            and (self.phone is None or self.phone in {number.removeprefix("+") for number in message.numbers()})
        )


def read_filter(context: RequestContext, *, availabilities: frozenset[str]) -> MessageFilter:
    """The filters of a request."""
    context.choice("owner", ("Personal", "Any", "Shared"))
    phone = context.value("phoneNumber")
    return MessageFilter(
        types=choices(context, "messageType", set(TYPES)),
        directions=choices(context, "direction", {"Inbound", "Outbound"}),
        read_statuses=choices(context, "readStatus", {"Read", "Unread"}),
        availabilities=choices(context, "availability", {ALIVE, DELETED, PURGED}) or availabilities,
        conversation=context.value("conversationId"),
        phone=None if phone is None else phone.removeprefix("+"),
        distinct=context.flag("distinctConversations"),
    )


def latest_of_each(messages: list[Message]) -> list[Message]:
    """The first message of every conversation; what belongs to none stays."""
    seen: set[int] = set()
    kept = []
    for message in messages:
        if message.conversation is None or message.conversation not in seen:
            kept.append(message)
        if message.conversation is not None:
            seen.add(message.conversation)
    return kept


def list_messages(context: RequestContext) -> ApiResponse:
    """`listMessages`: newest first; the last 24 hours unless told otherwise, and nothing deleted."""
    state, owner = context.state, context.extension()
    chosen = read_filter(context, availabilities=frozenset({ALIVE}))
    first, last, _ = bounds(context)
    now = state.now()
    found = [
        message
        for message in state.messaging.mailbox.of(owner.id)
        if first <= message.created <= last and message.visible <= now and chosen.passes(message)
    ]
    if chosen.distinct:
        found = latest_of_each(found)
    return context.page_of(found, lambda message: message_record(state, message, now))


def read_message(context: RequestContext) -> ApiResponse:
    """`readMessage`, of one id or (207) of many."""
    now = context.state.now()
    ids = path_ids(context, "messageId")

    def show(one: str) -> dict[str, Any]:
        return message_record(context.state, find(context, one), now)

    return context.json(show(ids[0])) if len(ids) == 1 else multi_status(context, handle_each(ids, show))


def update_message(context: RequestContext) -> ApiResponse:
    """`updateMessage`: the read status."""
    return _change(context, patch=False)


def patch_message(context: RequestContext) -> ApiResponse:
    """`patchMessage`: the read status, and bringing back what is deleted."""
    return _change(context, patch=True)


def _change(context: RequestContext, *, patch: bool) -> ApiResponse:
    if context.headers.get("content-type", "").startswith(MULTIPART_JSON):
        wanted = _each_body(context)
    else:
        body = json_object(context)
        wanted = dict.fromkeys(path_ids(context, "messageId"), body)
    now = context.state.now()

    def change(one: str) -> dict[str, Any]:
        message = find(context, one)
        _apply(message, wanted[one], now, patch=patch)
        return message_record(context.state, message, now)

    ids = list(wanted)
    return context.json(change(ids[0])) if len(ids) == 1 else multi_status(context, handle_each(ids, change))


def _each_body(context: RequestContext) -> dict[str, dict[str, Any]]:
    entries = json_value(context)
    if not isinstance(entries, list) or not entries:
        raise responses.invalid_parameter("body")
    if len(entries) > _MOST_IN_BODY:
        raise responses.api_error(400, "CMN-106", f"Batch size [{len(entries)}] exceeds the limit [{_MOST_IN_BODY}]")
    ids = path_ids(context, "messageId")
    keys = [str(entry.get("resourceId")) for entry in entries] if ids == ["*"] else ids
    return {key: entry.get("body") or {} for key, entry in zip(keys, entries, strict=False)}


def _apply(message: Message, body: dict[str, Any], now: int, *, patch: bool) -> None:
    availability = choice_field(body, "availability", (ALIVE, DELETED, PURGED), required=False) if patch else None
    read = choice_field(body, "readStatus", ("Read", "Unread"), required=availability is None)
    if availability is not None:
        if availability != ALIVE or message.availability == PURGED:
            raise responses.invalid_parameter("availability", availability)
        message.availability = ALIVE
    if read is not None:
        message.read = read == "Read"
    message.touched = now


def delete_message(context: RequestContext) -> ApiResponse:
    """`deleteMessage`. Without ids it deletes every message of the mailbox, as RingCentral warns."""
    ids = path_ids(context, "messageId")
    if ids == ["*"]:
        ids = [str(one) for one in responses.decode(context.body or b"[]")]
        if len(ids) > _MOST_IN_BODY:
            raise responses.api_error(400, "CMN-106", f"Batch size [{len(ids)}] exceeds the limit [{_MOST_IN_BODY}]")
    if not ids:
        return _wipe(context)
    purge, kind, now = context.flag("purge"), _type(context), context.state.now()

    def delete(one: str) -> None:
        message = find(context, one)
        if kind in {"All", message.type}:
            context.state.messaging.mailbox.delete(message, now, purge=purge)

    if len(ids) == 1:
        delete(ids[0])
        return ApiResponse(204, media_type=None)
    items = handle_each(ids, delete)
    return (
        ApiResponse(204, media_type=None) if all(item.status == 204 for item in items) else multi_status(context, items)
    )


def delete_message_by_filter(context: RequestContext) -> ApiResponse:
    """`deleteMessageByFilter`: whole conversations; all messages when none is named."""
    conversations = {one for text in context.values("conversationId") for one in text.split(",") if one}
    if len(conversations) > _MOST_CONVERSATIONS:
        message = f"Batch size [{len(conversations)}] exceeds the limit [{_MOST_CONVERSATIONS}]"
        raise responses.api_error(400, "CMN-106", message, parameter="conversationId")
    return _wipe(context, conversations)


def _wipe(context: RequestContext, conversations: set[str] | None = None) -> ApiResponse:
    owner, now = context.extension(), context.state.now()
    until = context.timestamp("dateTo") or now
    kind, purge = _type(context), context.flag("purge")
    for message in context.state.messaging.mailbox.of(owner.id):
        wanted = not conversations or str(message.conversation) in conversations
        if wanted and message.created <= until and kind in {"All", message.type}:
            context.state.messaging.mailbox.delete(message, now, purge=purge)
    return ApiResponse(204, media_type=None)


def _type(context: RequestContext) -> str:
    return context.choice("type", (*TYPES, "All"), "All") or "All"


def find(context: RequestContext, message_id: str) -> Message:
    """A message of the extension of the path; 404 CMN-102 without."""
    found = context.state.messaging.mailbox.find(context.extension().id, message_id)
    if found is None:
        raise responses.not_found("messageId", message_id)
    return found


def read_message_content(context: RequestContext) -> ApiResponse:
    """`readMessageContent`."""
    message, wanted = find(context, context.ids["messageId"]), context.ids["attachmentId"]
    found = next((attachment for attachment in message.attachments if str(attachment.id) == wanted), None)
    if found is None:
        raise responses.not_found("attachmentId", wanted)
    return media.serve(context, found.blob, found.content_type, found.filename or wanted)


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


def sync_messages(context: RequestContext) -> ApiResponse:
    """`syncMessages`: FSync gives the newest messages of a window, ISync what changed since."""
    state, owner = context.state, context.extension()
    mode = context.choice("syncType", ("FSync", "ISync"), "FSync") or "FSync"
    now, older = state.now(), False
    if mode == "FSync":
        chosen = read_filter(context, availabilities=frozenset({ALIVE}))
        found, older = _newest(context, owner.id, chosen, now)
    else:
        cursor = _read(context, owner.id)
        chosen = cursor.filter
        found = _changed(context, cursor, now)
    if chosen.distinct:
        found = latest_of_each(found)
    shown = [_shown(context, message, now, full=mode == "FSync") for message in found]
    token = call_sync.write(MessageCursor(owner.id, now, now, state.sync_epoch, chosen))
    info = {"syncType": mode, "syncToken": token, "syncTime": timestamps.text(now), "olderRecordsExist": older}
    return context.json({"uri": context.uri(), "records": shown, "syncInfo": info})


def _newest(context: RequestContext, owner: int, chosen: MessageFilter, now: int) -> tuple[list[Message], bool]:
    until = context.timestamp("dateTo")
    since = context.timestamp("dateFrom")
    last = now if until is None else until
    first = last - timestamps.DAY if since is None else since
    found = [
        message
        for message in context.state.messaging.mailbox.of(owner)
        if message.created <= last and message.visible <= now and chosen.passes(message)
    ]
    inside = [message for message in found if message.created >= first][: context.number("recordCount", _RECORDS)]
    return inside, len(found) > len(inside)


def _changed(context: RequestContext, cursor: MessageCursor, now: int) -> list[Message]:
    since = cursor.reached - context.state.milliseconds(OVERLAP_SECONDS)
    deleted_too = replace(cursor.filter, availabilities=frozenset())
    return [
        message
        for message in context.state.messaging.mailbox.of(cursor.owner)
        if message.visible <= now and deleted_too.passes(message) and _changed_at(message, now) > since
    ]


def _changed_at(message: Message, now: int) -> int:
    return max(message.modified(now), message.visible)


def _shown(context: RequestContext, message: Message, now: int, *, full: bool) -> dict[str, Any]:
    if full or message.availability == ALIVE:
        return message_record(context.state, message, now)
    return {"id": message.id, "availability": message.availability}


def _read(context: RequestContext, owner: int) -> MessageCursor:
    token = context.value("syncToken")
    if token is None:
        raise responses.missing_parameter("syncToken")
    cursor = call_sync.unpack(token, MessageCursor)
    state = context.state
    life = state.options.sync_token_seconds
    stale = cursor is not None and life is not None and state.now() > cursor.issued + life * timestamps.SECOND
    if cursor is None or cursor.owner != owner or cursor.epoch != state.sync_epoch or stale:
        raise responses.invalid_parameter("syncToken", token, code=_REFUSED, detail="full synchronization is required")
    return cursor
