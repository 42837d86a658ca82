"""The message store: reading, syncing, marking and deleting messages (guide page messaging/message-store)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_provider_ringcentral.sandbox.api import media, responses
from airflow_provider_ringcentral.sandbox.api.messaging.message_records import message_record
from airflow_provider_ringcentral.sandbox.api.multi_status import handle_each, multi_status, path_ids, respond
from airflow_provider_ringcentral.sandbox.api.paging import decode_token, encode_token
from airflow_provider_ringcentral.sandbox.api.request_context import choice_field
from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.messaging.mailbox import ALIVE, DELETED, PURGED, Message

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext

TYPES = ("Fax", "SMS", "VoiceMail", "Pager", "Text")
_MOST_IN_BODY = 1000
_MOST_CONVERSATIONS = 100
_SYNC_RECORDS = 250
OVERLAP_SECONDS = 5
"""How far before its token an incremental sync begins, so that it repeats recent changes (seconds before scaling)."""


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages of a mailbox a request asks for. Empty sets and None let every message pass."""

    types: frozenset[str] = frozenset()
    directions: frozenset[str] = frozenset()
    read_statuses: frozenset[str] = frozenset()
    availabilities: frozenset[str] = frozenset({ALIVE})
    conversation: str | None = None
    phone: str | None = None
    distinct: bool = False

    def passes(self, message: Message) -> bool:
        """Tell whether a message passes; `distinct` is left to `_latest_of_each`."""
        return (
            (not self.types or message.type in self.types)
            and (not self.directions or message.direction in self.directions)
            and (not self.read_statuses or ("Read" if message.read else "Unread") in self.read_statuses)
            and (not self.availabilities or message.availability in self.availabilities)
            and self.conversation in (None, str(message.conversation))
            and (self.phone is None or self.phone in {number.removeprefix("+") for number in message.numbers()})
        )


def _read_filter(context: RequestContext, *, availabilities: frozenset[str]) -> MessageFilter:
    """Return the filters of a request."""
    context.choice("owner", ("Personal", "Any", "Shared"))
    phone = context.value("phoneNumber")
    return MessageFilter(
        types=context.choices("messageType", set(TYPES)),
        directions=context.choices("direction", {"Inbound", "Outbound"}),
        read_statuses=context.choices("readStatus", {"Read", "Unread"}),
        availabilities=context.choices("availability", {ALIVE, DELETED, PURGED}) or availabilities,
        conversation=context.value("conversationId"),
        phone=None if phone is None else phone.removeprefix("+"),
        distinct=context.flag("distinctConversations"),
    )


def _latest_of_each(messages: list[Message]) -> list[Message]:
    """Return the first message of each conversation, and all messages without a conversation."""
    seen: set[int] = set()
    kept = []
    for message in messages:
        if message.conversation is None or message.conversation not in seen:
            kept.append(message)
        if message.conversation is not None:
            seen.add(message.conversation)
    return kept


def list_messages(context: RequestContext) -> ApiResponse:
    """`listMessages`: newest first; by default those of the last 24 hours that are not deleted."""
    state, owner = context.state, context.extension()
    chosen = _read_filter(context, availabilities=frozenset({ALIVE}))
    first, last, _ = context.time_bounds()
    now = state.now()
    found = [
        message
        for message in state.messaging.mailbox.of(owner.id)
        if first <= message.created <= last and message.visible <= now and chosen.passes(message)
    ]
    if chosen.distinct:
        found = _latest_of_each(found)
    return context.page_of(found, lambda message: message_record(state, message, now))


def read_message(context: RequestContext) -> ApiResponse:
    """`readMessage`, of one id or (207) of many."""
    now = context.state.now()

    def show(one: str) -> dict[str, Any]:
        return message_record(context.state, _find(context, one), now)

    return respond(context, path_ids(context, "messageId"), show)


def update_message(context: RequestContext) -> ApiResponse:
    """`updateMessage`: the read status."""
    return _change(context, patch=False)


def patch_message(context: RequestContext) -> ApiResponse:
    """`patchMessage`: the read status, and restoring deleted messages."""
    return _change(context, patch=True)


def _change(context: RequestContext, *, patch: bool) -> ApiResponse:
    if context.headers.get("content-type", "").startswith(responses.MULTIPART_JSON):
        wanted = _bodies_by_id(context)
    else:
        body = context.json_object()
        wanted = dict.fromkeys(path_ids(context, "messageId"), body)
    now = context.state.now()

    def change(one: str) -> dict[str, Any]:
        message = _find(context, one)
        _update(message, wanted[one], now, patch=patch)
        return message_record(context.state, message, now)

    return respond(context, list(wanted), change)


