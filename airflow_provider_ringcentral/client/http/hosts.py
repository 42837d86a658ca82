"""The hosts that may receive secrets: client secret, JWT and access tokens."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_ringcentral.client.errors import BadRequest

_SPLIT_DIFFERENTLY = re.compile(r"[\\\x00-\x20\x7f]")
"""Characters that URL parsers treat differently: the host checked here must be the host that is contacted."""

_DEFAULT_PORTS = {"http": 80, "https": 443}

RINGCENTRAL_DOMAINS = ("ringcentral.com", "ringcentral.biz")


def is_loopback(host: str) -> bool:
    """Return whether `host` is localhost, in 127.0.0.0/8, or ::1."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(url: str) -> str | None:
    """Return the host of `url` in lower case, or None if it is ambiguous."""
    try:
        return None if _SPLIT_DIFFERENTLY.search(url) else urlsplit(url).hostname
    except ValueError:
        return None


def canonical(url: str) -> str:
    """Return `url` with scheme and host in lower case, without the scheme's default port and without a final dot.

    To the ledger, another spelling would be another server with its own token and quota. An ambiguous URL is returned
    unchanged.
    """
    if _SPLIT_DIFFERENTLY.search(url):
        return url
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return url
    if not host or "@" in parts.netloc:
        return url
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme):
        netloc += f":{port}"
    return parts._replace(netloc=netloc).geturl()


def checked_path(path: Any) -> str:
    """Return `path` if it starts with /, else raise `BadRequest`.

    The server is always the Connection's: a URL from a template or a message could send the access token elsewhere.
    """
    if not isinstance(path, str) or not path.startswith("/"):
        is_url = isinstance(path, str) and "://" in path
        what = "is a URL" if is_url else f"is {str(path)[:40]!r}, and must start with /"
        raise BadRequest(
            f"path {what}; give only the path, such as /restapi/v1.0/account/~/extension/~. The server comes from the "
            "Connection, and the access token is sent nowhere else. For a contentUri use the hook's download",
            parameter="path",
        )
    return path


def may_receive_secrets(url: str, allowed_hosts: Collection[str] = (), server: str | None = None) -> bool:
    """Return whether a bearer token or a client secret may be sent to `url`.

    Allowed are https to RingCentral's domains and to hosts listed in `[ringcentral] allowed_hosts`, and http or https
    to loopback if the configured `server` is on loopback too (None: `url` is the server itself). The rule applies to
    links in responses (`navigation`, `contentUri`) and redirects as well, since they may name any host.
    """
    host = (host_of(url) or "").rstrip(".")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    if parts.username is not None or parts.password is not None:
        return False
    if is_loopback(host) and is_loopback(host_of(url if server is None else server) or ""):
        return parts.scheme in ("http", "https")
    known = host in {allowed.lower().rstrip(".") for allowed in allowed_hosts} or any(
        host == domain or host.endswith(f".{domain}") for domain in RINGCENTRAL_DOMAINS
    )
    return parts.scheme == "https" and known
