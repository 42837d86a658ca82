"""The token endpoint (`getToken`, `revokeToken`): logging in with a JWT, and ending a session."""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.responses import ApiError, ApiResponse, login_refused
from airflow_provider_ringcentral.sandbox.model.identity import granted

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.model.identity import App, User

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"

LOGIN_REFUSALS: dict[str, tuple[int, str, str | None, str]] = {
    "jwt_flow_disabled": (400, "unauthorized_client", "OAU-251", "Unauthorized for this grant type"),
    "unknown_grant": (400, "unsupported_grant_type", "OAU-250", "Unsupported grant type"),
    "wrong_client_id": (400, "invalid_client", "OAU-153", "Invalid client"),
    "wrong_secret": (401, "invalid_client", "OAU-146", "Invalid client credentials"),
    "no_client": (400, "invalid_client", "OAU-123", "Client authentication is required"),
    "malformed_authorization": (401, "invalid_client", "OAU-134", "Invalid Authorization header"),
    "duplicate_parameter": (400, "invalid_request", "OAU-111", "Duplicate parameter in the request"),
    "jwt_rejected": (400, "invalid_grant", None, "Invalid JWT assertion"),
    "extension_not_found": (401, "invalid_grant", "OAU-136", "Extension not found"),
    "user_inactive": (401, "invalid_grant", "OAU-141", "Login is not allowed in current extension state"),
    "account_inactive": (401, "invalid_grant", "OAU-142", "Login is not allowed in current account state"),
    "extension_type": (403, "access_denied", "OAU-105", "Extension of this type may not log in"),
    "bad_credentials": (401, "invalid_grant", "OAU-140", "Invalid resource owner credentials"),
    "account_locked": (400, "invalid_grant", "OAU-147", "Account is locked out"),
    "sso_only": (400, "invalid_grant", "OAU-148", "Login is allowed through single sign-on only"),
    "mfa_required": (401, "invalid_grant", "OAU-168", "Multi-factor authentication is required"),
    "sandbox_app": (401, "invalid_client", "OAU-165", "Sandbox application is not allowed"),
    "app_invalid": (401, "invalid_client", "OAU-121", "Invalid application"),
    "other_realm": (403, "invalid_client", "OAU-167", "Account is restricted by realm"),
    "refresh_expired": (400, "invalid_grant", "OAU-210", "Refresh token is expired"),
    "refresh_revoked": (400, "invalid_grant", "OAU-211", "Refresh token is revoked"),
    "refresh_unknown": (400, "invalid_grant", "OAU-213", "Token not found"),
}
"""Every situation in which a login is refused, by name: status, OAuth `error`, code, description.

The codes are documented or were observed, except that of a refused JWT, which is not published.
"""

_STATUSES = {"Disabled": "account_inactive", "Deleted": "extension_not_found", "Forbidden": "extension_type"}


def refuse(situation: str, *, status: int | None = None) -> ApiError:
    """Return the error of a situation of `LOGIN_REFUSALS`."""
    usual, error, code, description = LOGIN_REFUSALS[situation]
    return login_refused(status or usual, error, code, description)


def client_of(context: RequestContext) -> tuple[str, str | None]:
    """Return client id and secret of a token request, from Basic or (public clients) from the form."""
    header = context.headers.get("authorization")
    if header is None:
        client_id = dict(parse_qsl(context.body.decode("utf-8", "replace"))).get("client_id")
        if not client_id:
            raise refuse("no_client")
        return client_id, None
    kind, _, value = header.partition(" ")
    try:
        text = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    if kind.lower() != "basic" or ":" not in text:
        raise refuse("malformed_authorization")
    client_id, _, secret = text.partition(":")
    return client_id, secret


def check_form(context: RequestContext) -> None:
    """Refuse a body that is not a form (415)."""
    kind = context.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise responses.api_error(415, "CMN-104", "Unsupported Media Type")


def get_token(context: RequestContext) -> ApiResponse:
    """`getToken`: exchange a JWT (or a refresh token, if the app issues them) for an access token."""
    app = _app(context)
    form = _form(context)
    grant = form.get("grant_type")
    if grant is None:
        raise responses.missing_parameter("grant_type")
    if app.refusal is not None:
        raise refuse(app.refusal)
    if grant == "refresh_token":
        user, scope = _refreshed(context, app, form)
    elif grant != JWT_GRANT:
        raise refuse("unknown_grant")
    elif not app.jwt_flow:
        raise refuse("jwt_flow_disabled")
    else:
        user, scope = _owner(context, app, form), _scope(app, form)
    return _issue(context, app, user, scope, form)


