"""Examining a set-up: the order in which facts are established, and where to stop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import AirflowNotFoundException

from airflow_provider_ringcentral.client.errors import ConfigurationError, PermissionDenied, RingCentralError
from airflow_provider_ringcentral.client.remedies import CONNECTION, PLATFORM_TEAM
from airflow_provider_ringcentral.hooks.access_findings import (
    granted_scopes,
    limit_findings,
    number_findings,
    owner_findings,
    role_findings,
    scope_findings,
)
from airflow_provider_ringcentral.hooks.diagnosis import Diagnosis, Finding, diagnosis_of
from airflow_provider_ringcentral.hooks.login_findings import connection_findings, expiry_findings, login_finding

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

PATIENCE_SECONDS = 15.0
"""How long an examination waits for one request: somebody is looking at a button."""


def examine(hook: RingCentralJWTHook, *, show_numbers: bool) -> Diagnosis:
    """Everything that can be established about the hook's Connection.

    Always exchanges the JWT itself, through the Auth window: a shared token that is still alive would hide a revoked
    JWT.
    """
    try:
        client = hook.make_client(PATIENCE_SECONDS)
    except AirflowNotFoundException:
        cause = f"There is no Connection {hook.ringcentral_conn_id!r} where this process looks."
        finding = Finding("connection_incomplete", "error", cause, "Create it, with the type RingCentral.", CONNECTION)
        return diagnosis_of([finding])
    except ConfigurationError as error:
        return diagnosis_of(connection_findings(error, hook.get_connection(hook.ringcentral_conn_id).login or ""))
    return diagnosis_of(_established(client, show_numbers=show_numbers))


def _established(client: RingCentralClient, *, show_numbers: bool) -> Iterator[Finding]:
    credentials = client.credentials
    yield from expiry_findings(credentials.jwt, credentials.client_id)
    try:
        answer = client.exchange_jwt()
    except RingCentralError as error:
        yield login_finding(error, credentials.jwt, credentials.client_id)
        return
    yield Finding("login", "ok", f"RingCentral accepts the JWT; a token lives for {answer['expires_in']} s.")
    scopes = granted_scopes(answer)
    try:
        yield from scope_findings(scopes, credentials.client_id)
        if "ReadAccounts" in scopes:
            yield from _unless_denied(owner_findings(client))
        yield from role_findings(client, scopes)
        if "ReadAccounts" in scopes:
            yield from _unless_denied(number_findings(client, scopes, show=show_numbers))
    except RingCentralError as error:
        cause = f"The login works, but RingCentral does not answer further questions: {error}"
        yield Finding("unreachable", "error", cause, "Try again in a minute.", PLATFORM_TEAM)
    yield from limit_findings(client)


def _unless_denied(findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings, or that the user's role forbids to look."""
    try:
        yield from findings
    except PermissionDenied as error:
        remedy = error.remedy
        cause = remedy.cause if remedy else str(error)
        yield Finding("role_missing", "warning", cause, remedy.cure if remedy else "", remedy.who if remedy else "")
