"""Every operation about messages: one row each, with the group and permissions of the specification."""

from __future__ import annotations

from airflow_provider_ringcentral.sandbox.api.messaging import (
    a2p_sms,
    consents,
    contents,
    fax,
    message_store,
    message_sync,
    pager,
    sms,
)
from airflow_provider_ringcentral.sandbox.api.messaging import ring_out as rings
from airflow_provider_ringcentral.sandbox.api.messaging.team_routes import TEAM_OPERATIONS
from airflow_provider_ringcentral.sandbox.api.middleware import Operation

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
    Operation("readMessageContent", "GET", _ONE + "/content/{attachmentId}", _MEDIUM, contents.read_message_content,
              "ReadMessages", media=True),
    Operation("syncMessages", "GET", _E + "/message-sync", _LIGHT, message_sync.sync_messages, *_READ),
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
    Operation("createRingOutCall", "POST", _RING, _HEAVY, rings.create_ring_out, "RingOut"),
    Operation("readRingOutCallStatus", "GET", _RING + "/{ringoutId}", _LIGHT, rings.read_ring_out, "RingOut"),
    Operation("deleteRingOutCall", "DELETE", _RING + "/{ringoutId}", _HEAVY, rings.delete_ring_out, "RingOut"),
)
# fmt: on
