"""High-volume texts: batches, their messages and their statuses (guide page messaging/sms/high-volume)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.messaging.numbers import is_e164, own_numbers
from airflow_provider_ringcentral.sandbox.api.paging import a2p_paging, cut_page, read_token
from airflow_provider_ringcentral.sandbox.api.request_context import list_field, text_field
from airflow_provider_ringcentral.sandbox.model import timestamps

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
    from airflow_provider_ringcentral.sandbox.model.messaging.batches import Batch, BatchMessage

MOST_MESSAGES = 10_000
LONGEST_TEXT = 1000
_LARGEST_PAGE = 1000
_MOST_NUMBERS = 15
_INVALID_NUMBER = "SMS-RC-410"
_MESSAGE_FILTERS = ("batchId", "direction", "phoneNumber", "view")
_COUNTED = ("queued", "sent", "delivered", "sendingFailed", "deliveryFailed")


def create_batch(context: RequestContext) -> ApiResponse:
    """`createA2PSMS`: only this response names the rejected recipients, with indexes that begin with 1."""
    context.check_account()
    state, body = context.state, context.json_object()
    sender = _sender(context, body)
    default = text_field(body, "text", LONGEST_TEXT, required=False)
    entries = list_field(body, "messages")
    if len(entries) > MOST_MESSAGES:
        raise responses.batch_too_large(len(entries), MOST_MESSAGES, "messages")
    accepted, rejected = [], []
    for index, entry in enumerate(entries, start=1):
        number, text = _recipient(entry), text_field(entry, "text", LONGEST_TEXT, required=False) or default
        if not text:
            raise responses.missing_parameter("text")
        code = _rejection(context, number)
        if code is None:
            accepted.append((number, text, state.messaging.outcomes.of_text(number, sender)))
        else:
            rejected.append(
                {"index": index, "to": [number], "errorCode": code, "description": "Recipient number is invalid"}
            )
    batch = state.messaging.batches.add(
        sender, accepted, rejected, user=context.user_id(), now=state.now(), options=state.options
    )
    return context.json(_batch_record(batch, state.now()) | {"rejected": rejected}, 201)


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


def _batch_record(batch: Batch, now: int) -> dict[str, Any]:
    record = {
        "id": batch.id,
        "from": batch.sender,
        "batchSize": len(batch.messages),
        "processedCount": batch.processed_count(now),
        "creationTime": timestamps.text(batch.created),
        "lastModifiedTime": timestamps.text(batch.modified(now)),
        "status": batch.status(now),
    }
    if record["status"] == "Completed":
        record["cost"] = round(sum(message.cost for message in batch.messages), 4)
    return record


def list_batches(context: RequestContext) -> ApiResponse:
    """`listA2PBatches`: newest first; those of the last 24 hours unless `dateFrom` is given."""
    context.check_account()
    state, token = context.state, read_token(context.value("pageToken"), "batches")
    statuses = context.choices("status", {"Queued", "Processing", "Sent", "Completed"})
    filters = (
        token.filters if token else {"from": context.values("from"), "status": sorted(statuses)} | _bounds(context)
    )
    now, (first, last) = state.now(), map(int, filters["bounds"])
    found = [
        batch
        for batch in reversed(state.messaging.batches.batches.values())
        if first <= batch.created <= last
        and batch.created + state.options.milliseconds(state.options.message_lag) <= now
        and (not filters["from"] or batch.sender in filters["from"])
        and (not filters["status"] or batch.status(now) in filters["status"])
    ]
    page = cut_page(found, token, kind="batches", count=_per_page(context), key=lambda one: one.id, filters=filters)
    records = [_batch_record(batch, now) for batch in page.entries]
    return context.json({"records": records, "paging": a2p_paging(page, context.value("pageToken"))})


def _bounds(context: RequestContext) -> dict[str, list[str]]:
    first, last, _ = context.time_bounds()
    return {"bounds": [str(first), str(last)]}


def _per_page(context: RequestContext) -> int:
    return min(context.number("perPage", _LARGEST_PAGE), _LARGEST_PAGE)


def read_batch(context: RequestContext) -> ApiResponse:
    """`readA2PBatch`: the status and counts of one batch."""
    context.check_account()
    batch = context.state.messaging.batches.batches.get(context.ids["batchId"])
    if batch is None:
        raise responses.not_found("batchId", context.ids["batchId"])
    return context.json(_batch_record(batch, context.state.now()))


def list_batch_messages(context: RequestContext) -> ApiResponse:
    """`listA2PSMS`: in the order of their batches; those of the last 24 hours unless `dateFrom` is given."""
    context.check_account()
    token = read_token(context.value("pageToken"), "a2p-messages")
    filters = token.filters if token else _message_filters(context)
    now, found = context.state.now(), _find_messages(context, filters)
    page = cut_page(
        found, token, kind="a2p-messages", count=_per_page(context), key=lambda one: one.id, filters=filters
    )
    detailed = filters["view"] == ["Detailed"]
    records = [_message_record(message, now, detailed=detailed) for message in page.entries]
    return context.json({"records": records, "paging": a2p_paging(page, context.value("pageToken"))})


def aggregate_statuses(context: RequestContext) -> ApiResponse:
    """`aggregateA2PSMSStatuses`: the number and cost of messages by status."""
    context.check_account()
    return context.json(_count_statuses(_find_messages(context, _message_filters(context)), context.state.now()))


def read_batch_message(context: RequestContext) -> ApiResponse:
    """`readA2PSMS`, with its text."""
    context.check_account()
    wanted = context.ids["messageId"]
    found = context.state.messaging.batches.messages.get(int(wanted)) if wanted.isdecimal() else None
    if found is None:
        raise responses.not_found("messageId", wanted)
    return context.json(_message_record(found, context.state.now(), detailed=True) | {"id": wanted})


def _count_statuses(messages: Iterable[BatchMessage], now: int) -> dict[str, Any]:
    """Return, by status, the number of messages, their cost, and the errors of those that failed."""
    counts: Counter[str] = Counter()
    costs: dict[str, float] = dict.fromkeys(_COUNTED, 0.0)
    errors: dict[str, Counter[str]] = {name: Counter() for name in _COUNTED}
    for message in messages:
        change = message.status_at(now)
        name = change.status[:1].lower() + change.status[1:]
        if name not in costs:
            name = "queued"
        counts[name] += 1
        costs[name] += message.cost
        if change.code is not None:
            errors[name][change.code] += 1
    return {
        name: {"count": counts[name], "cost": round(costs[name], 4)}
        | ({"errorCodeCounts": dict(errors[name])} if errors[name] else {})
        for name in _COUNTED
    }


def _message_filters(context: RequestContext) -> dict[str, list[str]]:
    context.choice("view", ("Simple", "Detailed"))
    context.choices("direction", {"Inbound", "Outbound"})
    if len(context.values("phoneNumber")) > _MOST_NUMBERS:
        raise responses.invalid_parameter("phoneNumber", detail=f"at most {_MOST_NUMBERS} values")
    return {name: context.values(name) for name in _MESSAGE_FILTERS} | _bounds(context)


def _find_messages(context: RequestContext, filters: dict[str, list[str]]) -> list[BatchMessage]:
    """Return the messages that pass the filters; all messages are outbound."""
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


def _message_record(message: BatchMessage, now: int, *, detailed: bool) -> dict[str, Any]:
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
