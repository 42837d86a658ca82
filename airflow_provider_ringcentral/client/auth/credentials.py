"""Credentials: one app and one user of RingCentral, validated before anything is sent."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_ringcentral.client.errors import ConfigurationError, FieldProblem
from airflow_provider_ringcentral.client.http.hosts import canonical, is_loopback, may_receive_secrets

DEFAULT_SERVER = "https://platform.ringcentral.com"
DEFAULT_TIMEOUT_SECONDS = 60.0
DEFAULT_MAX_WAIT_SECONDS = 900.0
DEFERRABLE_MAX_WAIT_SECONDS = 10.0
"""How long a deferrable task waits on its worker before it defers."""

OWN = "~"


def is_jwt(text: str) -> bool:
    """Return whether `text` is three non-empty base64url segments. No claims are required: none are documented."""
    segments = text.split(".")
    return len(segments) == 3 and all(segment and _base64url(segment) is not None for segment in segments)


def _base64url(segment: str) -> bytes | None:
    try:
        return base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def jwt_claims(text: str) -> bytes | None:
    """Return the decoded payload of a JWT (bytes of JSON), or None if `text` is not a JWT. Verifies nothing."""
    return _base64url(text.split(".")[1]) if is_jwt(text) else None


@dataclass(frozen=True, slots=True)
class Credentials:
    """One app and one user of RingCentral, and how to reach the server.

    `server` is a URL without a path. `timeout` and `max_wait` are seconds (`max_wait` None: the caller's default).
    `account_id` and `extension_id` are internal ids or `~`. `from_number` (E.164) is the sender of texts that name
    none. `allowed_hosts` are further hosts that may receive secrets. `proxies` is as in requests. `extra` holds
    further Connection fields by name. Whitespace in `jwt` is removed, since people paste wrapped values.

    Raises `ConfigurationError` that lists every problem.
    """

    client_id: str
    client_secret: str = field(repr=False)
    jwt: str = field(repr=False)
    server: str = DEFAULT_SERVER
    account_id: str = OWN
    extension_id: str = OWN
    timeout: float = DEFAULT_TIMEOUT_SECONDS
    max_wait: float | None = None
    verify: bool = True
    proxies: Mapping[str, str] | None = field(default=None, repr=False, hash=False)
    allowed_hosts: Collection[str] = ()
    from_number: str | None = field(default=None, repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "jwt", "".join((self.jwt or "").split()))
        object.__setattr__(self, "server", canonical((self.server or DEFAULT_SERVER).strip()).rstrip("/"))
        found = tuple(problems(**{item.name: getattr(self, item.name) for item in fields(self)}))
        if found:
            raise ConfigurationError(problems=found)

    def __str__(self) -> str:
        return f"client id {self.client_id} at {self.server}"

    @property
    def session_key(self) -> str:
        """Identify the shared token. Includes the secret: a Connection with a wrong one cannot affect the right one."""
        return _digest("session", self.server, self.client_id, self.client_secret, self.jwt)

    @property
    def app_key(self) -> str:
        """Identify the Auth group's window, which RingCentral counts for each app."""
        return _digest("app", self.server, self.client_id)

    def owner_key(self, owner_id: str) -> str:
        """Identify the rate limit windows of this app and user."""
        return _digest("owner", self.server, self.client_id, owner_id)

    def encryption_secret(self) -> bytes:
        """Return the bytes that `TokenEncryptor` derives its key from."""
        return f"{self.client_secret}\n{self.jwt}".encode()


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def problems(**values: Any) -> Iterator[FieldProblem]:
    """Yield every problem with the values that `Credentials` takes, without repeating secrets."""
    if not (values.get("client_id") or "").strip():
        yield FieldProblem("client_id", "is missing; copy it from the app in the Developer Console", "missing")
    if not (values.get("client_secret") or "").strip():
        yield FieldProblem("client_secret", "is missing; copy it from the app in the Developer Console", "missing")
    jwt = "".join((values.get("jwt") or "").split())
    if not jwt:
        yield FieldProblem("jwt", "is missing; create one in the Developer Console under Credentials", "missing")
    elif not is_jwt(jwt):
        text = "is not a JWT (three base64url parts joined by dots); copy the whole credential again"
        yield FieldProblem("jwt", text, "malformed jwt")
    yield from _server_problems(values.get("server") or DEFAULT_SERVER, values.get("allowed_hosts") or ())
    if not (values.get("timeout") or 0) > 0:
        yield FieldProblem("timeout", "must be a number of seconds above 0")
    if values.get("max_wait") is not None and not values["max_wait"] >= 0:
        yield FieldProblem("max_wait", "must be a number of seconds, 0 or more")
    if values.get("verify") is False and not _on_loopback(values.get("server") or DEFAULT_SERVER):
        yield FieldProblem("verify", "may be false for a loopback server only; install the CA certificate instead")


def _on_loopback(server: str) -> bool:
    try:
        return is_loopback(urlsplit(server).hostname or "")
    except ValueError:
        return False


def _server_problems(server: str, allowed_hosts: Collection[str]) -> Iterator[FieldProblem]:
    try:
        parts = urlsplit(server)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        yield FieldProblem("server", f"is not a URL; write {DEFAULT_SERVER}")
        return
    if parts.scheme not in ("http", "https") or not host:
        yield FieldProblem("server", f"is not an http(s) URL; write it like {DEFAULT_SERVER}")
    elif parts.username is not None or parts.password is not None:
        yield FieldProblem("server", "must not contain a user name or password")
    elif parts.path.strip("/") or parts.query or parts.fragment:
        yield FieldProblem("server", f"has a path; write only {parts.scheme}://{parts.netloc}")
    elif parts.scheme == "http" and not is_loopback(host):
        yield FieldProblem(
            "server", f"is plain http, which would expose the secret and the JWT; write https://{parts.netloc}"
        )
    elif not may_receive_secrets(server, allowed_hosts):
        yield FieldProblem(
            "server",
            f"{host} is not a RingCentral host, and the secret and the JWT go there; "
            "if that is right, list it in [ringcentral] allowed_hosts",
        )
