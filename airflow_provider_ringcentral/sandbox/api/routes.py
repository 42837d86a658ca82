"""Every operation of the sandbox: one row each, with the group and permissions of the specification."""

from __future__ import annotations

from functools import partial

from airflow_provider_ringcentral.sandbox.api import account, call_log, call_sync, media, token_endpoint
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
from airflow_provider_ringcentral.sandbox.api.middleware import AUTH, Operation
from airflow_provider_ringcentral.sandbox.model.rate_limits import UNLIMITED

LIGHT, MEDIUM, HEAVY = "Light", "Medium", "Heavy"

_A = "/restapi/v1.0/account/{accountId}"
_E = _A + "/extension/{extensionId}"
_CALLS, _CALL = "/call-log", "/call-log/{callRecordId}"
_RECORDING = _A + "/recording/{recordingId}"
_STORE = _E + "/message-store"
_MESSAGE = _STORE + "/{messageId}"
_A2P = _A + "/a2p-sms"
_RING_OUT = _E + "/ring-out"
_CONSENTS = "/restapi/v2/accounts/{accountId}/sms/consents"
_T = "/team-messaging/v1"
_CHAT, _CONVERSATIONS, _TEAMS = _T + "/chats/{chatId}", _T + "/conversations", _T + "/teams"
_POSTS, _CARD = _CHAT + "/posts", _T + "/adaptive-cards/{cardId}"
_POST = _POSTS + "/{postId}"
_WEBHOOKS, _WEBHOOK = _T + "/groups/{groupId}/webhooks", _T + "/webhooks/{webhookId}"

_COMPANY_LOG, _LOG = ("ReadCallLog", "FullCompanyCallLog"), ("ReadCallLog", "ReadCallLog")
_EXTENSIONS, _RECORDINGS = ("ReadAccounts", "ReadExtensions"), ("ReadCallRecording", "ReadCallRecording")
_READ, _EDIT = ("ReadMessages", "ReadMessages"), ("EditMessages", "EditMessages")
_SMS = ("SMS", "OutboundSMS")
_TeamOperation = partial(Operation, permission="TeamMessaging")

