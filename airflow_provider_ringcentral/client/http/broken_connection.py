"""What goes wrong between here and the server, as errors that say where, why and what to do about it.

The texts of requests and urllib3 hold URLs with phone numbers, so none of their words are taken over: host and cause
are said in ours.
"""

from __future__ import annotations

import errno
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
import urllib3

from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.client.errors.remedies import PLATFORM_TEAM, Remedy

_NEVER_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
    urllib3.exceptions.NameResolutionError,
)
_HANDSHAKE = frozenset(
    {
        "HTTP_REQUEST",
        "NO_PROTOCOLS_AVAILABLE",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "TLSV1_UNRECOGNIZED_NAME",
        "UNKNOWN_PROTOCOL",
        "UNSUPPORTED_PROTOCOL",
        "WRONG_VERSION_NUMBER",
    }
)
"""Reasons of OpenSSL that come before anything of the request is sent. Others may come while reading the answer."""


class NeverSent(Unavailable):
    """No connection was made: nothing was executed."""


class Lost(Unavailable):
    """The connection broke or fell silent after the request may have gone out."""


class TooLarge(Lost):
    """The answer has more bytes than are read of one: asking again would not make it smaller."""


_NAME = Remedy(
    cause="The host name cannot be resolved (DNS).",
    cure="Check how the host is spelt in the Connection, and that this machine has a name server that knows it; where "
    "only a proxy knows it, name the proxy in the Connection's proxies or in HTTPS_PROXY.",
    who=PLATFORM_TEAM,
)
_REFUSED = Remedy(
    cause="The connection was refused: nothing listens at this host and port, or a firewall answers for it.",
    cure="Check host and port in the Connection; for a sandbox, that it runs; else let this machine reach the host.",
    who=PLATFORM_TEAM,
)
_SILENT = Remedy(
    cause="Nobody answered in time: a firewall drops the connection, or the network is down.",
    cure="Let this machine reach the host on its port, or name the proxy that leads there in the Connection's proxies "
    "or in HTTPS_PROXY.",
    who=PLATFORM_TEAM,
)
_NO_WAY = Remedy(
    cause="This machine has no network, or no route to the host.",
    cure="Check the network of the worker, its routes and its egress rules.",
    who=PLATFORM_TEAM,
)
_CERTIFICATE = Remedy(
    cause="The server's certificate is not trusted. A proxy that looks into TLS signs with a CA of its own.",
    cure="Add that CA to a bundle and name it in REQUESTS_CA_BUNDLE; for a certificate that expired or is not valid "
    "yet, check the clock of this machine.",
    who=PLATFORM_TEAM,
)
_TLS = Remedy(
    cause="No TLS connection came about: the server, or a proxy in between, speaks plain http or another TLS version.",
    cure="Check scheme and port in the Connection, and in the URL of the proxy.",
    who=PLATFORM_TEAM,
)
_PROXY = Remedy(
    cause="The proxy did not make the connection.",
    cure="Check the proxy in the Connection's proxies or in HTTPS_PROXY, and that it lets this machine through to the "
    "host; hosts that need none belong into NO_PROXY.",
    who=PLATFORM_TEAM,
)
_PROXY_LOGIN = Remedy(
    cause="The proxy wants a user name and a password.",
    cure="Write them into the URL of the proxy, http://user:password@host:port, in the Connection's proxies or in "
    "HTTPS_PROXY.",
    who=PLATFORM_TEAM,
)
_UNKNOWN = Remedy(
    cause="The connection was not made, for a reason that the system does not name.",
    cure="Try to reach the host from this machine, with `curl -v` for example.",
    who=PLATFORM_TEAM,
)
_BY_ERRNO = {
    errno.ECONNREFUSED: ("refused", _REFUSED),
    errno.ETIMEDOUT: ("no answer in time", _SILENT),
    errno.ENETUNREACH: ("no route", _NO_WAY),
    errno.EHOSTUNREACH: ("no route", _NO_WAY),
    errno.ENETDOWN: ("no network", _NO_WAY),
}


@contextmanager
def translated(host: str) -> Iterator[None]:
    """The errors of requests and urllib3 in the block as `NeverSent` or `Lost`.

    `host` is whom the request goes to, with the port where the URL has one.
    """
    try:
        yield
    except (requests.exceptions.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError):
        raise _never_sent(host, "no answer in time", _SILENT) from None
    except requests.exceptions.ConnectionError as error:
        cause = error.args[0] if error.args else None
        reason = getattr(cause, "reason", None) or cause
        tls = _tls_error(reason)
        if tls is not None or isinstance(reason, _NEVER_SENT):
            raise _never_sent(host, *_why(tls or reason)) from None
        raise Lost(f"the connection to {host} broke ({type(reason).__name__})") from None
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise Lost(f"no answer from {host} within the timeout ({type(error).__name__})") from None
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, ConnectionError, TimeoutError) as error:
        raise Lost(f"the answer from {host} broke off or cannot be read ({type(error).__name__})") from None


def _never_sent(host: str, cause: str, remedy: Remedy) -> NeverSent:
    return NeverSent(f"no connection to {host}: {cause}", remedy=remedy)


def _tls_error(reason: Any) -> ssl.SSLError | None:
    """The TLS error behind a failed connection, when it proves that nothing was sent."""
    for part in (reason, *getattr(reason, "args", ())):
        if isinstance(part, ssl.SSLCertVerificationError):
            return part
        if isinstance(part, ssl.SSLError) and part.reason in _HANDSHAKE:
            return part
    return None


def _why(reason: Any) -> tuple[str, Remedy]:
    """What failed, in a few words, and the remedy."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({reason.verify_message or reason.reason})", _CERTIFICATE
    if isinstance(reason, ssl.SSLError):
        return f"no TLS ({str(reason.reason).replace('_', ' ').lower()})", _TLS
    if isinstance(reason, urllib3.exceptions.ProxyError):
        return _why_proxy(reason)
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return "its name cannot be resolved", _NAME
    return _BY_ERRNO.get(_errno_of(reason), ("it failed", _UNKNOWN))


def _why_proxy(reason: urllib3.exceptions.ProxyError) -> tuple[str, Remedy]:
    behind = reason.original_error
    status = re.search(r"failed: (\d{3})", str(behind))
    if status:
        said = f"the proxy answered {status[1]}"
        return said, _PROXY_LOGIN if status[1] == "407" else _PROXY
    inner = _why(_tls_error(behind) or behind)[0]
    return f"the proxy cannot be reached ({inner})".replace("its ", "the proxy's "), _PROXY


def _errno_of(reason: Any) -> int:
    """The system's number of an error; urllib3 keeps it in the cause, or only in the text."""
    number = getattr(reason.__cause__, "errno", None) or getattr(reason, "errno", None)
    found = re.search(r"\[Errno (-?\d+)\]", str(reason))
    return number or (int(found[1]) if found else 0)
