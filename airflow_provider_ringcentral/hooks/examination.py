"""Examining a set-up: the order in which facts are established, and where to stop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import AirflowNotFoundException

from airflow_provider_ringcentral.client.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import READ_EXTENSION
from airflow_provider_ringcentral.client.errors import (
    BadRequest,
    ConfigurationError,
    NotFound,
    PermissionDenied,
    RateLimited,
    RingCentralError,
)
from airflow_provider_ringcentral.client.remedies import CONNECTION, PLATFORM_TEAM
from airflow_provider_ringcentral.hooks.access_findings import (
    denied_finding,
    granted_scopes,
    limit_findings,
    number_findings,
    owner_findings,
    role_findings,
    scope_findings,
)
from airflow_provider_ringcentral.hooks.diagnosis import Diagnosis, Finding, diagnosis_of
from airflow_provider_ringcentral.hooks.login_findings import (
    SCOPES,
    connection_findings,
    expiry_findings,
    login_finding,
)

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

PATIENCE_SECONDS = 15.0
"""How long an examination waits for one request: somebody is looking at a button."""


def examine(hook: RingCentralJWTHook, *, show_numbers: bool) -> Diagnosis:
    """Everything that can be established about the hook's Connection."""
    try:
        client = hook.make_client(PATIENCE_SECONDS)
    except AirflowNotFoundException:
        # Airflow says the same of a Connection it has but cannot read, such as broken JSON in the environment.
        cause = f"There is no Connection {hook.ringcentral_conn_id!r} where this process looks, or none it can read."
        finding = Finding("connection_incomplete", "error", cause, "Create it, with the type RingCentral.", CONNECTION)
        return diagnosis_of([finding])
    except ConfigurationError as error:
        return diagnosis_of(connection_findings(error, hook.get_connection(hook.ringcentral_conn_id).login or ""))
    return examine_client(client, show_numbers=show_numbers)


def examine_client(client: RingCentralClient, *, show_numbers: bool = False) -> Diagnosis:
    """Everything that can be established about a client's credentials.

    Always exchanges the JWT itself, through the Auth window: a shared token that is still alive would hide a revoked
    JWT. Of phone numbers only the last four digits appear, unless `show_numbers`.
    """
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
    listed = granted_scopes(answer)
    yield from scope_findings(listed, credentials.client_id)
    scopes = set(SCOPES) if listed is None else listed
    try:
        if "ReadAccounts" in scopes:
            yield from _unless_denied(owner_findings(client), credentials.client_id)
            yield from _unless_denied(_target_findings(client), credentials.client_id)
        yield from role_findings(client, scopes)
        if "ReadAccounts" in scopes:
            yield from _unless_denied(number_findings(client, scopes, show=show_numbers), credentials.client_id)
    except RateLimited as error:
        yield from limit_findings(client, error)
        return
    except RingCentralError as error:
        cause = f"The login works, but RingCentral does not answer further questions: {error}"
        yield Finding("unreachable", "error", cause, "Try again in a minute.", PLATFORM_TEAM)
    yield from limit_findings(client)


def _target_findings(client: RingCentralClient) -> Iterator[Finding]:
    """Whether the account and extension that the Connection names exist for this login."""
    account, extension = client.credentials.account_id, client.credentials.extension_id
    if (account, extension) == (OWN, OWN):
        return
    try:
        client.request_json("GET", READ_EXTENSION.at(accountId=account, extensionId=extension))
    except (BadRequest, NotFound):
        cause = f"This login finds no extension {extension} in account {account}."
        cure = (
            "Empty 'Account ID' and 'Extension ID' (the JWT's own are used then) or write internal ids, which are no "
            "phone or extension numbers."
        )
        yield Finding("connection_invalid", "error", cause, cure, CONNECTION)


def _unless_denied(findings: Iterator[Finding], client_id: str) -> Iterator[Finding]:
    """The findings, or that scope or role forbid to look."""
    try:
        yield from findings
    except PermissionDenied as error:
        yield denied_finding(error, client_id)
