"""Incoming webhooks, made and kept by the API (`docs/team-messaging/incoming-webhooks`).

What is posted to an incoming webhook: no login, and errors in an answer that may say 200.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.messaging.team_chats import current_user_id, find_chat
from airflow_provider_ringcentral.sandbox.api.request_context import units
from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import Webhook
from airflow_provider_ringcentral.sandbox.model.rate_limits import seconds

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.model.state import State


def make_webhook(state: State, chat: str, creator: int) -> Webhook:
    """A new webhook; its id is what makes its URL a secret."""
    now = state.now()
    webhook = Webhook(str(UUID(int=state.random.getrandbits(128), version=4)), chat, creator, now, now)
    state.messaging.team_messaging.webhooks[webhook.id] = webhook
    return webhook


def webhook_uri(state: State, webhook: Webhook) -> str:
    """Where posts go to."""
    return f"{state.url}/webhook/v2/{webhook.id}"


def create_group_webhook(context: RequestContext) -> ApiResponse:
    """`createGlipGroupWebhookNew`."""
    return context.json(
        _record(context.state, make_webhook(context.state, find_chat(context, "groupId").id, current_user_id(context)))
    )


def list_group_webhooks(context: RequestContext) -> ApiResponse:
    """`listGlipGroupWebhooksNew`."""
    chat = find_chat(context, "groupId")
    return _listed(context, [webhook for webhook in _alive(context) if webhook.chat == chat.id])


def list_webhooks(context: RequestContext) -> ApiResponse:
    """`listGlipWebhooksNew`."""
    return _listed(context, _alive(context))


def read_webhook(context: RequestContext) -> ApiResponse:
    """`readGlipWebhookNew`."""
    return _listed(context, [_find(context, one) for one in context.ids["webhookId"].split(",")])


def activate_webhook(context: RequestContext) -> ApiResponse:
    """`activateGlipWebhookNew`."""
    return _become(context, "Active")


def suspend_webhook(context: RequestContext) -> ApiResponse:
    """`suspendGlipWebhookNew`."""
    return _become(context, "Suspended")


def delete_webhook(context: RequestContext) -> ApiResponse:
    """`deleteGlipWebhookNew`."""
    return _become(context, "Deleted")


def _become(context: RequestContext, status: str) -> ApiResponse:
    webhook = _find(context, context.ids["webhookId"])
    webhook.status, webhook.modified = status, context.state.now()
    return ApiResponse(200, media_type=None)


def _alive(context: RequestContext) -> list[Webhook]:
    return [
        webhook for webhook in context.state.messaging.team_messaging.webhooks.values() if webhook.status != "Deleted"
    ]


def _find(context: RequestContext, webhook_id: str) -> Webhook:
    found = context.state.messaging.team_messaging.webhooks.get(webhook_id)
    if found is None or found.status == "Deleted":
        raise responses.not_found("webhookId", webhook_id)
    return found


def _listed(context: RequestContext, webhooks: list[Webhook]) -> ApiResponse:
    return context.json({"records": [_record(context.state, webhook) for webhook in webhooks]})


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


def post_to_webhook(context: RequestContext) -> ApiResponse:
    """A post, of the v2 or the older format; the path says nothing about which."""
    state, wanted = context.state, context.ids["webhookId"]
    webhook = state.messaging.team_messaging.webhooks.get(wanted)
    if webhook is None or webhook.status == "Deleted":
        return _error(context, "Webhook not found!", "NotFound", status=404)
    most = state.options.webhooks_per_minute
    if most and state.options.limits is not False:
        wait = state.messaging.rate.wait(
            f"webhook-{wanted}", webhook.creator, most, 60 * state.options.scale, time.monotonic()
        )
        if wait:
            response = _error(context, "Too many requests", "TooManyRequests", status=429)
            response.headers["Retry-After"] = seconds(wait)
            return response
    if webhook.status == "Suspended":
        return _error(context, NOT_GENERATED, "Webhook is suspended")
    try:
        body = responses.decode(context.body)
    except ValueError:
        return _error(context, NOT_GENERATED, "Body is no JSON")
    problems = _problems(body)
    if problems:
        return _error(context, NOT_GENERATED, "Payload is invalid", validation=problems)
    _accept(context, webhook, body)
    return context.json({"status": "OK"})


def _error(
    context: RequestContext, message: str, error: str, *, status: int | None = None, validation: list[str] | None = None
) -> ApiResponse:
    body: dict[str, Any] = {"status": "error", "message": message, "error": error}
    if validation is not None:
        body["validation"] = validation
    return context.json(body, status or context.state.options.webhook_error_status)


def _accept(context: RequestContext, webhook: Webhook, body: dict[str, Any]) -> None:
    state, now = context.state, context.state.now()
    extra = {name: body[name] for name in ("activity", "title", "iconUri") if name in body}
    attachments = [
        {"id": state.messaging.team_messaging.next_id(), "type": "Card"} for _ in body.get("attachments", [])
    ]
    text = str(body.get("text") or "")
    state.messaging.team_messaging.add_post(
        webhook.chat, webhook.creator, text, now, attachments=attachments, extra=extra
    )
    told = {
        "webhook": webhook.id,
        "chat": webhook.chat,
        "path": context.path,
        "time": timestamps.text(now),
        "body": body,
    }
    state.messaging.team_messaging.webhook_posts.append(told)


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
