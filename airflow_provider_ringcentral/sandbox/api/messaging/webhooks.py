"""Incoming webhooks, made and kept by the API (`docs/team-messaging/incoming-webhooks`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow_provider_ringcentral.sandbox.api import responses as bodies
from airflow_provider_ringcentral.sandbox.api.messaging.team_chats import chat_of, me
from airflow_provider_ringcentral.sandbox.api.responses import Answer
from airflow_provider_ringcentral.sandbox.model import timestamps as instants
from airflow_provider_ringcentral.sandbox.model.messaging.team_messaging import Webhook

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
        raise bodies.not_found("webhookId", webhook_id)
    return found


def _listed(visit: Visit, webhooks: list[Webhook]) -> Answer:
    return visit.json({"records": [_record(visit.state, webhook) for webhook in webhooks]})


def _record(state: State, webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "creatorId": str(webhook.creator),
        "groupIds": [webhook.chat],
        "creationTime": instants.text(webhook.created),
        "lastModifiedTime": instants.text(webhook.modified),
        "uri": webhook_uri(state, webhook),
        "status": webhook.status,
    }
