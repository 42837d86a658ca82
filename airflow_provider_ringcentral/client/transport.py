"""One HTTP request: the only module that imports requests."""

from __future__ import annotations

import platform
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

import requests
import urllib3
from requests.auth import AuthBase

from airflow_provider_ringcentral import __version__
from airflow_provider_ringcentral.client.credentials import Credentials
from airflow_provider_ringcentral.client.errors import (
    HOST_REFUSED,
    BadRequest,
    ConfigurationError,
    Problem,
    Unavailable,
)
from airflow_provider_ringcentral.client.hosts import canonical, host_of, is_loopback, may_receive_secrets
from airflow_provider_ringcentral.client.reach import Reach

USER_AGENT = (
    f"airflow-provider-ringcentral/{__version__} (requests/{requests.__version__}; Python/{platform.python_version()})"
)
CONNECT_TIMEOUT_SECONDS = 10.0
CHUNK_BYTES = 1 << 16
"""A piece of a body. What is read of a piece before the connection breaks is lost, so it is no larger."""

_NEVER_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
    urllib3.exceptions.NameResolutionError,
)


class NeverSent(Unavailable):
    """No connection was made: nothing was executed."""


class Lost(Unavailable):
    """The connection broke or fell silent after the request may have gone out."""


class Passage(Protocol):
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


class Transport:
    """A pool of connections to RingCentral's hosts. Never follows redirects and never retries by itself."""

    def __init__(self, credentials: Reach) -> None:
        self._credentials = credentials
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})

    def url(self, path: str) -> str:
        """The absolute URL of a path or URL; refuses hosts that must not see secrets, before anything is sent."""
        url = self._credentials.server + path if path.startswith("/") else canonical(path)
        if not may_receive_secrets(url, self._credentials.allowed_hosts):
            host = host_of(url)
            raise ConfigurationError(
                problems=[
                    Problem(
                        "path",
                        f"leads to {host}, which may not receive the access token; if that is right, list the host in "
                        "[ringcentral] allowed_hosts"
                        if host
                        else "must start with / or be an https URL of RingCentral, spaces and backslashes "
                        "percent-encoded",
                        HOST_REFUSED,
                    )
                ]
            )
        return url

    @contextmanager
    def send(
        self,
        method: str,
        url: str,
        auth: AuthBase,
        *,
        timeout: float | None = None,
        passage: Passage | None = None,
        **options: Any,
    ) -> Iterator[requests.Response]:
        """Send once and hand over the answer with its body unread. Raises `NeverSent` or `Lost`."""
        credentials, url = self._credentials, self.url(url)
        read_timeout = timeout or credentials.timeout
        if passage is not None:
            passage.departs()
        with _translated():
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
            with response:
                yield response

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()


def _proxies(url: str, credentials: Reach) -> dict[str, str]:
    """None for loopback, whatever Connection and environment say: over plain http a proxy would see the secret."""
    # An empty text, unlike a missing key, also keeps requests from asking the environment.
    return {"http": "", "https": ""} if is_loopback(host_of(url) or "") else dict(credentials.proxies or {})


def body_of(response: requests.Response) -> bytes:
    """The whole body in one read; `response.content` would join it from pieces of 10 KB."""
    return bytes(response.raw.read(decode_content=True))


def error_body_of(response: requests.Response) -> bytes:
    """The body of a refusal, empty when it breaks off: the status has said enough."""
    try:
        return body_of(response)
    except (urllib3.exceptions.HTTPError, OSError):
        return b""


def buffered(options: dict[str, Any]) -> dict[str, Any]:
    """The options with streams and files read into one body, so that a repeated request sends the same bytes."""
    data, files = options.get("data"), options.get("files")
    if not files and not hasattr(data, "read"):
        return options
    body = data if files or data is None else data.read()
    prepared = requests.Request("POST", "http://127.0.0.1/", data=body, files=files).prepare()
    kind = {"Content-Type": prepared.headers["Content-Type"]} if "Content-Type" in prepared.headers else {}
    return {**options, "data": prepared.body, "files": None, "headers": {**kind, **(options.get("headers") or {})}}


def loaded(response: requests.Response) -> requests.Response:
    """The answer, with its body in memory."""
    _ = response.content
    return response


def chunks_of(response: requests.Response) -> Iterator[bytes]:
    """The body in pieces of at most 64 KiB."""
    yield from response.iter_content(CHUNK_BYTES)


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


@contextmanager
def _translated() -> Iterator[None]:
    """The errors of requests and urllib3 as ours; their texts hold URLs with phone numbers, so only the kind stays."""
    try:
        yield
    except (requests.exceptions.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError) as error:
        raise NeverSent(f"no connection within the timeout ({type(error).__name__})") from None
    except requests.exceptions.ConnectionError as error:
        cause = error.args[0] if error.args else None
        reason = getattr(cause, "reason", None) or cause
        # A TLS error may also come while reading the answer; only a refused certificate proves that nothing was sent.
        refused = any(isinstance(part, ssl.SSLCertVerificationError) for part in getattr(reason, "args", ()))
        if refused or isinstance(reason, _NEVER_SENT):
            raise NeverSent(f"no connection to the server ({type(reason).__name__})") from None
        raise Lost(f"the connection broke ({type(reason).__name__})") from None
    except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise Lost(f"no answer within the timeout ({type(error).__name__})") from None
    except (
        requests.exceptions.ChunkedEncodingError,
        requests.exceptions.ContentDecodingError,
        urllib3.exceptions.HTTPError,
        ConnectionError,
        TimeoutError,
    ) as error:
        raise Lost(f"the answer broke off ({type(error).__name__})") from None
