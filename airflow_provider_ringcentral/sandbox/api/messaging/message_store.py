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
from airflow_provider_ringcentral.sandbox.api.multi_status import VENDOR, each, ids_of, multi_status
from airflow_provider_ringcentral.sandbox.api.request_context import choice_field, json_object, json_value
from airflow_provider_ringcentral.sandbox.api.responses import Answer
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.messaging.mailbox import ALIVE, DELETED, PURGED, Message

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit

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


def read_filter(visit: Visit, *, availabilities: frozenset[str]) -> MessageFilter:
    """The filters of a request."""
    visit.choice("owner", ("Personal", "Any", "Shared"))
    phone = visit.one("phoneNumber")
    return MessageFilter(
        types=choices(visit, "messageType", set(TYPES)),
        directions=choices(visit, "direction", {"Inbound", "Outbound"}),
        read_statuses=choices(visit, "readStatus", {"Read", "Unread"}),
        availabilities=choices(visit, "availability", {ALIVE, DELETED, PURGED}) or availabilities,
        conversation=visit.one("conversationId"),
        phone=None if phone is None else phone.removeprefix("+"),
        distinct=visit.flag("distinctConversations"),
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


def list_messages(visit: Visit) -> Answer:
    """`listMessages`: newest first; the last 24 hours unless told otherwise, and nothing deleted."""
    state, owner = visit.state, visit.extension()
    chosen = read_filter(visit, availabilities=frozenset({ALIVE}))
    first, last, _ = bounds(visit)
    now = state.now()
    found = [
        message
        for message in state.desk.mailbox.of(owner.id)
        if first <= message.created <= last and message.visible <= now and chosen.passes(message)
    ]
    if chosen.distinct:
        found = latest_of_each(found)
    return visit.page_of(found, lambda message: message_record(state, message, now))


def read_message(visit: Visit) -> Answer:
    """`readMessage`, of one id or (207) of many."""
    now = visit.state.now()
    ids = ids_of(visit, "messageId")

    def show(one: str) -> dict[str, Any]:
        return message_record(visit.state, find(visit, one), now)

    return visit.json(show(ids[0])) if len(ids) == 1 else multi_status(visit, each(ids, show))


def update_message(visit: Visit) -> Answer:
    """`updateMessage`: the read status."""
    return _change(visit, patch=False)


def patch_message(visit: Visit) -> Answer:
    """`patchMessage`: the read status, and bringing back what is deleted."""
    return _change(visit, patch=True)


def _change(visit: Visit, *, patch: bool) -> Answer:
    if visit.headers.get("content-type", "").startswith(VENDOR):
        wanted = _each_body(visit)
    else:
        body = json_object(visit)
        wanted = dict.fromkeys(ids_of(visit, "messageId"), body)
    now = visit.state.now()

    def change(one: str) -> dict[str, Any]:
        message = find(visit, one)
        _apply(message, wanted[one], now, patch=patch)
        return message_record(visit.state, message, now)

    ids = list(wanted)
    return visit.json(change(ids[0])) if len(ids) == 1 else multi_status(visit, each(ids, change))


def _each_body(visit: Visit) -> dict[str, dict[str, Any]]:
    entries = json_value(visit)
    if not isinstance(entries, list) or not entries:
        raise responses.invalid("body")
    if len(entries) > _MOST_IN_BODY:
        raise responses.refusal(400, "CMN-106", f"Batch size [{len(entries)}] exceeds the limit [{_MOST_IN_BODY}]")
    ids = ids_of(visit, "messageId")
    keys = [str(entry.get("resourceId")) for entry in entries] if ids == ["*"] else ids
    return {key: entry.get("body") or {} for key, entry in zip(keys, entries, strict=False)}


def _apply(message: Message, body: dict[str, Any], now: int, *, patch: bool) -> None:
    availability = choice_field(body, "availability", (ALIVE, DELETED, PURGED), required=False) if patch else None
    read = choice_field(body, "readStatus", ("Read", "Unread"), required=availability is None)
    if availability is not None:
        if availability != ALIVE or message.availability == PURGED:
            raise responses.invalid("availability", availability)
        message.availability = ALIVE
    if read is not None:
        message.read = read == "Read"
    message.touched = now


def delete_message(visit: Visit) -> Answer:
    """`deleteMessage`. Without ids it deletes every message of the mailbox, as RingCentral warns."""
    ids = ids_of(visit, "messageId")
    if ids == ["*"]:
        ids = [str(one) for one in responses.decode(visit.body or b"[]")]
        if len(ids) > _MOST_IN_BODY:
            raise responses.refusal(400, "CMN-106", f"Batch size [{len(ids)}] exceeds the limit [{_MOST_IN_BODY}]")
    if not ids:
        return _wipe(visit)
    purge, kind, now = visit.flag("purge"), _type(visit), visit.state.now()

    def delete(one: str) -> None:
        message = find(visit, one)
        if kind in {"All", message.type}:
            visit.state.desk.mailbox.delete(message, now, purge=purge)

    if len(ids) == 1:
        delete(ids[0])
        return Answer(204, media_type=None)
    items = each(ids, delete)
    return Answer(204, media_type=None) if all(item.status == 204 for item in items) else multi_status(visit, items)


def delete_message_by_filter(visit: Visit) -> Answer:
    """`deleteMessageByFilter`: whole conversations; all messages when none is named."""
    conversations = {one for text in visit.many("conversationId") for one in text.split(",") if one}
    if len(conversations) > _MOST_CONVERSATIONS:
        message = f"Batch size [{len(conversations)}] exceeds the limit [{_MOST_CONVERSATIONS}]"
        raise responses.refusal(400, "CMN-106", message, parameter="conversationId")
    return _wipe(visit, conversations)


def _wipe(visit: Visit, conversations: set[str] | None = None) -> Answer:
    owner, now = visit.extension(), visit.state.now()
    until = visit.moment("dateTo") or now
    kind, purge = _type(visit), visit.flag("purge")
    for message in visit.state.desk.mailbox.of(owner.id):
        wanted = not conversations or str(message.conversation) in conversations
        if wanted and message.created <= until and kind in {"All", message.type}:
            visit.state.desk.mailbox.delete(message, now, purge=purge)
    return Answer(204, media_type=None)


def _type(visit: Visit) -> str:
    return visit.choice("type", (*TYPES, "All"), "All") or "All"


def find(visit: Visit, message_id: str) -> Message:
    """A message of the extension of the path; 404 CMN-102 without."""
    found = visit.state.desk.mailbox.find(visit.extension().id, message_id)
    if found is None:
        raise responses.not_found("messageId", message_id)
    return found


def read_message_content(visit: Visit) -> Answer:
    """`readMessageContent`."""
    message, wanted = find(visit, visit.ids["messageId"]), visit.ids["attachmentId"]
    found = next((attachment for attachment in message.attachments if str(attachment.id) == wanted), None)
    if found is None:
        raise responses.not_found("attachmentId", wanted)
    return media.serve(visit, found.blob, found.content_type, found.filename or wanted)


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
    token = call_sync.write(MessageCursor(owner.id, now, now, state.sync_epoch, chosen))
    info = {"syncType": mode, "syncToken": token, "syncTime": timestamps.text(now), "olderRecordsExist": older}
    return visit.json({"uri": visit.uri(), "records": shown, "syncInfo": info})


def _newest(visit: Visit, owner: int, chosen: MessageFilter, now: int) -> tuple[list[Message], bool]:
    until = visit.moment("dateTo")
    since = visit.moment("dateFrom")
    last = now if until is None else until
    first = last - timestamps.DAY if since is None else since
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
        raise responses.missing("syncToken")
    cursor = call_sync.unpack(token, MessageCursor)
    state = visit.state
    life = state.options.sync_token_seconds
    stale = cursor is not None and life is not None and state.now() > cursor.issued + life * timestamps.SECOND
    if cursor is None or cursor.owner != owner or cursor.epoch != state.sync_epoch or stale:
        raise responses.invalid("syncToken", token, code=_REFUSED, detail="full synchronization is required")
    return cursor
