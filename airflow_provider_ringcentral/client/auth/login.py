"""Login: exchanges the JWT for an access token (RFC 7523), once for all processes that share the ledger.

Source: operationId getToken, guide page "JWT auth flow" (authentication/jwt-flow). Tokens are never refreshed, since
exchanging the JWT again is the same code path without a single-use token, and never revoked, since other processes may
be using them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from airflow_provider_ringcentral.client.answer import Answer, json_object, rate_limit_info
from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.auth.token_cache import (
    AccessToken,
    LogIn,
    LoginRefused,
    TokenCache,
    WaitForLogin,
)
from airflow_provider_ringcentral.client.classify import (
    LOGIN_RETRY_SECONDS,
    Action,
    Classification,
    classify_login,
)
from airflow_provider_ringcentral.client.endpoints import AUTH, GET_TOKEN
from airflow_provider_ringcentral.client.errors import LoginFailed, RateLimited, Unavailable, error_of
from airflow_provider_ringcentral.client.http.connection_errors import NotSent, ResponseLost
from airflow_provider_ringcentral.client.http.response_body import MAX_ERROR_BYTES, read_body
from airflow_provider_ringcentral.client.http.transport import (
    CONNECT_TIMEOUT_SECONDS,
    Basic,
    Transport,
    run_with_deadline,
)
from airflow_provider_ringcentral.client.ledger.protocol import Ledger
from airflow_provider_ringcentral.client.policy import RetryLater
from airflow_provider_ringcentral.client.rate_limit.limiter import RateLimiter
from airflow_provider_ringcentral.client.rate_limit.windows import RateLimitInfo
from airflow_provider_ringcentral.client.usage import Usage

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
MAX_ATTEMPTS = 4
"""One attempt and up to three retries after 408, 500 or a timeout (guide page "API error handling", basics/errors)."""

FIRST_LOGIN_SPREAD_SECONDS = 2.0
"""The longest random wait before the first login of a process whose ledger is not shared."""

LOGIN_TIMEOUT_SECONDS = 15.0
"""Connecting and reading together take less than `LOGIN_LOCK_SECONDS`, so that the lock never expires during a login.
Their sum limits the whole login, however slowly its response arrives."""


class Login:
    """Provides the access token of a credential, and logs in when there is none."""

    def __init__(
        self,
        credentials: Credentials,
        ledger: Ledger,
        *,
        transport: Transport,
        rate_limiter: RateLimiter,
        usage: Usage,
        on_secret: Callable[[str], None],
    ) -> None:
        self.cache = TokenCache(ledger, credentials, on_secret)
        self._credentials = credentials
        self._ledger = ledger
        self._transport = transport
        self._rate_limiter = rate_limiter
        self._usage = usage
        self._was_spread = False
        self._timeout = min(credentials.timeout, LOGIN_TIMEOUT_SECONDS)

    def token(self, caller: str, failures: int = 0) -> AccessToken:
        """Return the token to send with, in clear. `failures` counts this caller's failed logins.

        Raises `RetryLater` while a login is under way (perhaps this caller's own), and `LoginFailed` when RingCentral
        refuses it.
        """
        match self.cache.next_step(caller):
            case AccessToken() as access:
                return access
            case LoginRefused(error):
                raise error_of(error)
            case WaitForLogin():
                raise RetryLater("another process is logging in", delay=random.uniform(0.1, 0.4))
            case LogIn():
                self._spread_first_login()
        try:
            self.exchange(caller, failures)
        except (RetryLater, LoginFailed, Unavailable) as error:
            # If an early renewal fails, the old token is still good.
            old = self.cache.usable()
            if old is not None:
                self.leave(caller)
                return old
            if isinstance(error, LoginFailed):
                raise RetryLater("the login was refused") from None
            raise
        raise RetryLater("logged in")

    def exchange(self, caller: str, failures: int = 0) -> dict[str, Any]:
        """Send one token request, within the limit of the Auth group, and share the token or the refusal.

        Returns the token endpoint's response without its tokens. Raises `RetryLater`, `LoginFailed` or `Unavailable`.
        """
        app = self._credentials.app_key
        self._rate_limiter.acquire(app, AUTH, caller, failures=failures)
        self._usage.count_request(AUTH)
        self._usage.count_login(AUTH)
        try:
            answer = run_with_deadline(min(CONNECT_TIMEOUT_SECONDS, self._timeout) + self._timeout, self._send)
        except NotSent as error:
            self._rate_limiter.release(app, AUTH, caller)
            raise self._later(Classification(Action.RETRY, error, LOGIN_RETRY_SECONDS), failures + 1) from None
        except ResponseLost as error:
            self._rate_limiter.record_response(app, AUTH, caller, RateLimitInfo())
            raise self._later(Classification(Action.RETRY, error, LOGIN_RETRY_SECONDS), failures + 1) from None
        result = classify_login(answer)
        penalty = result.delay if isinstance(result.error, RateLimited) else None
        if penalty is not None:
            self._usage.count_throttled(AUTH)
        self._rate_limiter.record_response(app, AUTH, caller, rate_limit_info(answer.headers, penalty))
        if result.action is Action.DONE:
            response = json_object(answer.body)
            self.cache.store(response)
            return {name: value for name, value in response.items() if not name.endswith("token")}
        if isinstance(result.error, LoginFailed):
            self.cache.store_refusal(result.error.as_json())
            raise result.error
        raise self._later(result, failures + (penalty is None))

    def leave(self, caller: str) -> None:
        """Release the login lock and leave the queue of the Auth group, for a caller that gives up."""
        self.cache.release_lock(caller)
        self._rate_limiter.abandon(self._credentials.app_key, AUTH, caller)

    def _spread_first_login(self) -> None:
        """Keep processes that start together and share nothing from logging in together."""
        if not self._was_spread and not self._ledger.shared:
            self._was_spread = True
            raise RetryLater("spreading logins", delay=random.uniform(0.0, FIRST_LOGIN_SPREAD_SECONDS))

    def _send(self) -> Answer:
        form = {"grant_type": JWT_GRANT, "assertion": self._credentials.jwt}
        with self._transport.send(
            GET_TOKEN.method, GET_TOKEN.path, Basic(self._credentials), data=form, timeout=self._timeout
        ) as response:
            return Answer(response.status_code, response.headers, read_body(response, MAX_ERROR_BYTES))

    def _later(self, result: Classification, failures: int) -> Exception:
        """Return `RetryLater`, or the error itself after too many failures."""
        error = result.error or Unavailable("the login failed")
        if result.action is Action.FAIL or failures >= MAX_ATTEMPTS:
            return error
        return RetryLater("the login failed for now", delay=result.delay, failures=failures, error=error)
