"""WebhookClient: posts through an incoming webhook, without a login.

The URL of an incoming webhook: whoever knows it can post, so it is a secret.

What the answer of an incoming webhook means. Pure.

Source: guide pages team-messaging/incoming-webhooks (FACTS 8.4): a payload that is not taken is answered with 200 and
`{"status": "error", "message": …, "error": …, "validation": […]}`.

One post a second for each incoming webhook, by everybody who shares the ledger.

RingCentral documents no limit for them. What is faster may be answered 429, which keeps everybody waiting.
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
from airflow_provider_ringcentral.client.classify import Action, Classification, Classifier
from airflow_provider_ringcentral.client.errors import (
    HOST_REFUSED,
    BadRequest,
    ConfigurationError,
    FieldProblem,
    NotFound,
    RateLimited,
    RingCentralError,
    Unavailable,
)
from airflow_provider_ringcentral.client.errors.remedies.messages import WEBHOOK
from airflow_provider_ringcentral.client.http.broken_connection import Lost, NeverSent
from airflow_provider_ringcentral.client.http.hosts import canonical, host_of, is_loopback, may_receive_secrets
from airflow_provider_ringcentral.client.http.request_body import replayable
from airflow_provider_ringcentral.client.http.response_body import body_of, error_body_of
from airflow_provider_ringcentral.client.http.transport import Anonymous, SendObserver, Transport
from airflow_provider_ringcentral.client.ledger.protocol import Ledger
from airflow_provider_ringcentral.client.policy import Policy, RetryLater

HOSTS = ("hooks.glip.com",)
"""Of webhooks, besides those of RingCentral's domains (FACTS 8.4)."""

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
        """Names this webhook without telling it."""
        return hashlib.sha256(f"webhook\n{self.server}\n{self.webhook_id}".encode()).hexdigest()[:32]

    @property
    def path(self) -> str:
        """The path of format 2. Old URLs have no `v2`, and take it when it is put there (guide: incoming-webhooks)."""
        return f"/webhook/v2/{self.webhook_id}"


def webhook_address(
    url: str,
    allowed_hosts: Collection[str] = (),
    *,
    timeout: float = 60.0,
    proxies: Mapping[str, str] | None = None,
) -> WebhookAddress:
    """The address in a URL as RingCentral's app shows it, such as `https://hooks.ringcentral.com/webhook/v2/<id>`.

    Raises `ConfigurationError` that repeats no more of the URL than its host.
    """
    text, hosts = url.strip(), (*HOSTS, *allowed_hosts)
    problem = _problem(text, hosts)
    if problem is not None:
        raise ConfigurationError(problems=[problem])
    parts = urlsplit(text)
    match = _PATH.fullmatch(parts.path)
    if match is None or parts.query or parts.fragment:
        raise ConfigurationError(
            problems=[
                FieldProblem(
                    FIELD, "is no URL of an incoming webhook, …/webhook/v2/<id>; copy it whole from RingCentral"
                )
            ]
        )
    server = canonical(f"{parts.scheme}://{parts.netloc}")
    return WebhookAddress(server, match[1], timeout, proxies=proxies, allowed_hosts=hosts)


def _problem(url: str, hosts: Collection[str]) -> FieldProblem | None:
    """What is wrong with where a URL leads."""
    if not url:
        return FieldProblem(FIELD, "is missing; put the URL of the incoming webhook there", "missing")
    host = host_of(url)
    if "://" not in url or not host:
        return FieldProblem(FIELD, "is no URL; put the whole URL of the incoming webhook there, https and all")
    if may_receive_secrets(url, hosts):
        return None
    if urlsplit(url).scheme != "https" and not is_loopback(host):
        return FieldProblem(
            FIELD, f"is no https URL, and whoever reads the URL on its way can post; write https://{host}/…"
        )
    return FieldProblem(
        FIELD,
        f"leads to {host}, which is no host of RingCentral's webhooks; if that is right, list it in [ringcentral] "
        "allowed_hosts",
        HOST_REFUSED,
    )


_JUDGE = Classifier(repeatable=False)
_PASSES = frozenset({408, 429})


def judge_webhook(answer: Answer) -> Classification:
    """What to do about an answer. Nothing says that a post was not made except an error that names why."""
    body = json_object(answer.body)
    status = body.get("status")
    told = isinstance(status, str) and status.lower() == "error"
    if answer.status == 404:
        return Classification(
            Action.FAIL, NotFound(_words(body) or "the webhook is not there", status=404, remedy=WEBHOOK["404"])
        )
    if told and answer.status < 500 and answer.status not in _PASSES:
        return Classification(Action.FAIL, BadRequest(_words(body), status=answer.status, remedy=WEBHOOK["error"]))
    if 200 <= answer.status < 300:
        return _JUDGE.lost(_unreadable(answer)) if _is_broken(answer) else Classification(Action.DONE)
    if 300 <= answer.status < 400:
        return Classification(
            Action.FAIL, BadRequest("the webhook redirects; it was not followed", status=answer.status)
        )
    verdict = _JUDGE.judge(answer)
    # There is no login here to renew.
    return verdict if verdict.action is Action.RETRY else Classification(Action.FAIL, verdict.error)


def _words(body: Mapping[str, Any]) -> str:
    """RingCentral's own words, without the numbers and addresses they may repeat."""
    validation = body.get("validation")
    parts = [body.get("error"), *(validation if isinstance(validation, list) else [validation])]
    return without_personal_data(": ".join(part for part in parts if part and isinstance(part, str)))


