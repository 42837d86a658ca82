"""Incoming webhooks: managing them, and the posts they accept (guide page team-messaging/incoming-webhooks).

A webhook needs no login, and reports errors in a response whose status may be 200.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.messaging.team_chats import find_chat
from airflow_provider_ringcentral.sandbox.api.responses import ApiResponse
from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.messaging.delivery import utf16_units

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import Webhook
    from airflow_provider_ringcentral.sandbox.model.state import State

NOT_GENERATED = "Your request was accepted, however a post was not generated"
_CARD_FIELD_BYTES, _CARD_TEXT, _ATTACHMENT_BYTES = 300, 1000, 1_500_000
_CARD_FIELDS = ("fallback", "intro", "title", "footnote", "author")


def webhook_uri(state: State, webhook: Webhook) -> str:
    """Return the secret URL of a webhook."""
    return f"{state.url}/webhook/v2/{webhook.id}"


def create_group_webhook(context: RequestContext) -> ApiResponse:
    """`createGlipGroupWebhookNew`: create an incoming webhook of a chat."""
    state, chat = context.state, find_chat(context, "groupId")
    webhook = state.messaging.team_messaging.add_webhook(chat.id, context.user_id(), state.now())
    return context.json(_record(state, webhook))


def list_group_webhooks(context: RequestContext) -> ApiResponse:
    """`listGlipGroupWebhooksNew`: the webhooks of one chat."""
    chat = find_chat(context, "groupId")
    return _list_webhooks(context, [webhook for webhook in _not_deleted(context) if webhook.chat == chat.id])


def list_webhooks(context: RequestContext) -> ApiResponse:
    """`listGlipWebhooksNew`: all webhooks that are not deleted."""
    return _list_webhooks(context, _not_deleted(context))


def read_webhook(context: RequestContext) -> ApiResponse:
    """`readGlipWebhookNew`: one or several webhooks by id."""
    return _list_webhooks(context, [_find(context, one) for one in context.ids["webhookId"].split(",")])


def activate_webhook(context: RequestContext) -> ApiResponse:
    """`activateGlipWebhookNew`: let a suspended webhook accept posts again."""
    return _set_status(context, "Active")


def suspend_webhook(context: RequestContext) -> ApiResponse:
    """`suspendGlipWebhookNew`: let a webhook refuse posts for now."""
    return _set_status(context, "Suspended")


def delete_webhook(context: RequestContext) -> ApiResponse:
    """`deleteGlipWebhookNew`: delete a webhook for good."""
    return _set_status(context, "Deleted")


def _set_status(context: RequestContext, status: str) -> ApiResponse:
    webhook = _find(context, context.ids["webhookId"])
    webhook.status, webhook.modified = status, context.state.now()
    return ApiResponse(200, media_type=None)


def _not_deleted(context: RequestContext) -> list[Webhook]:
    return [
        webhook for webhook in context.state.messaging.team_messaging.webhooks.values() if webhook.status != "Deleted"
    ]


def _find(context: RequestContext, webhook_id: str) -> Webhook:
    found = context.state.messaging.team_messaging.webhooks.get(webhook_id)
    if found is None or found.status == "Deleted":
        raise responses.not_found("webhookId", webhook_id)
    return found


def _list_webhooks(context: RequestContext, webhooks: list[Webhook]) -> ApiResponse:
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


def post_to_webhook(context: RequestContext) -> ApiResponse:
    """Accept a post in the format of version 2 or in the older one; both paths take both."""
    state, wanted = context.state, context.ids["webhookId"]
    webhook = state.messaging.team_messaging.webhooks.get(wanted)
    if webhook is None or webhook.status == "Deleted":
        return _error(context, "Webhook not found!", "NotFound", status=404)
    if wait := state.send_wait(f"webhook-{wanted}", webhook.creator, state.options.webhooks_per_minute):
        response = _error(context, "Too many requests", "TooManyRequests", status=429)
        response.headers["Retry-After"] = responses.seconds_text(wait)
        return response
    if webhook.status == "Suspended":
        return _error(context, NOT_GENERATED, "Webhook is suspended")
    try:
        body = responses.decode(context.body)
    except ValueError:
        return _error(context, NOT_GENERATED, "Body is not JSON")
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
    team_messaging, now = context.state.messaging.team_messaging, context.state.now()
    extra = {name: body[name] for name in ("activity", "title", "iconUri") if name in body}
    attachments = [{"id": team_messaging.next_id(), "type": "Card"} for _ in body.get("attachments", [])]
    text = str(body.get("text") or "")
    team_messaging.add_post(webhook.chat, webhook.creator, text, now, attachments=attachments, extra=extra)
    accepted = {"webhook": webhook.id, "chat": webhook.chat, "path": context.path, "time": timestamps.text(now)}
    team_messaging.webhook_posts.append(accepted | {"body": body})


def _problems(body: object) -> list[str]:
    if not isinstance(body, dict):
        return ["body must be an object"]
    attachments = body.get("attachments", [])
    problems = [
        f"{name} must be text" for name in ("text", "activity", "title") if not isinstance(body.get(name, ""), str)
    ]
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


def _card_problem(card: object) -> str:
    if not isinstance(card, dict) or card.get("type") not in {"AdaptiveCard", "Card"}:
        return "type must be AdaptiveCard or Card"
    if card["type"] == "Card":
        long = [name for name in _CARD_FIELDS if len(responses.encode(card.get(name, ""))) - 2 > _CARD_FIELD_BYTES]
        if long:
            return f"{long[0]} is too long"
        if utf16_units(str(card.get("text", ""))) > _CARD_TEXT:
            return "text is too long"
    return ""
