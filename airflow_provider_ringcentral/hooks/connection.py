"""Read a RingCentral Connection: its credentials, every problem of its values, and why Airflow does not find it.

The fields are the rows of the two tables in `provider_info`, which are read at each call: adding a row there is enough.
"""

from __future__ import annotations

import difflib
import json
import logging
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.providers.common.compat.connection import get_async_connection
from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook, mask_secret

from airflow_provider_ringcentral import provider_info
from airflow_provider_ringcentral.arguments import is_digits
from airflow_provider_ringcentral.client.auth import credentials as rules
from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_SERVER, Credentials
from airflow_provider_ringcentral.client.errors import ConfigurationError, FieldProblem
from airflow_provider_ringcentral.client.errors.remedy import CONNECTION, Remedy
from airflow_provider_ringcentral.client.http.hosts import is_loopback
from airflow_provider_ringcentral.hooks import settings
from airflow_provider_ringcentral.sending.phone_numbers import E164, phone_number_hint

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

log = logging.getLogger(__name__)

STRING_FIELDS = ("conn_type", "description", "host", "login", "password", "schema")
JSON_FIELDS = (*STRING_FIELDS, "port", "extra")
"""The fields of a Connection in Airflow's JSON form."""

PLACEHOLDER = "RATHER_LONG_SENSITIVE_FIELD_PLACEHOLDER"
"""What Airflow 2.11's Connection form holds in place of a secret in the extra fields (`airflow/www/views.py`)."""

STAND_IN = "stand-in"
"""The kind of the problem with a secret that Airflow has replaced by a placeholder (`FieldProblem.kind`)."""

SHORTEST_MASKED = 5
"""Characters. Airflow does not mask shorter secrets, and warns about them."""

LONGEST_SHOWN = 20
"""Characters. Longer values are not repeated in errors: a secret may have been pasted into the wrong field."""


def read_credentials(
    ringcentral_conn_id: str, get_connection: Callable[[str], Connection] | None = None
) -> Credentials:
    """Read a Connection, mask its secrets in logs and check its values. Raises `ConfigurationError`."""
    with explain_missing_connection(ringcentral_conn_id):
        connection = (get_connection or BaseHook.get_connection)(ringcentral_conn_id)
    for secret in secrets_of(connection):
        mask_secret(secret)
    return credentials_of(connection, settings.allowed_hosts())


async def read_credentials_async(ringcentral_conn_id: str) -> Credentials:
    """Read a Connection on an event loop, as `read_credentials` does elsewhere."""
    with explain_missing_connection(ringcentral_conn_id):
        connection = await get_async_connection(ringcentral_conn_id)
    for secret in secrets_of(connection):
        await mask_secret_async(secret)
    return credentials_of(connection, settings.allowed_hosts())


async def mask_secret_async(secret: str) -> None:
    """Mask a secret in logs from a coroutine.

    Airflow's `mask_secret` would block the event loop until it gets an answer that only the event loop can read.
    """
    try:
        from airflow.sdk.log import amask_secret
    except ImportError:
        from asgiref.sync import sync_to_async

        # Not `asyncio.to_thread`: its requests to the supervisor get mixed up with those of the loop (Airflow 3.1.8).
        await sync_to_async(mask_secret)(secret)
    else:
        await amask_secret(secret)


class ConnectionNotFound(ConfigurationError, AirflowNotFoundException):
    """Airflow has no Connection of this id, or cannot read the one that it has.

    Airflow retries the task: a secrets backend that does not answer looks the same.
    """


@contextmanager
def explain_missing_connection(conn_id: str) -> Iterator[None]:
    """Replace Airflow's "isn't defined" in the block by `ConnectionNotFound`, which says why."""
    try:
        yield
    except ConnectionNotFound:
        raise
    except AirflowNotFoundException:
        raise _not_found(conn_id) from None


def _not_found(conn_id: str) -> ConnectionNotFound:
    variable = f"AIRFLOW_CONN_{conn_id.upper()}"
    value = os.environ.get(variable)
    if value is None:
        cause = (
            f"Airflow has no Connection {conn_id!r} where this process runs: {variable} is not set, and neither the "
            "secrets backends nor Airflow's database have it."
        )
        cure = "Create the Connection, or correct the connection id."
    else:
        cause = f"Airflow cannot read the Connection in the environment variable {variable}: {_unreadable(value)}."
        cure = f"Correct {variable}; ringcentral-diagnose --conn-json - checks such a JSON."
    return ConnectionNotFound(f"Connection {conn_id!r} not found", remedy=Remedy(cause, cure, CONNECTION))


