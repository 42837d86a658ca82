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
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.api.responses import Answer
    from airflow_provider_ringcentral.sandbox.model.messaging.batches import Batch

MOST_MESSAGES = 10_000
LONGEST_TEXT = 1000
_LARGEST_PAGE = 1000
_MOST_NUMBERS = 15
_INVALID_NUMBER = "SMS-RC-410"
_MESSAGE_FILTERS = ("batchId", "direction", "phoneNumber", "view")


def create_batch(visit: Visit) -> Answer:
    """`createA2PSMS`. Only this answer says what was rejected, by an index that begins with 1."""
    visit.check_account()
    state, body = visit.state, json_object(visit)
    sender = _sender(visit, body)
    default = text_field(body, "text", LONGEST_TEXT, required=False)
    entries = list_field(body, "messages")
    if len(entries) > MOST_MESSAGES:
        message = f"Batch size [{len(entries)}] exceeds the limit [{MOST_MESSAGES}]"
        raise responses.refusal(400, "CMN-106", message, parameter="messages")
    accepted, rejected = [], []
    for index, entry in enumerate(entries, start=1):
        number, text = _recipient(entry), text_field(entry, "text", LONGEST_TEXT, required=False) or default
        if not text:
            raise responses.missing("text")
        code = _rejection(visit, number)
        if code is None:
            accepted.append((number, text))
        else:
            rejected.append(
                {"index": index, "to": [number], "errorCode": code, "description": "Recipient number is invalid"}
            )
    user = visit.token.user.id if visit.token else 0
    batch = state.desk.batches.add(state, sender, accepted, rejected, user=user)
    return visit.json(_record(batch, state.now()) | {"rejected": rejected}, 201)


def _sender(visit: Visit, body: dict[str, Any]) -> str:
    sender = body.get("from")
    if sender is None:
        raise responses.missing("from")
    if not isinstance(sender, str) or "A2PSmsSender" not in own_numbers(visit.state).get(sender, []):
        raise responses.invalid("from", str(sender), detail="the number may not send A2P messages")
    return sender


def _recipient(entry: dict[str, Any]) -> str:
    to = entry.get("to")
    if to is None:
        raise responses.missing("messages.to")
    if not isinstance(to, list) or len(to) != 1 or not isinstance(to[0], str):
        raise responses.invalid("messages.to", detail="exactly one recipient")
    return to[0]


def _rejection(visit: Visit, number: str) -> str | None:
    if not is_e164(number) or not number.startswith("+1"):
        return _INVALID_NUMBER
    return visit.state.desk.outcomes.of(number).refuse


def _record(batch: Batch, now: int) -> dict[str, Any]:
    record = batch_record(batch, now)
    return record | {name: timestamps.text(record[name]) for name in ("creationTime", "lastModifiedTime")}


def list_batches(visit: Visit) -> Answer:
    """`listA2PBatches`: newest first; the last 24 hours unless told otherwise."""
    visit.check_account()
    state, token = visit.state, read_token(visit.one("pageToken"), "batches")
    statuses = choices(visit, "status", {"Queued", "Processing", "Sent", "Completed"})
    what = token.what if token else {"from": visit.many("from"), "status": sorted(statuses)} | _bounds(visit)
    now, (first, last) = state.now(), map(int, what["bounds"])
    found = [
        batch
        for batch in reversed(state.desk.batches.batches.values())
        if first <= batch.created <= last
        and batch.created + state.milliseconds(state.options.message_lag) <= now
        and (not what["from"] or batch.sender in what["from"])
        and (not what["status"] or batch.status(now) in what["status"])
    ]
    page = cut_page(found, token, kind="batches", count=_per_page(visit), key=lambda one: one.id, what=what)
    records = [_record(batch, now) for batch in page.entries]
    return visit.json({"records": records, "paging": a2p_paging(page, visit.one("pageToken"))})


def _bounds(visit: Visit) -> dict[str, list[str]]:
    first, last, _ = bounds(visit)
    return {"bounds": [str(first), str(last)]}


def _per_page(visit: Visit) -> int:
    return min(visit.number("perPage", _LARGEST_PAGE), _LARGEST_PAGE)


def read_batch(visit: Visit) -> Answer:
    """`readA2PBatch`."""
    visit.check_account()
    batch = visit.state.desk.batches.batches.get(visit.ids["batchId"])
    if batch is None:
        raise responses.not_found("batchId", visit.ids["batchId"])
    return visit.json(_record(batch, visit.state.now()))


def list_batch_messages(visit: Visit) -> Answer:
    """`listA2PSMS`: in the order of their batches; the last 24 hours unless told otherwise, also with a batchId."""
    visit.check_account()
    token = read_token(visit.one("pageToken"), "a2p-messages")
    what = token.what if token else _what(visit)
    now, found = visit.state.now(), _select(visit, what)
    page = cut_page(found, token, kind="a2p-messages", count=_per_page(visit), key=lambda one: one.id, what=what)
    detailed = what["view"] == ["Detailed"]
    records = [_message(message, now, detailed=detailed) for message in page.entries]
    return visit.json({"records": records, "paging": a2p_paging(page, visit.one("pageToken"))})


def aggregate_statuses(visit: Visit) -> Answer:
    """`aggregateA2PSMSStatuses`."""
    visit.check_account()
    return visit.json(count_statuses(_select(visit, _what(visit)), visit.state.now()))


def read_batch_message(visit: Visit) -> Answer:
    """`readA2PSMS`, with its text."""
    visit.check_account()
    wanted = visit.ids["messageId"]
    found = visit.state.desk.batches.messages.get(int(wanted)) if wanted.isdecimal() else None
    if found is None:
        raise responses.not_found("messageId", wanted)
    return visit.json(_message(found, visit.state.now(), detailed=True) | {"id": wanted})


def _what(visit: Visit) -> dict[str, list[str]]:
    visit.choice("view", ("Simple", "Detailed"))
    choices(visit, "direction", {"Inbound", "Outbound"})
    if len(visit.many("phoneNumber")) > _MOST_NUMBERS:
        raise responses.invalid("phoneNumber", detail=f"at most {_MOST_NUMBERS} values")
    return {name: visit.many(name) for name in _MESSAGE_FILTERS} | _bounds(visit)


def _select(visit: Visit, what: dict[str, list[str]]) -> list[BatchMessage]:
    """The messages that pass; all of them are outbound."""
    if what["direction"] and "Outbound" not in what["direction"]:
        return []
    (first, last), batches = map(int, what["bounds"]), visit.state.desk.batches
    wanted = [batch for batch in batches.batches.values() if not what["batchId"] or batch.id in what["batchId"]]
    numbers = set(what["phoneNumber"])
    return [
        message
        for batch in wanted
        if first <= batch.created <= last
        for message in batch.messages
        if not numbers or message.to in numbers or message.sender in numbers
    ]


def _message(message: BatchMessage, now: int, *, detailed: bool) -> dict[str, Any]:
    step = message.step(now)
    record: dict[str, Any] = {
        "id": message.id,
        "batchId": message.batch,
        "from": message.sender,
        "to": [message.to],
        "creationTime": timestamps.text(message.created),
        "lastModifiedTime": timestamps.text(step.at),
        "messageStatus": step.status,
        "segmentCount": message.segments,
        "cost": message.cost,
        "direction": "Outbound",
    }
    if step.code is not None:
        record["errorCode"] = step.code
    return record | ({"text": message.text} if detailed else {})
