"""WebhookClient: posts to a Team Messaging incoming webhook, without a login.

Source: guide page team-messaging/incoming-webhooks. Anybody who knows the URL can post, so the URL is a secret. A
payload that is not accepted is answered with 200 and `{"status": "error", "message": …, "error": …, "validation": …}`.
RingCentral documents no rate limit for webhooks. We send one post per second to each webhook, over all processes that
share the ledger, since faster posts may be answered with 429.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec

from airflow_provider_ringcentral.client.answer import Answer, is_json, json_object, without_personal_data
from airflow_provider_ringcentral.client.attempt import retry_later
from airflow_provider_ringcentral.client.classify import Action, Classification, Classifier
from airflow_provider_ringcentral.client.errors import (
    HOST_REFUSED,
    BadRequest,
    ConfigurationError,
    FieldProblem,
    NotFound,
    RingCentralError,
    Unavailable,
)
from airflow_provider_ringcentral.client.errors.remedies.messages import WEBHOOK
from airflow_provider_ringcentral.client.http.connection_errors import NotSent, ResponseLost
from airflow_provider_ringcentral.client.http.hosts import canonical, host_of, is_loopback, may_receive_secrets
from airflow_provider_ringcentral.client.http.request_body import replayable
from airflow_provider_ringcentral.client.http.response_body import read_body, read_error_body
from airflow_provider_ringcentral.client.http.transport import Anonymous, SendObserver, Transport
from airflow_provider_ringcentral.client.ledger.protocol import Ledger
from airflow_provider_ringcentral.client.policy import Policy, RetryLater

HOSTS = ("hooks.glip.com",)
"""Hosts of webhooks, besides those in RingCentral's domains (guide page team-messaging/incoming-webhooks)."""

FIELD = "password"
_PATH = re.compile(r"/webhooks?/(?:v2/)?([A-Za-z0-9_-]+)/?")


@dataclass(frozen=True, slots=True)
class WebhookAddress:
    """The URL of a webhook and how to reach it, made by `webhook_address`; a `ServerConfig` for `Transport`."""

    server: str
    webhook_id: str = field(repr=False)
    timeout: float = 60.0
    verify: bool = True
    proxies: Mapping[str, str] | None = field(default=None, repr=False, hash=False)
    allowed_hosts: Collection[str] = HOSTS

    @property
    def session_key(self) -> str:
        """Identify this webhook without revealing its URL."""
        return hashlib.sha256(f"webhook\n{self.server}\n{self.webhook_id}".encode()).hexdigest()[:32]

    @property
    def path(self) -> str:
        """The path for format 2. Old URLs lack the `v2`, and accept it."""
        return f"/webhook/v2/{self.webhook_id}"


def webhook_address(
    url: str,
    allowed_hosts: Collection[str] = (),
    *,
    timeout: float = 60.0,
    proxies: Mapping[str, str] | None = None,
) -> WebhookAddress:
    """Return the address in a URL as RingCentral's app shows it, such as `https://hooks.ringcentral.com/webhook/v2/<id>`.

    Raises `ConfigurationError`, which repeats nothing of the URL but its host.
    """
    text, hosts = url.strip(), (*HOSTS, *allowed_hosts)
    problem = _problem(text, hosts)
    if problem is not None:
        raise ConfigurationError(problems=[problem])
    parts = urlsplit(text)
    match = _PATH.fullmatch(parts.path)
    if match is None or parts.query or parts.fragment:
        problem = FieldProblem(FIELD, "is not the URL of an incoming webhook, …/webhook/v2/<id>; copy the whole URL")
        raise ConfigurationError(problems=[problem])
    server = canonical(f"{parts.scheme}://{parts.netloc}")
    return WebhookAddress(server, match[1], timeout, proxies=proxies, allowed_hosts=hosts)