def revoke_token(context: RequestContext) -> ApiResponse:
    """`revokeToken`: end the session of an access or refresh token; an unknown token is accepted too."""
    app = _app(context)
    value = _form(context).get("token") or context.value("token")
    if value is None:
        raise responses.missing_parameter("token")
    identity = context.state.identity
    session = identity.tokens.get(value) or identity.find_refresh(value)
    if session is not None and session.app is app:
        identity.end_sessions(value=session.value)
    return ApiResponse(200, b"", None)


def _app(context: RequestContext) -> App:
    client_id, secret = client_of(context)
    app = context.state.identity.apps.get(client_id)
    if app is None:
        raise refuse("wrong_client_id")
    if secret != app.client_secret:
        raise refuse("wrong_secret", status=context.state.options.wrong_secret_status)
    return app


def _form(context: RequestContext) -> dict[str, str]:
    pairs = parse_qsl(context.body.decode("utf-8", "replace"), keep_blank_values=True)
    if len({name for name, _ in pairs}) < len(pairs):
        raise refuse("duplicate_parameter")
    return dict(pairs)


def _owner(context: RequestContext, app: App, form: dict[str, str]) -> User:
    assertion = form.get("assertion")
    if not assertion:
        raise responses.missing_parameter("assertion")
    options, jwt = context.state.options, context.state.identity.jwts.get(assertion)
    error, code = "invalid_grant", options.jwt_refusal_code
    if jwt is not None and jwt.apps is not None and app.client_id not in jwt.apps:
        raise login_refused(400, options.restricted_jwt_error, code, "JWT is not allowed for this client")
    if jwt is None or jwt.revoked or (jwt.expires is not None and jwt.expires <= time.time()):
        raise login_refused(400, error, code, LOGIN_REFUSALS["jwt_rejected"][3])
    user = context.state.identity.users[jwt.user_id]
    if user.status != "Enabled":
        raise refuse(_STATUSES.get(user.status, "user_inactive"))
    return user


def _scope(app: App, form: dict[str, str]) -> frozenset[str]:
    allowed = granted(app.permissions)
    scope = form.get("scope")
    if not scope:
        return allowed
    if not set(scope.split()) <= allowed:
        raise login_refused(400, "invalid_scope", None, "Requested scope exceeds the scope granted to the application")
    return granted(set(scope.split()))


def _refreshed(context: RequestContext, app: App, form: dict[str, str]) -> tuple[User, frozenset[str]]:
    identity, value = context.state.identity, form.get("refresh_token", "")
    if not app.refresh_tokens:
        raise refuse("jwt_flow_disabled")
    if value in identity.used_refresh_tokens:
        raise refuse("refresh_revoked")
    session = identity.find_refresh(value)
    if session is None or session.app is not app:
        raise refuse("refresh_unknown")
    # A refresh token works once, and ends the access token of its session (guide page authentication/refresh-tokens).
    identity.used_refresh_tokens.add(value)
    identity.end_sessions(value=session.value)
    return session.user, session.scope


def _issue(context: RequestContext, app: App, user: User, scope: frozenset[str], form: dict[str, str]) -> ApiResponse:
    state = context.state
    life = state.options.token_seconds * state.options.scale
    if (wanted := form.get("access_token_ttl")) is not None:
        if not wanted.isdecimal() or not 600 <= int(wanted) <= 3600:
            raise responses.invalid_parameter("access_token_ttl", wanted)
        life = min(life, int(wanted) * state.options.scale)
    session = state.options.session_seconds
    ends_in = life if session is None else min(life, session * state.options.scale)
    token, evicted = state.identity.open_session(app, user, scope, time.monotonic(), ends_in)
    state.request_log.counts["evicted"] += evicted
    body: dict[str, Any] = {
        "access_token": token.value,
        "token_type": "bearer",
        "expires_in": max(1, int(life)),
        "scope": " ".join(sorted(scope)),
        "owner_id": str(user.id),
        "endpoint_id": form.get("endpoint_id") or secrets.token_urlsafe(16),
        "session_id": secrets.token_urlsafe(16),
    }
    if session is not None:
        # An absolute session timeout ends a token before its `expires_in`, and only this field says so.
        body["session_expires_in"] = max(1, int(session * state.options.scale))
    if token.refresh is not None:
        body |= {"refresh_token": token.refresh, "refresh_token_expires_in": 604_800}
    response = context.json(body)
    response.headers["Cache-Control"] = "no-store"
    return response
