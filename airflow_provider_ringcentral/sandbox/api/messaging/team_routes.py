"""Every operation of Team Messaging; a webhook's own path is in no specification."""

from __future__ import annotations

from functools import partial

from airflow_provider_ringcentral.sandbox.api.messaging import (
    incoming_webhooks,
    team_cards,
    team_chats,
    team_files,
    team_posts,
)
from airflow_provider_ringcentral.sandbox.api.messaging import webhooks as team_webhooks
from airflow_provider_ringcentral.sandbox.api.middleware import Operation
from airflow_provider_ringcentral.sandbox.model.rate_limits import UNLIMITED

_LIGHT, _MEDIUM, _HEAVY = "Light", "Medium", "Heavy"
_T = "/team-messaging/v1"
_CHAT, _CONVERSATIONS, _TEAMS = _T + "/chats/{chatId}", _T + "/conversations", _T + "/teams"
_POSTS, _CARD = _CHAT + "/posts", _T + "/adaptive-cards/{cardId}"
_POST = _POSTS + "/{postId}"
_HOOKS, _HOOK = _T + "/groups/{groupId}/webhooks", _T + "/webhooks/{webhookId}"
_Row = partial(Operation, permission="TeamMessaging")

# fmt: off
TEAM_OPERATIONS: tuple[Operation, ...] = (
    _Row("listGlipChatsNew", "GET", _T + "/chats", _MEDIUM, team_chats.list_chats),
    _Row("readGlipChatNew", "GET", _CHAT, _LIGHT, team_chats.read_chat),
    _Row("listGlipConversationsNew", "GET", _CONVERSATIONS, _MEDIUM, team_chats.list_conversations),
    _Row("createGlipConversationNew", "POST", _CONVERSATIONS, _MEDIUM, team_chats.create_conversation),
    _Row("readGlipConversationNew", "GET", _CONVERSATIONS + "/{chatId}", _LIGHT, team_chats.read_conversation),
    _Row("listGlipTeamsNew", "GET", _TEAMS, _MEDIUM, team_chats.list_teams),
    _Row("createGlipTeamNew", "POST", _TEAMS, _MEDIUM, team_chats.create_team),
    _Row("readGlipTeamNew", "GET", _TEAMS + "/{chatId}", _LIGHT, team_chats.read_team),
    _Row("readGlipPersonNew", "GET", _T + "/persons/{personId}", _LIGHT, team_chats.read_person),
    _Row("readGlipPostsNew", "GET", _POSTS, _MEDIUM, team_posts.list_posts),
    _Row("createGlipPostNew", "POST", _POSTS, _MEDIUM, team_posts.create_post),
    _Row("readGlipPostNew", "GET", _POST, _LIGHT, team_posts.read_post),
    _Row("patchGlipPostNew", "PATCH", _POST, _MEDIUM, team_posts.patch_post),
    _Row("deleteGlipPostNew", "DELETE", _POST, _MEDIUM, team_posts.delete_post),
    _Row("createGlipAdaptiveCardNew", "POST", _CHAT + "/adaptive-cards", _MEDIUM, team_cards.create_card),
    _Row("getGlipAdaptiveCardNew", "GET", _CARD, _MEDIUM, team_cards.read_card),
    _Row("updateGlipAdaptiveCardNew", "PUT", _CARD, _MEDIUM, team_cards.update_card),
    _Row("deleteGlipAdaptiveCardNew", "DELETE", _CARD, _MEDIUM, team_cards.delete_card),
    _Row("createGlipFileNew", "POST", _T + "/files", _HEAVY, team_files.create_file, uploads=True),
    _Row("listGlipGroupWebhooksNew", "GET", _HOOKS, _MEDIUM, team_webhooks.list_group_webhooks),
    _Row("createGlipGroupWebhookNew", "POST", _HOOKS, _MEDIUM, team_webhooks.create_group_webhook),
    _Row("listGlipWebhooksNew", "GET", _T + "/webhooks", _MEDIUM, team_webhooks.list_webhooks),
    _Row("readGlipWebhookNew", "GET", _HOOK, _MEDIUM, team_webhooks.read_webhook),
    _Row("deleteGlipWebhookNew", "DELETE", _HOOK, _MEDIUM, team_webhooks.delete_webhook),
    _Row("activateGlipWebhookNew", "POST", _HOOK + "/activate", _MEDIUM, team_webhooks.activate_webhook),
    _Row("suspendGlipWebhookNew", "POST", _HOOK + "/suspend", _MEDIUM, team_webhooks.suspend_webhook),
    Operation("postToWebhook", "POST", "/webhook/v2/{webhookId}", UNLIMITED, incoming_webhooks.post_to_webhook,
              aliases=("/webhook/{webhookId}",)),
)
# fmt: on
