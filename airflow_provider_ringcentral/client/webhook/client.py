"""WebhookClient: posts through an incoming webhook, without a login."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_ringcentral.client.answer import Answer
from airflow_provider_ringcentral.client.classify import Action, Judge, Verdict
from airflow_provider_ringcentral.client.errors import RateLimited, RingCentralError, Unavailable
from airflow_provider_ringcentral.client.http.broken_connection import Lost, NeverSent
from airflow_provider_ringcentral.client.http.request_body import replayable
from airflow_provider_ringcentral.client.http.response_body import body_of, error_body_of
from airflow_provider_ringcentral.client.http.transport import Anonymous, Passage, Transport
from airflow_provider_ringcentral.client.ledger import Ledger
from airflow_provider_ringcentral.client.policy import Again, Policy
from airflow_provider_ringcentral.client.webhook.address import WebhookAddress
from airflow_provider_ringcentral.client.webhook.classify import judge_webhook
from airflow_provider_ringcentral.client.webhook.pace import WebhookPace


@dataclass(slots=True)
class _Posting:
    """One request on its way."""

    options: dict[str, Any]
    passage: Passage | None
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

    def post(self, body: Mapping[str, Any], passage: Passage | None = None) -> None:
        """Post a body of format 2, once, one a second by all who share the ledger.

        Waits for its turn, and repeats when it was certainly not taken (429, no connection). Raises `RateLimited` when
        its turn is further away than the client waits, `BadRequest` with RingCentral's words when it made no post of
        it, `NotFound` for a webhook that is not there, `OutcomeUnknown` when nobody can tell.
        """
        try:
            posting = _Posting(replayable({"json": dict(body)}), passage)
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
        if verdict.action is not Action.AGAIN:
            raise error
        if posting.passage is not None:
            posting.passage.refused()
        posting.failures += not isinstance(error, RateLimited)
        posting.turn = None
        if verdict.delay:
            self._pace.close(verdict.delay)
        what = f"HTTP {error.status}" if error.status else error.message
        raise Again(f"{type(error).__name__}: {what}", delay=verdict.delay, failures=posting.failures, error=error)

    def _verdict(self, posting: _Posting) -> Verdict:
        judge, path = Judge(repeatable=False), self.credentials.path
        try:
            with self._transport.send(
                "POST", path, Anonymous(), passage=posting.passage, **posting.options
            ) as response:
                body = body_of(response) if response.status_code < 400 else error_body_of(response)
                return judge_webhook(Answer(response.status_code, response.headers, body))
        except NeverSent as error:
            return judge.never_sent(error)
        except Lost as error:
            return judge.lost(error)
