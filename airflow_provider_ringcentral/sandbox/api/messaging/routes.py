"""Every operation on messages: one row each, with the group and permissions of the specification.

Every operation of Team Messaging; a webhook's own path is in no specification.
"""

from __future__ import annotations

from functools import partial

from airflow_provider_ringcentral.sandbox.api.messaging import (
    a2p_sms,
    consents,
    fax,
    message_store,
    pager,
    ring_out,
    sms,
    team_chats,
    team_posts,
    webhooks,
)
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
    _Row("createGlipAdaptiveCardNew", "POST", _CHAT + "/adaptive-cards", _MEDIUM, team_posts.create_card),
    _Row("getGlipAdaptiveCardNew", "GET", _CARD, _MEDIUM, team_posts.read_card),
    _Row("updateGlipAdaptiveCardNew", "PUT", _CARD, _MEDIUM, team_posts.update_card),
    _Row("deleteGlipAdaptiveCardNew", "DELETE", _CARD, _MEDIUM, team_posts.delete_card),
    _Row("createGlipFileNew", "POST", _T + "/files", _HEAVY, team_posts.create_file, uploads=True),
    _Row("listGlipGroupWebhooksNew", "GET", _HOOKS, _MEDIUM, webhooks.list_group_webhooks),
    _Row("createGlipGroupWebhookNew", "POST", _HOOKS, _MEDIUM, webhooks.create_group_webhook),
    _Row("listGlipWebhooksNew", "GET", _T + "/webhooks", _MEDIUM, webhooks.list_webhooks),
    _Row("readGlipWebhookNew", "GET", _HOOK, _MEDIUM, webhooks.read_webhook),
    _Row("deleteGlipWebhookNew", "DELETE", _HOOK, _MEDIUM, webhooks.delete_webhook),
    _Row("activateGlipWebhookNew", "POST", _HOOK + "/activate", _MEDIUM, webhooks.activate_webhook),
    _Row("suspendGlipWebhookNew", "POST", _HOOK + "/suspend", _MEDIUM, webhooks.suspend_webhook),
    Operation("postToWebhook", "POST", "/webhook/v2/{webhookId}", UNLIMITED, webhooks.post_to_webhook,
              aliases=("/webhook/{webhookId}",)),
)
# fmt: on


_LIGHT, _MEDIUM, _HEAVY = "Light", "Medium", "Heavy"
_A = "/restapi/v1.0/account/{accountId}"
_E = _A + "/extension/{extensionId}"
_STORE = _E + "/message-store"
_ONE = _STORE + "/{messageId}"
_READ, _EDIT = ("ReadMessages", "ReadMessages"), ("EditMessages", "EditMessages")
_SMS = ("SMS", "OutboundSMS")
_A2P = _A + "/a2p-sms"
_RING = _E + "/ring-out"
_CONSENTS = "/restapi/v2/accounts/{accountId}/sms/consents"

# fmt: off
MESSAGING_OPERATIONS: tuple[Operation, ...] = (
    Operation("createSMSMessage", "POST", _E + "/sms", _MEDIUM, sms.create_sms_message, *_SMS, uploads=True),
    Operation("createMMS", "POST", _E + "/mms", _MEDIUM, sms.create_mms, *_SMS, uploads=True),
    Operation("createInternalTextMessage", "POST", _E + "/company-pager", _MEDIUM, pager.create_internal_text_message,
              "InternalMessages", "InternalSMS"),
    Operation("createFaxMessage", "POST", _E + "/fax", _HEAVY, fax.create_fax_message, "Faxes", "OutboundFaxes",
              uploads=True),
    Operation("listFaxCoverPages", "GET", "/restapi/v1.0/dictionary/fax-cover-page", _LIGHT, fax.list_fax_cover_pages),
    Operation("listMessages", "GET", _STORE, _LIGHT, message_store.list_messages, *_READ),
    # An id list that is empty ends in a slash, and then everything is deleted.
    Operation("deleteMessageByFilter", "DELETE", _STORE, _MEDIUM, message_store.delete_message_by_filter, *_EDIT,
              aliases=(_STORE + "/",)),
    Operation("readMessage", "GET", _ONE, _LIGHT, message_store.read_message, *_READ),
    Operation("updateMessage", "PUT", _ONE, _MEDIUM, message_store.update_message, *_EDIT),
    Operation("patchMessage", "PATCH", _ONE, _MEDIUM, message_store.patch_message, *_EDIT),
    Operation("deleteMessage", "DELETE", _ONE, _MEDIUM, message_store.delete_message, *_EDIT),
    Operation("readMessageContent", "GET", _ONE + "/content/{attachmentId}", _MEDIUM,
              message_store.read_message_content, "ReadMessages", media=True),
    Operation("syncMessages", "GET", _E + "/message-sync", _LIGHT, message_store.sync_messages, *_READ),
    *TEAM_OPERATIONS,
    Operation("createA2PSMS", "POST", _A2P + "/batches", _LIGHT, a2p_sms.create_batch, "A2PSMS"),
    Operation("listA2PBatches", "GET", _A2P + "/batches", _LIGHT, a2p_sms.list_batches, "A2PSMS"),
    Operation("readA2PBatch", "GET", _A2P + "/batches/{batchId}", _LIGHT, a2p_sms.read_batch, "A2PSMS"),
    Operation("listA2PSMS", "GET", _A2P + "/messages", _LIGHT, a2p_sms.list_batch_messages, "A2PSMS"),
    Operation("readA2PSMS", "GET", _A2P + "/messages/{messageId}", _LIGHT, a2p_sms.read_batch_message, "A2PSMS"),
    Operation("aggregateA2PSMSStatuses", "GET", _A2P + "/statuses", _LIGHT, a2p_sms.aggregate_statuses, "A2PSMS"),
    Operation("readA2PSMSOptOuts", "GET", _A2P + "/opt-outs", _LIGHT, consents.list_opt_outs, "A2PSMS"),
    Operation("searchSmsConsentRecords", "POST", _CONSENTS + "/search", _LIGHT, consents.search_consents, "SMS"),
    Operation("editSmsConsentRecords", "PATCH", _CONSENTS, _LIGHT, consents.edit_consents, "SMS"),
    Operation("createRingOutCall", "POST", _RING, _HEAVY, ring_out.create_ring_out, "RingOut"),
    Operation("readRingOutCallStatus", "GET", _RING + "/{ringoutId}", _LIGHT, ring_out.read_ring_out, "RingOut"),
    Operation("deleteRingOutCall", "DELETE", _RING + "/{ringoutId}", _HEAVY, ring_out.delete_ring_out, "RingOut"),
)
# fmt: on
