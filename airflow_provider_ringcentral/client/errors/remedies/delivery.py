"""Why a carrier did not deliver a message: RingCentral's delivery error codes, as data.

Source: guide page messaging/sms/sms-errors (FACTS 7.4). A code is `SMS-<who>-<number>`, where who is RC (RingCentral),
UP (its upstream) or CAR (the carrier); records hold it as `deliveryErrorCode` (message store) or `errorCode` (A2P).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from airflow_provider_ringcentral.client.errors.remedies import ADMIN_PORTAL, DAG_AUTHOR, RINGCENTRAL_SUPPORT, Remedy


class Kind(Enum):
    """What a code says about trying again."""

    PERMANENT = "permanent"
    TEMPORARY = "temporary"
    QUOTA = "quota"
    UNKNOWN = "unknown"
    """No failure: the carrier does not say what became of the message."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A kind, and what to do."""

    kind: Kind
    remedy: Remedy


def _author(kind: Kind, cause: str, cure: str) -> Diagnosis:
    return Diagnosis(kind, Remedy(cause, cure, DAG_AUTHOR))


_PERMANENT, _QUOTA, _TEMPORARY = Kind.PERMANENT, Kind.QUOTA, Kind.TEMPORARY

_NUMBER = _author(
    _PERMANENT,
    "The recipient's number is not valid, or is a landline without SMS.",
    "Correct the number, or leave it out.",
)
_SPAM = _author(
    _PERMANENT,
    "The message was rejected as spam or for its content.",
    "Change the text (no link shorteners, no all-capitals, say who writes). The same text must not be sent again.",
)
_TOO_LONG = _author(_PERMANENT, "The message is too long for the carrier.", "Shorten the text.")
_PLATFORM = Diagnosis(
    _TEMPORARY,
    Remedy(
        "RingCentral, its upstream or the carrier failed.",
        "Try again later; when it stays, give RingCentral support the message id.",
        RINGCENTRAL_SUPPORT,
    ),
)
_NOT_SAID = _author(
    Kind.UNKNOWN,
    "The carrier does not say what became of the message.",
    "Nothing has to be done; ask the recipient when it matters.",
)

BY_NUMBER: dict[int, Diagnosis] = {
    104: _NOT_SAID,
    199: _NOT_SAID,
    403: Diagnosis(
        _QUOTA,
        Remedy(
            "The daily or monthly number of messages of this account or number is used up.",
            "Send the rest tomorrow, or ask RingCentral support for a larger allowance. Trying again at once does not "
            "help.",
            RINGCENTRAL_SUPPORT,
        ),
    ),
    410: _NUMBER,
    411: _NUMBER,
    412: _author(
        _TEMPORARY,
        "The recipient's phone cannot be reached: switched off, without network, or out of service.",
        "Try again later.",
    ),
    413: _author(
        _PERMANENT,
        "The recipient has opted out of messages from this number (STOP).",
        "Leave the recipient out. Only the recipient can opt in again, by writing START to the number.",
    ),
    414: Diagnosis(
        _PERMANENT,
        Remedy(
            "The sending number cannot send SMS to this carrier.",
            "Admin Portal → Phone System → Phone Numbers: check that the number has SMS and its 10DLC campaign is "
            "confirmed, or send from another number.",
            ADMIN_PORTAL,
        ),
    ),
    430: _SPAM,
    431: _SPAM,
    432: _TOO_LONG,
    433: _author(_PERMANENT, "The message is malformed for the carrier.", "Simplify the text and its characters."),
    434: _author(_PERMANENT, "The media are too large for the carrier.", "Shrink the files, or send a link."),
    435: _author(
        _PERMANENT, "The text has a shortened URL, which carriers block.", "Write the full URL of your own domain."
    ),
    450: _author(
        _QUOTA,
        "The brand's daily cap at T-Mobile is used up.",
        "Send the rest tomorrow, or have the brand vetted for a higher cap.",
    ),
    451: _author(
        _QUOTA,
        "The campaign's cap at AT&T is used up.",
        "Send more slowly, or move traffic to another campaign.",
    ),
    452: _author(_QUOTA, "The carrier's cap is used up.", "Send the rest later and more slowly."),
    461: Diagnosis(
        _PERMANENT,
        Remedy(
            "The sending toll-free number is not verified.",
            "Have it verified in the Admin Portal, or send from a local number.",
            ADMIN_PORTAL,
        ),
    ),
    500: _PLATFORM,
    501: _PLATFORM,
    503: _PLATFORM,
    504: _PLATFORM,
}

UNLISTED = Diagnosis(
    _PERMANENT,
    Remedy(
        "The carrier or RingCentral did not deliver the message, for a reason this provider does not know.",
        "Look the code up in RingCentral's list of SMS delivery errors, or give RingCentral support the message id.",
        RINGCENTRAL_SUPPORT,
    ),
)

_CODE = re.compile(r"SMS-(?:RC|UP|CAR)-(\d{3})")


def diagnosis_of(code: str | None) -> Diagnosis:
    """What a delivery error code means; `UNLISTED` for one that is absent or in no table."""
    match = _CODE.fullmatch((code or "").strip().upper())
    return BY_NUMBER.get(int(match[1]), UNLISTED) if match else UNLISTED
