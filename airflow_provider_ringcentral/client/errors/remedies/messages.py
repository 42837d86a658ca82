"""SMS, MMS, faxes, pager messages and webhook posts that RingCentral refused, so they were not sent.

Sources: guide pages "RingCentral API Error Codes" (basics/errors) and "Testing incoming webhooks using cURL"
(team-messaging/incoming-webhooks/debugging), and the lists of error codes of the operations in the OpenAPI file.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_ringcentral.client.errors.remedies.requests import MULTIPART
from airflow_provider_ringcentral.client.errors.remedy import (
    ADMIN_PORTAL,
    PLATFORM_TEAM,
    RINGCENTRAL_SUPPORT,
    Remedy,
    by_dag_author,
)

_NOT_OWN_NUMBER = by_dag_author(
    "The sending number does not belong to the JWT's user. Administrators cannot send for other users either.",
    "Send from a number of that user, or use a Connection with the JWT of the user who owns the number.",
)
_NO_SMS_FROM_NUMBER = by_dag_author(
    "The sending number cannot send SMS.",
    "Choose a number of the JWT's user that has the feature SmsSender; the diagnosis of the Connection lists them. "
    "Numbers in the US and Canada also need a confirmed SMS campaign.",
)
_FAX_NUMBER = by_dag_author("The number is a fax number and does not have SMS.", "Choose another number.")
_SHORT_NUMBER = by_dag_author(
    "SMS needs full phone numbers. Extension numbers and short numbers do not work.",
    "Write the number in E.164 format, for example +16505550100.",
)
_TOO_LARGE = by_dag_author(
    "The message or an attachment is too large.",
    "Shrink it. The attachments of an MMS can have 1.5 MB together, those of a fax 50 MB.",
)
_FAX_ROLE = Remedy(
    cause="The JWT's user is not allowed to send faxes.",
    cure="Admin Portal → Users → Roles: give that user a role that can send faxes, and check that extensions of this "
    "type have fax.",
    who=ADMIN_PORTAL,
)
_EXCLUSIVE = by_dag_author(
    "The request has two parameters that exclude each other.",
    "Remove one: country id or isoCode; conversationId or message type.",
)
_PAGER_THREAD = by_dag_author(
    "This thread does not accept replies: it is too old, or the user has left it.",
    "Start a new message instead of using `replyOn`.",
)
_PAGER_SENDER = by_dag_author("Only the JWT's user can be the sender of a pager message.", "Remove `from`.")

MESSAGES: Mapping[str, Remedy] = {
    "MSG-240": Remedy(
        cause="The recipient is in another country, and this account does not have international SMS.",
        cure="Remove the recipient, or ask RingCentral support whether the account can have international SMS.",
        who=RINGCENTRAL_SUPPORT,
    ),
    "MSG-241": _FAX_NUMBER,
    "MSG-242": _NO_SMS_FROM_NUMBER,
    "MSG-243": by_dag_author("The phone number is blocked.", "Remove the number. A retry does not help."),
    "MSG-245": _NOT_OWN_NUMBER,
    "MSG-246": _SHORT_NUMBER,
    "MSG-247": _SHORT_NUMBER,
    "MSG-290": Remedy(
        cause="RingCentral's SMS gateway cannot accept the message now.",
        cure="Try again later.",
        who=RINGCENTRAL_SUPPORT,
    ),
    "MSG-304": _NOT_OWN_NUMBER,
    "MSG-305": Remedy(
        cause="The user has reached the limit for sending text messages, which all apps of the user share.",
        cure="Wait until the time in Retry-After has passed, and spread the messages over more time or more users.",
        who=PLATFORM_TEAM,
    ),
    "MSG-309": _FAX_NUMBER,
    "MSG-310": by_dag_author("The phone number is not assigned.", "Choose a number that belongs to the JWT's user."),
    "MSG-314": by_dag_author(
        "Extensions of this type do not have these messages.", "Use the JWT, or the id, of a normal user."
    ),
    "MSG-316": by_dag_author(
        "The recipient of the pager message does not exist, or is a call queue without members.",
        "Check the extension id or number.",
    ),
    "MSG-324": by_dag_author(
        "The recipient's extension is disabled, frozen or not activated.",
        "Remove the recipient, or have the extension enabled in the Admin Portal → Users.",
    ),
    "MSG-325": _PAGER_THREAD,
    "MSG-326": _PAGER_THREAD,
    "MSG-330": by_dag_author("A call queue cannot send pager messages.", "Send as the JWT's user."),
    "MSG-331": _PAGER_SENDER,
    "MSG-332": _PAGER_SENDER,
    "MSG-333": by_dag_author(
        "The message sync token is no longer valid.",
        "Start a full sync (syncType=FSync) from the last time that is known to be complete.",
    ),
    "MSG-335": by_dag_author(
        "The recipient's extension number and extension id do not match.", "Give only one of them."
    ),
    "MSG-337": _TOO_LARGE,
    "MSG-338": _TOO_LARGE,
    "MSG-340": _FAX_ROLE,
    "MSG-341": _FAX_ROLE,
    "MSG-343": by_dag_author(
        "RingCentral cannot send the fax again in its present state.",
        "Wait for its final status, or send a new fax with the original file.",
    ),
    "MSG-347": by_dag_author("An attachment is empty.", "Attach a file with content."),
    "MSG-348": by_dag_author(
        "RingCentral does not accept attachments of this type.", "Convert the file, for example to PDF."
    ),
    "MSG-349": MULTIPART,
    "MSG-350": MULTIPART,
    "MSG-351": MULTIPART,
    "MSG-352": by_dag_author("The message is empty.", "Give it a text or an attachment."),
    "MSG-365": _EXCLUSIVE,
    "MSG-367": _NO_SMS_FROM_NUMBER,
    "MSG-380": by_dag_author(
        "The sending number cannot send MMS.",
        "Choose a number of the JWT's user that has the feature MmsSender. Toll-free numbers do not have MMS.",
    ),
    "MSG-381": by_dag_author(
        "The message has more than 10 recipients, all of whom would see each other.", "Send one message per recipient."
    ),
    "MSG-384": Remedy(
        cause="The account has reached its limit of messages.",
        cure="Send the rest later, or ask RingCentral support for a higher limit. An immediate retry does not help.",
        who=RINGCENTRAL_SUPPORT,
    ),
    "MSG-390": _EXCLUSIVE,
    "MSG-397": Remedy(
        cause="The account does not have SMS on toll-free numbers.",
        cure="Send from a local number, or ask RingCentral support for toll-free SMS.",
        who=RINGCENTRAL_SUPPORT,
    ),
    "MSG-403": by_dag_author(
        "Toll-free numbers cannot send SMS to other countries.",
        "Send from a local number with international SMS.",
    ),
}

WEBHOOK: Mapping[str, Remedy] = {
    "404": by_dag_author(
        "The incoming webhook does not exist any more, or its URL is incomplete.",
        "Create a webhook in the chat's settings (Integrations → Incoming Webhook), and put its URL into the "
        "Connection.",
    ),
    "error": by_dag_author(
        "RingCentral received the request and did not make a post of it.",
        "Correct what the message names. If the webhook is suspended, activate it again in RingCentral's app.",
    ),
}
"""By the HTTP status of an incoming webhook, or the `status` in its answer."""
