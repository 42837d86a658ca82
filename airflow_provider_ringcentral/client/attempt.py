"""One attempt of a request: sends at most one HTTP request and never sleeps.

An unfinished request raises `RetryLater`; only the driver that `Policy` creates waits. So the same attempt serves a
task and, in a worker thread, a triggerer.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from airflow_provider_ringcentral.client import endpoints
from airflow_provider_ringcentral.client.answer import (
    Answer,
    clock_behind,
    date_behind,
    rate_limit_group,
    rate_limit_info,
    replace_invalid_utf8,
)
from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.auth.login import Login
from airflow_provider_ringcentral.client.auth.token_cache import AccessToken
from airflow_provider_ringcentral.client.classify import Action, Classification, Classifier, penalty_of
from airflow_provider_ringcentral.client.errors import BadRequest, RateLimited, Unavailable
from airflow_provider_ringcentral.client.http.connection_errors import NotSent, ResponseLost, ResponseTooLarge
from airflow_provider_ringcentral.client.http.multi_status import MULTI_STATUS, as_json_array
from airflow_provider_ringcentral.client.http.response_body import read_body, read_error_body, set_body
from airflow_provider_ringcentral.client.http.transport import Bearer, Transport
from airflow_provider_ringcentral.client.policy import RetryLater
from airflow_provider_ringcentral.client.rate_limit.limiter import RateLimiter
from airflow_provider_ringcentral.client.rate_limit.windows import GROUP_OF_UNKNOWN_PATHS, RateLimitInfo
from airflow_provider_ringcentral.client.surrogates import replace_surrogates
from airflow_provider_ringcentral.client.usage import Usage

if TYPE_CHECKING:
    import requests

log = logging.getLogger(__name__)

UNLIMITED = "nothrottling"
MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(slots=True)
class PendingRequest:
    """A request on its way: what to send, how to read the response, and what its attempts have met so far.

    `ticket` identifies it in queues. `queued` is the window (owner and group) in which it may wait or hold a slot.
    """

    method: str
    url: str
    options: dict[str, Any]
    classifier: Classifier
    read: Callable[[requests.Response], Any]
    ticket: str = field(default_factory=lambda: uuid.uuid4().hex)
    failures: int = 0
    login_failures: int = 0
    waited_for_login: bool = False
    logged_in_again: bool = False
    asked_scope: bool = False
    redirects: int = 0
    queued: tuple[str, str] | None = None


class AttemptRunner:
    """Runs the attempts of one client's requests, and remembers the throttling groups that responses named."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        login: Login,
        transport: Transport,
        rate_limiter: RateLimiter,
        usage: Usage,
    ) -> None:
        self._credentials = credentials
        self._login = login
        self._transport = transport
        self._rate_limiter = rate_limiter
        self._usage = usage
        self._groups: dict[str, str] = {}
        self.deferrable_task: str | None = None
        """The name under which a deferrable task waits in the queue, None for other tasks."""
        self.window: tuple[str, str] | None = None
        """Owner and group of the last request; None if it needs no slot, or waits for a login."""
        self.windows: set[tuple[str, str]] = set()

    def __call__(self, request: PendingRequest) -> Any:
        """Send at most one HTTP request: for a token, or `request` itself. Returns the result of `request.read`."""
        try:
            return self._attempt(request)
        except RetryLater:
            # A request that may not be repeated gets here only if it was not executed.
            if (observer := request.options.get("observer")) is not None:
                observer.not_executed()
            raise

    def _attempt(self, request: PendingRequest) -> Any:
        self.window = None
        access = self._token(request)
        group = self.group(request)
        owner = self._credentials.owner_key(access.owner_id)
        if group != UNLIMITED:
            request.queued = self.window = (owner, group)
            self.windows.add(self.window)
            self._acquire_slot(request, owner, group)
        self._usage.count_request(group)
        try:
            with self._transport.send(request.method, request.url, Bearer(access.token), **request.options) as response:
                return self._answered(request, access, owner, group, response)
        except NotSent as error:
            self._rate_limiter.release(owner, group, request.ticket)
            return self._act(request, access, request.classifier.not_sent(error))
        except ResponseLost as error:
            if request.queued is not None:
                self._record(request, owner, group, RateLimitInfo())
            too_large = isinstance(error, ResponseTooLarge)
            result = request.classifier.too_large(error) if too_large else request.classifier.lost(error)
            return self._act(request, access, result)

    def _acquire_slot(self, request: PendingRequest, owner: str, group: str) -> None:
        try:
            self._rate_limiter.acquire(
                owner, group, request.ticket, failures=request.failures, task=self.deferrable_task
            )
        except RetryLater:
            # The token may become invalid during the wait: five later logins of other clients end it (guide page
            # authentication/tokens). That is no reason to fail then.
            request.logged_in_again = False
            raise

    def _answered(
        self, request: PendingRequest, access: AccessToken, owner: str, group: str, response: requests.Response
    ) -> Any:
        if response.status_code in REDIRECTS:
            self._record(request, owner, group, rate_limit_info(response.headers))
            return self._redirect(request, response)
        self._usage.clock_behind = clock_behind(response.headers)
        self._usage.date_behind = date_behind(response.headers)
        # Before the body is read: one that breaks off or cannot be read must not hide a 429.
        penalty = penalty_of(response.status_code, response.headers)
        self._learn(request, owner, group, response, penalty)
        body = _body_of(request, response)
        result = request.classifier.classify(Answer(response.status_code, response.headers, body, penalty))
        if result.action is not Action.DONE:
            return self._act(request, access, result)
        if response.status_code == 404:
            log.info("Nothing to delete (404): it does not exist any more.")
            body = b""
        return body if request.classifier.wants_json else request.read(response)

    def _act(self, request: PendingRequest, access: AccessToken, result: Classification) -> Any:
        """Raise what follows from a classification that is not DONE: `RetryLater` or the error."""
        error = result.error or Unavailable("the request failed")
        if result.action is Action.LOG_IN:
            self._login.cache.drop(access.token_id)
            if request.logged_in_again:
                # The login works, but somebody ends its sessions as fast as they start. That may pass.
                raise Unavailable(error.message, **error.fields())
            request.logged_in_again = True
            raise RetryLater("the token is no longer valid")
        if result.action is Action.ASK_SCOPE and not request.asked_scope:
            request.asked_scope = True
            if self._login.cache.renew_for_scope(access.token_id):
                raise RetryLater("the token may lack a scope that was granted meanwhile")
        if result.action is not Action.RETRY:
            raise error
        raise retry_later(result, request)

    def _token(self, request: PendingRequest) -> AccessToken:
        try:
            return self._login.token(request.ticket, request.login_failures)
        except BaseException as error:
            request.waited_for_login = True
            if isinstance(error, RetryLater):
                request.login_failures = error.failures
            raise

    def group(self, request: PendingRequest) -> str:
        """Return the throttling group: as learned from responses, else from `endpoints.py`, else the strictest."""
        row = endpoints.endpoint_for(request.method, urlsplit(request.url).path)
        return self._groups.get(_shape(request.method, request.url)) or (row.group if row else GROUP_OF_UNKNOWN_PATHS)

    def _learn(
        self, request: PendingRequest, owner: str, group: str, response: requests.Response, penalty: float | None
    ) -> None:
        """Learn from the headers, which may count the request in another group than we assumed."""
        info = rate_limit_info(response.headers, penalty)
        named = rate_limit_group(response.headers) or group
        if penalty is not None:
            self._usage.count_throttled(named)
        if info.remaining is not None:
            self._usage.remaining[named] = info.remaining
        if info.limit is not None and info.seconds is not None:
            self._usage.limits[named] = (info.limit, info.seconds)
        if named != group:
            self._groups[_shape(request.method, request.url)] = named
            self._rate_limiter.release(owner, group, request.ticket)
        self._record(request, owner, named, info)

    def _record(self, request: PendingRequest, owner: str, group: str, info: RateLimitInfo) -> None:
        request.queued = None
        if group != UNLIMITED:
            self._rate_limiter.record_response(owner, group, request.ticket, info)

    def _redirect(self, request: PendingRequest, response: requests.Response) -> Any:
        location = response.headers.get("Location")
        request.redirects += 1
        try:
            url = urljoin(request.url, location or "")
        except ValueError:
            location, url = None, ""
        if not location or request.method not in endpoints.READING_METHODS or request.redirects > MAX_REDIRECTS:
            message = f"RingCentral redirects this {request.method}; the redirect was not followed"
            raise BadRequest(message, status=response.status_code)
        request.url = self._transport.url(url)
        request.options = {**request.options, "params": None}
        raise RetryLater("redirected")

    def leave(self, request: PendingRequest) -> None:
        """Leave the queues in which a request that ended without a response may still stand."""
        if request.queued is not None:
            self._rate_limiter.abandon(*request.queued, request.ticket)
        if request.waited_for_login:
            self._login.leave(request.ticket)


