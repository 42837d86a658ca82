"""One attempt of a request: at most one HTTP request, and never a sleep.

An unfinished request raises `RetryLater`; only the driver that `Policy` makes waits. So the same attempt serves a
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
    group_named,
    in_utf8,
    rate_limit_info,
)
from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.auth.login import Login
from airflow_provider_ringcentral.client.auth.token_cache import AccessToken
from airflow_provider_ringcentral.client.classify import Action, Classification, Classifier, refused_for
from airflow_provider_ringcentral.client.errors import BadRequest, RateLimited, Unavailable
from airflow_provider_ringcentral.client.http.broken_connection import Lost, NeverSent, TooLarge
from airflow_provider_ringcentral.client.http.multi_status import MULTI_STATUS, as_array
from airflow_provider_ringcentral.client.http.response_body import body_of, error_body_of, keep
from airflow_provider_ringcentral.client.http.transport import Bearer, Transport
from airflow_provider_ringcentral.client.policy import RetryLater
from airflow_provider_ringcentral.client.rate_limit.limiter import RateLimiter
from airflow_provider_ringcentral.client.rate_limit.windows import STRICTEST, RateLimitInfo
from airflow_provider_ringcentral.client.surrogates import without_halves
from airflow_provider_ringcentral.client.usage import Usage

if TYPE_CHECKING:
    import requests

log = logging.getLogger(__name__)

UNLIMITED = "nothrottling"
MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(slots=True)
class Call:
    """One request on its way: what to send, and what its attempts have met so far."""

    method: str
    url: str
    options: dict[str, Any]
    judge: Classifier
    read: Callable[[requests.Response], Any]
    ticket: str = field(default_factory=lambda: uuid.uuid4().hex)
    failures: int = 0
    login_failures: int = 0
    waited_for_login: bool = False
    logged_in_again: bool = False
    asked_scope: bool = False
    hops: int = 0
    queued: tuple[str, str] | None = None


class Attempt:
    """Attempts the calls of one client; remembers the groups that answers named."""

    def __init__(
        self, credentials: Credentials, *, login: Login, transport: Transport, rate_limiter: RateLimiter, usage: Usage
    ) -> None:
        self._credentials = credentials
        self._login = login
        self._transport = transport
        self._rate_limiter = rate_limiter
        self._usage = usage
        self._groups: dict[str, str] = {}
        self.deferrable_task: str | None = None
        """Of a task that gives its worker back when a place is far away: the name under which it waits."""
        self.window: tuple[str, str] | None = None
        """Owner and group of the last request; None when it has no place, or waits for a login."""
        self.windows: set[tuple[str, str]] = set()

    def __call__(self, call: Call) -> Any:
        """At most one HTTP request: for a token, or the call itself. Returns what `call.read` makes of the answer."""
        try:
            return self._once(call)
        except RetryLater:
            # Of a request that may not be repeated this comes only when it was not executed.
            if (observer := call.options.get("observer")) is not None:
                observer.refused()
            raise

    def _once(self, call: Call) -> Any:
        self.window = None
        use = self._token(call)
        group = self.group(call)
        owner = self._credentials.owner_key(use.owner_id)
        if group != UNLIMITED:
            call.queued = self.window = (owner, group)
            self.windows.add(self.window)
            self._take_place(call, owner, group)
        self._usage.count_request(group)
        try:
            with self._transport.send(call.method, call.url, Bearer(use.token), **call.options) as response:
                return self._answered(call, use, owner, group, response)
        except NeverSent as error:
            self._rate_limiter.release(owner, group, call.ticket)
            return self._act(call, use, call.judge.never_sent(error))
        except Lost as error:
            if call.queued is not None:
                self._date(call, owner, group, RateLimitInfo())
            lost = call.judge.too_large(error) if isinstance(error, TooLarge) else call.judge.lost(error)
            return self._act(call, use, lost)

    def _take_place(self, call: Call, owner: str, group: str) -> None:
        try:
            self._rate_limiter.acquire(owner, group, call.ticket, failures=call.failures, task=self.deferrable_task)
        except RetryLater:
            # A token may die while its place is waited for: five later logins of others end it (FACTS 2.5).
            call.logged_in_again = False
            raise

    def _answered(self, call: Call, use: AccessToken, owner: str, group: str, response: requests.Response) -> Any:
        if response.status_code in REDIRECTS:
            self._date(call, owner, group, rate_limit_info(response.headers))
            return self._redirect(call, response)
        self._usage.behind = clock_behind(response.headers)
        self._usage.date_behind = date_behind(response.headers)
        # Before the body is read, so that one that breaks off or says nonsense hides no 429.
        refused = refused_for(response.status_code, response.headers)
        self._learn(call, owner, group, response, refused)
        body = _body_of(call, response)
        verdict = call.judge.judge(Answer(response.status_code, response.headers, body, refused))
        if verdict.action is not Action.DONE:
            return self._act(call, use, verdict)
        if response.status_code == 404:
            log.info("There was nothing to delete (404): it is gone already.")
            body = b""
        return body if call.judge.wants_json else call.read(response)

    def _act(self, call: Call, use: AccessToken, verdict: Classification) -> Any:
        """Raise what follows from a verdict that is not DONE: `RetryLater`, or the error."""
        error = verdict.error or Unavailable("the request failed")
        if verdict.action is Action.LOG_IN:
            self._login.cache.drop(use.token_id)
            if call.logged_in_again:
                # The login works; somebody ends its sessions as fast as they are made. That may pass.
                raise Unavailable(error.message, **error.fields())
            call.logged_in_again = True
            raise RetryLater("the token is no longer valid")
        if verdict.action is Action.ASK_SCOPE and not call.asked_scope:
            call.asked_scope = True
            if self._login.cache.renew_for_scope(use.token_id):
                raise RetryLater("the token may lack a scope that was granted meanwhile")
        if verdict.action is not Action.RETRY:
            raise error
        if not isinstance(error, RateLimited):
            call.failures += 1
        what = f"HTTP {error.status}" if error.status else error.message
        reason = f"{type(error).__name__}: {what}"
        raise RetryLater(reason, delay=verdict.delay, failures=call.failures, error=error)

    def _token(self, call: Call) -> AccessToken:
        try:
            return self._login.token(call.ticket, call.login_failures)
        except RetryLater as again:
            call.waited_for_login = True
            call.login_failures = again.failures
            raise
        except BaseException:
            call.waited_for_login = True
            raise

    def group(self, call: Call) -> str:
        """The throttling group: as learned from answers, else by the table, else the strictest."""
        row = endpoints.endpoint_for(call.method, urlsplit(call.url).path)
        return self._groups.get(_shape(call.method, call.url)) or (row.group if row else STRICTEST)

    def _learn(self, call: Call, owner: str, group: str, response: requests.Response, refused: float | None) -> None:
        """What the answer says of the windows; it may count the request in another group than we thought."""
        said = rate_limit_info(response.headers, refused)
        named = group_named(response.headers) or group
        if refused is not None:
            self._usage.count_throttled(named)
        if said.remaining is not None:
            self._usage.remaining[named] = said.remaining
        if said.limit is not None and said.seconds is not None:
            self._usage.limits[named] = (said.limit, said.seconds)
        if named != group:
            self._groups[_shape(call.method, call.url)] = named
            self._rate_limiter.release(owner, group, call.ticket)
        self._date(call, owner, named, said)

    def _date(self, call: Call, owner: str, group: str, said: RateLimitInfo) -> None:
        call.queued = None
        if group != UNLIMITED:
            self._rate_limiter.record_response(owner, group, call.ticket, said)

    def _redirect(self, call: Call, response: requests.Response) -> Any:
        location = response.headers.get("Location")
        call.hops += 1
        try:
            url = urljoin(call.url, location or "")
        except ValueError:
            location, url = None, ""
        if not location or call.method not in endpoints.READING_METHODS or call.hops > MAX_REDIRECTS:
            message = f"RingCentral redirects this {call.method}; it was not followed"
            raise BadRequest(message, status=response.status_code)
        call.url = self._transport.url(url)
        call.options = {**call.options, "params": None}
        raise RetryLater("redirected")

    def leave(self, call: Call) -> None:
        """Leave the queues a call may still stand in when it ends without an answer."""
        if call.queued is not None:
            self._rate_limiter.abandon(*call.queued, call.ticket)
        if call.waited_for_login:
            self._login.leave(call.ticket)


def _body_of(call: Call, response: requests.Response) -> bytes:
    """What the answer is judged by, and what it is worth when JSON is wanted."""
    if response.status_code >= 400:
        return error_body_of(response)
    if response.status_code == MULTI_STATUS:
        body = body_of(response)
        keep(response, body)
        return as_array(response.headers.get("Content-Type", ""), without_halves(in_utf8(body)))
    return without_halves(in_utf8(body_of(response))) if call.judge.wants_json else b""


def _shape(method: str, url: str) -> str:
    """A URL without its ids and query, so that what was learned of one record holds for all on its host.

    The media host may count the same path in another group (guide: basics/media.md).
    """
    parts = urlsplit(url)
    return f"{method} {parts.netloc}{re.sub(r'/(~|[^/]*[0-9][^/]*)(?=/|$)', '/*', parts.path)}"
