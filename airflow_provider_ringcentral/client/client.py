"""RingCentralClient: attempts, requests, pages, records.

An attempt is at most one HTTP request and never sleeps: what is not finished raises `Again`, and only the driver that
`Policy` makes waits. So the same attempt serves a task and, in a worker thread, a triggerer.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

import msgspec

from airflow_provider_ringcentral.client import endpoints
from airflow_provider_ringcentral.client.answer import Answer, group_named, heard
from airflow_provider_ringcentral.client.credentials import DEFAULT_MAX_WAIT_SECONDS, Credentials
from airflow_provider_ringcentral.client.errors import BadRequest, RateLimited, RingCentralError, Unavailable
from airflow_provider_ringcentral.client.ledger import Ledger
from airflow_provider_ringcentral.client.login import Login
from airflow_provider_ringcentral.client.pacing import STRICTEST, Heard
from airflow_provider_ringcentral.client.paging import Trail, following, rows
from airflow_provider_ringcentral.client.places import Places
from airflow_provider_ringcentral.client.policy import Again, Policy
from airflow_provider_ringcentral.client.session import Use
from airflow_provider_ringcentral.client.transport import Bearer, Lost, NeverSent, Transport, body_of, loaded
from airflow_provider_ringcentral.client.usage import Observer, Usage
from airflow_provider_ringcentral.client.verdict import Action, Judge, Verdict

if TYPE_CHECKING:
    import requests

T = TypeVar("T")

UNLIMITED = "nothrottling"
MAX_REDIRECTS = 5
JSON_HEADERS = {"Accept": "application/json"}
HOLD_SECONDS = 15.0
"""Beyond the timeout, how long a place may be held by a request that nobody reports on."""


@dataclass(slots=True)
class _Call:
    """One request on its way: what to send, and what its attempts have met so far."""

    method: str
    url: str
    options: dict[str, Any]
    judge: Judge
    read: Callable[[requests.Response], Any]
    ticket: str = field(default_factory=lambda: uuid.uuid4().hex)
    failures: int = 0
    login_failures: int = 0
    waited_for_login: bool = False
    logged_in_again: bool = False
    asked_scope: bool = False
    hops: int = 0
    queued: tuple[str, str] | None = None


class RingCentralClient:
    """Talks to RingCentral as one app and user, within their quota.

    Everybody who opens the same `ledger` with the same credentials shares token, windows and penalties. `on_secret` is
    called with every access token the moment it is received, `raise_as` turns an error into the one to raise,
    `observe` hears of every request, login, 429 and wait. Safe for threads.
    """

    def __init__(
        self,
        credentials: Credentials,
        ledger: Ledger,
        *,
        policy: Policy | None = None,
        on_secret: Callable[[str], None] | None = None,
        raise_as: Callable[[RingCentralError], RingCentralError] | None = None,
        observe: Observer | None = None,
        show_personal_data: bool = False,
    ) -> None:
        self.credentials = credentials
        self.usage = Usage(observe=observe) if observe else Usage()
        self.transport = Transport(credentials)
        self.places = Places(ledger, credentials.timeout + HOLD_SECONDS)
        self.login = Login(
            credentials,
            ledger,
            transport=self.transport,
            places=self.places,
            usage=self.usage,
            on_secret=on_secret or _ignore,
        )
        patience = DEFAULT_MAX_WAIT_SECONDS if credentials.max_wait is None else credentials.max_wait
        self._policy = policy or Policy(max_wait=patience)
        self._raise_as = raise_as
        self._show_personal_data = show_personal_data
        self._groups: dict[str, str] = {}

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Any = None,
        files: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send one request and return its answer, already judged: a failure raises one of `errors.py`.

        `path` starts with / or is a URL of RingCentral; the other arguments are those of requests. Lists in `params`
        become repeated keys, aware datetimes ISO times in UTC.
        """
        options = {"params": params, "json": json, "data": data, "files": files, "headers": headers}
        return self._run(method, path, options, loaded)

    def request_json(self, method: str, path: str, **options: Any) -> Any:
        """As `request`, but returns the decoded JSON, None for an answer without a body. Broken JSON is a failure."""
        body = self.raw_json(method, path, **options)
        return msgspec.json.decode(body) if body else None

    def raw_json(self, method: str, path: str, **options: Any) -> bytes:
        """The body of an answer that is JSON, complete and undecoded."""
        return self._run(method, path, options, body_of, wants_json=True)

    def raw_page(self, path: str, params: Mapping[str, Any]) -> bytes:
        """The body of one page of a list, as `raw_json`."""
        return self.raw_json("GET", path, params=params)

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """The pages of a list, each as decoded JSON, asked for one by one as they are consumed.

        Without a page size in `params` the largest one known for the path is asked for.
        """
        trail = Trail()
        query: tuple[str, dict[str, Any]] | None = (path, self._with_page_size(path, params or {}))
        while query is not None:
            page = self.request_json("GET", query[0], params=trail.step(query)[1])
            yield page
            query = following(*query, page)

    def records(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """The records of all pages of a list. Rows may repeat when the list changes meanwhile (FACTS 5.1)."""
        for page in self.pages(path, params):
            yield from rows(page)

    def attempt_download(self, url: str, headers: Mapping[str, str], read: Callable[[requests.Response], T]) -> T:
        """GET `url` and hand the answer, body unread, to `read`, again after each failure of the network."""
        return self._run("GET", url, {"headers": dict(headers)}, read)

    def remaining(self, group: str) -> int | None:
        """Requests left in the group's window, as the last answer of this client said."""
        return self.usage.remaining.get(group)

    def close(self) -> None:
        """Close idle connections. The shared token stays valid: others may be using it."""
        self.transport.close()

    def _with_page_size(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        row = endpoints.endpoint_for("GET", urlsplit(path).path)
        if row is None or row.paging is None or row.page_size is None:
            return dict(params)
        return {endpoints.SIZE_PARAMETER[row.paging]: row.page_size, **params}

    def _run(
        self,
        method: str,
        path: str,
        options: dict[str, Any],
        read: Callable[[requests.Response], T],
        *,
        wants_json: bool = False,
    ) -> T:
        method = method.upper()
        judge = Judge(endpoints.repeatable(method, urlsplit(path).path), wants_json, self._show_personal_data)
        call = _Call(method, path, options, judge, read)
        driver = self._policy.retrying()
        try:
            call.url = self.transport.url(path)
            result: T = driver(self._attempt, call)
            return result
        except RingCentralError as error:
            turned = self._raise_as(error) if self._raise_as else error
            if turned is error:
                raise
            raise turned from error.__cause__
        finally:
            self.usage.count_wait(driver.statistics.get("idle_for", 0.0), self._group(call))
            self._leave(call)

    def _attempt(self, call: _Call) -> Any:
        """At most one HTTP request: for a token, or the call itself."""
        use = self._token(call)
        group = self._group(call)
        owner = self.credentials.owner_key(use.owner_id)
        if group != UNLIMITED:
            call.queued = (owner, group)
            self.places.take(owner, group, call.ticket, failures=call.failures)
        self.usage.count_request(group)
        try:
            with self.transport.send(call.method, call.url, Bearer(use.token), **call.options) as response:
                return self._answered(call, use, owner, group, response)
        except NeverSent as error:
            self.places.give_back(owner, group, call.ticket)
            return self._act(call, use, call.judge.never_sent(error))
        except Lost as error:
            if call.queued is not None:
                self._date(call, owner, group, Heard())
            return self._act(call, use, call.judge.lost(error))

    def _answered(self, call: _Call, use: Use, owner: str, group: str, response: requests.Response) -> Any:
        if 300 <= response.status_code < 400:
            self._date(call, owner, group, heard(response.headers))
            return self._redirect(call, response)
        ok = response.status_code < 300
        body = None if ok and not call.judge.wants_json else body_of(response)
        answer = Answer(response.status_code, response.headers, body or b"")
        verdict = call.judge.judge(answer)
        refused = verdict.delay if response.status_code == 429 else None
        self._learn(call, owner, group, response, refused)
        if verdict.action is not Action.DONE:
            return self._act(call, use, verdict)
        return body if body is not None else call.read(response)

    def _act(self, call: _Call, use: Use, verdict: Verdict) -> Any:
        """Raise what follows from a verdict that is not DONE: `Again`, or the error."""
        error = verdict.error or Unavailable("the request failed")
        if verdict.action is Action.LOG_IN and not call.logged_in_again:
            call.logged_in_again = True
            self.login.drop(use.token_id)
            raise Again("the token is no longer valid")
        if verdict.action is Action.ASK_SCOPE and not call.asked_scope:
            call.asked_scope = True
            if self.login.renew_for_scope(use.token_id):
                raise Again("the token may lack a scope that was granted meanwhile")
        if verdict.action is not Action.AGAIN:
            raise error
        if not isinstance(error, RateLimited):
            call.failures += 1
        what = f"HTTP {error.status}" if error.status else error.message
        reason = f"{type(error).__name__}: {what}"
        raise Again(reason, delay=verdict.delay, failures=call.failures, error=error)

    def _token(self, call: _Call) -> Use:
        try:
            return self.login.token(call.ticket, call.login_failures)
        except Again as again:
            call.waited_for_login = True
            call.login_failures = again.failures
            raise

    def _group(self, call: _Call) -> str:
        path = urlsplit(call.url).path
        row = endpoints.endpoint_for(call.method, path)
        return self._groups.get(_shape(call.method, path)) or (row.group if row else STRICTEST)

    def _learn(self, call: _Call, owner: str, group: str, response: requests.Response, refused: float | None) -> None:
        """What the answer says of the windows; it may count the request in another group than we thought."""
        said = heard(response.headers, refused)
        named = group_named(response.headers) or group
        if refused is not None:
            self.usage.count_throttled(named)
        if said.remaining is not None:
            self.usage.remaining[named] = said.remaining
        if named != group:
            self._groups[_shape(call.method, urlsplit(call.url).path)] = named
            self.places.give_back(owner, group, call.ticket)
        self._date(call, owner, named, said)

    def _date(self, call: _Call, owner: str, group: str, said: Heard) -> None:
        call.queued = None
        if group != UNLIMITED:
            self.places.date(owner, group, call.ticket, said)

    def _redirect(self, call: _Call, response: requests.Response) -> Any:
        location = response.headers.get("Location")
        call.hops += 1
        if not location or call.method not in endpoints.READING_METHODS or call.hops > MAX_REDIRECTS:
            message = f"RingCentral redirects this {call.method}; it was not followed"
            raise BadRequest(message, status=response.status_code)
        call.url = self.transport.url(urljoin(call.url, location))
        call.options = {**call.options, "params": None}
        raise Again("redirected")

    def _leave(self, call: _Call) -> None:
        """Leave the queues a call may still stand in when it ends without an answer."""
        if call.queued is not None:
            self.places.give_back(*call.queued, call.ticket)
        if call.waited_for_login:
            self.login.leave(call.ticket)


def _ignore(secret: str) -> None:
    """Nobody masks secrets here."""


def _shape(method: str, path: str) -> str:
    """A path without its ids, so that what was learned of one record holds for all."""
    return f"{method} {re.sub(r'/(~|[^/]*[0-9][^/]*)(?=/|$)', '/*', path)}"
