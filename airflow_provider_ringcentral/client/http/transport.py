"""One HTTP request: the only module that imports requests.

What a transport must know of a server.
"""

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
from airflow_provider_ringcentral.client.http.broken_connection import Lost, NeverSent, translated
from airflow_provider_ringcentral.client.http.hosts import canonical, host_of, is_loopback, may_receive_secrets
from airflow_provider_ringcentral.client.http.response_body import ACCEPTED_ENCODINGS


class ServerConfig(Protocol):
    """How to reach a server: `Credentials` say it, and so does the address of a webhook, which has no login."""

    @property
    def server(self) -> str:
        """Its URL without a path."""
        ...

    @property
    def timeout(self) -> float:
        """Seconds until an answer is late."""
        ...

    @property
    def verify(self) -> bool:
        """Whether its certificate is checked; on loopback it need not be."""
        ...

    @property
    def proxies(self) -> Mapping[str, str] | None:
        """As in requests."""
        ...

    @property
    def allowed_hosts(self) -> Collection[str]:
        """Hosts besides RingCentral's own that may receive secrets."""
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
    """Who must know when a request goes out, because it must not go out twice."""

    def departs(self) -> None:
        """The request goes out next. What this raises keeps it back."""
        ...

    def refused(self) -> None:
        """What went out, if anything did, was certainly not executed, and is waited with."""
        ...


class Basic(AuthBase):
    """HTTP Basic with the client id and secret, in UTF-8 (requests' own encodes str as Latin-1)."""

    def __init__(self, credentials: Credentials) -> None:
        self._basic = requests.auth.HTTPBasicAuth(
            credentials.client_id.encode(),
            credentials.client_secret.encode(),
        )

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Set the header."""
        self._basic(request)
        return request


class Bearer(AuthBase):
    """The access token. As an auth object, since a header set by hand loses to a `~/.netrc` entry of the host."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Set the header."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Anonymous(AuthBase):
    """Nothing: for requests without a login, which would otherwise be given what `~/.netrc` has for the host."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Leave the request as it is."""
        return request


class _Session(requests.Session):
    """Leaves redirects alone: requests reads their whole bodies and parses their links even when it follows none."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere."""


class _Adapter(HTTPAdapter):
    """Drops cookies, which RingCentral's API has no use for, before Python's parser warns of those it stumbles over."""

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """As requests does."""
        message = getattr(getattr(resp, "_original_response", None), "msg", None)
        if message is not None:
            del message["Set-Cookie"]
        return super().build_response(req, resp)


class Transport:
    """A pool of connections to RingCentral's hosts. Never follows redirects and never retries by itself."""

    def __init__(self, credentials: ServerConfig, ends: float | None = None) -> None:
        """`ends` (of `time.monotonic`): nothing is sent from then on, and no answer is waited for."""
        self._credentials = credentials
        self._ends = ends
        self._session = _Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter())
        self._session.headers.update(
            {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": ACCEPTED_ENCODINGS}
        )

    def url(self, path: str) -> str:
        """The absolute URL of a path or URL; refuses hosts that must not see secrets, before anything is sent."""
        url = self._credentials.server + path if path.startswith("/") else canonical(path)
        if not may_receive_secrets(url, self._credentials.allowed_hosts, self._credentials.server):
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
        """Send once and hand over the answer with its body unread. Raises `NeverSent` or `Lost`."""
        credentials, url = self._credentials, self.url(url)
        read_timeout = self._within_time(timeout or credentials.timeout)
        if observer is not None:
            observer.departs()
        with translated(urlsplit(url).netloc):
            try:
                response = self._session.request(
                    method,
                    url,
                    auth=auth,
                    timeout=(min(CONNECT_TIMEOUT_SECONDS, read_timeout), read_timeout),
                    allow_redirects=False,
                    # On the session they would lose to the environment's.
                    verify=credentials.verify or not is_loopback(host_of(url) or ""),
                    proxies=_proxies(url, credentials),
                    stream=True,
                    **options,
                )
            except (requests.exceptions.InvalidURL, UnicodeError):
                raise BadRequest("no request can be sent to this URL", parameter="path", remedy=_UNSENDABLE) from None
            with response:
                yield response

    def _within_time(self, timeout: float) -> float:
        left = timeout if self._ends is None else self._ends - time.monotonic()
        if left <= 0:
            raise NeverSent("there was no time left for it")
        return min(timeout, left)

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()


def _why_refused(host: str | None) -> str:
    if host is None:
        return "must start with / or be an https URL of RingCentral, spaces and backslashes percent-encoded"
    if is_loopback(host):
        return f"leads to {host}, this machine and not the Connection's server: the access token does not go there"
    return (
        f"leads to {host}, which may not receive the access token; if that is right, list the host in [ringcentral] "
        "allowed_hosts"
    )


def _proxies(url: str, credentials: ServerConfig) -> dict[str, str]:
    """None for loopback, whatever Connection and environment say: over plain http a proxy would see the secret."""
    # An empty text, unlike a missing key, also keeps requests from asking the environment.
    return {"http": "", "https": ""} if is_loopback(host_of(url) or "") else dict(credentials.proxies or {})


def wire_parameters(params: Mapping[str, Any] | None) -> dict[str, Any]:
    """Query parameters as RingCentral reads them: lists as repeated keys, ISO times in UTC, lower-case booleans.

    Source: guide pages basics/formats (FACTS 1.3). None is left out; a time without zone raises `BadRequest`.
    """
    return {name: _wire(name, value) for name, value in (params or {}).items() if value is not None}


def _wire(name: str, value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise BadRequest(f"{name}: the time {value} has no zone; give one, such as UTC", parameter=name)
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, (list, tuple, set)):
        return [_wire(name, item) for item in value]
    return value


def run_with_deadline(seconds: float, work: Callable[[], T]) -> T:
    """Return what `work` returns, or raise `Lost` if it takes longer than `seconds`.

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
        raise Lost(f"no complete response within {seconds:.0f} s")
    return future.result()
