"""Every operation about messages: one row each, with the group and permissions of the specification."""

from __future__ import annotations

from airflow_provider_ringcentral.sandbox.gate import Operation
from airflow_provider_ringcentral.sandbox.messaging import contents, fax, message_store, message_sync, pager, sms
from airflow_provider_ringcentral.sandbox.messaging.team_routes import TEAM_OPERATIONS

_LIGHT, _MEDIUM, _HEAVY = "Light", "Medium", "Heavy"
_A = "/restapi/v1.0/account/{accountId}"
_E = _A + "/extension/{extensionId}"
_STORE = _E + "/message-store"
_ONE = _STORE + "/{messageId}"
_READ, _EDIT = ("ReadMessages", "ReadMessages"), ("EditMessages", "EditMessages")
_SMS = ("SMS", "OutboundSMS")

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
)
# fmt: on
