"""No connection: which host, why, and what to do about it; never what the URL held."""

from __future__ import annotations

import errno
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
import urllib3

from airflow_provider_ringcentral.client.errors import OutcomeUnknown, Unavailable
from airflow_provider_ringcentral.client.http.connection_errors import NotSent, ResponseLost, translated
from tests.client.conftest import EXTENSION, UNKNOWN

SECRET = "/restapi/v1.0/x?phoneNumber=%2B16505550100"


def unmade(reason: BaseException) -> requests.exceptions.ConnectionError:
    return requests.exceptions.ConnectionError(urllib3.exceptions.MaxRetryError(None, SECRET, reason))


def new_connection(number: int) -> urllib3.exceptions.NewConnectionError:
    error = urllib3.exceptions.NewConnectionError(None, f"Failed: [Errno {number}] {errno.errorcode[number]}")
    error.__cause__ = OSError(number, "x")
    return error


def tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


def certificate(text: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_message = text
    return error


def proxy(behind: Exception) -> urllib3.exceptions.ProxyError:
    return urllib3.exceptions.ProxyError("Cannot connect to proxy.", behind)


NAME = urllib3.exceptions.NameResolutionError("host.example", None, socket.gaierror(-2, "Name or service not known"))
CASES = {
    "name": (unmade(NAME), "its name cannot be resolved", "DNS"),
    "refused": (unmade(new_connection(errno.ECONNREFUSED)), "refused", "no server listens"),
    "no route": (unmade(new_connection(errno.EHOSTUNREACH)), "no route", "a route to the host"),
    "unreachable": (unmade(new_connection(errno.ENETUNREACH)), "no route", "a route to the host"),
    "silent": (requests.exceptions.ConnectTimeout(SECRET), "no answer in time", "firewall"),
    "system timeout": (unmade(new_connection(errno.ETIMEDOUT)), "no answer in time", "firewall"),
    "something": (unmade(urllib3.exceptions.NewConnectionError(None, "odd")), "it failed", "does not name"),
    "certificate": (
        unmade(urllib3.exceptions.SSLError(certificate("self-signed certificate in certificate chain"))),
        "its certificate is not trusted (self-signed certificate in certificate chain)",
        "inspects TLS",
    ),
    "plain http": (
        unmade(urllib3.exceptions.SSLError(tls("WRONG_VERSION_NUMBER"))),
        "no TLS (wrong version number)",
        "plain http",
    ),
    "proxy refused": (
        unmade(proxy(new_connection(errno.ECONNREFUSED))),
        "the proxy cannot be reached (refused)",
        "The proxy did not",
    ),
    "proxy's name": (
        unmade(proxy(NAME)),
        "the proxy cannot be reached (the proxy's name cannot be resolved)",
        "The proxy did not",
    ),
    "proxy's login": (
        unmade(proxy(OSError("Tunnel connection failed: 407 Proxy Authentication Required"))),
        "the proxy answered 407",
        "user name and a password",
    ),
    "proxy forbids": (
        unmade(proxy(OSError("Tunnel connection failed: 403 Forbidden"))),
        "the proxy answered 403",
        "The proxy did not",
    ),
}


@pytest.mark.parametrize(("error", "says", "cause"), CASES.values(), ids=CASES)
def test_host_cause_and_cure(error, says, cause):
    with pytest.raises(NotSent) as caught, translated("host.example:8443"):
        raise error

    assert caught.value.message == f"no connection to host.example:8443: {says}"
    assert cause in caught.value.remedy.cause
    assert caught.value.remedy.cure
    assert "6505550100" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "error",
    [
        unmade(urllib3.exceptions.SSLError(tls("DECRYPTION_FAILED_OR_BAD_RECORD_MAC"))),
        requests.exceptions.ConnectionError(urllib3.exceptions.ProtocolError("x", ConnectionResetError(104, "x"))),
        requests.exceptions.ReadTimeout(SECRET),
    ],
    ids=["tls later", "reset", "silent"],
)
def test_what_may_have_been_sent_is_lost(error):
    with pytest.raises(ResponseLost, match=r"host\.example") as caught, translated("host.example"):
        raise error
    assert "6505550100" not in str(caught.value)


def test_a_name_that_does_not_exist(odd, client_of, requests_mock):
    requests_mock.real_http = True
    client = client_of(odd, credentials={"server": "https://nobody.invalid", "allowed_hosts": ("nobody.invalid",)})

    with pytest.raises(Unavailable, match=r"no connection to nobody\.invalid: (its name|no route|the proxy)") as caught:
        client.request_json("GET", EXTENSION)
    assert caught.value.remedy.cure


@contextmanager
def listener(first: bytes) -> Iterator[int]:
    """A port that says `first` to everybody who connects, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1)
                    connection.sendall(first)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_server_without_tls(odd, client_of):
    with listener(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        client = client_of(odd, credentials={"server": f"https://127.0.0.1:{port}"})
        with pytest.raises(Unavailable, match=rf"no connection to 127\.0\.0\.1:{port}: no TLS"):
            client.request_json("GET", EXTENSION)


def test_a_proxy_that_wants_a_password(odd, client_of):
    answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    with listener(answer) as port:
        client = client_of(
            odd,
            credentials={
                "server": "https://platform.ringcentral.com",
                "proxies": {"https": f"http://user:pass-word@127.0.0.1:{port}"},
            },
        )
        with pytest.raises(Unavailable, match=r"no connection to platform\.ringcentral\.com: the proxy") as caught:
            client.request_json("GET", EXTENSION)
    assert "pass-word" not in str(caught.value)


def test_a_send_whose_connection_broke_names_the_host(odd, client_of):
    odd.tell(200, b"{", missing=9)

    with pytest.raises(OutcomeUnknown):
        client_of(odd).request_json("POST", UNKNOWN, json={})