def _unreadable(value: str) -> str:
    if not value.lstrip().startswith("{"):
        return "it is neither a JSON object nor a Connection URI"
    try:
        connection = json.loads(value)
    except json.JSONDecodeError as error:
        # Only position and reason: the text contains secrets.
        return f"it is not valid JSON ({error.msg} in line {error.lineno}, column {error.colno})"
    return json_problem(connection) or "Airflow refuses one of its values"


def json_problem(connection: Mapping[str, Any]) -> str | None:
    """What is wrong with the fields of a Connection in Airflow's JSON form; None when they are right."""
    given = {name: value for name, value in connection.items() if value is not None and name != "conn_id"}
    if unknown := sorted(given.keys() - set(JSON_FIELDS)):
        return f"a Connection has no field {', '.join(unknown)}; its fields are {', '.join(JSON_FIELDS)}"
    if wrong := [name for name in STRING_FIELDS if not isinstance(given.get(name, ""), str)]:
        return f"{', '.join(wrong)}: must be a string, in quotes"
    return None if str(given.get("port") or 0).isdecimal() else "port: must be a number"


def credentials_of(connection: Connection, allowed_hosts: Collection[str]) -> Credentials:
    """The credentials in a Connection. Raises `ConfigurationError` with one `FieldProblem` per bad field."""
    problems: list[FieldProblem] = []
    values: dict[str, Any] = {
        "client_id": (connection.login or "").strip(),
        "client_secret": (connection.password or "").strip(),
        "server": _server(connection.host),
        "allowed_hosts": tuple(allowed_hosts),
    }
    _check_port(connection.port, problems)
    extra = _extra_of(connection, problems)
    for row in provider_info.EXTRA_FIELDS:
        value = extra.get(row["name"])
        value = row["schema"].get("default") if value in (None, "") else value
        if value is not None:
            try:
                values[_attribute(row)] = _reader(row)(value, row["schema"])
            except ValueError as error:
                problems.append(FieldProblem(row["name"], str(error)))
    problems.extend(rules.problems(**values))
    secrets = ("client_secret", *(_attribute(row) for row in provider_info.EXTRA_FIELDS if _is_secret(row)))
    problems[:0] = [
        FieldProblem(name, "is Airflow's placeholder and not the secret; type the secret again", STAND_IN)
        for name in secrets
        if is_stand_in(str(values.get(name, "")))
    ]
    if problems:
        shown = [FieldProblem(_shown_name(problem.field), problem.text, problem.kind) for problem in problems]
        # The first problem of a field is the closest to what the user typed.
        raise ConfigurationError(problems=list({problem.field: problem for problem in reversed(shown)}.values())[::-1])
    known = {item.name for item in fields(Credentials)}
    further = {name: values.pop(name) for name in values.keys() - known}
    return Credentials(**values, extra=further)


def is_stand_in(secret: str) -> bool:
    """Whether `secret` is Airflow's placeholder, perhaps with something typed beside it, or its mask of asterisks."""
    return PLACEHOLDER in secret or bool(re.fullmatch(r"\*+", secret.strip()))


def secrets_of(connection: Connection) -> set[str]:
    """What must not be shown of a Connection, usable or not: client secret, JWT and other secret fields.

    A secret that was pasted with line breaks is there as typed and without them.
    """
    extra = _decoded(connection) or {}
    names = [row["name"] for row in provider_info.EXTRA_FIELDS if _is_secret(row)]
    found = (connection.password, *(extra.get(name) for name in (*names, "jwt")))
    texts = {secret for secret in found if isinstance(secret, str) and secret.strip()}
    return {secret for text in texts for secret in (text, "".join(text.split())) if len(secret) >= SHORTEST_MASKED}


def _attribute(row: Mapping[str, Any]) -> str:
    """What `Credentials` calls the value of a field."""
    return str(row.get("attribute", row["name"]))


def _is_secret(row: Mapping[str, Any]) -> bool:
    return bool(row["schema"].get("format") == "password")


def _shown_name(name: str) -> str:
    """The label in the form and the name in the Connection, of a field or of an attribute of `Credentials`."""
    rows = (*provider_info.STANDARD_FIELDS, *provider_info.EXTRA_FIELDS)
    return next((f"{row['label']} ({row['name']})" for row in rows if name in (row["name"], _attribute(row))), name)


def _extra_of(connection: Connection, problems: list[FieldProblem]) -> dict[str, Any]:
    """The extra fields that are set; JSON null counts as absent, since forms save untouched fields as null."""
    decoded = _decoded(connection)
    if decoded is None:
        problems.append(FieldProblem("extra", 'is not a JSON object; write it like {"jwt_token": "…"}'))
        return {}
    extra = {name: value for name, value in decoded.items() if value is not None}
    known = [row["name"] for row in provider_info.EXTRA_FIELDS]
    for name in extra.keys() - set(known):
        _check_unknown_key(name, [other for other in known if other not in extra], problems)
    return extra


