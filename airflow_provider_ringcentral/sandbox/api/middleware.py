"""The way of every request: fault, login, limit, permission, handler, fault, journal."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.fault_injection import apply_fault
from airflow_provider_ringcentral.sandbox.api.responses import ApiError, ApiResponse
from airflow_provider_ringcentral.sandbox.api.token_endpoint import check_form, client_of
from airflow_provider_ringcentral.sandbox.model.rate_limits import UNLIMITED, LimitDecision, rate_headers, retry_header

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_ringcentral.sandbox.api.request_context import RequestContext
    from airflow_provider_ringcentral.sandbox.model.faults import Fault
    from airflow_provider_ringcentral.sandbox.model.identity import Token
    from airflow_provider_ringcentral.sandbox.model.state import State

AUTH = "Auth"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the API: an operation of RingCentral's specification and who handles it.

    `media`: served by the media host too (`x-media-api` of the specification). `uploads`: bodies may be large.
    `aliases` are further paths that lead here.
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
    """An answer, how it is spoilt on the wire, and what the limiter said."""

    response: ApiResponse
    fault: Fault | None = None
    decision: LimitDecision | None = None


def handle_request(operation: Operation, context: RequestContext, early: list[Fault]) -> HandledRequest:
    """What a request is answered. The state's lock is held."""
    handled = HandledRequest(ApiResponse())
    try:
        handled.response = _answer(operation, context, early, handled)
    except ApiError as refused:
        handled.response = refused.response
    except Exception:
        log.exception("The sandbox failed at %s %s", context.method, context.path)
        handled.response = responses.api_error(500, "CMN-203", "Internal error of the sandbox, see its log").response
    _add_headers(operation, context, handled)
    return handled


def _answer(operation: Operation, context: RequestContext, early: list[Fault], handled: HandledRequest) -> ApiResponse:
    state = context.state
    for fault in early:
        if fault.kind == "kill_tokens":
            state.identity.kill(value=None if fault.all else bearer(context) or "")
    if operation.group == AUTH:
        check_form(context)
        _count(state, handled, "", client_of(context)[0], AUTH)
    elif operation.group != UNLIMITED:
        context.token = authenticate(context)
        _count(state, handled, str(context.token.user.id), context.token.app.client_id, operation.group)
    picked = state.faults.pick(operation.id, context.method, context.path, early=False)
    handled.fault = picked[0] if picked else None
    if context.token is not None:
        _check_permissions(operation, context.token)
    return apply_fault(operation.handler, context, handled.fault)


def _count(state: State, handled: HandledRequest, user: str, app: str, group: str) -> None:
    """Counts a request against its window; 429 when that is full or shut."""
    if state.limiter is None:
        return
    handled.decision = state.limiter.ask(user, app, group, time.monotonic())
    if not handled.decision.allowed:
        raise responses.rate_exceeded(retry_header(handled.decision, state.options.retry_after, time.time()))


def bearer(context: RequestContext) -> str | None:
    """The bearer token of a request."""
    kind, _, value = context.headers.get("authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else None


def authenticate(context: RequestContext) -> Token:
    """The token of a request, or the 401 that fits."""
    if "authorization" not in context.headers:
        raise responses.unauthorized("AGW-401", "Authorization header is not specified")
    value = bearer(context)
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
    """RingCentral tells its limits on authenticated answers only (FACTS 3.2)."""
    handled.response.headers.setdefault("RCRequestId", str(uuid4()))
    fault, status = handled.fault, handled.response.status
    silent = not handled.response.rated or (fault is not None and not fault.rate_headers)
    known = operation.group != AUTH or status in {200, 429}
    if handled.decision and known and status != 401 and not silent and context.state.options.rate_headers:
        handled.response.headers |= rate_headers(handled.decision, context.state.options.group_names)
