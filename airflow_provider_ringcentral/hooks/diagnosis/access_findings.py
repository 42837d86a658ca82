"""Findings about a working login: its user, permissions, phone numbers and rate limits."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.auth.console_links import CONSOLE_HOME
from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.classify import SCOPE_CODE
from airflow_provider_ringcentral.client.endpoints import (
    CHECK_USER_PERMISSION,
    LIST_EXTENSION_PHONE_NUMBERS,
    READ_EXTENSION,
)
from airflow_provider_ringcentral.client.errors import BadRequest, NotFound, PermissionDenied, RateLimited
from airflow_provider_ringcentral.client.errors.remedies.access import PORTAL_NAMES
from airflow_provider_ringcentral.client.errors.remedy import ADMIN_PORTAL, CONNECTION, DEVELOPER_CONSOLE, PLATFORM_TEAM
from airflow_provider_ringcentral.hooks.diagnosis.diagnosis import Finding, Severity
from airflow_provider_ringcentral.hooks.diagnosis.login_findings import NEEDED, SCOPES

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient

IMPLIED = {
    "ReadCallRecording": {"ReadCallLog"},
    "Faxes": {"ReadMessages"},
    "SMS": {"ReadMessages"},
    "InternalMessages": {"ReadMessages"},
    "EditMessages": {"ReadMessages"},
}
"""App permissions that include others (RingCentral guide "Application permissions", basics/permissions)."""

WORK = {
    "ReadCallLog",
    "ReadCallRecording",
    "ReadMessages",
    "SMS",
    "Faxes",
    "InternalMessages",
    "TeamMessaging",
    "A2PSMS",
}
"""Scopes that an operator needs. Without all of them no operator works."""

ROLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "the company call log": ("ReadCallLog", ("FullCompanyCallLog", "ReadCompanyCallLog")),
    "the user's own call log": ("ReadCallLog", ("ReadCallLog",)),
    "call recordings": ("ReadCallRecording", ("ReadCallRecording",)),
    "messages": ("ReadMessages", ("ReadMessages",)),
    "deleting messages": ("EditMessages", ("EditMessages",)),
    "SMS and MMS": ("SMS", ("OutboundSMS",)),
    "faxes": ("Faxes", ("OutboundFaxes",)),
    "pager messages": ("InternalMessages", ("InternalSMS",)),
}
"""Job -> the scope that it needs, and the user permissions, one of which must be granted.

RingCentral's API specification and its guide name the company call log's permission differently. Chat posts, A2P SMS
and RingOut need no user permission by the specification.
"""

SMS_SENDER = "SmsSender"

PEOPLE = {"User", "DigitalUser", "VirtualUser", "FlexibleUser"}
"""Extension types that a person may have. RingCentral has no type for service users: they are of type User, too."""

SERVICE_PARTS = re.compile(r"airflow|automat|integration|no-?reply|robot|service|system", re.IGNORECASE)
SERVICE_WORDS = {"api", "app", "bot", "data", "etl", "report", "reporting", "reports", "svc", "sync"}
"""What names of service users contain: parts that no person's name has, and words that count only as whole words."""

SMS_FEATURES = {"SmsSender": "SMS", "MmsSender": "MMS", "A2PSmsSender": "A2P SMS"}
SHOWN_NUMBERS = 10


def granted_scopes(answer: Mapping[str, Any]) -> set[str] | None:
    """The app permissions of a token, with those that they include; None when the answer does not list them."""
    if answer.get("scope") is None:
        return None
    named = set(str(answer["scope"]).split())
    return named.union(*(IMPLIED.get(scope, set()) for scope in named))


