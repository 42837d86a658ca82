"""The RingCentral operations that the provider uses, one row each.

Operation ids, methods, paths, groups, app scopes and user permissions are those of RingCentral's OpenAPI file; a test
compares them. To use another operation, add a row: nothing else has to know of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, partial

from airflow_provider_ringcentral.client.errors import BadRequest

AUTH, LIGHT, MEDIUM, HEAVY = "auth", "light", "medium", "heavy"
"""Rate limit groups. RingCentral may rename them, so the group that an answer names wins."""

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
REPEATABLE_METHODS = READING_METHODS | {"PUT", "DELETE", "PATCH"}
"""Methods that may be repeated when nobody knows whether the request was executed, unless a row says otherwise."""

_ID = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9~_.,=:!@+-]+")


@dataclass(frozen=True)
class Endpoint:
    """What is known about an operation before the first request.

    `group` is the rate limit group in lower case, `permission` the app scope, `user_permission` what the user's role
    must allow. `page_size` is the largest page in rows (0: the answer is not a list), and `size_parameter` the query
    parameter with which `paginate` asks for it. `repeatable` says whether to repeat a request that may have been
    executed.
    """

    id: str
    method: str
    path: str
    group: str
    permission: str | None = None
    user_permission: str | None = None
    size_parameter: str | None = None
    page_size: int = 0
    repeatable: bool = True

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """A pattern that matches the paths of this operation."""
        return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(self.path)) + r"\Z")

    def at(self, **ids: str) -> str:
        """Return the path with its ids filled in, such as `at(accountId="~")`.

        Raises `BadRequest` for an id with characters that would change the path or add a query.
        """
        for name, value in ids.items():
            if _ID.fullmatch(value) is None:
                raise BadRequest(
                    f"{name} {value!r} is not a valid id: an id has only letters, digits and ~ - _ . , = : ! @ +",
                    parameter=name,
                )
        return self.path.format(**ids)


_ACCOUNT = "/restapi/v1.0/account/{accountId}"
_EXTENSION = _ACCOUNT + "/extension/{extensionId}"

# Accounts, users and logins
GET_TOKEN = Endpoint("getToken", "POST", "/restapi/oauth/token", AUTH)
READ_EXTENSION = Endpoint("readExtension", "GET", _EXTENSION, LIGHT, "ReadAccounts", "ReadExtensions")
LIST_EXTENSIONS = Endpoint(
    "listExtensions", "GET", _ACCOUNT + "/extension", MEDIUM, "ReadAccounts", "ReadExtensions", "perPage", 1000
)
LIST_EXTENSION_PHONE_NUMBERS = Endpoint(
    "listExtensionPhoneNumbers",
    "GET",
    _EXTENSION + "/phone-number",
    LIGHT,
    "ReadAccounts",
    "ReadUserPhoneNumbers",
    "perPage",
    1000,
)
CHECK_USER_PERMISSION = Endpoint("checkUserPermission", "GET", _EXTENSION + "/authz-profile/check", LIGHT)

# Call log
READ_COMPANY_CALL_LOG = Endpoint(
    "readCompanyCallLog", "GET", _ACCOUNT + "/call-log", HEAVY, "ReadCallLog", "FullCompanyCallLog", "perPage", 1000
)
READ_USER_CALL_LOG = Endpoint(
    "readUserCallLog", "GET", _EXTENSION + "/call-log", HEAVY, "ReadCallLog", "ReadCallLog", "perPage", 1000
)
EXTRACT_SYNC_ACCOUNT_CALL_LOG = Endpoint(
    "extractSyncAccountCallLog",
    "GET",
    _ACCOUNT + "/call-log-extract-sync",
    HEAVY,
    "ReadCallLog",
    "ReadCallLog",
    # Without size_parameter, since RingCentral allows recordCount in a full sync only.
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

# Messages of a mailbox
READ_MESSAGE_CONTENT = Endpoint(
    "readMessageContent",
    "GET",
    _EXTENSION + "/message-store/{messageId}/content/{attachmentId}",
    MEDIUM,
    "ReadMessages",
)
LIST_MESSAGES = Endpoint(
    "listMessages", "GET", _EXTENSION + "/message-store", LIGHT, "ReadMessages", "ReadMessages", "perPage", 1000
)
READ_MESSAGE = Endpoint(
    "readMessage", "GET", _EXTENSION + "/message-store/{messageId}", LIGHT, "ReadMessages", "ReadMessages"
)
DELETE_MESSAGE = Endpoint(
    "deleteMessage",
    "DELETE",
    _EXTENSION + "/message-store/{messageId}",
    MEDIUM,
    "EditMessages",
    "EditMessages",
    # A second request purges the message that the first one only marked as deleted.
    repeatable=False,
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

# High-volume SMS (A2P)
_A2P = _ACCOUNT + "/a2p-sms"
CREATE_A2P_BATCH = Endpoint("createA2PSMS", "POST", _A2P + "/batches", LIGHT, "A2PSMS", repeatable=False)
LIST_A2P_BATCHES = Endpoint("listA2PBatches", "GET", _A2P + "/batches", LIGHT, "A2PSMS", None, "perPage", 1000)
READ_A2P_BATCH = Endpoint("readA2PBatch", "GET", _A2P + "/batches/{batchId}", LIGHT, "A2PSMS")
LIST_A2P_MESSAGES = Endpoint("listA2PSMS", "GET", _A2P + "/messages", LIGHT, "A2PSMS", None, "perPage", 1000)
AGGREGATE_A2P_STATUSES = Endpoint("aggregateA2PSMSStatuses", "GET", _A2P + "/statuses", LIGHT, "A2PSMS")
SEARCH_CONSENTS = Endpoint(
    "searchSmsConsentRecords", "POST", "/restapi/v2/accounts/{accountId}/sms/consents/search", LIGHT, "SMS"
)

# Searches and calculations, which change nothing although they are POSTs
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

# Subscriptions and RingOut calls
# Repeatable: it sets a new end, counted from now.
RENEW_SUBSCRIPTION = Endpoint("renewSubscription", "POST", "/restapi/v1.0/subscription/{subscriptionId}/renew", LIGHT)
CREATE_RING_OUT = Endpoint("createRingOutCall", "POST", _EXTENSION + "/ring-out", HEAVY, "RingOut", repeatable=False)
READ_RING_OUT = Endpoint("readRingOutCallStatus", "GET", _EXTENSION + "/ring-out/{ringoutId}", LIGHT, "RingOut")
DELETE_RING_OUT = Endpoint("deleteRingOutCall", "DELETE", _EXTENSION + "/ring-out/{ringoutId}", HEAVY, "RingOut")

# Team Messaging
_TEAM_MESSAGING = "/team-messaging/v1"
_CHAT = _TEAM_MESSAGING + "/chats/{chatId}"
_CARD = _TEAM_MESSAGING + "/adaptive-cards/{cardId}"
_team = partial(Endpoint, permission="TeamMessaging")

LIST_TEAMS = _team(
    "listGlipTeamsNew", "GET", _TEAM_MESSAGING + "/teams", MEDIUM, size_parameter="recordCount", page_size=250
)
READ_CHAT = _team("readGlipChatNew", "GET", _CHAT, LIGHT)
READ_PERSON = _team("readGlipPersonNew", "GET", _TEAM_MESSAGING + "/persons/{personId}", LIGHT)
# Repeatable: it returns the conversation that exists.
CREATE_CONVERSATION = _team("createGlipConversationNew", "POST", _TEAM_MESSAGING + "/conversations", MEDIUM)
LIST_POSTS = _team("readGlipPostsNew", "GET", _CHAT + "/posts", MEDIUM, size_parameter="recordCount", page_size=250)
CREATE_POST = _team("createGlipPostNew", "POST", _CHAT + "/posts", MEDIUM, repeatable=False)
UPDATE_POST = _team("patchGlipPostNew", "PATCH", _CHAT + "/posts/{postId}", MEDIUM)
CREATE_CARD = _team("createGlipAdaptiveCardNew", "POST", _CHAT + "/adaptive-cards", MEDIUM, repeatable=False)
READ_CARD = _team("getGlipAdaptiveCardNew", "GET", _CARD, MEDIUM)
UPDATE_CARD = _team("updateGlipAdaptiveCardNew", "PUT", _CARD, MEDIUM)
# Not repeatable: with groupId it also makes a post.
CREATE_FILE = _team("createGlipFileNew", "POST", _TEAM_MESSAGING + "/files", HEAVY, repeatable=False)

ENDPOINTS: tuple[Endpoint, ...] = tuple(row for row in list(globals().values()) if isinstance(row, Endpoint))
"""Every row above."""


def endpoint_for(method: str, path: str) -> Endpoint | None:
    """Return the row of a request, or None for an operation without a row."""
    return next((row for row in ENDPOINTS if row.method == method and row.pattern.match(path)), None)


def repeatable(method: str, path: str) -> bool:
    """Return whether a request may be repeated when nobody knows whether it was executed."""
    row = endpoint_for(method, path)
    return row.repeatable if row else method in REPEATABLE_METHODS