def _problem(url: str, hosts: Collection[str]) -> FieldProblem | None:
    """Return what is wrong with the host of a URL."""
    if not url:
        return FieldProblem(FIELD, "is missing; enter the URL of the incoming webhook", "missing")
    host = host_of(url)
    if "://" not in url or not host:
        return FieldProblem(FIELD, "is not a URL; enter the whole URL of the incoming webhook, starting with https://")
    if may_receive_secrets(url, hosts):
        return None
    if urlsplit(url).scheme != "https" and not is_loopback(host):
        return FieldProblem(
            FIELD, f"is not an https URL, so anybody who reads it on its way could post; use https://{host}/…"
        )
    return FieldProblem(
        FIELD,
        f"leads to {host}, which is not a host of RingCentral's webhooks; if you trust it, add it to [ringcentral] "
        "allowed_hosts",
        HOST_REFUSED,
    )


_CLASSIFIER = Classifier(repeatable=False)
_TEMPORARY = frozenset({408, 429})


def classify_webhook(answer: Answer) -> Classification:
    """Classify a response of a webhook. Only an error that names its reason shows that no post was made."""
    body = json_object(answer.body)
    status = body.get("status")
    if answer.status == 404:
        error: RingCentralError = NotFound(
            _reason(body) or "the webhook does not exist", status=404, remedy=WEBHOOK["404"]
        )
        return Classification(Action.FAIL, error)
    is_error = isinstance(status, str) and status.lower() == "error"
    if is_error and answer.status < 500 and answer.status not in _TEMPORARY:
        error = BadRequest(_reason(body), status=answer.status, remedy=WEBHOOK["error"])
        return Classification(Action.FAIL, error)
    if 200 <= answer.status < 300:
        if not _is_broken(answer):
            return Classification(Action.DONE)
        text = f"the response cannot be read ({len(answer.body)} bytes)"
        return _CLASSIFIER.lost(Unavailable(text, status=answer.status))
    if 300 <= answer.status < 400:
        error = BadRequest("the webhook redirects; the redirect was not followed", status=answer.status)
        return Classification(Action.FAIL, error)
    result = _CLASSIFIER.classify(answer)
    # A webhook has no login to renew.
    return result if result.action is Action.RETRY else Classification(Action.FAIL, result.error)


def _reason(body: Mapping[str, Any]) -> str:
    """Return RingCentral's reason without personal data."""
    validation = body.get("validation")
    parts = [body.get("error"), *(validation if isinstance(validation, list) else [validation])]
    return without_personal_data(": ".join(part for part in parts if part and isinstance(part, str)))


def _is_broken(answer: Answer) -> bool:
    """Return whether the body is cut off, or a gateway's page."""
    kind = answer.headers.get("Content-Type", "").lower()
    return bool(answer.body) and ("html" in kind or ("json" in kind and not is_json(answer.body)))


SECONDS_APART = 1.0
MAX_AHEAD_SECONDS = 3600.0
"""A time further ahead shows that a clock was set back."""


class PostSchedule(msgspec.Struct):
    """When the next post may be sent, and until when none may be sent after a 429. Epoch seconds, in the ledger."""

    next_free: float = msgspec.field(default=0.0, name="free")
    closed_until: float = msgspec.field(default=0.0, name="closed")


class WebhookPace:
    """Gives each post a time, one second apart. `key` identifies the webhook; `max_wait` limits a post's wait (s)."""

    def __init__(self, ledger: Ledger, key: str, max_wait: float) -> None:
        self._ledger = ledger
        self._key = f"webhook:{key}"
        self._max_wait = max_wait

    def reserve(self, held: float | None) -> float:
        """Return when (epoch seconds) a post may be sent: the time `held` from before, or a new one.

        Raises `RetryLater` if that is more than `max_wait` seconds away; then nothing is reserved.
        """
        now = self._ledger.now()

        def change(value: bytes | None) -> tuple[bytes | None, float]:
            schedule = _decode(value, now)
            if held is not None and held >= schedule.closed_until:
                return value, held
            instant = max(now, schedule.next_free, schedule.closed_until)
            if instant - now > self._max_wait:
                return value, instant
            schedule.next_free = instant + SECONDS_APART
            return msgspec.json.encode(schedule), instant

        instant = self._ledger.update(self._key, change)
        if instant - now > self._max_wait:
            raise RetryLater(f"other posts use this webhook for {instant - now:.1f} s", delay=instant - now)
        return instant

    def wait_for(self, instant: float) -> None:
        """Raise `RetryLater` until `instant`."""
        needed = instant - self._ledger.now()
        if needed > 0:
            raise RetryLater(f"a webhook accepts one post per second; this one is due in {needed:.1f} s", delay=needed)

    def close(self, seconds: float) -> None:
        """Let nobody post for `seconds` after a 429, including posts that have a time already."""
        now = self._ledger.now()

        def change(value: bytes | None) -> tuple[bytes, None]:
            schedule = _decode(value, now)
            schedule.closed_until = max(schedule.closed_until, now + seconds)
            return msgspec.json.encode(schedule), None

        self._ledger.update(self._key, change)


