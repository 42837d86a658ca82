"""Incoming webhooks, made and kept by the API (`docs/team-messaging/incoming-webhooks`).

What is posted to an incoming webhook: no login, and errors in an answer that may say 200.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.messaging.team_chats import chat_of, me
from airflow_provider_ringcentral.sandbox.api.request_context import units
from airflow_provider_ringcentral.sandbox.api.responses import Answer
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import Webhook
from airflow_provider_ringcentral.sandbox.model.rate_limits import seconds

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
    from airflow_provider_ringcentral.sandbox.model.state import State


def make_webhook(state: State, chat: str, creator: int) -> Webhook:
    """A new webhook; its id is what makes its URL a secret."""
    now = state.now()
    webhook = Webhook(str(UUID(int=state.random.getrandbits(128), version=4)), chat, creator, now, now)
    state.desk.rooms.webhooks[webhook.id] = webhook
    return webhook


def webhook_uri(state: State, webhook: Webhook) -> str:
    """Where posts go to."""
    return f"{state.url}/webhook/v2/{webhook.id}"


def create_group_webhook(visit: Visit) -> Answer:
    """`createGlipGroupWebhookNew`."""
    return visit.json(_record(visit.state, make_webhook(visit.state, chat_of(visit, "groupId").id, me(visit))))


def list_group_webhooks(visit: Visit) -> Answer:
    """`listGlipGroupWebhooksNew`."""
    chat = chat_of(visit, "groupId")
    return _listed(visit, [webhook for webhook in _alive(visit) if webhook.chat == chat.id])


def list_webhooks(visit: Visit) -> Answer:
    """`listGlipWebhooksNew`."""
    return _listed(visit, _alive(visit))


def read_webhook(visit: Visit) -> Answer:
    """`readGlipWebhookNew`."""
    return _listed(visit, [_find(visit, one) for one in visit.ids["webhookId"].split(",")])


def activate_webhook(visit: Visit) -> Answer:
    """`activateGlipWebhookNew`."""
    return _become(visit, "Active")


def suspend_webhook(visit: Visit) -> Answer:
    """`suspendGlipWebhookNew`."""
    return _become(visit, "Suspended")


def delete_webhook(visit: Visit) -> Answer:
    """`deleteGlipWebhookNew`."""
    return _become(visit, "Deleted")


def _become(visit: Visit, status: str) -> Answer:
    webhook = _find(visit, visit.ids["webhookId"])
    webhook.status, webhook.modified = status, visit.state.now()
    return Answer(200, media_type=None)


def _alive(visit: Visit) -> list[Webhook]:
    return [webhook for webhook in visit.state.desk.rooms.webhooks.values() if webhook.status != "Deleted"]


def _find(visit: Visit, webhook_id: str) -> Webhook:
    found = visit.state.desk.rooms.webhooks.get(webhook_id)
    if found is None or found.status == "Deleted":
        raise responses.not_found("webhookId", webhook_id)
    return found


def _listed(visit: Visit, webhooks: list[Webhook]) -> Answer:
    return visit.json({"records": [_record(visit.state, webhook) for webhook in webhooks]})


def _record(state: State, webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "creatorId": str(webhook.creator),
        "groupIds": [webhook.chat],
        "creationTime": timestamps.text(webhook.created),
        "lastModifiedTime": timestamps.text(webhook.modified),
        "uri": webhook_uri(state, webhook),
        "status": webhook.status,
    }


NOT_GENERATED = "Your request was accepted, however a post was not generated"
_CARD_FIELD_BYTES, _CARD_TEXT, _ATTACHMENT_BYTES = 300, 1000, 1_500_000
_CARD_FIELDS = ("fallback", "intro", "title", "footnote", "author")


def post_to_webhook(visit: Visit) -> Answer:
    """A post, of the v2 or the older format; the path says nothing about which."""
    state, wanted = visit.state, visit.ids["webhookId"]
    webhook = state.desk.rooms.webhooks.get(wanted)
    if webhook is None or webhook.status == "Deleted":
        return _error(visit, "Webhook not found!", "NotFound", status=404)
    most = state.options.webhooks_per_minute
    if most and state.options.limits is not False:
        wait = state.desk.rate.wait(
            f"webhook-{wanted}", webhook.creator, most, 60 * state.options.scale, time.monotonic()
        )
        if wait:
            answer = _error(visit, "Too many requests", "TooManyRequests", status=429)
            answer.headers["Retry-After"] = seconds(wait)
            return answer
    if webhook.status == "Suspended":
        return _error(visit, NOT_GENERATED, "Webhook is suspended")
    try:
        body = responses.decode(visit.body)
    except ValueError:
        return _error(visit, NOT_GENERATED, "Body is no JSON")
    problems = _problems(body)
    if problems:
        return _error(visit, NOT_GENERATED, "Payload is invalid", validation=problems)
    _accept(visit, webhook, body)
    return visit.json({"status": "OK"})


def _error(
    visit: Visit, message: str, error: str, *, status: int | None = None, validation: list[str] | None = None
) -> Answer:
    body: dict[str, Any] = {"status": "error", "message": message, "error": error}
    if validation is not None:
        body["validation"] = validation
    return visit.json(body, status or visit.state.options.webhook_error_status)


def _accept(visit: Visit, webhook: Webhook, body: dict[str, Any]) -> None:
    state, now = visit.state, visit.state.now()
    extra = {name: body[name] for name in ("activity", "title", "iconUri") if name in body}
    attachments = [{"id": state.desk.rooms.next_id(), "type": "Card"} for _ in body.get("attachments", [])]
    text = str(body.get("text") or "")
    state.desk.rooms.add_post(webhook.chat, webhook.creator, text, now, attachments=attachments, extra=extra)
    told = {"webhook": webhook.id, "chat": webhook.chat, "path": visit.path, "time": timestamps.text(now), "body": body}
    state.desk.rooms.webhook_posts.append(told)


def _problems(body: object) -> list[str]:
    if not isinstance(body, dict):
        return ["body must be an object"]
    attachments = body.get("attachments", [])
    problems = [f"{name} must be text" for name in ("text", "activity", "title") if not _is_text(body.get(name, ""))]
    if not isinstance(attachments, list):
        problems.append("attachments must be a list")
    elif not body.get("text") and not attachments:
        problems.append("text or attachments must be given")
    else:
        problems += [
            f"attachments[{rank}]: {why}" for rank, one in enumerate(attachments) if (why := _card_problem(one))
        ]
        if len(responses.encode(attachments)) > _ATTACHMENT_BYTES:
            problems.append("attachments are too large")
    return problems


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _card_problem(card: object) -> str:
    if not isinstance(card, dict) or card.get("type") not in {"AdaptiveCard", "Card"}:
        return "type must be AdaptiveCard or Card"
    if card["type"] == "Card":
        long = [name for name in _CARD_FIELDS if len(responses.encode(card.get(name, ""))) - 2 > _CARD_FIELD_BYTES]
        if long:
            return f"{long[0]} is too long"
        if units(str(card.get("text", ""))) > _CARD_TEXT:
            return "text is too long"
    return ""