# fmt: off
OPERATIONS: tuple[Operation, ...] = (
    Operation("getToken", "POST", "/restapi/oauth/token", AUTH, token_endpoint.get_token),
    Operation("revokeToken", "POST", "/restapi/oauth/revoke", AUTH, token_endpoint.revoke_token),
    Operation("readAPIVersions", "GET", "/restapi", UNLIMITED, account.read_api_versions),
    Operation("readAPIVersion", "GET", "/restapi/{apiVersion}", UNLIMITED, account.read_api_version),
    Operation("readAccountInfo", "GET", _A, LIGHT, account.read_account_info, "ReadAccounts", "ReadCompanyInfo"),
    Operation("listExtensions", "GET", _A + "/extension", MEDIUM, account.list_extensions, *_EXTENSIONS),
    Operation("readExtension", "GET", _E, LIGHT, account.read_extension, *_EXTENSIONS),
    Operation("listExtensionPhoneNumbers", "GET", _E + "/phone-number", LIGHT, account.list_extension_phone_numbers,
              "ReadAccounts", "ReadUserPhoneNumbers"),
    Operation("readAuthorizationProfile", "GET", _E + "/authz-profile", MEDIUM, account.read_authorization_profile),
    Operation("checkUserPermission", "GET", _E + "/authz-profile/check", LIGHT, account.check_user_permission),
    Operation("readCompanyCallLog", "GET", _A + _CALLS, HEAVY, call_log.read_company_call_log, *_COMPANY_LOG),
    Operation("readUserCallLog", "GET", _E + _CALLS, HEAVY, call_log.read_user_call_log, *_LOG),
    Operation("readCompanyCallRecord", "GET", _A + _CALL, HEAVY, call_log.read_company_call_record, *_COMPANY_LOG),
    Operation("readUserCallRecord", "GET", _E + _CALL, HEAVY, call_log.read_user_call_record, *_LOG),
    Operation("syncAccountCallLog", "GET", _A + "/call-log-sync", HEAVY, call_sync.sync_account_call_log, *_LOG),
    Operation("syncUserCallLog", "GET", _E + "/call-log-sync", HEAVY, call_sync.sync_user_call_log, *_LOG),
    Operation("extractSyncAccountCallLog", "GET", _A + "/call-log-extract-sync", HEAVY,
              call_sync.extract_sync_account_call_log, *_LOG),
    Operation("readCallRecording", "GET", _RECORDING, HEAVY, media.read_call_recording, *_RECORDINGS),
    Operation("readCallRecordingContent", "GET", _RECORDING + "/content", HEAVY, media.read_call_recording_content,
              "ReadCallRecording", media=True),

    Operation("createSMSMessage", "POST", _E + "/sms", MEDIUM, sms.create_sms_message, *_SMS, uploads=True),
    Operation("createMMS", "POST", _E + "/mms", MEDIUM, sms.create_mms, *_SMS, uploads=True),
    Operation("createInternalTextMessage", "POST", _E + "/company-pager", MEDIUM, pager.create_internal_text_message,
              "InternalMessages", "InternalSMS"),
    Operation("createFaxMessage", "POST", _E + "/fax", HEAVY, fax.create_fax_message, "Faxes", "OutboundFaxes",
              uploads=True),
    Operation("listFaxCoverPages", "GET", "/restapi/v1.0/dictionary/fax-cover-page", LIGHT, fax.list_fax_cover_pages),
    Operation("listMessages", "GET", _STORE, LIGHT, message_store.list_messages, *_READ),
    # A list without ids leaves a slash at the end of the path, and deletes everything.
    Operation("deleteMessageByFilter", "DELETE", _STORE, MEDIUM, message_store.delete_message_by_filter, *_EDIT,
              aliases=(_STORE + "/",)),
    Operation("readMessage", "GET", _MESSAGE, LIGHT, message_store.read_message, *_READ),
    Operation("updateMessage", "PUT", _MESSAGE, MEDIUM, message_store.update_message, *_EDIT),
    Operation("patchMessage", "PATCH", _MESSAGE, MEDIUM, message_store.patch_message, *_EDIT),
    Operation("deleteMessage", "DELETE", _MESSAGE, MEDIUM, message_store.delete_message, *_EDIT),
    Operation("readMessageContent", "GET", _MESSAGE + "/content/{attachmentId}", MEDIUM,
              message_store.read_message_content, "ReadMessages", media=True),
    Operation("syncMessages", "GET", _E + "/message-sync", LIGHT, message_store.sync_messages, *_READ),
    Operation("createA2PSMS", "POST", _A2P + "/batches", LIGHT, a2p_sms.create_batch, "A2PSMS"),
    Operation("listA2PBatches", "GET", _A2P + "/batches", LIGHT, a2p_sms.list_batches, "A2PSMS"),
    Operation("readA2PBatch", "GET", _A2P + "/batches/{batchId}", LIGHT, a2p_sms.read_batch, "A2PSMS"),
    Operation("listA2PSMS", "GET", _A2P + "/messages", LIGHT, a2p_sms.list_batch_messages, "A2PSMS"),
    Operation("readA2PSMS", "GET", _A2P + "/messages/{messageId}", LIGHT, a2p_sms.read_batch_message, "A2PSMS"),
    Operation("aggregateA2PSMSStatuses", "GET", _A2P + "/statuses", LIGHT, a2p_sms.aggregate_statuses, "A2PSMS"),
    Operation("readA2PSMSOptOuts", "GET", _A2P + "/opt-outs", LIGHT, consents.list_opt_outs, "A2PSMS"),
    Operation("searchSmsConsentRecords", "POST", _CONSENTS + "/search", LIGHT, consents.search_consents, "SMS"),
    Operation("editSmsConsentRecords", "PATCH", _CONSENTS, LIGHT, consents.edit_consents, "SMS"),
    Operation("createRingOutCall", "POST", _RING_OUT, HEAVY, ring_out.create_ring_out, "RingOut"),
    Operation("readRingOutCallStatus", "GET", _RING_OUT + "/{ringoutId}", LIGHT, ring_out.read_ring_out, "RingOut"),
    Operation("deleteRingOutCall", "DELETE", _RING_OUT + "/{ringoutId}", HEAVY, ring_out.delete_ring_out, "RingOut"),

    _TeamOperation("listGlipChatsNew", "GET", _T + "/chats", MEDIUM, team_chats.list_chats),
    _TeamOperation("readGlipChatNew", "GET", _CHAT, LIGHT, team_chats.read_chat),
    _TeamOperation("listGlipConversationsNew", "GET", _CONVERSATIONS, MEDIUM, team_chats.list_conversations),
    _TeamOperation("createGlipConversationNew", "POST", _CONVERSATIONS, MEDIUM, team_chats.create_conversation),
    _TeamOperation("readGlipConversationNew", "GET", _CONVERSATIONS + "/{chatId}", LIGHT, team_chats.read_conversation),
    _TeamOperation("listGlipTeamsNew", "GET", _TEAMS, MEDIUM, team_chats.list_teams),
    _TeamOperation("createGlipTeamNew", "POST", _TEAMS, MEDIUM, team_chats.create_team),
    _TeamOperation("readGlipTeamNew", "GET", _TEAMS + "/{chatId}", LIGHT, team_chats.read_team),
    _TeamOperation("readGlipPersonNew", "GET", _T + "/persons/{personId}", LIGHT, team_chats.read_person),
    _TeamOperation("readGlipPostsNew", "GET", _POSTS, MEDIUM, team_posts.list_posts),
    _TeamOperation("createGlipPostNew", "POST", _POSTS, MEDIUM, team_posts.create_post),
    _TeamOperation("readGlipPostNew", "GET", _POST, LIGHT, team_posts.read_post),
    _TeamOperation("patchGlipPostNew", "PATCH", _POST, MEDIUM, team_posts.patch_post),
    _TeamOperation("deleteGlipPostNew", "DELETE", _POST, MEDIUM, team_posts.delete_post),
    _TeamOperation("createGlipAdaptiveCardNew", "POST", _CHAT + "/adaptive-cards", MEDIUM, team_posts.create_card),
    _TeamOperation("getGlipAdaptiveCardNew", "GET", _CARD, MEDIUM, team_posts.read_card),
    _TeamOperation("updateGlipAdaptiveCardNew", "PUT", _CARD, MEDIUM, team_posts.update_card),
    _TeamOperation("deleteGlipAdaptiveCardNew", "DELETE", _CARD, MEDIUM, team_posts.delete_card),
    _TeamOperation("createGlipFileNew", "POST", _T + "/files", HEAVY, team_posts.create_file, uploads=True),
    _TeamOperation("listGlipGroupWebhooksNew", "GET", _WEBHOOKS, MEDIUM, webhooks.list_group_webhooks),
    _TeamOperation("createGlipGroupWebhookNew", "POST", _WEBHOOKS, MEDIUM, webhooks.create_group_webhook),
    _TeamOperation("listGlipWebhooksNew", "GET", _T + "/webhooks", MEDIUM, webhooks.list_webhooks),
    _TeamOperation("readGlipWebhookNew", "GET", _WEBHOOK, MEDIUM, webhooks.read_webhook),
    _TeamOperation("deleteGlipWebhookNew", "DELETE", _WEBHOOK, MEDIUM, webhooks.delete_webhook),
    _TeamOperation("activateGlipWebhookNew", "POST", _WEBHOOK + "/activate", MEDIUM, webhooks.activate_webhook),
    _TeamOperation("suspendGlipWebhookNew", "POST", _WEBHOOK + "/suspend", MEDIUM, webhooks.suspend_webhook),
    # The path of a webhook is in no specification.
    Operation("postToWebhook", "POST", "/webhook/v2/{webhookId}", UNLIMITED, webhooks.post_to_webhook,
              aliases=("/webhook/{webhookId}",)),
)
# fmt: on
