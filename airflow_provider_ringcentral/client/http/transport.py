"""Transport: sends one HTTP request, without redirects and retries."""

from __future__ import annotations

import contextvars
import platform
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from airflow_provider_ringcentral import __version__
from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.errors import (
    HOST_REFUSED,
    BadRequest,
    ConfigurationError,
    FieldProblem,
)
from airflow_provider_ringcentral.client.errors.remedy import DAG_AUTHOR, Remedy
from airflow_provider_ringcentral.client.http.connection_errors import NotSent, ResponseLost, translated
from airflow_provider_ringcentral.client.http.hosts import canonical, host_of, is_loopback, may_receive_secrets
from airflow_provider_ringcentral.client.http.response_body import ACCEPTED_ENCODINGS


class ServerConfig(Protocol):
    """How to reach a server: `Credentials`, or the address of a webhook, which has no login."""

    @property
    def server(self) -> str:
        """The server's URL without a path."""
        ...

    @property
    def timeout(self) -> float:
        """Seconds to wait for each part of a response."""
        ...

    @property
    def verify(self) -> bool:
        """Whether the certificate is verified; False has an effect on loopback only."""
        ...

    @property
    def proxies(self) -> Mapping[str, str] | None:
        """Proxies by scheme, as in requests."""
        ...

    @property
    def allowed_hosts(self) -> Collection[str]:
        """Hosts that may receive secrets, besides RingCentral's own."""
        ...


USER_AGENT = (
    f"airflow-provider-ringcentral/{__version__} (requests/{requests.__version__}; Python/{platform.python_version()})"
)
CONNECT_TIMEOUT_SECONDS = 10.0

T = TypeVar("T")

_UNSENDABLE = Remedy(
    cause="The URL names a host that cannot exist.",
    cure="Give the path from its first / on; the server comes from the Connection.",
    who=DAG_AUTHOR,
)


class SendObserver(Protocol):
    """Is notified about a request that must not be sent twice."""

    def before_send(self) -> None:
        """The request is sent next, unless this raises."""
        ...

    def not_executed(self) -> None:
        """The request was certainly not executed, and will be sent again later."""
        ...


class Basic(AuthBase):
    """HTTP Basic authentication with client id and secret in UTF-8; that of requests encodes Latin-1."""

    def __init__(self, credentials: Credentials) -> None:
        self._basic = requests.auth.HTTPBasicAuth(
            credentials.client_id.encode(),
            credentials.client_secret.encode(),
        )

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Set the Authorization header."""
        self._basic(request)
        return request


class Bearer(AuthBase):
    """The access token as an auth object: requests replaces a plain header with a `~/.netrc` entry of the host."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Set the Authorization header."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Anonymous(AuthBase):
    """No authentication. Without an auth object, requests would use a `~/.netrc` entry of the host."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Leave the request as it is."""
        return request


class _Session(requests.Session):
    """Ignores redirects: requests reads their bodies and parses their links even when it does not follow them."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None: do not redirect."""


class _Adapter(HTTPAdapter):
    """Drops cookies, which RingCentral's API does not use, before Python's parser warns about malformed ones."""

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Build the response without its cookies."""
        message = getattr(getattr(resp, "_original_response", None), "msg", None)
        if message is not None:
            del message["Set-Cookie"]
        return super().build_response(req, resp)


class Transport:
    """A pool of connections to RingCentral's hosts. Does not follow redirects and does not retry."""

    def __init__(self, server: ServerConfig, deadline: float | None = None) -> None:
        """Nothing is sent, and no response is waited for, after `deadline` (of `time.monotonic`)."""
        self._server = server
        self._deadline = deadline
        self._session = _Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter())
        self._session.headers.update(
            {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": ACCEPTED_ENCODINGS}
        )

    def url(self, path: str) -> str:
        """Return the absolute URL. Raises `ConfigurationError` for a host that may not receive secrets."""
        url = self._server.server + path if path.startswith("/") else canonical(path)
        if not may_receive_secrets(url, self._server.allowed_hosts, self._server.server):
            raise ConfigurationError(problems=[FieldProblem("path", _why_refused(host_of(url)), HOST_REFUSED)])
        return url

    @contextmanager
    def send(
        self,
        method: str,
        url: str,
        auth: AuthBase,
        *,
        timeout: float | None = None,
        observer: SendObserver | None = None,
        **options: Any,
    ) -> Iterator[requests.Response]:
        """Send once and yield the response with its body unread. Raises `NotSent` or `ResponseLost`.

        `timeout` is seconds for connecting (at most 10) and for each read from the socket.
        """
        server, url = self._server, self.url(url)
        read_timeout = self._within_deadline(timeout or server.timeout)
        if observer is not None:
            observer.before_send()
        with translated(urlsplit(url).netloc):
            try:
                response = self._session.request(
                    method,
                    url,
                    auth=auth,
                    timeout=(min(CONNECT_TIMEOUT_SECONDS, read_timeout), read_timeout),
                    allow_redirects=False,
                    # On the session, the environment's would take precedence.
                    verify=server.verify or not is_loopback(host_of(url) or ""),
                    proxies=_proxies(url, server),
                    stream=True,
                    **options,
                )
            except (requests.exceptions.InvalidURL, UnicodeError):
                raise BadRequest("this URL is invalid", parameter="path", remedy=_UNSENDABLE) from None
            with response:
                yield response

    def _within_deadline(self, timeout: float) -> float:
        left = timeout if self._deadline is None else self._deadline - time.monotonic()
        if left <= 0:
            raise NotSent("there was no time left to send it")
        return min(timeout, left)

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()


def _why_refused(host: str | None) -> str:
    if host is None:
        return "must start with / or be an https URL of RingCentral; percent-encode spaces and backslashes"
    if is_loopback(host):
        return f"leads to {host} on this machine, not to the Connection's server, so the access token is not sent there"
    return (
        f"leads to {host}, which may not receive the access token; if you trust it, add it to [ringcentral] "
        "allowed_hosts"
    )


def _proxies(url: str, server: ServerConfig) -> dict[str, str]:
    """Return the proxies to use: none for loopback, since a proxy would see the secret over plain http."""
    # Unlike a missing key, an empty string also overrides the environment.
    return {"http": "", "https": ""} if is_loopback(host_of(url) or "") else dict(server.proxies or {})


def wire_parameters(params: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return query parameters in RingCentral's format: repeated keys for lists, ISO times in UTC, lower-case booleans.

    None is left out. Raises `BadRequest` for a time without a zone. Source: guide pages basics/formats.
    """
    return {name: _wire(name, value) for name, value in (params or {}).items() if value is not None}


def _wire(name: str, value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise BadRequest(f"{name}: the time {value} has no zone; add one, such as UTC", parameter=name)
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, (list, tuple, set)):
        return [_wire(name, item) for item in value]
    return value


def run_with_deadline(seconds: float, work: Callable[[], T]) -> T:
    """Return what `work` returns, or raise `ResponseLost` if it takes longer than `seconds`.

    Limits the total time of requests: the timeouts of a socket start again with every byte that arrives. `work` runs in
    a thread. One that is given up ends with its connection, at the latest with the process.
    """
    future: Future[T] = Future()
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            future.set_exception(error)

    threading.Thread(
        target=contextvars.copy_context().run, args=(run,), daemon=True, name="ringcentral-deadline"
    ).start()
    if not done.wait(seconds):
        raise ResponseLost(f"no complete response within {seconds:.0f} s")
    return future.result()
