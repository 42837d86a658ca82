"""Findings about a login that works: whose it is, what it may do, which numbers it has, which limits apply."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.console_links import CONSOLE_HOME
from airflow_provider_ringcentral.client.endpoints import (
    CHECK_USER_PERMISSION,
    LIST_EXTENSION_PHONE_NUMBERS,
    READ_EXTENSION,
)
from airflow_provider_ringcentral.client.errors import BadRequest, NotFound, PermissionDenied
from airflow_provider_ringcentral.client.remedies import ADMIN_PORTAL, DEVELOPER_CONSOLE, PLATFORM_TEAM
from airflow_provider_ringcentral.hooks.diagnosis import Finding, Severity
from airflow_provider_ringcentral.hooks.login_findings import SCOPES, links

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient

IMPLIED = {
    "ReadCallRecording": {"ReadCallLog"},
    "Faxes": {"ReadMessages"},
    "SMS": {"ReadMessages"},
    "InternalMessages": {"ReadMessages"},
    "EditMessages": {"ReadMessages"},
}
"""Scopes that bring others with them (guide page basics/permissions, FACTS 2.1)."""

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
"""Scopes of which one at least is needed for any work."""

ROLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "the company call log": ("ReadCallLog", ("FullCompanyCallLog", "ReadCompanyCallLog")),
    "the user's own call log": ("ReadCallLog", ("ReadCallLog",)),
    "call recordings": ("ReadCallRecording", ("ReadCallRecording",)),
    "messages": ("ReadMessages", ("ReadMessages",)),
}
"""A job, the scope it needs, and the user permissions of which one must be granted.

RingCentral's spec and its guide name the company call log's differently (FACTS 6.1).
"""

SERVICE_WORDS = re.compile(
    r"service|\bsvc|\bbot\b|\bapi\b|airflow|automation|integration|system|robot|etl|data|report|no-?reply",
    re.IGNORECASE,
)
SMS_FEATURES = {"SmsSender": "SMS", "MmsSender": "MMS", "A2PSmsSender": "high-volume SMS"}


def granted_scopes(answer: dict[str, Any]) -> set[str]:
    """The app permissions of a token, with those that they imply."""
    named = set(str(answer.get("scope") or "").split())
    return named.union(*(IMPLIED.get(scope, set()) for scope in named))


def scope_findings(scopes: set[str], client_id: str) -> Iterator[Finding]:
    """Which app scopes the token has, and which of those that our operators need are missing."""
    yield Finding("scopes", "ok", f"Granted app scopes: {', '.join(sorted(scopes)) or 'none'}.")
    missing = [scope for scope in SCOPES if scope not in scopes]
    if missing:
        severity: Severity = "warning" if scopes & WORK else "error"
        cause = f"The app lacks the scopes {', '.join(missing)}."
        cure = f"{CONSOLE_HOME} → the app → app permissions: add those that your DAGs need. {links(client_id)}"
        yield Finding("scope_missing", severity, cause, cure, DEVELOPER_CONSOLE)


def owner_findings(client: RingCentralClient) -> Iterator[Finding]:
    """Whose JWT it is. A person's stops working when that person leaves."""
    extension = client.request_json("GET", READ_EXTENSION.at(accountId="~", extensionId="~"))
    name, kind = str(extension.get("name") or "without a name"), str(extension.get("type") or "of unknown type")
    number = extension.get("extensionNumber")
    yield Finding("owner", "ok", f"The JWT belongs to {name}, extension {number}, type {kind}.")
    email = str((extension.get("contact") or {}).get("email") or "")
    # RingCentral has no type for service users: they are Users too, and only their name tells.
    if kind in ("User", "DigitalUser", "VirtualUser") and not SERVICE_WORDS.search(f"{name} {email.partition('@')[0]}"):
        yield Finding(
            "personal_owner",
            "warning",
            f"{name} looks like a person. When that user is disabled, everything stops; and every call runs with that "
            "person's rights.",
            "Create a service user (a name with 'service', 'bot', 'api' or the like), log in to the Developer Console "
            "as that user, create a JWT there and put it into the Connection.",
            PLATFORM_TEAM,
        )


def role_findings(client: RingCentralClient, scopes: set[str]) -> Iterator[Finding]:
    """Which user permissions are missing for the jobs that the scopes allow."""
    jobs = {job: names for job, (scope, names) in ROLES.items() if scope in scopes}
    missing = {job: names for job, names in jobs.items() if not any(_allowed(client, name) for name in names)}
    if missing:
        listed = "; ".join(f"{names[0]} (for {job})" for job, names in missing.items())
        severity: Severity = "error" if len(missing) == len(jobs) else "warning"
        cause = f"The user's role lacks the permissions {listed}."
        cure = "Admin Portal → Users → Roles: add them to the role of the user that the JWT belongs to."
        yield Finding("role_missing", severity, cause, cure, ADMIN_PORTAL)
    elif jobs:
        yield Finding("roles", "ok", f"The user's role allows {', '.join(jobs)}.")


def number_findings(client: RingCentralClient, scopes: set[str], *, show: bool) -> Iterator[Finding]:
    """Which of the user's numbers can send, by feature."""
    records = client.records(LIST_EXTENSION_PHONE_NUMBERS.at(accountId="~", extensionId="~"))
    senders: dict[str, list[str]] = {}
    for record in records:
        number = str(record.get("phoneNumber") or "")
        for feature in record.get("features") or ():
            if feature in SMS_FEATURES:
                senders.setdefault(SMS_FEATURES[feature], []).append(number if show else f"…{number[-4:]}")
    if senders:
        listed = "; ".join(f"{what}: {', '.join(numbers)}" for what, numbers in senders.items())
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


def limit_findings(client: RingCentralClient) -> Iterator[Finding]:
    """Which limits RingCentral's answers named."""
    limits = client.usage.limits
    if limits:
        listed = ", ".join(f"{group} {limit} requests in {seconds:.0f} s" for group, (limit, seconds) in limits.items())
        yield Finding("limits", "ok", f"Limits of this app and user: {listed}.")


def _allowed(client: RingCentralClient, permission: str) -> bool:
    try:
        answer = client.request_json(
            "GET",
            CHECK_USER_PERMISSION.at(accountId="~", extensionId="~"),
            params={"permissionId": permission},
        )
    except (BadRequest, NotFound, PermissionDenied):
        # A name that this account does not know grants nothing.
        return False
    return bool(isinstance(answer, dict) and answer.get("successful"))
