"""The login: exchange of the JWT for an access token (RFC 7523), once for all who share the ledger.

Source: operationId getToken, guide page authentication/jwt-flow (FACTS 2.2). Tokens are never refreshed (the JWT is
exchanged again: one code path, nothing single-use) and never revoked (others may be using them).

A bound in time for a call that has none: the timeouts of a socket begin anew with every byte that arrives.
"""

from __future__ import annotations

import contextvars
import hashlib
import random
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import msgspec

from airflow_provider_ringcentral.client.answer import Answer, heard, json_object
from airflow_provider_ringcentral.client.auth import token_cache as sessions
from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.auth.encryption import TokenEncryptor
from airflow_provider_ringcentral.client.auth.token_cache import Session
from airflow_provider_ringcentral.client.classify import LOGIN_REPEAT_SECONDS, Action, Classification, judge_login
from airflow_provider_ringcentral.client.endpoints import AUTH, GET_TOKEN
from airflow_provider_ringcentral.client.errors import LoginFailed, RateLimited, Unavailable, error_of
from airflow_provider_ringcentral.client.http.broken_connection import Lost, NeverSent
from airflow_provider_ringcentral.client.http.response_body import ERROR_BYTES, body_of
from airflow_provider_ringcentral.client.http.transport import CONNECT_TIMEOUT_SECONDS, Basic, Transport
from airflow_provider_ringcentral.client.ledger.protocol import Ledger
from airflow_provider_ringcentral.client.policy import RetryLater
from airflow_provider_ringcentral.client.rate_limit.limiter import RateLimiter
from airflow_provider_ringcentral.client.usage import Usage

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises, or `Lost` when it takes longer than `seconds`.

    It runs in a thread. One that is given up is left to itself: it ends with its connection, at the latest with the
    process.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            future.set_exception(error)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(run,), daemon=True, name="ringcentral-deadline").start()
    if not _ended(future, seconds):
        raise Lost(f"no whole answer within {seconds:.0f} s")
    return future.result()


def _ended(future: Future[T], seconds: float) -> bool:
    ended = threading.Event()
    future.add_done_callback(lambda _: ended.set())
    return ended.wait(seconds)


JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ATTEMPTS = 4
"""One try and up to three repeats after 408, 500 or a timeout (guide: basics/errors.md)."""

FIRST_LOGIN_SPREAD_SECONDS = 2.0
"""Longest random wait before the first login of a process whose ledger is not shared."""

LOGIN_TIMEOUT_SECONDS = 15.0
"""Connecting and reading together stay below `TURN_SECONDS`, so that a turn never ends under a living login. The sum is
a bound of the whole login, however slowly its answer drips in."""