def _decoded(connection: Connection) -> dict[str, Any] | None:
    """The extra field as an object. Not `extra_dejson`: it accepts lists and numbers, and logs a traceback."""
    try:
        decoded = json.loads(connection.extra or "{}")
    except ValueError:
        return None
    return decoded if isinstance(decoded, dict) else None


def _check_unknown_key(name: str, free: list[str], problems: list[FieldProblem]) -> None:
    """Mention an unknown key that looks like a misspelt one; other programs may use the rest."""
    if name == "jwt":
        text = "is stored under the key jwt, which Airflow shows in clear text; rename the key to jwt_token"
        problems.append(FieldProblem("jwt", text))
        return
    close = difflib.get_close_matches(name.lower(), free, n=1, cutoff=0.8)
    if close:
        log.warning("The Connection's extra has the unknown key %r; did you mean %r? It is ignored.", name, close[0])


def _server(host: str | None) -> str:
    """The server URL; a host without a scheme, as connection URIs have it, means https unless it is a loopback one."""
    text = (host or "").strip().rstrip("/")
    if not text:
        return DEFAULT_SERVER
    if "://" in text:
        return text
    try:
        loopback = is_loopback(urlsplit(f"//{text}").hostname or "")
    except ValueError:
        return text
    return text if loopback else f"https://{text}"


def _check_port(port: Any, problems: list[FieldProblem]) -> None:
    if str(port or "0").strip() not in ("0", "443"):
        problems.append(FieldProblem("port", f"is {port}; leave it at 443 and write the port into the server URL"))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"a text of {len(str(value))} characters"


def _reader(row: Mapping[str, Any]) -> Callable[[Any, Mapping[str, Any]], Any]:
    """What reads and checks the value of a field: by `reads` where its row has it, else by its JSON type."""
    kind = row.get("reads") or next(name for name in row["schema"]["type"] if name != "null")
    return _READERS[kind]


def _string(value: Any, schema: Mapping[str, Any]) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a string")  # noqa: TRY004 - readers raise ValueError
    choices = schema.get("enum")
    if choices and value.strip() not in choices:
        raise ValueError(f"is {_shown(value)}; give one of {', '.join(map(str, filter(None, choices)))}")
    return value.strip()


def _number(value: Any, schema: Mapping[str, Any]) -> float:
    low, high = schema.get("minimum", 0), schema.get("maximum", float("inf"))
    try:
        number = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if not low <= number <= high:
        bounds = f"from {low} to {high}" if "maximum" in schema else f"of {low} or more"
        raise ValueError(f"is {_shown(value)}; give a number {bounds}")
    return number


def _boolean(value: Any, schema: Mapping[str, Any]) -> bool:  # noqa: ARG001 - readers are called alike
    known = {"true": True, "1": True, "false": False, "0": False}
    if str(value).strip().lower() not in known:
        raise ValueError(f"is {_shown(value)}; write true or false")
    return known[str(value).strip().lower()]


def _object(value: Any, schema: Mapping[str, Any]) -> dict[str, str]:  # noqa: ARG001 - readers are called alike
    try:
        decoded = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        decoded = None
    if not isinstance(decoded, dict) or not all(isinstance(part, str) for pair in decoded.items() for part in pair):
        raise ValueError('must be a JSON object of strings, such as {"https": "http://proxy.example:3128"}')
    return decoded


def _internal_id(value: Any, schema: Mapping[str, Any]) -> str:  # noqa: ARG001 - readers are called alike
    text = str(value).strip()
    if text != "~" and not is_digits(text):
        raise ValueError(f"is {_shown(text)}; give the internal id (digits), or ~ for the JWT's own")
    return text


def _phone_number(value: Any, schema: Mapping[str, Any]) -> str:  # noqa: ARG001 - readers are called alike
    text = value.strip() if isinstance(value, str) else value
    if not isinstance(text, str) or not E164.fullmatch(text):
        raise ValueError(
            f"is not a valid phone number{phone_number_hint(text)}: use E.164, for example +16505550100, as a string"
        )
    return text


_READERS: Mapping[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "string": _string,
    "number": _number,
    "boolean": _boolean,
    "object": _object,
    "internal id": _internal_id,
    "phone number": _phone_number,
}
"""By JSON type, or by what a row says under `reads`. Each raises `ValueError` with what is wrong and the cure."""
