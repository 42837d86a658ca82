"""One row per RingCentral operation that the provider uses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Literal

from airflow_provider_ringcentral.client.errors import BadRequest

AUTH, LIGHT, MEDIUM, HEAVY = "auth", "light", "medium", "heavy"
"""Throttling groups as we seed them. RingCentral may rename them: what an answer says wins (FACTS 3.2)."""

Paging = Literal["page", "recordCount", "sync"]
SIZE_PARAMETER: dict[Paging, str] = {"page": "perPage", "recordCount": "recordCount", "sync": "recordCount"}

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
REPEATABLE_METHODS = READING_METHODS | {"PUT", "DELETE", "PATCH"}
"""Methods whose requests may be repeated when their fate is unknown, where no row says otherwise (FACTS 4.3)."""


_ID = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9~_.,=:!@+-]+")


@dataclass(frozen=True)
class Endpoint:
    """What we know of an operation before asking.

    `group` is the throttling group in lower case, `page_size` the largest page (rows), `permission` the app scope,
    `user_permission` what the user's role must allow, `repeatable` whether a request of unknown fate may be repeated.
    """

    id: str
    method: str
    path: str
    group: str
    permission: str | None = None
    user_permission: str | None = None
    paging: Paging | None = None
    page_size: int | None = None
    repeatable: bool = True

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the paths of this operation."""
        return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(self.path)) + r"\Z")

    def at(self, **ids: str) -> str:
        """The path with its ids filled in, such as `at(accountId="~")`.

        Raises `BadRequest` for an id with characters that would make another path or query of it.
        """
        for name, value in ids.items():
            if _ID.fullmatch(value) is None:
                raise BadRequest(
                    f"{name} is {value!r}, which is no id; ids have letters, digits and - _ . = : ! @ only, or are ~",
                    parameter=name,
                )
        return self.path.format(**ids)


_ACCOUNT = "/restapi/v1.0/account/{accountId}"
_EXTENSION = _ACCOUNT + "/extension/{extensionId}"

GET_TOKEN = Endpoint("getToken", "POST", "/restapi/oauth/token", AUTH)
READ_EXTENSION = Endpoint("readExtension", "GET", _EXTENSION, LIGHT, "ReadAccounts", "ReadExtensions")
LIST_EXTENSIONS = Endpoint(
    "listExtensions", "GET", _ACCOUNT + "/extension", MEDIUM, "ReadAccounts", "ReadExtensions", "page", 1000
)
LIST_EXTENSION_PHONE_NUMBERS = Endpoint(
    "listExtensionPhoneNumbers",
    "GET",
    _EXTENSION + "/phone-number",
    LIGHT,
    "ReadAccounts",
    "ReadUserPhoneNumbers",
    "page",
    1000,
)
CHECK_USER_PERMISSION = Endpoint("checkUserPermission", "GET", _EXTENSION + "/authz-profile/check", LIGHT)
READ_COMPANY_CALL_LOG = Endpoint(
    "readCompanyCallLog", "GET", _ACCOUNT + "/call-log", HEAVY, "ReadCallLog", "FullCompanyCallLog", "page", 1000
)
READ_USER_CALL_LOG = Endpoint(
    "readUserCallLog", "GET", _EXTENSION + "/call-log", HEAVY, "ReadCallLog", "ReadCallLog", "page", 1000
)
EXTRACT_SYNC_ACCOUNT_CALL_LOG = Endpoint(
    "extractSyncAccountCallLog",
    "GET",
    _ACCOUNT + "/call-log-extract-sync",
    HEAVY,
    "ReadCallLog",
    "ReadCallLog",
    # No paging: recordCount is allowed in a full sync only, so none may be added to a request (FACTS 6.4).
    page_size=1000,
)
READ_COMPANY_CALL_RECORD = Endpoint(
    "readCompanyCallRecord",
    "GET",
    _ACCOUNT + "/call-log/{callRecordId}",
    HEAVY,
    "ReadCallLog",
    "FullCompanyCallLog",
)
READ_CALL_RECORDING_CONTENT = Endpoint(
    "readCallRecordingContent", "GET", _ACCOUNT + "/recording/{recordingId}/content", HEAVY, "ReadCallRecording"
)
READ_MESSAGE_CONTENT = Endpoint(
    "readMessageContent",
    "GET",
    _EXTENSION + "/message-store/{messageId}/content/{attachmentId}",
    MEDIUM,
    "ReadMessages",
)

