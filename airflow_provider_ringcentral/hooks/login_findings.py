"""Findings about Connection, JWT and login: exactly one reason when the login is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from airflow_provider_ringcentral.client.answer import json_object
from airflow_provider_ringcentral.client.console_links import CONSOLE_HOME, new_app_link, new_jwt_link
from airflow_provider_ringcentral.client.credentials import jwt_claims
from airflow_provider_ringcentral.client.endpoints import ENDPOINTS
from airflow_provider_ringcentral.client.errors import ConfigurationError, LoginFailed, RateLimited, RingCentralError
from airflow_provider_ringcentral.client.remedies import CONNECTION, DEVELOPER_CONSOLE, PLATFORM_TEAM
from airflow_provider_ringcentral.hooks.diagnosis import Finding

SCOPES = tuple(dict.fromkeys(row.permission for row in ENDPOINTS if row.permission))
"""The app permissions that our operators need."""

SOON_DAYS = 14
DAY_SECONDS = 86_400.0

FLOW_CODES = {"OAU-251", "OAU-112", "OAU-125", "unauthorized_client"}
CLIENT_CODES = {
    "OAU-153", "OAU-146", "OAU-123", "OAU-134", "OAU-120", "OAU-121", "OAU-127", "OAU-165", "OAU-167", "invalid_client",
}  # fmt: skip
USER_CODES = {"OAU-141", "OAU-142", "OAU-136", "OAU-105", "OAU-140", "OAU-147", "OAU-148", "OAU-168"}


def links(client_id: str) -> str:
    """The two pages of the Developer Console that mend most set-ups, with their forms filled in."""
    jwt = new_jwt_link(client_id) if client_id else CONSOLE_HOME
    return f"New app with JWT login: {new_app_link('Airflow', SCOPES)} New JWT for this app: {jwt}"


def connection_findings(error: ConfigurationError, client_id: str) -> Iterator[Finding]:
    """What the Connection lacks, and which of its values cannot work."""
    kinds = (("missing", "connection_incomplete"), ("invalid", "connection_invalid"), ("no jwt", "jwt_malformed"))
    for kind, code in kinds:
        found = [problem for problem in error.problems if problem.kind == kind]
        if found:
            about_jwt = kind == "no jwt" or any("jwt" in problem.field.lower() for problem in found)
            cure = "Correct these fields of the Connection."
            cause = "; ".join(map(str, found)) + "."
            yield Finding(code, "error", cause, f"{cure} {links(client_id)}" if about_jwt else cure, CONNECTION)


def expiry_findings(jwt: str, client_id: str) -> Iterator[Finding]:
    """Whether the JWT says when it ends (few do), and how many days are left."""
    end = expiry_of(jwt)
    if end is None:
        yield Finding("jwt_wellformed", "ok", "The JWT is well-formed and names no expiry.")
        return
    days = (end - time.time()) / DAY_SECONDS
    if days < 0:
        return
    if days < SOON_DAYS:
        cure = f"Create a new JWT and put it into the Connection before {_day(end)}. {links(client_id)}"
        yield Finding("jwt_expires_soon", "warning", f"The JWT ends in {days:.1f} days.", cure, PLATFORM_TEAM)
    else:
        yield Finding("jwt_wellformed", "ok", f"The JWT is well-formed and ends in {days:.0f} days, on {_day(end)}.")


def expiry_of(jwt: str) -> float | None:
    """The `exp` claim in epoch seconds, None when there is none."""
    end = json_object(jwt_claims(jwt) or b"").get("exp")
    return float(end) if isinstance(end, int | float) and not isinstance(end, bool) else None


def login_finding(error: RingCentralError, jwt: str, client_id: str) -> Finding:
    """The one reason why the token endpoint gave no token."""
    if isinstance(error, RateLimited):
        wait = "" if error.retry_after is None else f" It is open again in {error.retry_after:.0f} s."
        cause = f"Too many logins for this app: RingCentral allows five a minute.{wait}"
        cure = "Try again then. If this recurs, let all workers share one ledger ([ringcentral] ledger_url)."
        return Finding("login_throttled", "error", cause, cure, PLATFORM_TEAM)
    if not isinstance(error, LoginFailed):
        cause = f"The token endpoint cannot be reached or does not work: {error}"
        cure = "Check the server URL, proxies and firewall between the workers and RingCentral, then try again."
        return Finding("unreachable", "error", cause, cure, PLATFORM_TEAM)
    code = _code_of(error)
    remedy = error.remedy
    cause = remedy.cause if remedy else "RingCentral refused the login."
    end = expiry_of(jwt)
    if code == "jwt_rejected" and end is not None and end < time.time():
        cause = f"The JWT ended on {_day(end)}."
    said = ", ".join((*(f"HTTP {error.status}" for _ in range(error.status is not None)), *error.codes))
    request = f", RCRequestId {error.request_id}" if error.request_id else ""
    cure = f"{remedy.cure if remedy else 'Create a new JWT.'} {links(client_id)}"
    who = remedy.who if remedy else DEVELOPER_CONSOLE
    return Finding(code, "error", f"{cause} ({said}{request})", cure, who)


def _code_of(error: LoginFailed) -> str:
    codes = set(error.codes)
    specific = {code for code in codes if code.startswith("OAU-")} or codes
    for found, name in (
        (USER_CODES, "user_inactive"),
        (FLOW_CODES, "jwt_flow_disabled"),
        (CLIENT_CODES, "client_rejected"),
    ):
        if specific & found:
            return name
    return "jwt_rejected"


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
