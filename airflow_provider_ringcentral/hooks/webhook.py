"""Read a Connection that holds the URL of an incoming webhook, and open a client for it.

The URL is the Connection's password, because Airflow encrypts and masks passwords, and shows hosts to everybody who
sees Connections.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from airflow.providers.common.compat.connection import get_async_connection
from airflow.providers.common.compat.sdk import BaseHook, mask_secret

from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_MAX_WAIT_SECONDS
from airflow_provider_ringcentral.client.errors import ConfigurationError, FieldProblem, RingCentralError
from airflow_provider_ringcentral.client.webhook import WebhookAddress, webhook_address
from airflow_provider_ringcentral.hooks import settings
from airflow_provider_ringcentral.hooks.connection import explain_missing_connection, mask_secret_async
from airflow_provider_ringcentral.hooks.errors import airflow_errors, for_airflow

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

    from airflow_provider_ringcentral.client.webhook import WebhookClient

TIMEOUT_SECONDS = 60.0


def webhook_client(webhook_conn_id: str, *, max_wait: float = DEFAULT_MAX_WAIT_SECONDS) -> WebhookClient:
    """Open the client of a Connection; it raises Airflow's errors. Sends nothing.

    `max_wait`: seconds that a post may wait for the webhook's rate limit.
    """
    with airflow_errors():
        address = read_webhook_address(webhook_conn_id)
        return open_webhook_client(address, max_wait=max_wait, raise_as=for_airflow)


def read_webhook_address(webhook_conn_id: str) -> WebhookAddress:
    """Read a Connection that holds a webhook URL and mask the URL in logs. Raises `ConfigurationError`."""
    with explain_missing_connection(webhook_conn_id):
        connection = BaseHook.get_connection(webhook_conn_id)
    for secret in _secrets_of(connection):
        mask_secret(secret)
    return webhook_address_of(connection)


async def read_webhook_address_async(webhook_conn_id: str) -> WebhookAddress:
    """Read a Connection on an event loop, as `read_webhook_address` does elsewhere."""
    with explain_missing_connection(webhook_conn_id):
        connection = await get_async_connection(webhook_conn_id)
    for secret in _secrets_of(connection):
        await mask_secret_async(secret)
    return webhook_address_of(connection)


def open_webhook_client(
    address: WebhookAddress,
    *,
    max_wait: float,
    raise_as: Callable[[RingCentralError], RingCentralError] | None = None,
    deadline: float | None = None,
) -> WebhookClient:
    """A client on the configured ledger; `deadline` as for `hooks.client.open_client`. Imports requests."""
    from airflow_provider_ringcentral.client.policy import Policy
    from airflow_provider_ringcentral.client.webhook import WebhookClient

    ledger = settings.shared_ledger(settings.ledger_url())
    return WebhookClient(address, ledger, policy=Policy(max_wait=max_wait, deadline=deadline), raise_as=raise_as)


def webhook_address_of(connection: Connection) -> WebhookAddress:
    """The address in a Connection of any type: its password is the URL, its extra may have `timeout` (seconds).

    Raises `ConfigurationError`.
    """
    if not (connection.password or "").strip() and "/webhook" in f"{connection.host or ''}/{connection.schema or ''}":
        text = "contains the webhook's URL, and Airflow shows hosts to everybody; move the URL to password"
        raise ConfigurationError(problems=[FieldProblem("host", text)])
    return webhook_address(connection.password or "", settings.allowed_hosts(), timeout=_timeout(connection))


def _secrets_of(connection: Connection) -> set[str]:
    """The URL, and the id at its end, which is its only secret part."""
    url = (connection.password or "").strip()
    return {secret for secret in (url, url.rstrip("/").rpartition("/")[2]) if secret}


def _timeout(connection: Connection) -> float:
    try:
        extra = json.loads(connection.extra or "{}")
        value = extra.get("timeout")
        seconds = TIMEOUT_SECONDS if value is None else float(value)
    except (ValueError, TypeError, AttributeError):
        seconds = 0.0
    if not seconds > 0:
        raise ConfigurationError(problems=[FieldProblem("timeout", "in extra must be a number of seconds above 0")])
    return seconds