LIST_MESSAGES = Endpoint(
    "listMessages", "GET", _EXTENSION + "/message-store", LIGHT, "ReadMessages", "ReadMessages", "page", 1000
)
READ_MESSAGE = Endpoint(
    "readMessage", "GET", _EXTENSION + "/message-store/{messageId}", LIGHT, "ReadMessages", "ReadMessages"
)
CREATE_SMS = Endpoint("createSMSMessage", "POST", _EXTENSION + "/sms", MEDIUM, "SMS", "OutboundSMS", repeatable=False)
CREATE_MMS = Endpoint("createMMS", "POST", _EXTENSION + "/mms", MEDIUM, "SMS", "OutboundSMS", repeatable=False)
CREATE_PAGER_MESSAGE = Endpoint(
    "createInternalTextMessage",
    "POST",
    _EXTENSION + "/company-pager",
    MEDIUM,
    "InternalMessages",
    "InternalSMS",
    repeatable=False,
)
CREATE_FAX = Endpoint(
    "createFaxMessage", "POST", _EXTENSION + "/fax", HEAVY, "Faxes", "OutboundFaxes", repeatable=False
)
_A2P = _ACCOUNT + "/a2p-sms"
CREATE_A2P_BATCH = Endpoint("createA2PSMS", "POST", _A2P + "/batches", LIGHT, "A2PSMS", repeatable=False)
LIST_A2P_BATCHES = Endpoint("listA2PBatches", "GET", _A2P + "/batches", LIGHT, "A2PSMS", None, "page", 1000)
READ_A2P_BATCH = Endpoint("readA2PBatch", "GET", _A2P + "/batches/{batchId}", LIGHT, "A2PSMS")
LIST_A2P_MESSAGES = Endpoint("listA2PSMS", "GET", _A2P + "/messages", LIGHT, "A2PSMS", None, "page", 1000)
AGGREGATE_A2P_STATUSES = Endpoint("aggregateA2PSMSStatuses", "GET", _A2P + "/statuses", LIGHT, "A2PSMS")
SEARCH_CONSENTS = Endpoint(
    "searchSmsConsentRecords", "POST", "/restapi/v2/accounts/{accountId}/sms/consents/search", LIGHT, "SMS"
)
SEARCH_DIRECTORY = Endpoint(
    "searchDirectoryEntries",
    "POST",
    _ACCOUNT + "/directory/entries/search",
    HEAVY,
    "ReadAccounts",
    "ReadExtensions",
)
SEARCH_AUDIT_TRAIL = Endpoint("auditTrailSearch", "POST", _ACCOUNT + "/audit-trail/search", HEAVY, "ReadAuditTrail")
_ANALYTICS = "/analytics/calls/v1/accounts/{accountId}"
FETCH_CALL_AGGREGATION = Endpoint(
    "analyticsCallsAggregationFetch", "POST", _ANALYTICS + "/aggregation/fetch", LIGHT, "Analytics"
)
FETCH_CALL_TIMELINE = Endpoint(
    "analyticsCallsTimelineFetch", "POST", _ANALYTICS + "/timeline/fetch", LIGHT, "Analytics"
)
PARSE_PHONE_NUMBER = Endpoint("parsePhoneNumber", "POST", "/restapi/v1.0/number-parser/parse", LIGHT)
PARSE_PHONE_NUMBER_V2 = Endpoint("parsePhoneNumberV2", "POST", "/restapi/v2/number-parser/parse", LIGHT)
# It sets a new end, counted from now.
RENEW_SUBSCRIPTION = Endpoint("renewSubscription", "POST", "/restapi/v1.0/subscription/{subscriptionId}/renew", LIGHT)
CREATE_RING_OUT = Endpoint("createRingOutCall", "POST", _EXTENSION + "/ring-out", HEAVY, "RingOut", repeatable=False)
READ_RING_OUT = Endpoint("readRingOutCallStatus", "GET", _EXTENSION + "/ring-out/{ringoutId}", LIGHT, "RingOut")
DELETE_RING_OUT = Endpoint("deleteRingOutCall", "DELETE", _EXTENSION + "/ring-out/{ringoutId}", HEAVY, "RingOut")
_TEAM = "/team-messaging/v1"
_CHAT = _TEAM + "/chats/{chatId}"
_CARD = _TEAM + "/adaptive-cards/{cardId}"
_Team = partial(Endpoint, permission="TeamMessaging")

