"""Where secrets may go: the hosts that may receive the client secret, the JWT and access tokens."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_ringcentral.client.errors import BadRequest

_SPLIT_DIFFERENTLY = re.compile(r"[\\\x00-\x20\x7f]")
"""Characters that URL parsers disagree about: what is checked here must be the host that is sent to."""

_DEFAULT_PORTS = {"http": 80, "https": 443}

RINGCENTRAL_DOMAINS = ("ringcentral.com", "ringcentral.biz")


def is_loopback(host: str) -> bool:
    """True for localhost, 127.0.0.0/8 and ::1."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(url: str) -> str | None:
    """The host that `url` leads to, in lower case; None when that is not beyond doubt."""
    try:
        return None if _SPLIT_DIFFERENTLY.search(url) else urlsplit(url).hostname
    except ValueError:
        return None


def canonical(url: str) -> str:
    """`url` with scheme and host in one spelling: lower case, without the scheme's own port and without a final dot.

    What is spelt differently would be another server to the ledger, with a token and a quota of its own. A URL that
    may be read in two ways comes back as it is.
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


def own_path(path: Any) -> str:
    """A path as an author gives it. Raises `BadRequest` for a whole URL, and for what is no path.

    The server is the Connection's: a URL from a template or a message could lead the access token elsewhere.
    """
    if not isinstance(path, str) or not path.startswith("/"):
        is_url = isinstance(path, str) and "://" in path
        said = "is a whole URL" if is_url else f"is {str(path)[:40]!r}, and must start with /"
        raise BadRequest(
            f"path {said}; give the part from its first / on, such as /restapi/v1.0/account/~/extension/~. The server "
            "comes from the Connection, and the access token goes nowhere else. For a contentUri use the hook's "
            "download",
            parameter="path",
        )
    return path


def may_receive_secrets(url: str, allowed_hosts: Collection[str] = (), server: str | None = None) -> bool:
    """Whether a bearer token or a client secret may be sent to `url`.

    https to RingCentral's own domains and to hosts listed in `[ringcentral] allowed_hosts`; http or https to loopback,
    when the configured `server` is a loopback one, too (None: `url` is the server itself). Links in answers
    (`navigation`, `contentUri`) and redirects are held against the same rule, since they may name any host.
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
