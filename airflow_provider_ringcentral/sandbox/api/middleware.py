"""The way of every request: fault, login, limit, permission, handler, fault, journal."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from airflow_provider_ringcentral.sandbox.api import responses
from airflow_provider_ringcentral.sandbox.api.fault_injection import spoilt
from airflow_provider_ringcentral.sandbox.api.responses import Answer, Refusal
from airflow_provider_ringcentral.sandbox.api.token_endpoint import check_form, client_of
from airflow_provider_ringcentral.sandbox.model.rate_limits import UNLIMITED, Ruling, rate_headers, retry_header

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_ringcentral.sandbox.api.request_context import Visit
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
    handler: Callable[[Visit], Answer]
    permission: str | None = None
    user_permission: str | None = None
    media: bool = False
    uploads: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(slots=True)
class Outcome:
    """An answer, how it is spoilt on the wire, and what the limiter said."""

    answer: Answer
    fault: Fault | None = None
    ruling: Ruling | None = None


def judge(operation: Operation, visit: Visit, early: list[Fault]) -> Outcome:
    """What a request is answered. The state's lock is held."""
    outcome = Outcome(Answer())
    try:
        outcome.answer = _answer(operation, visit, early, outcome)
    except Refusal as refused:
        outcome.answer = refused.answer
    except Exception:
        log.exception("The sandbox failed at %s %s", visit.method, visit.path)
        outcome.answer = responses.refusal(500, "CMN-203", "Internal error of the sandbox, see its log").answer
    _add_headers(operation, visit, outcome)
    return outcome


def _answer(operation: Operation, visit: Visit, early: list[Fault], outcome: Outcome) -> Answer:
    state = visit.state
    for fault in early:
        if fault.kind == "kill_tokens":
            state.identity.kill(value=None if fault.all else bearer(visit) or "")
    if operation.group == AUTH:
        check_form(visit)
        _count(state, outcome, "", client_of(visit)[0], AUTH)
    elif operation.group != UNLIMITED:
        visit.token = authenticate(visit)
        _count(state, outcome, str(visit.token.user.id), visit.token.app.client_id, operation.group)
    picked = state.faults.pick(operation.id, visit.method, visit.path, early=False)
    outcome.fault = picked[0] if picked else None
    if visit.token is not None:
        _check_permissions(operation, visit.token)
    return spoilt(operation.handler, visit, outcome.fault)


def _count(state: State, outcome: Outcome, user: str, app: str, group: str) -> None:
    """Counts a request against its window; 429 when that is full or shut."""
    if state.limiter is None:
        return
    outcome.ruling = state.limiter.ask(user, app, group, time.monotonic())
    if not outcome.ruling.allowed:
        raise responses.rate_exceeded(retry_header(outcome.ruling, state.options.retry_after, time.time()))


def bearer(visit: Visit) -> str | None:
    """The bearer token of a request."""
    kind, _, value = visit.headers.get("authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else None


def authenticate(visit: Visit) -> Token:
    """The token of a request, or the 401 that fits."""
    if "authorization" not in visit.headers:
        raise responses.unauthorized("AGW-401", "Authorization header is not specified")
    value = bearer(visit)
    if value is None:
        raise responses.unauthorized("OAU-151", "Authorization method not supported")
    token = visit.state.identity.tokens.get(value)
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


def _add_headers(operation: Operation, visit: Visit, outcome: Outcome) -> None:
    """RingCentral tells its limits on authenticated answers only (FACTS 3.2)."""
    outcome.answer.headers.setdefault("RCRequestId", str(uuid4()))
    fault, status = outcome.fault, outcome.answer.status
    silent = not outcome.answer.rated or (fault is not None and not fault.rate_headers)
    known = operation.group != AUTH or status in {200, 429}
    if outcome.ruling and known and status != 401 and not silent and visit.state.options.rate_headers:
        outcome.answer.headers |= rate_headers(outcome.ruling, visit.state.options.group_names)
