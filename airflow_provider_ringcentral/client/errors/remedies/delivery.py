"""Messages, faxes and calls that RingCentral accepted and that did not arrive.

Sources: guide page "Handling SMS Messaging Errors" (messaging/sms/sms-errors), and the schemas FaxErrorCodeEnum
(`to[].faxErrorCode`) and CallingStatusInfo of the OpenAPI file. RingCentral does not document what the words of the two
schemas mean, nor whether another attempt helps: that is this provider's reading of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from airflow_provider_ringcentral.client.errors.remedy import ADMIN_PORTAL, DAG_AUTHOR, RINGCENTRAL_SUPPORT, Remedy


class FailureKind(Enum):
    """Whether sending again can help."""

    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    QUOTA = "quota"
    UNKNOWN = "unknown"
    """Not a failure: the carrier does not report what happened to the message."""


@dataclass(frozen=True, slots=True)
class DeliveryRemedy(Remedy):
    """A remedy, and whether sending again can help."""

    kind: FailureKind

    @property
    def temporary(self) -> bool:
        """Whether sending again later may help."""
        return self.kind is FailureKind.TEMPORARY

    @property
    def is_failure(self) -> bool:
        """Whether the message certainly did not arrive."""
        return self.kind is not FailureKind.UNKNOWN


def _permanent(cause: str, cure: str, who: str = DAG_AUTHOR) -> DeliveryRemedy:
    return DeliveryRemedy(cause, cure, who, FailureKind.PERMANENT)


def _temporary(cause: str, cure: str, who: str = DAG_AUTHOR) -> DeliveryRemedy:
    return DeliveryRemedy(cause, cure, who, FailureKind.TEMPORARY)


def _quota(cause: str, cure: str, who: str = DAG_AUTHOR) -> DeliveryRemedy:
    return DeliveryRemedy(cause, cure, who, FailureKind.QUOTA)


_NOT_REPORTED = DeliveryRemedy(
    "The carrier does not report what happened to the message.",
    "No action is needed. If the message matters, ask the recipient whether it arrived.",
    DAG_AUTHOR,
    FailureKind.UNKNOWN,
)
_NUMBER = _permanent(
    "The recipient's number is not valid, or it is a landline that cannot receive SMS.",
    "Correct the number, or remove the recipient.",
)
_SPAM = _permanent(
    "The carrier rejected the message as spam or because of its content.",
    "Change the text: no link shorteners, no all-capitals, and name the sender. Do not send the same text again.",
)
_PLATFORM = _temporary(
    "RingCentral, its upstream provider or the carrier failed.",
    "Send the message again later. If it keeps failing, give RingCentral support the message id.",
    RINGCENTRAL_SUPPORT,
)

SMS: Mapping[str, DeliveryRemedy] = {
    "SMS-104": _NOT_REPORTED,
    "SMS-199": _NOT_REPORTED,
    "SMS-403": _quota(
        "The account or the number has reached its daily or monthly limit of messages.",
        "Send the rest tomorrow, or ask RingCentral support for a higher limit. An immediate retry does not help.",
        RINGCENTRAL_SUPPORT,
    ),
    "SMS-410": _NUMBER,
    "SMS-411": _NUMBER,
    "SMS-412": _temporary(
        "The recipient's phone cannot be reached: it is switched off, has no network, or is out of service.",
        "Send the message again later.",
    ),
    "SMS-413": _permanent(
        "The recipient has opted out of messages from this number (STOP).",
        "Remove the recipient. Only the recipient can opt in again, by sending START to the number.",
    ),
    "SMS-414": _permanent(
        "The sending number cannot send SMS to this carrier.",
        "Admin Portal → Phone System → Phone Numbers: check that the number has SMS and that its 10DLC campaign is "
        "confirmed, or send from another number.",
        ADMIN_PORTAL,
    ),
    "SMS-430": _SPAM,
    "SMS-431": _SPAM,
    "SMS-432": _permanent("The message is too long for the carrier.", "Shorten the text."),
    "SMS-433": _permanent("The carrier cannot read the message.", "Use simpler text and fewer special characters."),
    "SMS-434": _permanent("The attached files are too large for the carrier.", "Shrink the files, or send a link."),
    "SMS-435": _permanent(
        "The text contains a shortened URL, which carriers block.", "Write the full URL of your own domain."
    ),
    "SMS-450": _quota(
        "The brand has reached its daily limit at T-Mobile.",
        "Send the rest tomorrow, or have the brand vetted for a higher limit.",
    ),
    "SMS-451": _quota(
        "The campaign has reached its limit at AT&T.", "Send more slowly, or move traffic to another campaign."
    ),
    "SMS-452": _quota("The sender has reached the carrier's limit.", "Send the rest later and more slowly."),
    "SMS-461": _permanent(
        "The sending toll-free number is not verified.",
        "Have the number verified in the Admin Portal, or send from a local number.",
        ADMIN_PORTAL,
    ),
    "SMS-500": _PLATFORM,
    "SMS-501": _PLATFORM,
    "SMS-503": _PLATFORM,
    "SMS-504": _PLATFORM,
}
"""By the code without its middle: `SMS-CAR-413` is `SMS-413`, whether RingCentral (RC), its upstream provider (UP) or
the carrier (CAR) reports it."""

UNLISTED = _permanent(
    "The carrier or RingCentral did not deliver the message, for a reason that this provider does not know.",
    "Find the code in RingCentral's list of SMS delivery errors, or give RingCentral support the message id.",
    RINGCENTRAL_SUPPORT,
)

_FAX_LINE = _temporary(
    "The recipient's line was busy, did not answer, or hung up.",
    "Send the fax again later, or call the number to hear whether a fax machine answers.",
)
_FAX_PLATFORM = _temporary(
    "RingCentral had no free line, or failed.",
    "Send the fax again later. If it keeps failing, give RingCentral support the message id.",
    RINGCENTRAL_SUPPORT,
)
_FAX_NUMBER = _permanent(
    "The number is wrong, or no fax machine answers there.", "Correct the number, or remove the recipient."
)
_FAX_DOCUMENT = _permanent(
    "RingCentral could not turn the files into pages, or there are more than 200 pages.",
    "Send a PDF with embedded fonts, without a password, and with at most 200 pages.",
)
_FAX_PERMISSION = _permanent(
    "The user or the account is not allowed to fax to this number.",
    "Admin Portal → Users → the user → Roles: check the permission to send faxes. For other countries, check Phone "
    "System → International Calling.",
    ADMIN_PORTAL,
)
_FAX_ACCOUNT = DeliveryRemedy(
    "The account has no credit left for this call, or is suspended.",
    "Admin Portal → Billing: add credit or end the suspension. A retry before that does not help.",
    ADMIN_PORTAL,
    FailureKind.QUOTA,
)

FAX: Mapping[str, DeliveryRemedy] = {
    "LineBusy": _FAX_LINE,
    "NoAnswer": _FAX_LINE,
    "CallerHungUp": _FAX_LINE,
    "CallFailed": _FAX_LINE,
    "NotAccepted": _FAX_LINE,
    "TooManyCallsPerLine": _FAX_LINE,
    "AllLinesInUse": _FAX_PLATFORM,
    "ReturnToDBQueue": _FAX_PLATFORM,
    "NoCallTime": _FAX_PLATFORM,
    "InternalError": _FAX_PLATFORM,
    "DBGeneralError": _FAX_PLATFORM,
    "Undefined": _FAX_PLATFORM,
    "SentPartially": _permanent(
        "Some pages arrived and some did not.",
        "Ask the recipient which pages are missing. Then send the fax (original_message_id) or those pages again.",
    ),
    "NoFaxMachine": _FAX_NUMBER,
    "InvalidNumber": _FAX_NUMBER,
    "WrongNumber": _FAX_NUMBER,
    "UnknownCountryCode": _FAX_NUMBER,
    "UserNotFound": _FAX_NUMBER,
    "ThePhoneIsBlacklisted": _FAX_NUMBER,
    "CallDeclined": _FAX_NUMBER,
    "ProhibitedNumber": _FAX_NUMBER,
    "ProhibitedDestination": _FAX_NUMBER,
    "RenderingFailed": _FAX_DOCUMENT,
    "ConvertError": _FAX_DOCUMENT,
    "TooManyPages": _FAX_DOCUMENT,
    "NoFaxSendPermission": _FAX_PERMISSION,
    "NoInternationalPermission": _FAX_PERMISSION,
    "InternationalCallingDisabled": _FAX_PERMISSION,
    "InternationalDisabled": _FAX_PERMISSION,
    "DestinationCountryDisabled": _FAX_PERMISSION,
    "FaxSendingProhibited": _FAX_PERMISSION,
    "NotEnoughCredits": _FAX_ACCOUNT,
    "SkypeBillingFailed": _FAX_ACCOUNT,
    "AccountSuspended": _FAX_ACCOUNT,
}

_NO_ANSWER = _temporary("Nobody answered, or the line was busy.", "Call again later. A retry of the task does that.")
_NOT_CALLABLE = _permanent(
    "One of the two numbers cannot be called.", "Correct the number in `to` or in `from_number`."
)
_NOT_ALLOWED = _permanent(
    "The account or the user is not allowed to call this number.",
    "Admin Portal → Users → the JWT's user: check international calling, blocked numbers and the calling credit.",
    ADMIN_PORTAL,
)

RING_OUT: Mapping[str, DeliveryRemedy] = {
    "Busy": _NO_ANSWER,
    "NoAnswer": _NO_ANSWER,
    "NoAnsweringMachine": _NO_ANSWER,
    "CannotReach": _NO_ANSWER,
    "GenericError": _NO_ANSWER,
    "Error": _NO_ANSWER,
    "Rejected": _NOT_CALLABLE,
    "Invalid": _NOT_CALLABLE,
    "NosuchUser": _NOT_CALLABLE,
    "RingOutFromThisNumberIsNotSupported": _NOT_CALLABLE,
    "InternationalDisabled": _NOT_ALLOWED,
    "DestinationBlocked": _NOT_ALLOWED,
    "NotEnoughFunds": _NOT_ALLOWED,
}
"""By the status of a call or of one of its parties that ends it unconnected."""
