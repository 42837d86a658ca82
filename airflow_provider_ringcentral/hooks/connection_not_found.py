"""Why Airflow finds no Connection of an id. It says "isn't defined" of one that it cannot read, too."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from airflow.providers.common.compat.sdk import AirflowNotFoundException

from airflow_provider_ringcentral.client.errors import ConfigurationError
from airflow_provider_ringcentral.client.errors.remedies import CONNECTION, Remedy

TEXTS = ("conn_type", "description", "host", "login", "password", "schema")
FIELDS = (*TEXTS, "port", "extra")
"""The fields of a Connection in Airflow's JSON form."""


class ConnectionNotFound(ConfigurationError, AirflowNotFoundException):
    """Airflow has no Connection of this id, or cannot read the one that it has.

    Airflow retries the task: a secrets backend that does not answer looks the same.
    """


@contextmanager
def explaining(conn_id: str) -> Iterator[None]:
    """Replaces Airflow's error about the Connection `conn_id` in the block by `ConnectionNotFound`."""
    try:
        yield
    except ConnectionNotFound:
        raise
    except AirflowNotFoundException:
        raise not_found(conn_id) from None


def not_found(conn_id: str) -> ConnectionNotFound:
    """The error for a Connection that Airflow does not find; it looks at the environment variable only."""
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    value = os.environ.get(variable)
    if value is None:
        cause = (
            f"Airflow has no Connection {conn_id!r} where this process runs: {variable} is not set, and neither the "
            "secrets backends nor Airflow's database have it."
        )
        cure = "Create the Connection, or correct the connection id."
    else:
        cause = f"Airflow cannot read the Connection in the environment variable {variable}: {_problem(value)}."
        cure = f"Correct {variable}; ringcentral-diagnose --conn-json - checks such a JSON."
    return ConnectionNotFound(f"Connection {conn_id!r} not found", remedy=Remedy(cause, cure, CONNECTION))


def _problem(value: str) -> str:
    if not value.lstrip().startswith("{"):
        return "it is neither a JSON object nor a URI of a Connection"
    try:
        connection = json.loads(value)
    except json.JSONDecodeError as error:
        # Only place and reason: the text holds secrets.
        return f"it is not valid JSON ({error.msg} in line {error.lineno}, column {error.colno})"
    return field_problem(connection) or "Airflow refuses one of its values"


def field_problem(connection: Mapping[str, Any]) -> str | None:
    """What is wrong with the fields of a Connection in Airflow's JSON form; None when nothing is."""
    given = {name: value for name, value in connection.items() if value is not None and name != "conn_id"}
    if unknown := sorted(given.keys() - set(FIELDS)):
        return f"a Connection has no field {', '.join(unknown)}; it has {', '.join(FIELDS)}"
    if wrong := [name for name in TEXTS if not isinstance(given.get(name, ""), str)]:
        return f"{', '.join(wrong)}: write a text, in quotes"
    return None if str(given.get("port") or 0).isdecimal() else "port: write a number"
