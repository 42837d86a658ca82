"""Connection -> Credentials: every gap and every bad value named in one error, by the field as the user sees it.

What Airflow shows, and sends back, in place of a secret.

Why Airflow finds no Connection of an id. It says "isn't defined" of one that it cannot read, too.
"""

from __future__ import annotations

import difflib
import json
import logging
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.providers.common.compat.connection import get_async_connection
from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook, mask_secret

from airflow_provider_ringcentral.client.auth import credentials as rules
from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_SERVER, Credentials
from airflow_provider_ringcentral.client.errors import ConfigurationError, Problem
from airflow_provider_ringcentral.client.errors.remedies import CONNECTION, Remedy
from airflow_provider_ringcentral.client.http.hosts import is_loopback
from airflow_provider_ringcentral.hooks import settings
from airflow_provider_ringcentral.provider_info import EXTRA_FIELDS, STANDARD_FIELDS
from airflow_provider_ringcentral.sending.text import E164, why_no_number

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

TEXTS = ("conn_type", "description", "host", "login", "password", "schema")
FIELDS = (*TEXTS, "port", "extra")
"""The fields of a Connection in Airflow's JSON form."""


class ConnectionNotFound(ConfigurationError, AirflowNotFoundException):
    """Airflow has no Connection of this id, or cannot read the one that it has.

    Airflow retries the task: a secrets backend that does not answer looks the same.
    """


@contextmanager
def explain_missing_connection(conn_id: str) -> Iterator[None]:
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


PLACEHOLDER = "RATHER_LONG_SENSITIVE_FIELD_PLACEHOLDER"
"""What Airflow 2.11's Connection form holds in place of a secret in the extra fields (`airflow/www/views.py`)."""

STAND_IN = "stand-in"
"""The kind of the problem with a field that holds such a text (`Problem.kind`)."""


def is_stand_in(secret: str) -> bool:
    """Whether `secret` is Airflow's placeholder, perhaps with something typed beside it, or its mask of asterisks."""
    return PLACEHOLDER in secret or bool(re.fullmatch(r"\*+", secret.strip()))


log = logging.getLogger(__name__)

FIELD_OF = {"client_id": "login", "client_secret": "password", "jwt": "jwt_token", "server": "host"}
"""What `Credentials` calls a value, and the Connection field it comes from where the names differ."""

LABELS: Mapping[str, str] = {field["name"]: field["label"] for field in (*STANDARD_FIELDS, *EXTRA_FIELDS)}
LONGEST_SHOWN = 20
EXTRA_NAMES = tuple(field["name"] for field in EXTRA_FIELDS)
LIMITS = {field["name"]: field["schema"] for field in EXTRA_FIELDS}


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

        # Not `asyncio.to_thread`: what such a thread asks the supervisor mixes with what the loop asks (seen on 3.1.8).
        await sync_to_async(mask_secret)(secret)
    else:
        await amask_secret(secret)


def credentials_of(connection: Connection, allowed_hosts: Collection[str]) -> Credentials:
    """The credentials in a Connection. Raises `ConfigurationError` with one `Problem` per bad field."""
    problems: list[Problem] = []
    extra = _extra_of(connection, problems)
    values: dict[str, Any] = {
        "client_id": (connection.login or "").strip(),
        "client_secret": (connection.password or "").strip(),
        "jwt": extra.get("jwt_token") or "",
        "server": _server(connection.host),
        "allowed_hosts": tuple(allowed_hosts),
    }
    _check_port(connection.port, problems)
    for name, read in _READERS.items():
        if extra.get(name) not in (None, ""):
            try:
                values[name] = read(extra[name])
            except ValueError as error:
                problems.append(Problem(name, str(error)))
    problems.extend(rules.problems(**{"timeout": rules.DEFAULT_TIMEOUT_SECONDS, **values}))
    problems[:0] = [
        Problem(name, "is Airflow's placeholder and not the secret; type the secret again", STAND_IN)
        for name in ("client_secret", "jwt")
        if is_stand_in(str(values[name]))
    ]
    if problems:
        seen = [Problem(_as_seen(problem.field), problem.text, problem.kind) for problem in problems]
        # The first thing said of a field is the closest to what the user typed.
        raise ConfigurationError(problems=list({problem.field: problem for problem in reversed(seen)}.values())[::-1])
    return Credentials(**values)