class Login:
    """The access token of a credential, and how to get one."""

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
        self._credentials = credentials
        self._ledger = ledger
        self._transport = transport
        self._rate_limiter = rate_limiter
        self._usage = usage
        self._on_secret = on_secret
        self._seal = TokenEncryptor(credentials)
        self._known: tuple[str, str] = ("", "")
        self._spread = False
        self._key = _key(credentials)
        self._timeout = min(credentials.timeout, LOGIN_TIMEOUT_SECONDS)

    def token(self, caller: str, failures: int = 0) -> sessions.Use:
        """The token to send with; `token` in the result is in clear.

        Raises `RetryLater` while a login is under way (perhaps this caller's own) and `LoginFailed` when RingCentral
        refuses. `failures` counts this caller's failed logins.
        """
        step: sessions.Step = sessions.next_step(
            read_session(self._ledger, self._credentials), caller, self._ledger.now()
        )
        if not isinstance(step, sessions.Use):
            step = self._change(lambda session: sessions.next_step(session, caller, self._ledger.now()))
        if isinstance(step, sessions.Use):
            return msgspec.structs.replace(step, token=self._clear(step))
        if isinstance(step, sessions.Refused):
            raise error_of(step.error)
        if isinstance(step, sessions.WaitForTurn):
            delay = random.uniform(0.1, 0.4)
            raise RetryLater("another process is logging in", delay=delay)
        self._spread_first_login()
        try:
            self.exchange(caller, failures)
        except (RetryLater, LoginFailed, Unavailable) as error:
            # A renewal that fails early leaves a token that is still good.
            old = sessions.usable(read_session(self._ledger, self._credentials), self._ledger.now())
            if old is not None:
                self.leave(caller)
                return msgspec.structs.replace(old, token=self._clear(old))
            if isinstance(error, LoginFailed):
                raise RetryLater("the login was refused") from None
            raise
        raise RetryLater("logged in")

    def exchange(self, caller: str, failures: int = 0) -> dict[str, Any]:
        """One token request through the Auth window; keeps the token, or the refusal, for everybody.

        Returns the token endpoint's answer without its tokens. Raises `RetryLater`, `LoginFailed` or `Unavailable`.
        """
        self._rate_limiter.acquire(self._credentials.app_key, AUTH, caller, failures=failures)
        self._usage.count_request(AUTH)
        self._usage.count_login(AUTH)
        try:
            answer = within(min(CONNECT_TIMEOUT_SECONDS, self._timeout) + self._timeout, self._ask)
        except (Lost, NeverSent) as error:
            if isinstance(error, NeverSent):
                self._rate_limiter.release(self._credentials.app_key, AUTH, caller)
            else:
                self._rate_limiter.record_response(self._credentials.app_key, AUTH, caller, heard({}))
            raise self._again(Classification(Action.AGAIN, error, LOGIN_REPEAT_SECONDS), failures + 1) from None
        verdict = judge_login(answer)
        refused = verdict.delay if isinstance(verdict.error, RateLimited) else None
        if refused is not None:
            self._usage.count_throttled(AUTH)
        self._rate_limiter.record_response(self._credentials.app_key, AUTH, caller, heard(answer.headers, refused))
        if verdict.action is Action.DONE:
            return self._keep(json_object(answer.body))
        if isinstance(verdict.error, LoginFailed):
            told = verdict.error.as_json()
            self._change(lambda session: sessions.refused(session, told, self._ledger.now()))
            raise verdict.error
        raise self._again(verdict, failures + (refused is None))

    def drop(self, token_id: str) -> None:
        """This token is dead."""
        self._change(lambda session: sessions.drop(session, token_id))

    def renew_for_scope(self, token_id: str) -> bool:
        """Whether a newer token may carry a scope that this one lacks."""
        return self._change(lambda session: sessions.renew_for_scope(session, token_id, self._ledger.now()))

    def leave(self, caller: str) -> None:
        """The caller gives up: end its turn and leave the queue of the Auth window."""
        self._change(lambda session: sessions.release(session, caller))
        self._rate_limiter.abandon(self._credentials.app_key, AUTH, caller)

    def _spread_first_login(self) -> None:
        """Processes that start together and share nothing must not log in together."""
        if not self._spread and not self._ledger.shared:
            self._spread = True
            raise RetryLater("spreading logins", delay=random.uniform(0.0, FIRST_LOGIN_SPREAD_SECONDS))

    def _ask(self) -> Answer:
        form = {"grant_type": JWT_GRANT, "assertion": self._credentials.jwt}
        with self._transport.send(
            GET_TOKEN.method, GET_TOKEN.path, Basic(self._credentials), data=form, timeout=self._timeout
        ) as response:
            return Answer(response.status_code, response.headers, body_of(response, ERROR_BYTES))

    def _keep(self, answer: dict[str, Any]) -> dict[str, Any]:
        token = str(answer["access_token"])
        self._on_secret(token)
        token_id = hashlib.sha256(token.encode()).hexdigest()[:16]
        sealed = self._seal.close(token)
        self._change(lambda session: sessions.logged_in(session, sealed, token_id, answer, self._ledger.now()))
        self._known = (token_id, token)
        return {name: value for name, value in answer.items() if not name.endswith("token")}

    def _clear(self, use: sessions.Use) -> str:
        token_id, token = self._known
        if token_id == use.token_id:
            return token
        opened = self._seal.open(use.token)
        if opened is None:
            self.drop(use.token_id)
            raise RetryLater("the shared token cannot be read and is replaced")
        self._on_secret(opened)
        self._known = (use.token_id, opened)
        return opened

    def _again(self, verdict: Classification, failures: int) -> Exception:
        error = verdict.error or Unavailable("the login failed")
        if verdict.action is Action.FAIL or failures >= ATTEMPTS:
            return error
        return RetryLater("the token endpoint asks to try later", delay=verdict.delay, failures=failures, error=error)

    def _change(self, step: Callable[[Session], T]) -> T:
        def change(value: bytes | None) -> tuple[bytes, T]:
            session = _session(value)
            result = step(session)
            return msgspec.json.encode(session), result

        return self._ledger.update(self._key, change)


def read_session(ledger: Ledger, credentials: Credentials) -> Session:
    """What the ledger knows of the login; the token in it is sealed."""
    return _session(ledger.read(_key(credentials)))


def _key(credentials: Credentials) -> str:
    return f"session:{credentials.session_key}"


def _session(value: bytes | None) -> Session:
    try:
        return Session() if value is None else msgspec.json.decode(value, type=Session)
    except msgspec.DecodeError:
        # Damaged, or of another version: as good as none.
        return Session()
