"""Findings about Connection, JWT and login: exactly one reason when the login is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from airflow_provider_ringcentral.client.answer import json_object
from airflow_provider_ringcentral.client.console_links import CONSOLE_HOME, new_app_link, new_jwt_link
from airflow_provider_ringcentral.client.credentials import jwt_claims
from airflow_provider_ringcentral.client.endpoints import ENDPOINTS
from airflow_provider_ringcentral.client.errors import ConfigurationError, LoginFailed, RateLimited, RingCentralError
from airflow_provider_ringcentral.client.remedies import (
    CONNECTION,
    DEVELOPER_CONSOLE,
    PLATFORM_TEAM,
    REMEDIES,
    Remedy,
)
from airflow_provider_ringcentral.hooks.diagnosis import Finding

NEEDED = tuple(dict.fromkeys(row.permission for row in ENDPOINTS if row.permission))
"""The app permissions that our operators need, all of them together."""

SCOPES = tuple(scope for scope in NEEDED if scope.startswith("Read"))
"""Those for reading, which does no harm: a new app may have them all. Each other one is for one way of sending."""

SOON_DAYS = 14
DAY_SECONDS = 86_400.0
LAST_YEAR = datetime(9999, 1, 1, tzinfo=UTC).timestamp()

SITUATIONS: Mapping[str, str] = {
    **dict.fromkeys(("OAU-251", "OAU-112", "OAU-113", "OAU-125"), "jwt_flow_disabled"),
    **dict.fromkeys(("OAU-153", "OAU-146", "OAU-123", "OAU-134"), "client_rejected"),
    **dict.fromkeys(("OAU-120", "OAU-121", "OAU-127", "OAU-165", "OAU-167"), "client_rejected"),
    **dict.fromkeys(("OAU-105", "OAU-136", "OAU-141", "OAU-142"), "user_inactive"),
    **dict.fromkeys(("OAU-147", "OAU-148", "OAU-168"), "user_inactive"),
    **dict.fromkeys(("OAU-111", "OAU-250", "AGW-404"), "connection_invalid"),
    "invalid_client": "client_rejected",
    "invalid_request": "connection_invalid",
    "unsupported_grant_type": "connection_invalid",
    "invalid_scope": "scope_missing",
    # An app without the JWT flow gets OAU-251 with it. The word alone may answer a JWT that is restricted to other apps
    # (FACTS 2.7).
    "unauthorized_client": "jwt_rejected",
}
"""Code of a refused login -> finding. What is not here is about the JWT: those codes are published nowhere."""

ABOUT_JWT = (400, 401, 403)
"""How the token endpoint may refuse a JWT, whatever the code (FACTS 2.7)."""

NO_TOKEN_ENDPOINT = Remedy(
    cause="What answers at the server URL is not RingCentral's token endpoint.",
    cure="Connection: empty 'Server URL' (RingCentral's own is used then) or write the URL of your RingCentral cloud, "
    "and check that no proxy answers in its place.",
    who=CONNECTION,
)


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
    """The `exp` claim in epoch seconds, None when there is none that is a date."""
    end = json_object(jwt_claims(jwt) or b"").get("exp")
    if not isinstance(end, int | float) or isinstance(end, bool):
        return None
    return float(end) if 0 <= end < LAST_YEAR else None


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
    code = situation(error)
    remedy = _remedy(error, code, jwt)
    said = ", ".join((*(f"HTTP {error.status}" for _ in range(error.status is not None)), *error.codes))
    request = f", RCRequestId {error.request_id}" if error.request_id else ""
    cure = remedy.cure if code == "connection_invalid" else f"{remedy.cure} {links(client_id)}"
    return Finding(code, "error", f"{remedy.cause} ({said}{request})", cure, remedy.who)


def situation(error: LoginFailed) -> str:
    """Which finding a refused login is: numbered codes say it better than words, and words better than the status."""
    numbered = [code for code in error.codes if "-" in code]
    known = (SITUATIONS[code] for code in (*numbered, *error.codes) if code in SITUATIONS)
    return next(known, "jwt_rejected" if error.status in ABOUT_JWT else "connection_invalid")


def _remedy(error: LoginFailed, code: str, jwt: str) -> Remedy:
    if code == "connection_invalid" and error.status not in ABOUT_JWT:
        return NO_TOKEN_ENDPOINT
    if code == "jwt_rejected" and "access_denied" not in error.codes:
        return Remedy(_likely(error, expiry_of(jwt)), REMEDIES["invalid_grant"].cure, DEVELOPER_CONSOLE)
    return error.remedy or NO_TOKEN_ENDPOINT


def _likely(error: LoginFailed, end: float | None) -> str:
    """Why RingCentral refuses a JWT: it does not say, so what the JWT itself says narrows it down."""
    if end is not None and end < time.time():
        return f"The JWT expired on {_day(end)}."
    if "unauthorized_client" in error.codes:
        return "RingCentral knows the app but not with this JWT: most likely the JWT is restricted to other apps."
    over = "revoked or has expired" if end is None else f"revoked (it ends on {_day(end)} only)"
    return (
        f"RingCentral refuses the JWT and does not say why: most likely it was {over}, is restricted to other apps, or "
        "was made for another server."
    )


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