LIST_TEAMS = _Team("listGlipTeamsNew", "GET", _TEAM + "/teams", MEDIUM, paging="recordCount", page_size=250)
READ_CHAT = _Team("readGlipChatNew", "GET", _CHAT, LIGHT)
READ_PERSON = _Team("readGlipPersonNew", "GET", _TEAM + "/persons/{personId}", LIGHT)
# It returns the conversation that there is (FACTS 4.4).
CREATE_CONVERSATION = _Team("createGlipConversationNew", "POST", _TEAM + "/conversations", MEDIUM)
LIST_POSTS = _Team("readGlipPostsNew", "GET", _CHAT + "/posts", MEDIUM, paging="recordCount", page_size=250)
CREATE_POST = _Team("createGlipPostNew", "POST", _CHAT + "/posts", MEDIUM, repeatable=False)
UPDATE_POST = _Team("patchGlipPostNew", "PATCH", _CHAT + "/posts/{postId}", MEDIUM)
CREATE_CARD = _Team("createGlipAdaptiveCardNew", "POST", _CHAT + "/adaptive-cards", MEDIUM, repeatable=False)
READ_CARD = _Team("getGlipAdaptiveCardNew", "GET", _CARD, MEDIUM)
UPDATE_CARD = _Team("updateGlipAdaptiveCardNew", "PUT", _CARD, MEDIUM)
# With groupId it posts.
CREATE_FILE = _Team("createGlipFileNew", "POST", _TEAM + "/files", HEAVY, repeatable=False)
DELETE_MESSAGE = Endpoint(
    "deleteMessage",
    "DELETE",
    _EXTENSION + "/message-store/{messageId}",
    MEDIUM,
    "EditMessages",
    "EditMessages",
    # The second time purges what the first one only marked as deleted (FACTS 7.9).
    repeatable=False,
)

ENDPOINTS: tuple[Endpoint, ...] = (
    GET_TOKEN,
    READ_EXTENSION,
    LIST_EXTENSIONS,
    LIST_EXTENSION_PHONE_NUMBERS,
    CHECK_USER_PERMISSION,
    READ_COMPANY_CALL_LOG,
    READ_USER_CALL_LOG,
    EXTRACT_SYNC_ACCOUNT_CALL_LOG,
    READ_COMPANY_CALL_RECORD,
    READ_CALL_RECORDING_CONTENT,
    READ_MESSAGE_CONTENT,
    LIST_MESSAGES,
    READ_MESSAGE,
    CREATE_SMS,
    CREATE_MMS,
    CREATE_PAGER_MESSAGE,
    CREATE_FAX,
    CREATE_A2P_BATCH,
    LIST_A2P_BATCHES,
    READ_A2P_BATCH,
    LIST_A2P_MESSAGES,
    AGGREGATE_A2P_STATUSES,
    SEARCH_CONSENTS,
    SEARCH_DIRECTORY,
    SEARCH_AUDIT_TRAIL,
    FETCH_CALL_AGGREGATION,
    FETCH_CALL_TIMELINE,
    PARSE_PHONE_NUMBER,
    PARSE_PHONE_NUMBER_V2,
    RENEW_SUBSCRIPTION,
    CREATE_RING_OUT,
    READ_RING_OUT,
    DELETE_RING_OUT,
    LIST_TEAMS,
    READ_CHAT,
    READ_PERSON,
    CREATE_CONVERSATION,
    LIST_POSTS,
    CREATE_POST,
    UPDATE_POST,
    CREATE_CARD,
    READ_CARD,
    UPDATE_CARD,
    CREATE_FILE,
    DELETE_MESSAGE,
)


def endpoint_for(method: str, path: str) -> Endpoint | None:
    """The row of a request, or None for an operation the table does not know."""
    return next((row for row in ENDPOINTS if row.method == method and row.pattern.match(path)), None)


def repeatable(method: str, path: str) -> bool:
    """Whether a request whose fate is unknown may be sent again."""
    row = endpoint_for(method, path)
    return row.repeatable if row else method in REPEATABLE_METHODS
