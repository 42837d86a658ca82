"""High-volume texts (`createA2PSMS` and what reads about them; `docs/messaging/sms/high-volume`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.call_log import bounds, choices
from airflow_provider_ringcentral.sandbox.api.messaging.numbers import is_e164, own_numbers
from airflow_provider_ringcentral.sandbox.api.paging import a2p_paging, cut_page, read_token
from airflow_provider_ringcentral.sandbox.api.request_context import json_object, list_field, text_field
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.messaging.batches import BatchMessage, batch_record, count_statuses

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
    from airflow_provider_ringcentral.sandbox.model.messaging.batches import Batch

MOST_MESSAGES = 10_000
LONGEST_TEXT = 1000
_LARGEST_PAGE = 1000
_MOST_NUMBERS = 15
_INVALID_NUMBER = "SMS-RC-410"
_MESSAGE_FILTERS = ("batchId", "direction", "phoneNumber", "view")


def create_batch(context: RequestContext) -> ApiResponse:
    """`createA2PSMS`. Only this answer says what was rejected, by an index that begins with 1."""
    context.check_account()
    state, body = context.state, json_object(context)
    sender = _sender(context, body)
    default = text_field(body, "text", LONGEST_TEXT, required=False)
    entries = list_field(body, "messages")
    if len(entries) > MOST_MESSAGES:
        message = f"Batch size [{len(entries)}] exceeds the limit [{MOST_MESSAGES}]"
        raise responses.api_error(400, "CMN-106", message, parameter="messages")
    accepted, rejected = [], []
    for index, entry in enumerate(entries, start=1):
        number, text = _recipient(entry), text_field(entry, "text", LONGEST_TEXT, required=False) or default
        if not text:
            raise responses.missing_parameter("text")
        code = _rejection(context, number)
        if code is None:
            accepted.append((number, text))
        else:
            rejected.append(
                {"index": index, "to": [number], "errorCode": code, "description": "Recipient number is invalid"}
            )
    user = context.token.user.id if context.token else 0
    batch = state.messaging.batches.add(state, sender, accepted, rejected, user=user)
    return context.json(_record(batch, state.now()) | {"rejected": rejected}, 201)


def _sender(context: RequestContext, body: dict[str, Any]) -> str:
    sender = body.get("from")
    if sender is None:
        raise responses.missing_parameter("from")
    if not isinstance(sender, str) or "A2PSmsSender" not in own_numbers(context.state).get(sender, []):
        raise responses.invalid_parameter("from", str(sender), detail="the number may not send A2P messages")
    return sender


def _recipient(entry: dict[str, Any]) -> str:
    to = entry.get("to")
    if to is None:
        raise responses.missing_parameter("messages.to")
    if not isinstance(to, list) or len(to) != 1 or not isinstance(to[0], str):
        raise responses.invalid_parameter("messages.to", detail="exactly one recipient")
    return to[0]


def _rejection(context: RequestContext, number: str) -> str | None:
    if not is_e164(number) or not number.startswith("+1"):
        return _INVALID_NUMBER
    return context.state.messaging.outcomes.of(number).refuse


def _record(batch: Batch, now: int) -> dict[str, Any]:
    record = batch_record(batch, now)
    return record | {name: timestamps.text(record[name]) for name in ("creationTime", "lastModifiedTime")}


def list_batches(context: RequestContext) -> ApiResponse:
    """`listA2PBatches`: newest first; the last 24 hours unless told otherwise."""
    context.check_account()
    state, token = context.state, read_token(context.value("pageToken"), "batches")
    statuses = choices(context, "status", {"Queued", "Processing", "Sent", "Completed"})
    filters = (
        token.filters if token else {"from": context.values("from"), "status": sorted(statuses)} | _bounds(context)
    )
    now, (first, last) = state.now(), map(int, filters["bounds"])
    found = [
        batch
        for batch in reversed(state.messaging.batches.batches.values())
        if first <= batch.created <= last
        and batch.created + state.milliseconds(state.options.message_lag) <= now
        and (not filters["from"] or batch.sender in filters["from"])
        and (not filters["status"] or batch.status(now) in filters["status"])
    ]
    page = cut_page(found, token, kind="batches", count=_per_page(context), key=lambda one: one.id, filters=filters)
    records = [_record(batch, now) for batch in page.entries]
    return context.json({"records": records, "paging": a2p_paging(page, context.value("pageToken"))})


def _bounds(context: RequestContext) -> dict[str, list[str]]:
    first, last, _ = bounds(context)
    return {"bounds": [str(first), str(last)]}


def _per_page(context: RequestContext) -> int:
    return min(context.number("perPage", _LARGEST_PAGE), _LARGEST_PAGE)


def read_batch(context: RequestContext) -> ApiResponse:
    """`readA2PBatch`."""
    context.check_account()
    batch = context.state.messaging.batches.batches.get(context.ids["batchId"])
    if batch is None:
        raise responses.not_found("batchId", context.ids["batchId"])
    return context.json(_record(batch, context.state.now()))


def list_batch_messages(context: RequestContext) -> ApiResponse:
    """`listA2PSMS`: in the order of their batches; the last 24 hours unless told otherwise, also with a batchId."""
    context.check_account()
    token = read_token(context.value("pageToken"), "a2p-messages")
    filters = token.filters if token else _what(context)
    now, found = context.state.now(), _select(context, filters)
    page = cut_page(
        found, token, kind="a2p-messages", count=_per_page(context), key=lambda one: one.id, filters=filters
    )
    detailed = filters["view"] == ["Detailed"]
    records = [_message(message, now, detailed=detailed) for message in page.entries]
    return context.json({"records": records, "paging": a2p_paging(page, context.value("pageToken"))})


def aggregate_statuses(context: RequestContext) -> ApiResponse:
    """`aggregateA2PSMSStatuses`."""
    context.check_account()
    return context.json(count_statuses(_select(context, _what(context)), context.state.now()))


def read_batch_message(context: RequestContext) -> ApiResponse:
    """`readA2PSMS`, with its text."""
    context.check_account()
    wanted = context.ids["messageId"]
    found = context.state.messaging.batches.messages.get(int(wanted)) if wanted.isdecimal() else None
    if found is None:
        raise responses.not_found("messageId", wanted)
    return context.json(_message(found, context.state.now(), detailed=True) | {"id": wanted})


def _what(context: RequestContext) -> dict[str, list[str]]:
    context.choice("view", ("Simple", "Detailed"))
    choices(context, "direction", {"Inbound", "Outbound"})
    if len(context.values("phoneNumber")) > _MOST_NUMBERS:
        raise responses.invalid_parameter("phoneNumber", detail=f"at most {_MOST_NUMBERS} values")
    return {name: context.values(name) for name in _MESSAGE_FILTERS} | _bounds(context)


def _select(context: RequestContext, filters: dict[str, list[str]]) -> list[BatchMessage]:
    """The messages that pass; all of them are outbound."""
    if filters["direction"] and "Outbound" not in filters["direction"]:
        return []
    (first, last), batches = map(int, filters["bounds"]), context.state.messaging.batches
    wanted = [batch for batch in batches.batches.values() if not filters["batchId"] or batch.id in filters["batchId"]]
    numbers = set(filters["phoneNumber"])
    return [
        message
        for batch in wanted
        if first <= batch.created <= last
        for message in batch.messages
        if not numbers or message.to in numbers or message.sender in numbers
    ]


def _message(message: BatchMessage, now: int, *, detailed: bool) -> dict[str, Any]:
    change = message.status_at(now)
    record: dict[str, Any] = {
        "id": message.id,
        "batchId": message.batch,
        "from": message.sender,
        "to": [message.to],
        "creationTime": timestamps.text(message.created),
        "lastModifiedTime": timestamps.text(change.at),
        "messageStatus": change.status,
        "segmentCount": message.segments,
        "cost": message.cost,
        "direction": "Outbound",
    }
    if change.code is not None:
        record["errorCode"] = change.code
    return record | ({"text": message.text} if detailed else {})
