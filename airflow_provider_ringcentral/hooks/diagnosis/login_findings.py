"""Findings about Connection, JWT and login. A refused login gets exactly one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from airflow_provider_ringcentral.client.answer import json_object
from airflow_provider_ringcentral.client.auth.console_links import new_app_link, new_jwt_link
from airflow_provider_ringcentral.client.auth.credentials import jwt_claims
from airflow_provider_ringcentral.client.endpoints import ENDPOINTS
from airflow_provider_ringcentral.client.errors import ConfigurationError, LoginFailed, RateLimited, RingCentralError
from airflow_provider_ringcentral.client.errors.remedies.login import (
    JWT_REFUSED,
    LOGIN,
    NO_TOKEN_ENDPOINT,
    REFUSAL_STATUSES,
)
from airflow_provider_ringcentral.client.errors.remedy import CONNECTION, PLATFORM_TEAM, Remedy
from airflow_provider_ringcentral.hooks.connection import STAND_IN
from airflow_provider_ringcentral.hooks.diagnosis.diagnosis import Finding

NEEDED = tuple(dict.fromkeys(row.permission for row in ENDPOINTS if row.permission))
"""The app permissions that the operators need, all of them together."""

SCOPES = ("ReadAccounts", "ReadCallLog", "ReadCallRecording", "ReadMessages")
"""The app permissions for what the operators extract. They only read, so a new app may have all of them.

Each of the others is for one way of sending, or for paths that only the API operator and the hook use.
"""

SOON_DAYS = 14
DAY_SECONDS = 86_400.0
LAST_YEAR = datetime(9999, 1, 1, tzinfo=UTC).timestamp()

WITH_NEW_JWT = ("jwt_malformed", "jwt_rejected", "jwt_expires_soon")
"""Findings that a new JWT cures. A new app cures `jwt_flow_disabled`; other findings have no link."""


def link_for(code: str, client_id: str) -> str:
    """The page of the Developer Console that cures a finding, with its form filled in; empty when there is none."""
    if code in WITH_NEW_JWT and client_id:
        return new_jwt_link(client_id)
    return new_app_link("Airflow", SCOPES) if code == "jwt_flow_disabled" else ""


def not_found_finding(error: ConfigurationError) -> Finding:
    """The finding for a Connection that Airflow does not find or cannot read."""
    remedy = error.remedy or NO_TOKEN_ENDPOINT
    return Finding("connection_incomplete", "error", remedy.cause, remedy.cure, remedy.who)


def connection_findings(error: ConfigurationError, client_id: str) -> Iterator[Finding]:
    """Which fields of the Connection are missing or invalid."""
    if any(problem.kind == STAND_IN for problem in error.problems):
        cause = "The form contains placeholders instead of the stored secrets, and the test used them."
        cure = "Type both secrets again to test. If a task reports this, type them again and save."
        yield Finding("connection_invalid", "error", cause, cure, CONNECTION)
        return
    kinds = (
        ("missing", "connection_incomplete"),
        ("invalid", "connection_invalid"),
        ("malformed jwt", "jwt_malformed"),
    )
    for kind, code in kinds:
        found = [problem for problem in error.problems if problem.kind == kind]
        if found:
            about_jwt = any("jwt" in problem.field.lower() for problem in found)
            link = link_for("jwt_malformed", client_id) if about_jwt else ""
            cause = "; ".join(map(str, found)) + "."
            yield Finding(code, "error", cause, "Correct these fields of the Connection.", CONNECTION, link)


def expiry_findings(jwt: str, client_id: str) -> Iterator[Finding]:
    """Whether the JWT names an expiry (few do), and how many days are left."""
    end = expiry_of(jwt)
    if end is None:
        yield Finding("jwt_wellformed", "ok", "The JWT is well-formed and names no expiry.")
        return
    days = (end - time.time()) / DAY_SECONDS
    if days < 0:
        return
    if days < SOON_DAYS:
        cure = f"Create a new JWT and put it into the Connection before {_day(end)}."
        link = link_for("jwt_expires_soon", client_id)
        yield Finding("jwt_expires_soon", "warning", f"The JWT expires in {days:.1f} days.", cure, PLATFORM_TEAM, link)
    else:
        yield Finding("jwt_wellformed", "ok", f"The JWT is well-formed and expires in {days:.0f} days, on {_day(end)}.")


def expiry_of(jwt: str) -> float | None:
    """The `exp` claim in epoch seconds; None when it is missing or is not a date."""
    end = json_object(jwt_claims(jwt) or b"").get("exp")
    if not isinstance(end, int | float) or isinstance(end, bool):
        return None
    return float(end) if 0 <= end < LAST_YEAR else None


def login_finding(error: RingCentralError, jwt: str, client_id: str) -> Finding:
    """The finding for a failed login."""
    if isinstance(error, RateLimited):
        wait = "" if error.retry_after is None else f" The next login is possible in {error.retry_after:.0f} s."
        cause = f"Too many logins for this app: RingCentral allows five per minute.{wait}"
        cure = "Try again then. If this recurs, make all workers share one ledger ([ringcentral] ledger_url)."
        return Finding("login_throttled", "error", cause, cure, PLATFORM_TEAM)
    if not isinstance(error, LoginFailed):
        cause = f"The token endpoint is unreachable or fails: {error}"
        cure = "Check the server URL, proxies and firewall between the workers and RingCentral, then try again."
        return Finding("unreachable", "error", cause, cure, PLATFORM_TEAM)
    code = situation(error)
    remedy = _remedy(error, code, jwt)
    answer = ", ".join((*(f"HTTP {error.status}" for _ in range(error.status is not None)), *error.codes))
    request = f", RCRequestId {error.request_id}" if error.request_id else ""
    cause = f"{remedy.cause} ({answer}{request})"
    return Finding(code, "error", cause, remedy.cure, remedy.who, link_for(code, client_id))


def situation(error: LoginFailed) -> str:
    """Return the code of the finding for a refused login.

    A numbered code says more than a word, and a word says more than the status.
    """
    if error.status not in REFUSAL_STATUSES:
        return "connection_invalid"
    numbered = [code for code in error.codes if "-" in code]
    return next((LOGIN[code].finding for code in (*numbered, *error.codes) if code in LOGIN), "jwt_rejected")


def _remedy(error: LoginFailed, code: str, jwt: str) -> Remedy:
    if code == "jwt_rejected" and not any(LOGIN[code].explains_jwt for code in error.codes if code in LOGIN):
        return Remedy(_likely(error, expiry_of(jwt)), JWT_REFUSED.cure, JWT_REFUSED.who)
    return error.remedy or NO_TOKEN_ENDPOINT


def _likely(error: LoginFailed, end: float | None) -> str:
    """The likely reason for a refused JWT. RingCentral does not name it, but the JWT's own expiry narrows it down."""
    if end is not None and end < time.time():
        return f"The JWT expired on {_day(end)}."
    if "unauthorized_client" in error.codes:
        return "RingCentral knows the app but not with this JWT: most likely the JWT is restricted to other apps."
    over = "revoked or has expired" if end is None else f"revoked (it expires on {_day(end)})"
    return (
        f"RingCentral refuses the JWT and does not say why: most likely it was {over}, is restricted to other apps, or "
        "was made for another server."
    )


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
