"""TokenCache: the access token that all processes of a credential share through the ledger.

`TokenState` is what the ledger stores. The functions that change it are pure: the clock is an argument.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.auth.encryption import TokenEncryptor
from airflow_provider_ringcentral.client.ledger.protocol import Ledger
from airflow_provider_ringcentral.client.policy import RetryLater

T = TypeVar("T")

RENEWAL_MARGIN_SECONDS = 90.0
RENEWAL_MARGIN_SHARE = 0.1
LOGIN_LOCK_SECONDS = 30.0
"""How long one process may try to log in before another takes over, so that a killed process blocks nobody longer."""

REFUSAL_SECONDS = 60.0
"""How long a refused login is remembered, so that waiting processes fail alike without asking again."""

MAX_LIFETIME_SECONDS = 7 * 24 * 3600.0

SCOPE_RENEWAL_SECONDS = 600.0
"""CMN-401 may mean that a scope was granted after the token was issued. One new login in this time may find out."""


class TokenState(msgspec.Struct):
    """The token, who is logging in, and the last refusal, as stored in the ledger. Times are epoch seconds.

    `token` is encrypted; `token_id` identifies a token without revealing it. `login_caller` holds the login lock until
    `login_until`.
    """

    token: str | None = None
    token_id: str = ""
    owner_id: str = ""
    scope: str = ""
    obtained: float = 0.0
    expires: float = 0.0
    login_caller: str | None = msgspec.field(default=None, name="turn")
    login_until: float = msgspec.field(default=0.0, name="turn_until")
    refusal: dict[str, Any] | None = None
    refused_until: float = 0.0
    scope_renewed: float = 0.0


class AccessToken(msgspec.Struct, frozen=True):
    """Send with this token."""

    token: str
    token_id: str
    owner_id: str

    def __repr__(self) -> str:
        # Tools that show the variables of a traceback must not show a valid token.
        return f"AccessToken(token_id={self.token_id!r})"


class LogIn(msgspec.Struct, frozen=True):
    """Log in: the caller holds the login lock."""


class WaitForLogin(msgspec.Struct, frozen=True):
    """Wait: another process is logging in, until `until` at the latest."""

    until: float


class LoginRefused(msgspec.Struct, frozen=True):
    """Fail with this error: the login was refused a moment ago."""

    error: dict[str, Any]


Step = AccessToken | LogIn | WaitForLogin | LoginRefused


def next_step(state: TokenState, caller: str, now: float) -> Step:
    """Return what a caller that wants to send does next. `LogIn` gives it the login lock.

    A token is renewed early, with a margin. While one process renews it, the others keep using it.
    """
    _correct_future_times(state, now)
    token = usable_token(state, now)
    if token is not None and now < _renewal_time(state):
        return token
    if state.refusal is not None and now < state.refused_until:
        return token or LoginRefused(state.refusal)
    if state.login_caller not in (None, caller) and now < state.login_until:
        return token or WaitForLogin(state.login_until)
    state.login_caller, state.login_until = caller, now + LOGIN_LOCK_SECONDS
    return LogIn()


def usable_token(state: TokenState, now: float) -> AccessToken | None:
    """Return the token until it expires, whether or not it is due for renewal."""
    if state.token is None or now >= state.expires:
        return None
    return AccessToken(state.token, state.token_id, state.owner_id)


def store_token(state: TokenState, token: str, token_id: str, response: dict[str, Any], now: float) -> None:
    """Store an encrypted token with what the token endpoint's response says about it.

    Its `expires_in` is the only lifetime to trust, capped by `session_expires_in` (operationId getToken). One without a
    meaning (0, a word) counts as absent; otherwise everybody would log in again at once, forever.
    """
    lifetimes = (lifetime(response.get(name)) for name in ("expires_in", "session_expires_in"))
    seconds = min((each for each in lifetimes if each is not None), default=MAX_LIFETIME_SECONDS)
    state.token, state.token_id = token, token_id
    state.owner_id, state.scope = str(response.get("owner_id") or ""), str(response.get("scope") or "")
    state.obtained, state.expires = now, now + seconds
    state.login_caller = state.refusal = None


def lifetime(value: Any) -> float | None:
    """Return a lifetime in seconds, given as a number or its text; None for 0, a word or nothing."""
    try:
        seconds = None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(seconds, MAX_LIFETIME_SECONDS) if seconds is not None and seconds > 0 else None


def store_refusal(state: TokenState, error: dict[str, Any], now: float) -> None:
    """Store a refused login and release the login lock."""
    state.login_caller, state.refusal, state.refused_until = None, error, now + REFUSAL_SECONDS


def release_lock(state: TokenState, caller: str) -> None:
    """Release the login lock if `caller` holds it."""
    if state.login_caller == caller:
        state.login_caller = None


def drop_token(state: TokenState, token_id: str) -> None:
    """Delete exactly this token: another process may have replaced it already."""
    if state.token_id == token_id:
        state.token = None


def renew_for_scope(state: TokenState, token_id: str, now: float) -> bool:
    """Return whether another token may help after CMN-401. Drops the token when a login is due."""
    if state.token is None or state.token_id != token_id:
        return True
    if state.scope_renewed and now < state.scope_renewed + SCOPE_RENEWAL_SECONDS:
        return False
    state.scope_renewed = now
    drop_token(state, token_id)
    return True


def _renewal_time(state: TokenState) -> float:
    return state.expires - min(RENEWAL_MARGIN_SECONDS, RENEWAL_MARGIN_SHARE * (state.expires - state.obtained))


def _correct_future_times(state: TokenState, now: float) -> None:
    """Make sure that a clock that was set back makes no token immortal and no login lock endless."""
    if state.obtained > now:
        state.expires -= state.obtained - now
        state.obtained = now
    state.login_until = min(state.login_until, now + LOGIN_LOCK_SECONDS)
    state.refused_until = min(state.refused_until, now + REFUSAL_SECONDS)
    state.scope_renewed = min(state.scope_renewed, now)


class TokenCache:
    """The shared token of one credential, decrypted. `on_secret` is called with each token before its first use."""

    def __init__(self, ledger: Ledger, credentials: Credentials, on_secret: Callable[[str], None]) -> None:
        self._ledger = ledger
        self._credentials = credentials
        self._on_secret = on_secret
        self._encryptor = TokenEncryptor(credentials)
        self._decrypted: tuple[str, str] = ("", "")

    def next_step(self, caller: str) -> Step:
        """Return what `caller` does next. An `AccessToken` holds the token in clear."""
        step = next_step(read_token_state(self._ledger, self._credentials), caller, self._ledger.now())
        if not isinstance(step, AccessToken):
            step = self._change(lambda state: next_step(state, caller, self._ledger.now()))
        return self._in_clear(step) if isinstance(step, AccessToken) else step

    def usable(self) -> AccessToken | None:
        """Return the token in clear until it expires, or None."""
        token = usable_token(read_token_state(self._ledger, self._credentials), self._ledger.now())
        return None if token is None else self._in_clear(token)

    def store(self, response: dict[str, Any]) -> None:
        """Store the token from a response of the token endpoint."""
        token = str(response["access_token"])
        self._on_secret(token)
        token_id = hashlib.sha256(token.encode()).hexdigest()[:16]
        encrypted = self._encryptor.encrypt(token)
        self._change(lambda state: store_token(state, encrypted, token_id, response, self._ledger.now()))
        self._decrypted = (token_id, token)

    def store_refusal(self, error: dict[str, Any]) -> None:
        """Store a refused login for all processes and release the login lock."""
        self._change(lambda state: store_refusal(state, error, self._ledger.now()))

    def drop(self, token_id: str) -> None:
        """Delete this token: RingCentral does not accept it any more."""
        self._change(lambda state: drop_token(state, token_id))

    def renew_for_scope(self, token_id: str) -> bool:
        """Return whether a newer token may have a scope that this one lacks."""
        return self._change(lambda state: renew_for_scope(state, token_id, self._ledger.now()))

    def release_lock(self, caller: str) -> None:
        """Release the login lock if `caller` holds it."""
        self._change(lambda state: release_lock(state, caller))

    def _in_clear(self, access: AccessToken) -> AccessToken:
        token_id, token = self._decrypted
        if token_id != access.token_id:
            decrypted = self._encryptor.decrypt(access.token)
            if decrypted is None:
                self.drop(access.token_id)
                raise RetryLater("the shared token cannot be decrypted and is replaced")
            token = decrypted
            self._on_secret(token)
            self._decrypted = (access.token_id, token)
        return msgspec.structs.replace(access, token=token)

    def _change(self, step: Callable[[TokenState], T]) -> T:
        def change(value: bytes | None) -> tuple[bytes, T]:
            state = _decode(value)
            result = step(state)
            return msgspec.json.encode(state), result

        return self._ledger.update(_key(self._credentials), change)


def read_token_state(ledger: Ledger, credentials: Credentials) -> TokenState:
    """Return what the ledger knows about the token and the login; the token in it is encrypted."""
    return _decode(ledger.read(_key(credentials)))


def _key(credentials: Credentials) -> str:
    return f"session:{credentials.session_key}"


def _decode(value: bytes | None) -> TokenState:
    try:
        return TokenState() if value is None else msgspec.json.decode(value, type=TokenState)
    except msgspec.DecodeError:
        # Damaged, or of an incompatible version: start anew.
        return TokenState()
