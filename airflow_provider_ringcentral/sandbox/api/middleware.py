"""What every request passes: early faults, login, rate limit, permissions, then the operation with its fault."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING
from uuid import uuid4

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.fault_injection import apply_fault
from airflow_provider_ringcentral.sandbox.api.responses import ApiError, ApiResponse
from airflow_provider_ringcentral.sandbox.api.token_endpoint import check_form, client_of
from airflow_provider_ringcentral.sandbox.model.rate_limits import UNLIMITED, LimitDecision

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.model.faults import Fault
    from airflow_provider_ringcentral.sandbox.model.identity import Token
    from airflow_provider_ringcentral.sandbox.model.state import State

AUTH = "Auth"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the API: an operation of RingCentral's specification and its handler.

    `media`: the media host serves it too (`x-media-api` of the specification). `uploads`: bodies may be large.
    `aliases` are further paths of the operation.
    """

    id: str
    method: str
    path: str
    group: str
    handler: Callable[[RequestContext], ApiResponse]
    permission: str | None = None
    user_permission: str | None = None
    media: bool = False
    uploads: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(slots=True)
class HandledRequest:
    """A response, the fault that affects its sending, and the decision of the rate limiter."""

    response: ApiResponse
    fault: Fault | None = None
    decision: LimitDecision | None = None


def handle_request(operation: Operation, context: RequestContext, early: list[Fault]) -> HandledRequest:
    """Handle one request; the caller holds the state's lock."""
    handled = HandledRequest(ApiResponse())
    try:
        handled.response = _respond(operation, context, early, handled)
    except ApiError as error:
        handled.response = error.response
    except Exception:
        log.exception("The sandbox failed at %s %s", context.method, context.path)
        handled.response = responses.api_error(500, "CMN-203", "Internal error of the sandbox, see its log").response
    _add_headers(operation, context, handled)
    return handled


def _respond(operation: Operation, context: RequestContext, early: list[Fault], handled: HandledRequest) -> ApiResponse:
    state = context.state
    for fault in early:
        if fault.kind == "kill_tokens":
            state.identity.end_sessions(value=None if fault.all else _bearer(context) or "")
    if operation.group == AUTH:
        check_form(context)
        _count(state, handled, "", client_of(context)[0], AUTH)
    elif operation.group != UNLIMITED:
        context.token = _authenticate(context)
        _count(state, handled, str(context.token.user.id), context.token.app.client_id, operation.group)
    picked = state.faults.pick(operation.id, context.method, context.path, early=False)
    handled.fault = picked[0] if picked else None
    if context.token is not None:
        _check_permissions(operation, context.token)
    return apply_fault(operation.handler, context, handled.fault)


def _count(state: State, handled: HandledRequest, user: str, app: str, group: str) -> None:
    """Count a request in its window; 429 when the window is full or the group closed."""
    if state.limiter is None:
        return
    handled.decision = state.limiter.check(user, app, group, time.monotonic())
    if not handled.decision.allowed:
        raise responses.rate_exceeded(_retry_header(handled.decision, state.options.retry_after, time.time()))


def _bearer(context: RequestContext) -> str | None:
    """Return the bearer token of a request."""
    kind, _, value = context.headers.get("authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else None


def _authenticate(context: RequestContext) -> Token:
    """Return the token of a request; a 401 with the fitting code when there is none or it is not valid."""
    if "authorization" not in context.headers:
        raise responses.unauthorized("AGW-401", "Authorization header is not specified")
    value = _bearer(context)
    if value is None:
        raise responses.unauthorized("OAU-151", "Authorization method not supported")
    token = context.state.identity.tokens.get(value)
    if token is None:
        if value.count(".") == 2:
            raise responses.unauthorized("OAU-149", "Unparsable access token")
        raise responses.unauthorized("OAU-213", "Token not found")
    if token.ends <= time.monotonic():
        raise responses.unauthorized("OAU-128", "Access token expired")
    return token


def _check_permissions(operation: Operation, token: Token) -> None:
    if operation.permission and operation.permission not in token.scope:
        raise responses.app_permission_missing(operation.permission)
    if operation.user_permission and operation.user_permission not in token.user.permissions:
        raise responses.user_permission_missing(operation.user_permission)


def _add_headers(operation: Operation, context: RequestContext, handled: HandledRequest) -> None:
    """Add the request id, and the rate limit to authenticated responses only (guide page basics/rate-limits)."""
    handled.response.headers.setdefault("RCRequestId", str(uuid4()))
    fault, status = handled.fault, handled.response.status
    silent = not handled.response.rated or (fault is not None and not fault.rate_headers)
    known = operation.group != AUTH or status in {200, 429}
    if handled.decision and known and status != 401 and not silent and context.state.options.rate_headers:
        handled.response.headers |= _rate_headers(handled.decision, context.state.options.group_names)


def _rate_headers(decision: LimitDecision, names: Mapping[str, str]) -> dict[str, str]:
    """Return the `X-Rate-Limit-*` headers; `names` replaces names of groups, as RingCentral may do."""
    return {
        "X-Rate-Limit-Group": names.get(decision.group, decision.group.lower()),
        "X-Rate-Limit-Limit": str(decision.limit.requests),
        "X-Rate-Limit-Remaining": str(decision.remaining),
        "X-Rate-Limit-Window": responses.seconds_text(decision.limit.window),
    }


def _retry_header(decision: LimitDecision, form: str, clock: float) -> dict[str, str]:
    """Return `Retry-After` in seconds, as an HTTP date (rounded up to whole seconds after `clock`), or nothing."""
    if form == "none":
        return {}
    if form == "date":
        return {"Retry-After": formatdate(int(clock + decision.wait) + 1, usegmt=True)}
    return {"Retry-After": responses.seconds_text(decision.wait)}
