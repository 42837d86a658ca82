"""Connections that could not be made, so the request was not sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from airflow_provider_ringcentral.client.errors.remedy import PLATFORM_TEAM, Remedy


@dataclass(frozen=True, slots=True)
class NetworkRemedy(Remedy):
    """A remedy, and what failed in a few words, as the error says it after "no connection to HOST:"."""

    what: str


def _row(what: str, cause: str, cure: str) -> NetworkRemedy:
    return NetworkRemedy(cause, cure, PLATFORM_TEAM, what)


_NO_ROUTE = _row(
    "no route",
    "This machine does not have a network, or a route to the host.",
    "Check the worker's network, its routes and its egress rules.",
)

NETWORK: Mapping[str, NetworkRemedy] = {
    "DNS": _row(
        "its name cannot be resolved",
        "DNS does not know the host name.",
        "Check the spelling of the host in the Connection, and that this machine has a name server that knows the "
        "host. If only a proxy knows it, name the proxy in the Connection's proxies or in HTTPS_PROXY.",
    ),
    "ECONNREFUSED": _row(
        "refused",
        "The connection was refused: no server listens at this host and port, or a firewall refuses the connection.",
        "Check host and port in the Connection. If it is a sandbox, check that it runs. Otherwise let this machine "
        "reach the host.",
    ),
    "ETIMEDOUT": _row(
        "no answer in time",
        "The host did not answer in time: a firewall drops the connection, or the network is down.",
        "Let this machine reach the host on its port, or name the proxy that leads there in the Connection's proxies "
        "or in HTTPS_PROXY.",
    ),
    "ENETUNREACH": _NO_ROUTE,
    "EHOSTUNREACH": _NO_ROUTE,
    "ENETDOWN": _row("no network", _NO_ROUTE.cause, _NO_ROUTE.cure),
    "CERTIFICATE": _row(
        "its certificate is not trusted",
        "This machine does not trust the server's certificate. A proxy that inspects TLS signs with its own CA.",
        "Add that CA to a bundle and name the bundle in REQUESTS_CA_BUNDLE. If the certificate has expired or is not "
        "valid yet, check the clock of this machine.",
    ),
    "TLS": _row(
        "no TLS",
        "The TLS handshake failed: the server, or a proxy in between, uses plain http or another TLS version.",
        "Check scheme and port in the Connection, and in the URL of the proxy.",
    ),
    "PROXY": _row(
        "the proxy failed",
        "The proxy did not make the connection.",
        "Check the proxy in the Connection's proxies or in HTTPS_PROXY, and that it lets this machine through to the "
        "host. Hosts that do not need a proxy belong in NO_PROXY.",
    ),
    "PROXY-407": _row(
        "the proxy answered 407",
        "The proxy requires a user name and a password.",
        "Write them into the URL of the proxy, http://user:password@host:port, in the Connection's proxies or in "
        "HTTPS_PROXY.",
    ),
    "UNKNOWN": _row(
        "it failed",
        "The connection was not made, for a reason that the system does not name.",
        "Try to reach the host from this machine, for example with `curl -v`.",
    ),
}
"""By the name of the system's error number, or by the step that failed."""
