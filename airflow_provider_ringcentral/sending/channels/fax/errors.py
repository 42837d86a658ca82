"""Why a fax did not arrive: RingCentral's fax error codes, as data.

Source: schema FaxErrorCodeEnum of the OpenAPI file (FACTS 7.7). A record has a code for each recipient, as
`to[].faxErrorCode`. What the words mean is documented nowhere; the kinds are our reading of them.
"""

from __future__ import annotations

from airflow_provider_ringcentral.client.errors.remedies import ADMIN_PORTAL, DAG_AUTHOR, RINGCENTRAL_SUPPORT, Remedy
from airflow_provider_ringcentral.client.errors.remedies.delivery import Diagnosis, Kind

_LATER = Diagnosis(
    Kind.TEMPORARY,
    Remedy(
        "The recipient's line was busy, did not answer, or hung up.",
        "Try again later, or call the number to hear whether a fax machine answers.",
        DAG_AUTHOR,
    ),
)
_PLATFORM = Diagnosis(
    Kind.TEMPORARY,
    Remedy(
        "RingCentral had no line, or failed.",
        "Try again later; when it stays, give RingCentral support the message id.",
        RINGCENTRAL_SUPPORT,
    ),
)
_PARTIAL = Diagnosis(
    Kind.PERMANENT,
    Remedy(
        "Some pages arrived and some did not.",
        "Ask the recipient what is missing, then send the fax anew (original_message_id), or only those pages.",
        DAG_AUTHOR,
    ),
)
_NUMBER = Diagnosis(
    Kind.PERMANENT,
    Remedy("The number is wrong, or no fax machine answers there.", "Correct the number, or leave it out.", DAG_AUTHOR),
)
_DOCUMENT = Diagnosis(
    Kind.PERMANENT,
    Remedy(
        "RingCentral could not turn the files into pages, or there are more than 200 of them.",
        "Send a PDF with fonts embedded and without a password, of at most 200 pages.",
        DAG_AUTHOR,
    ),
)
_RIGHTS = Diagnosis(
    Kind.PERMANENT,
    Remedy(
        "The user or the account may not fax to this number.",
        "Admin Portal → Users → the user → Roles, and for calls abroad → Phone System → International Calling.",
        ADMIN_PORTAL,
    ),
)
_ACCOUNT = Diagnosis(
    Kind.QUOTA,
    Remedy(
        "The account has no credit left for this call, or is suspended.",
        "Admin Portal → Billing; trying again does not help before that.",
        ADMIN_PORTAL,
    ),
)

_WORDS: dict[str, Diagnosis] = {
    "LineBusy NoAnswer CallerHungUp CallFailed NotAccepted TooManyCallsPerLine": _LATER,
    "AllLinesInUse ReturnToDBQueue NoCallTime InternalError DBGeneralError Undefined": _PLATFORM,
    "SentPartially": _PARTIAL,
    "NoFaxMachine InvalidNumber WrongNumber UnknownCountryCode UserNotFound ThePhoneIsBlacklisted": _NUMBER,
    "CallDeclined ProhibitedNumber ProhibitedDestination": _NUMBER,
    "RenderingFailed ConvertError TooManyPages": _DOCUMENT,
    "NoFaxSendPermission NoInternationalPermission InternationalCallingDisabled InternationalDisabled": _RIGHTS,
    "DestinationCountryDisabled FaxSendingProhibited": _RIGHTS,
    "NotEnoughCredits SkypeBillingFailed AccountSuspended": _ACCOUNT,
}

BY_WORD: dict[str, Diagnosis] = {
    word.lower(): diagnosis for words, diagnosis in _WORDS.items() for word in words.split()
}
"""By the code in lower case: RingCentral's spelling varies (FACTS 13.33)."""


def fax_diagnosis_of(code: str | None) -> Diagnosis | None:
    """What a fax error code means; None for one that is absent or in no table."""
    return BY_WORD.get((code or "").replace(" ", "").lower())
