"""Failed connections, as errors that name the host, the cause and the remedy.

The messages of requests and urllib3 contain URLs with phone numbers, so none of their text is used.
"""

from __future__ import annotations

import errno
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import requests
import urllib3

from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.client.errors.remedies.network import NETWORK, NetworkRemedy

_NOT_SENT = (
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
"""OpenSSL errors that occur before any of the request is sent. Others may occur while the response is read."""


class NotSent(Unavailable):
    """No connection was made, so nothing was executed."""


class ResponseLost(Unavailable):
    """The connection broke or timed out after the request may have been sent."""


class ResponseTooLarge(ResponseLost):
    """The response is larger than we read; a retry would not make it smaller."""


@contextmanager
def translated(host: str) -> Iterator[None]:
    """Turn errors of requests and urllib3 in the block into `NotSent` or `ResponseLost`.

    `host` is where the request goes, with the port if the URL has one.
    """
    try:
        yield
    except (requests.exceptions.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError):
        raise _not_sent(host, NETWORK["ETIMEDOUT"]) from None
    except requests.exceptions.ConnectionError as error:
        cause = error.args[0] if error.args else None
        reason = getattr(cause, "reason", None) or cause
        tls = _tls_error(reason)
        if tls is not None or isinstance(reason, _NOT_SENT):
            raise _not_sent(host, _remedy(tls or reason)) from None
        raise ResponseLost(f"the connection to {host} broke ({type(reason).__name__})") from None
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise ResponseLost(f"no response from {host} within the timeout ({type(error).__name__})") from None
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, ConnectionError, TimeoutError) as error:
        raise ResponseLost(f"the response from {host} broke off or cannot be read ({type(error).__name__})") from None


def _not_sent(host: str, remedy: NetworkRemedy) -> NotSent:
    return NotSent(f"no connection to {host}: {remedy.what}", remedy=remedy)


def _tls_error(reason: Any) -> ssl.SSLError | None:
    """Return the TLS error behind a failed connection if it proves that nothing was sent."""
    for part in (reason, *getattr(reason, "args", ())):
        if isinstance(part, ssl.SSLCertVerificationError):
            return part
        if isinstance(part, ssl.SSLError) and part.reason in _HANDSHAKE:
            return part
    return None


def _remedy(reason: Any) -> NetworkRemedy:
    """Return the row of what failed, with the details that the reason gives."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return _detailed("CERTIFICATE", reason.verify_message or reason.reason)
    if isinstance(reason, ssl.SSLError):
        return _detailed("TLS", str(reason.reason).replace("_", " ").lower())
    if isinstance(reason, urllib3.exceptions.ProxyError):
        return _proxy_remedy(reason)
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return NETWORK["DNS"]
    return NETWORK.get(errno.errorcode.get(_errno_of(reason), ""), NETWORK["UNKNOWN"])


def _proxy_remedy(reason: urllib3.exceptions.ProxyError) -> NetworkRemedy:
    behind = reason.original_error
    status = re.search(r"failed: (\d{3})", str(behind))
    if status:
        row = NETWORK.get(f"PROXY-{status[1]}", NETWORK["PROXY"])
        return replace(row, what=f"the proxy answered {status[1]}")
    inner = _remedy(_tls_error(behind) or behind).what.replace("its ", "the proxy's ")
    return replace(NETWORK["PROXY"], what=f"the proxy cannot be reached ({inner})")


def _detailed(code: str, detail: str) -> NetworkRemedy:
    return replace(NETWORK[code], what=f"{NETWORK[code].what} ({detail})")


def _errno_of(reason: Any) -> int:
    """Return the errno of an error, which urllib3 keeps in the cause or only in the message; 0 if there is none."""
    number = getattr(reason.__cause__, "errno", None) or getattr(reason, "errno", None)
    found = re.search(r"\[Errno (-?\d+)\]", str(reason))
    return number or (int(found[1]) if found else 0)