def retry_later(result: Classification, request: Any) -> RetryLater:
    """Return the `RetryLater` for a RETRY, and count the failure in `request.failures`; a 429 is not a failure."""
    error = result.error or Unavailable("the request failed")
    request.failures += not isinstance(error, RateLimited)
    what = f"HTTP {error.status}" if error.status else error.message
    return RetryLater(f"{type(error).__name__}: {what}", delay=result.delay, failures=request.failures, error=error)


def _body_of(request: PendingRequest, response: requests.Response) -> bytes:
    """Read what classification needs of the body, cleaned if JSON is wanted."""
    if response.status_code >= 400:
        return read_error_body(response)
    if response.status_code == MULTI_STATUS:
        body = read_body(response)
        set_body(response, body)
        return as_json_array(response.headers.get("Content-Type", ""), replace_surrogates(replace_invalid_utf8(body)))
    return replace_surrogates(replace_invalid_utf8(read_body(response))) if request.classifier.wants_json else b""


def _shape(method: str, url: str) -> str:
    """Return a URL without ids and query, so that what one record's response taught applies to all on its host.

    The media host may count the same path in another group (guide page basics/media).
    """
    parts = urlsplit(url)
    return f"{method} {parts.netloc}{re.sub(r'/(~|[^/]*[0-9][^/]*)(?=/|$)', '/*', parts.path)}"