def _as_seen(name: str) -> str:
    field = FIELD_OF.get(name, name)
    return f"{LABELS[field]} ({field})" if field in LABELS else field


def _extra_of(connection: Connection, problems: list[Problem]) -> dict[str, Any]:
    """The extra fields that are set; JSON null counts as absent, since forms save untouched fields as null."""
    decoded = _decoded(connection)
    if decoded is None:
        problems.append(Problem("extra", 'is not a JSON object; write it like {"jwt_token": "…"}'))
        return {}
    extra = {name: value for name, value in decoded.items() if value is not None}
    if not isinstance(extra.get("jwt_token", ""), str):
        extra.pop("jwt_token")
        problems.append(Problem("jwt_token", "is not a text"))
    for name in extra.keys() - set(EXTRA_NAMES):
        _mention(name, extra, problems)
    return extra


def _decoded(connection: Connection) -> dict[str, Any] | None:
    """The extra field as an object. Not `extra_dejson`: it lets lists and numbers through, and logs a traceback."""
    try:
        decoded = json.loads(connection.extra or "{}")
    except ValueError:
        return None
    return decoded if isinstance(decoded, dict) else None


SHORTEST_MASKED = 5
"""Characters. Airflow masks nothing shorter, and warns of it."""


def secrets_of(connection: Connection) -> set[str]:
    """What must not be shown of a Connection, be it usable or not: the client secret and the JWT, wrapped and whole."""
    extra = _decoded(connection) or {}
    found = (connection.password, extra.get("jwt_token"), extra.get("jwt"))
    texts = {secret for secret in found if isinstance(secret, str) and secret.strip()}
    return {secret for text in texts for secret in (text, "".join(text.split())) if len(secret) >= SHORTEST_MASKED}


def _mention(name: str, extra: Mapping[str, Any], problems: list[Problem]) -> None:
    """Say so when an unknown key looks like a misspelt one; other unknown keys are somebody else's business."""
    if name == "jwt":
        problems.append(Problem("jwt", "is under the key jwt, which Airflow shows in clear; call the key jwt_token"))
        return
    close = difflib.get_close_matches(
        name.lower(), [known for known in EXTRA_NAMES if known not in extra], n=1, cutoff=0.8
    )
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


def _check_port(port: Any, problems: list[Problem]) -> None:
    if str(port or "0").strip() not in ("0", "443"):
        problems.append(Problem("port", f"is {port}; leave it at 443 and write the port into the server URL"))


def _shown(value: Any) -> str:
    """The value as typed, unless it is long: a secret pasted into the wrong field must not be repeated."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"a text of {len(str(value))} characters"


def _number(name: str) -> Callable[[Any], float]:
    schema = LIMITS[name]

    def read(value: Any) -> float:
        low, high = schema.get("minimum", 0), schema.get("maximum", float("inf"))
        try:
            number = float("nan") if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if not low <= number <= high:
            raise ValueError(f"is {_shown(value)}; give a number of seconds from {low} to {high}")
        return number

    return read


def _boolean(value: Any) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}
    if str(value).strip().lower() not in known:
        raise ValueError(f"is {_shown(value)}; write true or false")
    return known[str(value).strip().lower()]


def _internal_id(value: Any) -> str:
    text = str(value).strip()
    if not re.fullmatch(r"~|[0-9]+", text):
        raise ValueError(f"is {_shown(text)}; give the internal id (digits), or ~ for the JWT's own")
    return text


def _phone_number(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else value
    if not isinstance(text, str) or not E164.fullmatch(text):
        raise ValueError(
            f"is no phone number in E.164{why_no_number(text)}; write + and country code and digits only, such as "
            "+16505550100"
        )
    return text


def _proxies(value: Any) -> dict[str, str]:
    try:
        decoded = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        decoded = None
    if not isinstance(decoded, dict) or not all(isinstance(part, str) for pair in decoded.items() for part in pair):
        raise ValueError('is not a JSON object of texts; write it like {"https": "http://proxy.example:3128"}')
    return decoded


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "account_id": _internal_id,
    "extension_id": _internal_id,
    "from_number": _phone_number,
    "timeout": _number("timeout"),
    "max_wait": _number("max_wait"),
    "verify": _boolean,
    "proxies": _proxies,
}
