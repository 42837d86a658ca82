"""RingCentralClient: requests, pages and records, within RingCentral's rate limits."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from airflow_provider_ringcentral.client import endpoints
from airflow_provider_ringcentral.client.answer import decoded
from airflow_provider_ringcentral.client.attempt import AttemptRunner, PendingRequest
from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_MAX_WAIT_SECONDS, Credentials
from airflow_provider_ringcentral.client.auth.login import Login
from airflow_provider_ringcentral.client.classify import Classifier
from airflow_provider_ringcentral.client.errors import RingCentralError, Unavailable
from airflow_provider_ringcentral.client.http.multi_status import (
    RESULTS_AS_JSON,
    PartialFailure,
    check_partial_failure,
    has_several_ids,
)
from airflow_provider_ringcentral.client.http.request_body import replayable
from airflow_provider_ringcentral.client.http.response_body import load_body, read_body, spool_body
from airflow_provider_ringcentral.client.http.transport import Transport, wire_parameters
from airflow_provider_ringcentral.client.ledger.protocol import Ledger
from airflow_provider_ringcentral.client.paging import LoopGuard, Query, next_query, records_of
from airflow_provider_ringcentral.client.policy import Policy
from airflow_provider_ringcentral.client.rate_limit.limiter import RateLimiter, Reservation
from airflow_provider_ringcentral.client.usage import Observer, Usage

if TYPE_CHECKING:
    import requests

T = TypeVar("T")

HOLD_SECONDS = 15.0
"""Beyond the timeout, how long a slot is held by a request whose response nobody records."""


class RingCentralClient:
    """Talks to RingCentral as one app and user, within their rate limits. Thread-safe.

    All clients with the same `ledger` and credentials share the token, rate limit windows and penalties. `on_secret` is
    called with every access token as soon as it is received, `raise_as` turns an error into the one to raise, and
    `observe` is called for every request, login, 429 and wait.
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
        self.ledger = ledger
        self.usage = Usage(observe=observe) if observe else Usage()
        self.transport = Transport(credentials, policy.deadline if policy else None)
        self.rate_limiter = RateLimiter(ledger, credentials.timeout + HOLD_SECONDS)
        shared: dict[str, Any] = {
            "transport": self.transport,
            "rate_limiter": self.rate_limiter,
            "usage": self.usage,
        }
        self.login = Login(credentials, ledger, on_secret=on_secret or _ignore, **shared)
        self.attempt = AttemptRunner(credentials, login=self.login, **shared)
        max_wait = DEFAULT_MAX_WAIT_SECONDS if credentials.max_wait is None else credentials.max_wait
        self.policy = policy or Policy(max_wait=max_wait)
        self.while_waiting: Callable[[], None] | None = None
        """Called every few seconds of a long wait, to report progress."""
        self._raise_as = raise_as
        self._show_personal_data = show_personal_data

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
        repeatable: bool | None = None,
        on_partial_failure: PartialFailure = "fail",
    ) -> requests.Response:
        """Send one request and return its response, which is a success: a failure raises an error of `client.errors`.

        `path` starts with / or is a URL of RingCentral; the other arguments are those of requests. Lists in `params`
        become repeated keys, aware datetimes become ISO times in UTC. Streams and files in `data` and `files` are read
        once, up to 64 MiB, so that a retry sends the same bytes. `repeatable` overrides `endpoints.py`: may the request
        be sent again when its outcome is unknown? For a path with several ids, `on_partial_failure` says what happens
        when some of them failed: "fail", or "return" the 207. A DELETE that finds nothing (404) succeeds.
        """
        options = {
            "params": params,
            "json": json,
            "data": data,
            "files": files,
            "headers": headers,
            "repeatable": repeatable,
            "on_partial_failure": on_partial_failure,
        }
        return self._run(method, path, options, load_body)

    def spool(self, method: str, path: str, **options: Any) -> tuple[str, IO[bytes]]:
        """Return content type and body of a response of any size, the body in a temporary file.

        Takes the options of `request`.
        """
        return self._run(method, path, options, spool_body)

    def request_json(self, method: str, path: str, **options: Any) -> Any:
        """Return the decoded JSON of a response, None for an empty body. Takes the options of `raw_json`."""
        return decoded(self.raw_json(method, path, **options))

    def raw_json(self, method: str, path: str, *, max_wait: float | None = None, **options: Any) -> bytes:
        """Return the body of a response, which is valid JSON of at most 64 MiB.

        Takes the options of `request`. `max_wait` (seconds) may shorten the client's. A 207 gives a JSON array of
        objects with `resourceId`, `status` and `body`, whichever form RingCentral sent.
        """
        return self._run(method, path, options, read_body, wants_json=True, max_wait=max_wait)

    def raw_page(self, path: str, params: Mapping[str, Any]) -> bytes:
        """Return the body of one page of a list, as `raw_json` does."""
        return self.raw_json("GET", path, params=params)

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the pages of a list as decoded JSON, each requested when it is consumed.

        Without a page size in `params`, asks for the largest one known for the path.
        """
        guard = LoopGuard()
        query: Query | None = (path, self._with_page_size(path, params or {}))
        while query is not None:
            page = self.request_json("GET", query[0], params=guard.check(query)[1])
            yield page
            query = next_query(*query, page)

    def records(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the records of all pages of a list. Records may repeat if the list changes in between."""
        for page in self.pages(path, params):
            for record in records_of(page):
                if not isinstance(record, dict):
                    raise Unavailable("a record of the list is not a JSON object")
                yield record

    def attempt_download(self, url: str, headers: Mapping[str, str], read: Callable[[requests.Response], T]) -> T:
        """GET `url` and pass the response, its body unread, to `read`; again after each failure of the network."""
        return self._run("GET", url, {"headers": dict(headers)}, read)

    def exchange_jwt(self) -> dict[str, Any]:
        """Exchange the JWT even if the shared token is valid, and share the new token.

        Returns the token endpoint's response without its tokens: `expires_in`, `scope`, `owner_id` and so on. Fails at
        the first response without a token.
        """
        caller = uuid.uuid4().hex
        driver = replace(self.policy, attempts=1).retrying()
        try:
            response: dict[str, Any] = driver(self.login.exchange, caller)
            return response
        finally:
            self.login.leave(caller)

    def remaining(self, group: str) -> int | None:
        """Return the requests left in the group's window, from this client's last response."""
        return self.usage.remaining.get(group)

    def keep_reservation(self, seconds: float) -> tuple[Reservation, float] | None:
        """Keep the reservation of the last request, which was given up, while its task is deferred.

        Returns the reservation and the seconds until it is due; None if that request did not wait for a slot. It
        expires when nobody checks it for `seconds`.
        """
        if self.attempt.deferrable_task is None or self.attempt.window is None:
            return None
        reservation = Reservation(*self.attempt.window, self.attempt.deferrable_task)
        return reservation, reservation.renew(self.ledger, seconds)[0]

    def end_turn(self) -> None:
        """Let the next deferred task start: this one succeeded or failed."""
        if self.attempt.deferrable_task is not None:
            for owner, group in self.attempt.windows:
                self.rate_limiter.end_turn(owner, group, self.attempt.deferrable_task)

    def close(self) -> None:
        """Close idle connections. The shared token stays valid, since others may be using it."""
        self.transport.close()

    def _with_page_size(self, path: str, params: Mapping[str, Any]) -> dict[str, Any]:
        row = endpoints.endpoint_for("GET", urlsplit(path).path)
        if row is None or row.size_parameter is None:
            return dict(params)
        return {row.size_parameter: row.page_size, **params}

    def _run(
        self,
        method: str,
        path: str,
        options: Mapping[str, Any],
        read: Callable[[requests.Response], T],
        *,
        wants_json: bool = False,
        max_wait: float | None = None,
    ) -> T:
        with self.raising():
            request = self.prepare(method, path, options, read, wants_json=wants_json)
            driver = self.policy.within(max_wait).retrying(self.while_waiting)
            try:
                result: T = driver(self.attempt, request)
                return result
            finally:
                self.finish(request, driver.statistics.get("idle_for", 0.0))

    def prepare(
        self,
        method: str,
        path: str,
        options: Mapping[str, Any],
        read: Callable[[requests.Response], Any] = read_body,
        *,
        wants_json: bool = True,
    ) -> PendingRequest:
        """Return a request before its first attempt, for a driver that calls `attempt` and then `finish`.

        Raises `BadRequest` or `ConfigurationError` if its URL, parameters or body cannot be sent.
        """
        method, url = method.upper(), self.transport.url(path)
        sent = dict(options)
        repeatable, on_partial_failure = sent.pop("repeatable", None), sent.pop("on_partial_failure", "fail")
        check_partial_failure(on_partial_failure)
        classifier = Classifier(
            endpoints.repeatable(method, urlsplit(url).path) if repeatable is None else repeatable,
            wants_json,
            may_be_empty=method not in endpoints.READING_METHODS,
            show_personal_data=self._show_personal_data,
            gone_is_done=method == "DELETE",
            partial_ok=on_partial_failure == "return",
        )
        sent = {**replayable(sent), "params": wire_parameters(sent.get("params"))}
        if has_several_ids(urlsplit(url).path) and "accept" not in {name.lower() for name in sent["headers"]}:
            sent["headers"]["Accept"] = RESULTS_AS_JSON
        return PendingRequest(method, url, sent, classifier, read)

    def finish(self, request: PendingRequest, waited: float) -> None:
        """Count the seconds that a finished request waited, and leave the queues in which it may still stand."""
        self.usage.count_wait(waited, self.attempt.group(request))
        self.attempt.leave(request)

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Turn the errors of the block into those of `raise_as`."""
        try:
            yield
        except RingCentralError as error:
            turned = self._raise_as(error) if self._raise_as else error
            if turned is error:
                raise
            raise turned from error.__cause__


def _ignore(secret: str) -> None:
    """Serve as the default of `on_secret`."""