def scope_findings(scopes: set[str] | None) -> Iterator[Finding]:
    """Which app scopes the token has, and which of those that the operators need are missing."""
    if scopes is None:
        yield Finding("scopes", "ok", "RingCentral did not list the app scopes of the token.")
        return
    yield Finding("scopes", "ok", f"Granted app scopes: {', '.join(sorted(scopes)) or 'none'}.")
    missing = [scope for scope in SCOPES if scope not in scopes]
    if missing:
        severity: Severity = "warning" if scopes & WORK else "error"
        yield _scope_missing(severity, f"The app lacks the scopes {', '.join(missing)}.")
    # Hardly any app sends through every channel, so this is not a warning.
    if silent := sorted(set(NEEDED) - set(SCOPES) - scopes):
        yield Finding("scopes", "ok", f"Not granted, and needed by some operators only: {', '.join(silent)}.")


def denied_finding(error: PermissionDenied) -> Finding:
    """The finding for a check that a missing scope (CMN-401) or the user's role forbids."""
    cause = error.remedy.cause if error.remedy else str(error)
    if SCOPE_CODE in error.codes:
        return _scope_missing("warning", cause)
    cure = error.remedy.cure if error.remedy else "Admin Portal → Users → Roles: add what is missing."
    return Finding("role_missing", "warning", cause, cure, ADMIN_PORTAL)


def _scope_missing(severity: Severity, cause: str) -> Finding:
    cure = "Developer Console → the app → app permissions: add those that your DAGs need."
    return Finding("scope_missing", severity, cause, cure, DEVELOPER_CONSOLE, CONSOLE_HOME)


def owner_findings(client: RingCentralClient) -> Iterator[Finding]:
    """Whose JWT it is. A person's JWT stops working when that person leaves."""
    extension = _object(client, READ_EXTENSION.at(accountId=OWN, extensionId=OWN))
    name, kind = str(extension.get("name") or "somebody without a name"), str(extension.get("type") or "unknown")
    number = extension.get("extensionNumber") or "unknown"
    yield Finding("owner", "ok", f"The JWT belongs to {name}, extension {number}, type {kind}.")
    contact = extension.get("contact")
    email = str(contact.get("email") or "") if isinstance(contact, dict) else ""
    if kind in PEOPLE and not _is_service(f"{name} {email.partition('@')[0]}"):
        yield Finding(
            "personal_owner",
            "warning",
            f"{name} looks like a person. When that user is disabled, every task fails; and every request has that "
            "person's permissions.",
            "Create a service user (a name with 'service', 'bot', 'api' or the like), log in to the Developer Console "
            "as that user, create a JWT there and put it into the Connection.",
            PLATFORM_TEAM,
        )


def role_findings(client: RingCentralClient, scopes: set[str]) -> Iterator[Finding]:
    """Which user permissions are missing for the jobs that the scopes allow."""
    jobs = {job: _allowed(client, *names) for job, (scope, names) in ROLES.items() if scope in scopes}
    missing = [job for job, allowed in jobs.items() if allowed is False]
    if missing:
        listed = "; ".join(f"{ROLES[job][1][0]} (for {job})" for job in missing)
        free = scopes & (WORK - {scope for scope, _ in ROLES.values()})
        severity: Severity = "warning" if len(missing) < len(jobs) or free else "error"
        cause = f"The user's role lacks {listed}."
        named = [f"{ROLES[job][1][0]} is {place}" for job in missing if (place := PORTAL_NAMES.get(ROLES[job][1][0]))]
        there = f" There, {'; '.join(named)}." if named else ""
        cure = f"Admin Portal → Users → Roles: add what your DAGs need to the role of the JWT's user.{there}"
        yield Finding("role_missing", severity, cause, cure, ADMIN_PORTAL)
    if may := [job for job, allowed in jobs.items() if allowed]:
        yield Finding("roles", "ok", f"The user's role allows {', '.join(may)}.")
    if unknown := [job for job, allowed in jobs.items() if allowed is None]:
        cause = f"RingCentral does not say whether the user's role allows {', '.join(unknown)}."
        yield Finding("roles", "warning", cause, "Admin Portal → Users → Roles: check the role.", ADMIN_PORTAL)