def _is_broken(answer: Answer) -> bool:
    """Whether an answer that should say how it went is cut off, or comes from a gateway."""
    kind = answer.headers.get("Content-Type", "").lower()
    return bool(answer.body) and ("html" in kind or ("json" in kind and not is_json(answer.body)))


def _unreadable(answer: Answer) -> Unavailable:
    return Unavailable(f"the answer cannot be read ({len(answer.body)} bytes)", status=answer.status)


SECONDS_APART = 1.0
MOST_AHEAD_SECONDS = 3600.0
"""No turn lies further ahead, unless a clock jumped back."""


class Turns(msgspec.Struct):
    """When (epoch seconds) the next turn is that nobody has, and until when nobody may post after an answer 429."""

    free: float = 0.0
    closed: float = 0.0


class WebhookPace:
    """Gives turns to post. `key` names the webhook; nobody waits for more than `max_wait` seconds."""

    def __init__(self, ledger: Ledger, key: str, max_wait: float) -> None:
        self._ledger = ledger
        self._place = f"webhook:{key}"
        self._max_wait = max_wait

    def turn(self, held: float | None) -> float:
        """The instant (epoch seconds) at which a post may go out: the turn it holds already, or a new one.

        Raises `RetryLater`, and takes none, when that is more than `max_wait` seconds away.
        """
        now = self._ledger.now()

        def change(value: bytes | None) -> tuple[bytes | None, float]:
            turns = _turns(value, now)
            if held is not None and held >= turns.closed:
                return value, held
            instant = max(now, turns.free, turns.closed)
            if instant - now > self._max_wait:
                return value, instant
            turns.free = instant + SECONDS_APART
            return msgspec.json.encode(turns), instant

        instant = self._ledger.update(self._place, change)
        if instant - now > self._max_wait:
            raise RetryLater(f"others post through this webhook for {instant - now:.1f} s", delay=instant - now)
        return instant

    def wait_for(self, instant: float) -> None:
        """Raise `RetryLater` until the turn has come."""
        needed = instant - self._ledger.now()
        if needed > 0:
            raise RetryLater(
                f"the webhook takes a post a second; the turn of this one is in {needed:.1f} s", delay=needed
            )

    def close(self, seconds: float) -> None:
        """The webhook has had too many: nobody posts for so long, also those who have a turn."""
        now = self._ledger.now()

        def change(value: bytes | None) -> tuple[bytes, None]:
            turns = _turns(value, now)
            turns.closed = max(turns.closed, now + seconds)
            return msgspec.json.encode(turns), None

        self._ledger.update(self._place, change)


def _turns(value: bytes | None, now: float) -> Turns:
    try:
        turns = Turns() if value is None else msgspec.json.decode(value, type=Turns)
    except msgspec.MsgspecError:
        return Turns()
    return turns if max(turns.free, turns.closed) <= now + MOST_AHEAD_SECONDS else Turns()


@dataclass(slots=True)
class _Posting:
    """One request on its way."""

    options: dict[str, Any]
    observer: SendObserver | None
    failures: int = 0
    turn: float | None = None
    """Epoch seconds from which it may be sent."""


class WebhookClient:
    """Posts to the incoming webhook at `credentials` (there is nothing else to know of it).

    `ledger` has the pace, and is for whoever notes what was sent. `raise_as` turns an error into the one to raise. Safe
    for threads.
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
        self._transport = Transport(credentials, self._policy.ends)
        self._pace = WebhookPace(ledger, credentials.session_key, self._policy.max_wait)
        self._raise_as = raise_as

    def post(self, body: Mapping[str, Any], observer: SendObserver | None = None) -> None:
        """Post a body of format 2, once, one a second by all who share the ledger.

        Waits for its turn, and repeats when it was certainly not taken (429, no connection). Raises `RateLimited` when
        its turn is further away than the client waits, `BadRequest` with RingCentral's words when it made no post of
        it, `NotFound` for a webhook that is not there, `OutcomeUnknown` when nobody can tell.
        """
        try:
            posting = _Posting(replayable({"json": dict(body)}), observer)
            self._policy.retrying()(self._attempt, posting)
        except RingCentralError as error:
            turned = self._raise_as(error) if self._raise_as else error
            if turned is error:
                raise
            raise turned from error.__cause__

    def close(self) -> None:
        """Close idle connections."""
        self._transport.close()

    def _attempt(self, posting: _Posting) -> None:
        posting.turn = self._pace.turn(posting.turn)
        self._pace.wait_for(posting.turn)
        verdict = self._verdict(posting)
        if verdict.action is Action.DONE:
            return
        error = verdict.error or Unavailable("the request failed")
        if verdict.action is not Action.RETRY:
            raise error
        if posting.observer is not None:
            posting.observer.refused()
        posting.failures += not isinstance(error, RateLimited)
        posting.turn = None
        if verdict.delay:
            self._pace.close(verdict.delay)
        what = f"HTTP {error.status}" if error.status else error.message
        raise RetryLater(f"{type(error).__name__}: {what}", delay=verdict.delay, failures=posting.failures, error=error)

    def _verdict(self, posting: _Posting) -> Classification:
        judge, path = Classifier(repeatable=False), self.credentials.path
        try:
            with self._transport.send(
                "POST", path, Anonymous(), observer=posting.observer, **posting.options
            ) as response:
                body = body_of(response) if response.status_code < 400 else error_body_of(response)
                return judge_webhook(Answer(response.status_code, response.headers, body))
        except NeverSent as error:
            return judge.never_sent(error)
        except Lost as error:
            return judge.lost(error)
