"""Check a Connection: which checks run, in which order, and where to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import mask_secret

from airflow_provider_ringcentral.client.auth.credentials import OWN
from airflow_provider_ringcentral.client.endpoints import READ_EXTENSION
from airflow_provider_ringcentral.client.errors import (
    BadRequest,
    ConfigurationError,
    NotFound,
    PermissionDenied,
    RateLimited,
    RingCentralError,
)
from airflow_provider_ringcentral.client.errors.remedy import CONNECTION, PLATFORM_TEAM
from airflow_provider_ringcentral.hooks import settings
from airflow_provider_ringcentral.hooks.client import open_client
from airflow_provider_ringcentral.hooks.connection import ConnectionNotFound, read_credentials
from airflow_provider_ringcentral.hooks.diagnosis.access_findings import (
    denied_finding,
    granted_scopes,
    limit_findings,
    number_findings,
    owner_findings,
    role_findings,
    scope_findings,
)
from airflow_provider_ringcentral.hooks.diagnosis.diagnosis import Diagnosis, Finding, diagnosis_of
from airflow_provider_ringcentral.hooks.diagnosis.login_findings import (
    SCOPES,
    connection_findings,
    expiry_findings,
    login_finding,
    not_found_finding,
)

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

    from airflow_provider_ringcentral.client.client import RingCentralClient

MAX_WAIT_SECONDS = 15.0
"""How long one request of a diagnosis waits for the rate limit: a person waits for the Test button."""


def examine_connection(conn_id: str, get_connection: Callable[[str], Connection]) -> Diagnosis:
    """Run all checks of a Connection, its values first."""
    try:
        client = open_client(
            read_credentials(conn_id, get_connection), max_wait=MAX_WAIT_SECONDS, on_secret=mask_secret
        )
    except ConnectionNotFound as error:
        return diagnosis_of([not_found_finding(error)])
    except ConfigurationError as error:
        return diagnosis_of(connection_findings(error, get_connection(conn_id).login or ""))
    found = examine_client(client, show_numbers=settings.log_personal_data())
    return diagnosis_of((*found.findings, ledger_finding()))


def examine_client(client: RingCentralClient, *, show_numbers: bool = False) -> Diagnosis:
    """Run all checks of a client's credentials.

    Always exchanges the JWT, within the rate limit for logins: a shared token that is still valid would hide a revoked
    JWT. Phone numbers appear as their last four digits, unless `show_numbers`.
    """
    return diagnosis_of(_findings(client, show_numbers=show_numbers))


def _findings(client: RingCentralClient, *, show_numbers: bool) -> Iterator[Finding]:
    credentials = client.credentials
    yield from expiry_findings(credentials.jwt, credentials.client_id)
    try:
        answer = client.exchange_jwt()
    except RingCentralError as error:
        yield login_finding(error, credentials.jwt, credentials.client_id)
        return
    life = answer["expires_in"]
    yield Finding("login", "ok", f"{credentials.server} accepts the JWT; tokens are valid for {life} s.")
    listed = granted_scopes(answer)
    yield from scope_findings(listed)
    scopes = set(SCOPES) if listed is None else listed
    try:
        if "ReadAccounts" in scopes:
            yield from _unless_denied(owner_findings(client))
            yield from _unless_denied(_target_findings(client))
        yield from role_findings(client, scopes)
        if "ReadAccounts" in scopes:
            yield from _unless_denied(number_findings(client, scopes, show=show_numbers))
    except RateLimited as error:
        yield from limit_findings(client, error)
        return
    except RingCentralError as error:
        cause = f"The login works, but further requests fail: {error}"
        yield Finding("unreachable", "error", cause, "Try again in a minute.", PLATFORM_TEAM)
    yield from limit_findings(client)


def ledger_finding() -> Finding:
    """Where processes share access token and rate limits, and whether this process can open it."""
    url = settings.ledger_url()
    where = settings.without_secrets(url)
    if settings.shared_ledger(url).shared:
        return Finding("ledger", "ok", f"Access token and rate limits are shared in the ledger {where}.")
    cause = f"This process cannot open the ledger {where}, so it shares neither token nor rate limits with others."
    cure = "Make it writable, or set another one in [ringcentral] ledger_url. The log says why it failed."
    return Finding("ledger", "warning", cause, cure, PLATFORM_TEAM)


def _target_findings(client: RingCentralClient) -> Iterator[Finding]:
    """Whether the account and extension that the Connection names exist for this login."""
    account, extension = client.credentials.account_id, client.credentials.extension_id
    if (account, extension) == (OWN, OWN):
        return
    try:
        client.request_json("GET", READ_EXTENSION.at(accountId=account, extensionId=extension))
    except (BadRequest, NotFound):
        cause = f"This login cannot find extension {extension} in account {account}."
        cure = (
            "Leave 'Account ID' and 'Extension ID' empty to use the JWT's own, or write internal ids; phone and "
            "extension numbers do not work."
        )
        yield Finding("connection_invalid", "error", cause, cure, CONNECTION)


def _unless_denied(findings: Iterator[Finding]) -> Iterator[Finding]:
    """The findings; where a scope or the role forbids the check, a finding that says so."""
    try:
        yield from findings
    except PermissionDenied as error:
        yield denied_finding(error)
