"""The call-log query of an operator's arguments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from airflow_provider_ringcentral.arguments import one_of, some_of
from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.endpoints import READ_COMPANY_CALL_LOG, READ_USER_CALL_LOG
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.call_log.query import CALL_TYPES, DIRECTIONS, CallLogQuery

SCOPES = ("account", "extension")
RECORDING_TYPES = ("Automatic", "OnDemand", "All")


def call_log_query(
    credentials: Credentials,
    start: datetime,
    end: datetime,
    *,
    view: str,
    scope: str,
    extension_id: str | int | None,
    direction: str | Sequence[str] | None,
    call_type: str | Sequence[str] | None,
    recording_type: str | None,
) -> CallLogQuery:
    """The query, each value checked. Raises `BadArgument` that names the argument and the right spelling."""
    one_of("scope", scope, SCOPES)
    if scope == "extension":
        own = credentials.extension_id if extension_id in (None, "") else internal_id("extension_id", extension_id)
        path = READ_USER_CALL_LOG.at(accountId=credentials.account_id, extensionId=own)
    elif extension_id is not None:
        raise BadArgument("extension_id is given; set scope='extension' with it.", parameter="extension_id")
    else:
        path = READ_COMPANY_CALL_LOG.at(accountId=credentials.account_id)
    filters = {
        "direction": some_of("direction", direction, DIRECTIONS),
        "type": some_of("call_type", call_type, CALL_TYPES),
        "recordingType": recording_type and one_of("recording_type", recording_type, RECORDING_TYPES),
    }
    return CallLogQuery(path, start, end, view, filters, owner=credentials.session_key)


def internal_id(name: str, value: Any) -> str:
    """RingCentral's id of an account or extension, or ~ for the JWT's own. Raises `BadArgument`."""
    text = "" if isinstance(value, bool) else str(value).strip()
    if re.fullmatch(r"~|[0-9]+", text) is None:
        raise BadArgument(
            f"{name} is {value!r}; give the internal id (digits), or ~ for the JWT's own.", parameter=name
        )
    return text


def count_of(name: str, value: int | str | None) -> int | None:
    """A number from 0 on; None, which is also -1, for no bound. Text comes from templates."""
    if value is None or value in ("", "None"):
        return None
    try:
        count = int(value)
    except (ValueError, TypeError):
        count = -2
    if isinstance(value, float | bool) or count < -1:
        raise BadArgument(f"{name} {value!r} is no count; give 0, 1, …, or -1 for any number.", parameter=name)
    return None if count == -1 else count