def number_findings(client: RingCentralClient, scopes: set[str], *, show: bool) -> Iterator[Finding]:
    """Which of the user's numbers can send, by feature. RingCentral may list a number twice."""
    senders: dict[str, dict[str, None]] = {}
    own: dict[str, set[str]] = {}
    for record in client.records(LIST_EXTENSION_PHONE_NUMBERS.at(accountId=OWN, extensionId=OWN)):
        number = str(record.get("phoneNumber") or "")
        own.setdefault(number, set()).update(record.get("features") or ())
        for feature in SMS_FEATURES.keys() & set(record.get("features") or ()):
            senders.setdefault(SMS_FEATURES[feature], {})[number if show else f"…{number[-4:]}"] = None
    if senders:
        known = [what for what in SMS_FEATURES.values() if what in senders]
        listed = "; ".join(f"{what}: {_some(list(senders[what]))}" for what in known)
        yield Finding("sms_numbers", "ok", f"Numbers that can send {listed}.")
    elif scopes & {"SMS", "A2PSMS"}:
        yield Finding(
            "no_sms_number",
            "warning",
            "None of the user's numbers can send messages: only numbers assigned to the JWT's own user count.",
            "Admin Portal → Phone System → Phone Numbers: assign a number with SMS (in the US registered in a 10DLC "
            "campaign) to that user.",
            ADMIN_PORTAL,
        )
    else:
        yield Finding("sms_numbers", "ok", "None of the user's numbers can send messages, and the app has no scope to.")
    yield from default_sender_findings(client.credentials.from_number, own)


def default_sender_findings(number: str | None, own: Mapping[str, Collection[str]]) -> Iterator[Finding]:
    """Whether the Connection's `from_number` is one of the user's numbers (with their features) and can send texts."""
    if number is None:
        return
    if SMS_SENDER in own.get(number, ()):
        yield Finding("from_number", "ok", "The Connection's Default sender can send texts.")
        return
    lacks = f"lacks the feature {SMS_SENDER}" if number in own else "is not a number of the JWT's user"
    yield Finding(
        "from_number",
        "warning",
        f"The Connection's Default sender (from_number) {lacks}, so texts without a from_number of their own fail.",
        "Give one of the user's numbers that can send SMS, or leave the field empty.",
        CONNECTION,
    )


def limit_findings(client: RingCentralClient, refused: RateLimited | None = None) -> Iterator[Finding]:
    """Which rate limits RingCentral's answers named. `refused` is the error that ended the checks early."""
    limits = client.usage.limits
    left = {group: f" ({number} left)" for group, number in client.usage.remaining.items()}
    listed = ", ".join(
        f"{group} {limit} requests in {seconds:.0f} s{left.get(group, '')}"
        for group, (limit, seconds) in limits.items()
    )
    summary = f"Limits of this app and user: {listed}." if limits else "RingCentral's answers named no limits."
    if refused is None:
        yield Finding("limits", "ok", summary)
        return
    wait = "" if refused.retry_after is None else f" for {refused.retry_after:.0f} s"
    cause = f"{summary} They are used up{wait}, so some checks did not run."
    yield Finding("limits", "warning", cause, "Run the diagnosis again when the limits have reset.", PLATFORM_TEAM)


def _allowed(client: RingCentralClient, *names: str) -> bool | None:
    """Whether the user has one of these permissions; None when RingCentral knows none of the names."""
    known: bool | None = None
    for name in names:
        path = CHECK_USER_PERMISSION.at(accountId=OWN, extensionId=OWN)
        try:
            answer = _object(client, path, {"permissionId": name})
        except (BadRequest, NotFound, PermissionDenied):
            continue
        if answer.get("successful"):
            return True
        known = False
    return known


def _is_service(text: str) -> bool:
    words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text)}
    return bool(SERVICE_PARTS.search(text) or words & SERVICE_WORDS)


def _some(numbers: list[str]) -> str:
    more = f" and {len(numbers) - SHOWN_NUMBERS} more" if len(numbers) > SHOWN_NUMBERS else ""
    return ", ".join(numbers[:SHOWN_NUMBERS]) + more


def _object(client: RingCentralClient, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    answer = client.request_json("GET", path, params=params)
    return answer if isinstance(answer, dict) else {}