def _bodies_by_id(context: RequestContext) -> dict[str, dict[str, Any]]:
    entries = context.json_value()
    if not isinstance(entries, list) or not entries:
        raise responses.invalid_parameter("body")
    if len(entries) > _MOST_IN_BODY:
        raise responses.batch_too_large(len(entries), _MOST_IN_BODY)
    ids = path_ids(context, "messageId")
    keys = [str(entry.get("resourceId")) for entry in entries] if ids == ["*"] else ids
    return {key: entry.get("body") or {} for key, entry in zip(keys, entries, strict=False)}


def _update(message: Message, body: dict[str, Any], now: int, *, patch: bool) -> None:
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
            raise responses.batch_too_large(len(ids), _MOST_IN_BODY)
    if not ids:
        return _delete_all(context)
    purge, kind, now = context.flag("purge"), _type(context), context.state.now()

    def delete(one: str) -> None:
        message = _find(context, one)
        if kind in {"All", message.type}:
            context.state.messaging.mailbox.delete(message, now, purge=purge)

    if len(ids) == 1:
        delete(ids[0])
        return ApiResponse(204, media_type=None)
    items = handle_each(ids, delete)
    if all(item.status == 204 for item in items):
        return ApiResponse(204, media_type=None)
    return multi_status(context, items)


def delete_message_by_filter(context: RequestContext) -> ApiResponse:
    """`deleteMessageByFilter`: whole conversations; all messages when none is named."""
    conversations = {one for text in context.values("conversationId") for one in text.split(",") if one}
    if len(conversations) > _MOST_CONVERSATIONS:
        raise responses.batch_too_large(len(conversations), _MOST_CONVERSATIONS, "conversationId")
    return _delete_all(context, conversations)


def _delete_all(context: RequestContext, conversations: set[str] | None = None) -> ApiResponse:
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


def _find(context: RequestContext, message_id: str) -> Message:
    """Return a message of the extension of the path; 404 CMN-102 when it has none with that id."""
    found = context.state.messaging.mailbox.find(context.extension().id, message_id)
    if found is None:
        raise responses.not_found("messageId", message_id)
    return found


def read_message_content(context: RequestContext) -> ApiResponse:
    """`readMessageContent`: the bytes of one attachment, whole or a range."""
    message, wanted = _find(context, context.ids["messageId"]), context.ids["attachmentId"]
    found = next((attachment for attachment in message.attachments if str(attachment.id) == wanted), None)
    if found is None:
        raise responses.not_found("attachmentId", wanted)
    return media.serve(context, found.blob, found.content_type, found.filename or wanted)


class MessageCursor(msgspec.Struct, frozen=True, array_like=True):
    """The content of a sync token: everything that changed up to `reached` (ms) was handed out."""

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
        chosen = _read_filter(context, availabilities=frozenset({ALIVE}))
        found, older = _newest(context, owner.id, chosen, now)
    else:
        cursor = _read_token(context, owner.id)
        chosen = cursor.filter
        found = _changed(context, cursor, now)
    if chosen.distinct:
        found = _latest_of_each(found)
    shown = [_sync_record(context, message, now, full=mode == "FSync") for message in found]
    token = encode_token(MessageCursor(owner.id, now, now, state.sync_epoch, chosen))
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
    inside = [message for message in found if message.created >= first][: context.number("recordCount", _SYNC_RECORDS)]
    return inside, len(found) > len(inside)


def _changed(context: RequestContext, cursor: MessageCursor, now: int) -> list[Message]:
    since = cursor.reached - context.state.options.milliseconds(OVERLAP_SECONDS)
    any_availability = replace(cursor.filter, availabilities=frozenset())
    return [
        message
        for message in context.state.messaging.mailbox.of(cursor.owner)
        if message.visible <= now
        and any_availability.passes(message)
        and max(message.modified(now), message.visible) > since
    ]


def _sync_record(context: RequestContext, message: Message, now: int, *, full: bool) -> dict[str, Any]:
    if full or message.availability == ALIVE:
        return message_record(context.state, message, now)
    return {"id": message.id, "availability": message.availability}


def _read_token(context: RequestContext, owner: int) -> MessageCursor:
    token = context.value("syncToken")
    if token is None:
        raise responses.missing_parameter("syncToken")
    cursor = decode_token(token, MessageCursor)
    state = context.state
    life = state.options.sync_token_seconds
    expired = cursor is not None and life is not None and state.now() > cursor.issued + life * timestamps.SECOND
    if cursor is None or cursor.owner != owner or cursor.epoch != state.sync_epoch or expired:
        detail = "full synchronization is required"
        raise responses.invalid_parameter("syncToken", token, code="MSG-333", detail=detail)
    return cursor