def _decode(value: bytes | None, now: float) -> PostSchedule:
    try:
        schedule = PostSchedule() if value is None else msgspec.json.decode(value, type=PostSchedule)
    except msgspec.MsgspecError:
        return PostSchedule()
    in_range = max(schedule.next_free, schedule.closed_until) <= now + MAX_AHEAD_SECONDS
    return schedule if in_range else PostSchedule()


@dataclass(slots=True)
class _PendingPost:
    """A post on its way; `instant` (epoch seconds) is when it may be sent."""

    options: dict[str, Any]
    observer: SendObserver | None
    failures: int = 0
    instant: float | None = None


class WebhookClient:
    """Posts to the incoming webhook at `credentials` (its address is all there is). Thread-safe.

    `ledger` holds the pace, and the records of what was sent. `raise_as` turns an error into the one to raise.
    """

    def __init__(
        self,
        credentials: WebhookAddress,
        ledger: Ledger,
        *,
        policy: Policy | None = None,
        raise_as: Callable[[RingCentralError], RingCentralError] | None = None,
    ) -> None:
        self.credentials = credentials
        self.ledger = ledger
        self._policy = policy or Policy()
        self._transport = Transport(credentials, self._policy.deadline)
        self._pace = WebhookPace(ledger, credentials.session_key, self._policy.max_wait)
        self._raise_as = raise_as

    def post(self, body: Mapping[str, Any], observer: SendObserver | None = None) -> None:
        """Post a body of format 2, at most one per second over all processes that share the ledger.

        Waits until it may be sent, and retries if it was certainly not accepted (429, no connection). Raises
        `RateLimited` if the wait is longer than the client's, `BadRequest` with RingCentral's reason if no post was
        made, `NotFound` if the webhook does not exist, and `OutcomeUnknown` if the outcome is unknown.
        """
        try:
            self._policy.retrying()(self._attempt, _PendingPost(replayable({"json": dict(body)}), observer))
        except RingCentralError as error:
            turned = self._raise_as(error) if self._raise_as else error
            if turned is error:
                raise
            raise turned from error.__cause__

    def close(self) -> None:
        """Close idle connections."""
        self._transport.close()

    def _attempt(self, post: _PendingPost) -> None:
        post.instant = self._pace.reserve(post.instant)
        self._pace.wait_for(post.instant)
        result = self._send(post)
        if result.action is Action.DONE:
            return
        if result.action is not Action.RETRY:
            raise result.error or Unavailable("the request failed")
        if post.observer is not None:
            post.observer.not_executed()
        post.instant = None
        if result.delay:
            self._pace.close(result.delay)
        raise retry_later(result, post)

    def _send(self, post: _PendingPost) -> Classification:
        path = self.credentials.path
        try:
            with self._transport.send("POST", path, Anonymous(), observer=post.observer, **post.options) as response:
                body = read_body(response) if response.status_code < 400 else read_error_body(response)
                return classify_webhook(Answer(response.status_code, response.headers, body))
        except NotSent as error:
            return _CLASSIFIER.not_sent(error)
        except ResponseLost as error:
            return _CLASSIFIER.lost(error)
