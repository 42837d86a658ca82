"""RingCentralClient: requests, pages and records within the quota."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from airflow_provider_ringcentral.client import endpoints
from airflow_provider_ringcentral.client.answer import decoded
from airflow_provider_ringcentral.client.attempt import Attempt, Call
from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_MAX_WAIT_SECONDS, Credentials
from airflow_provider_ringcentral.client.auth.login import Login
from airflow_provider_ringcentral.client.classify import Classifier
from airflow_provider_ringcentral.client.errors import RingCentralError, Unavailable
from airflow_provider_ringcentral.client.http.multi_status import (
    PARTS_AS_JSON,
    PartialFailure,
    asks_for_many,
    check_ending,
)
from airflow_provider_ringcentral.client.http.request_body import replayable
from airflow_provider_ringcentral.client.http.response_body import body_of, loaded, spooled
from airflow_provider_ringcentral.client.http.transport import Transport, wire_parameters
from airflow_provider_ringcentral.client.ledger.protocol import Ledger
from airflow_provider_ringcentral.client.paging import Trail, following, rows
from airflow_provider_ringcentral.client.policy import Policy
from airflow_provider_ringcentral.client.rate_limit.limiter import RateLimiter, Reservation
from airflow_provider_ringcentral.client.usage import Observer, Usage

if TYPE_CHECKING:
    import requests

T = TypeVar("T")

HOLD_SECONDS = 15.0
"""Beyond the timeout, how long a place may be held by a request that nobody reports on."""


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
        self.ledger = ledger
        self.usage = Usage(observe=observe) if observe else Usage()
        self.transport = Transport(credentials, policy.ends if policy else None)
        self.rate_limiter = RateLimiter(ledger, credentials.timeout + HOLD_SECONDS)
        self.login = Login(
            credentials,
            ledger,
            transport=self.transport,
            rate_limiter=self.rate_limiter,
            usage=self.usage,
            on_secret=on_secret or _ignore,
        )
        patience = DEFAULT_MAX_WAIT_SECONDS if credentials.max_wait is None else credentials.max_wait
        self.policy = policy or Policy(max_wait=patience)
        self.while_waiting: Callable[[], None] | None = None
        """Called every few seconds of a long wait, for whoever wants to say that it goes on."""
        self._raise_as = raise_as
        self._show_personal_data = show_personal_data
        self.attempt = Attempt(
            credentials, login=self.login, transport=self.transport, rate_limiter=self.rate_limiter, usage=self.usage
        )

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
        """Send one request and return its answer, already judged: a failure raises one of `errors.py`.

        `path` starts with / or is a URL of RingCentral; the other arguments are those of requests. Lists in `params`
        become repeated keys, aware datetimes ISO times in UTC. Streams and files in `data` and `files` are read once,
        up to 64 MiB, so that a repeated request sends the same bytes. `repeatable` knows better than `endpoints.py`
        whether the request may be repeated when its fate is unknown. A path with several ids is answered by 207;
        `on_partial_failure` says how it ends when some of them failed: `"fail"`, or `"return"` the answer. A DELETE
        that finds nothing (404) is done.
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
        return self._run(method, path, options, loaded)

    def spool(self, method: str, path: str, **options: Any) -> tuple[str, IO[bytes]]:
        """Content type and body of the answer to `request`, the body in a temporary file: it may be of any size."""
        return self._run(method, path, options, spooled)

    def request_json(self, method: str, path: str, **options: Any) -> Any:
        """As `request`, but returns the decoded JSON, None for an answer without a body. Broken JSON is a failure."""
        return decoded(self.raw_json(method, path, **options))

    def raw_json(self, method: str, path: str, *, max_wait: float | None = None, **options: Any) -> bytes:
        """The body of an answer that is JSON, complete and undecoded, of at most 64 MiB; `options` as of `request`.

        `max_wait` may shorten the client's patience. A 207 gives the JSON array of its parts, `resourceId`, `status`
        and `body` each, in whichever form RingCentral sent it.
        """
        return self._run(method, path, options, body_of, wants_json=True, max_wait=max_wait)

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
            for row in rows(page):
                if not isinstance(row, dict):
                    raise Unavailable("a record of the list is not a JSON object")
                yield row

    def attempt_download(self, url: str, headers: Mapping[str, str], read: Callable[[requests.Response], T]) -> T:
        """GET `url` and hand the answer, body unread, to `read`, again after each failure of the network."""
        return self._run("GET", url, {"headers": dict(headers)}, read)

    def exchange_jwt(self) -> dict[str, Any]:
        """Exchange the JWT whether or not the shared token is alive, and share the new one.

        Returns the token endpoint's answer without its tokens: `expires_in`, `scope`, `owner_id` and so on. Fails at
        the first answer that gives no token.
        """
        caller = uuid.uuid4().hex
        driver = replace(self.policy, attempts=1).retrying()
        try:
            answer: dict[str, Any] = driver(self.login.exchange, caller)
            return answer
        finally:
            self.login.leave(caller)

    def remaining(self, group: str) -> int | None:
        """Requests left in the group's window, as the last answer of this client said."""
        return self.usage.remaining.get(group)

    def keep_reservation(self, seconds: float) -> tuple[Reservation, float] | None:
        """Keep the place of the request that was given up last, for a task that gives its worker back.

        Returns the reservation and the seconds until it is due; None when that request waited for no place. `seconds`
        is how long it is kept when nobody looks at it.
        """
        if self.attempt.deferrable_task is None or self.attempt.window is None:
            return None
        reservation = Reservation(*self.attempt.window, self.attempt.deferrable_task)
        return reservation, reservation.renew(self.ledger, seconds)[0]

    def end_turn(self) -> None:
        """The task is done, or failed: tasks that are deferred may have their turn."""
        if self.attempt.deferrable_task is not None:
            for owner, group in self.attempt.windows:
                self.rate_limiter.end_turn(owner, group, self.attempt.deferrable_task)

    def close(self) -> None:
        """Close idle connections. The shared token stays valid: others may be using it."""
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
        options: dict[str, Any],
        read: Callable[[requests.Response], T],
        *,
        wants_json: bool = False,
        max_wait: float | None = None,
    ) -> T:
        with self.raising():
            call = self._call(method, path, options, read, wants_json=wants_json)
            driver = self.policy.within(max_wait).retrying(self.while_waiting)
            try:
                result: T = driver(self.attempt, call)
                return result
            finally:
                self.finish(call, driver.statistics.get("idle_for", 0.0))

    def json_call(self, method: str, path: str, options: Mapping[str, Any]) -> Call:
        """The request of `raw_json` before its first attempt, for a driver of one's own; `finish` belongs to it."""
        return self._call(method, path, options, body_of, wants_json=True)

    def finish(self, call: Call, waited: float) -> None:
        """Count the wait of a call that is over, in seconds, and leave the queues it may still stand in."""
        self.usage.count_wait(waited, self.attempt.group(call))
        self.attempt.leave(call)

    def _call(
        self,
        method: str,
        path: str,
        options: Mapping[str, Any],
        read: Callable[[requests.Response], Any],
        *,
        wants_json: bool,
    ) -> Call:
        """The request, refused here when its URL, parameters or body cannot be sent."""
        method, url = method.upper(), self.transport.url(path)
        sent = dict(options)
        repeatable, ending = sent.pop("repeatable", None), sent.pop("on_partial_failure", "fail")
        check_ending(ending)
        judge = Classifier(
            endpoints.repeatable(method, urlsplit(url).path) if repeatable is None else repeatable,
            wants_json,
            may_be_empty=method not in endpoints.READING_METHODS,
            show_personal_data=self._show_personal_data,
            gone_is_done=method == "DELETE",
            partial_ok=ending == "return",
        )
        sent = {**replayable(sent), "params": wire_parameters(sent.get("params"))}
        if asks_for_many(urlsplit(url).path) and "accept" not in {name.lower() for name in sent["headers"]}:
            sent["headers"]["Accept"] = PARTS_AS_JSON
        return Call(method, url, sent, judge, read)

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Turns the errors of the block by `raise_as`."""
        try:
            yield
        except RingCentralError as error:
            turned = self._raise_as(error) if self._raise_as else error
            if turned is error:
                raise
            raise turned from error.__cause__


def _ignore(secret: str) -> None:
    """Nobody masks secrets here."""
