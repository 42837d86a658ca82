"""What all processes of one credential remember of their login: the token, whose turn it is, the last refusal. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

RENEWAL_MARGIN_SECONDS = 90.0
RENEWAL_MARGIN_SHARE = 0.1
TURN_SECONDS = 30.0
"""How long one process may try to log in before another takes over: a killed process blocks nobody longer than this."""

REFUSAL_SECONDS = 60.0
"""How long a refused login is remembered, so that waiting processes fail alike without asking again."""

LONGEST_LIFE_SECONDS = 7 * 24 * 3600.0

SCOPE_RENEWAL_SECONDS = 600.0
"""CMN-401 may mean that a scope was granted after the token was made; one new login in this time may find out."""


class Session(msgspec.Struct):
    """Instants are epoch seconds. `token` is sealed; `token_id` tells tokens apart without showing them."""

    token: str | None = None
    token_id: str = ""
    owner_id: str = ""
    scope: str = ""
    obtained: float = 0.0
    expires: float = 0.0
    turn: str | None = None
    turn_until: float = 0.0
    refusal: dict[str, Any] | None = None
    refused_until: float = 0.0
    scope_renewed: float = 0.0


class Use(msgspec.Struct, frozen=True):
    """The token is good: send with it."""

    token: str
    token_id: str
    owner_id: str

    def __repr__(self) -> str:
        # Tools that show the variables of a traceback must not show a living token.
        return f"Use(token_id={self.token_id!r})"


class LogIn(msgspec.Struct, frozen=True):
    """It is the caller's turn to log in."""


class WaitForTurn(msgspec.Struct, frozen=True):
    """Another process is logging in, at the latest until `until`."""

    until: float


class Refused(msgspec.Struct, frozen=True):
    """The login was refused a moment ago, with this error."""

    error: dict[str, Any]


Step = Use | LogIn | WaitForTurn | Refused


def next_step(session: Session, caller: str, now: float) -> Step:
    """What a caller that wants to send does now. `LogIn` takes the turn.

    A token is renewed early, with a margin; while one process renews it the others go on using it.
    """
    _forget_future(session, now)
    usable = session.token is not None and now < session.expires
    if usable and now < _renewal(session):
        return _use(session)
    if session.refusal is not None and now < session.refused_until:
        return _use(session) if usable else Refused(session.refusal)
    if session.turn not in (None, caller) and now < session.turn_until:
        return _use(session) if usable else WaitForTurn(session.turn_until)
    session.turn, session.turn_until = caller, now + TURN_SECONDS
    return LogIn()


def usable(session: Session, now: float) -> Use | None:
    """The token while it lives, be it due for renewal or not."""
    return _use(session) if session.token is not None and now < session.expires else None


def logged_in(session: Session, token: str, token_id: str, answer: dict[str, Any], now: float) -> None:
    """Keep the answer of the token endpoint: its `expires_in` is the only lifetime to trust (FACTS 2.3).

    The end of the session counts when it comes first. One that says nothing (0, a word) would have everybody log in
    again at once, and for ever.
    """
    told = (lifetime(answer.get(name)) for name in ("expires_in", "session_expires_in"))
    life = min((seconds for seconds in told if seconds is not None), default=LONGEST_LIFE_SECONDS)
    session.token, session.token_id = token, token_id
    session.owner_id, session.scope = str(answer.get("owner_id") or ""), str(answer.get("scope") or "")
    session.obtained, session.expires = now, now + life
    session.turn = session.refusal = None


def lifetime(value: Any) -> float | None:
    """Seconds, given as a number or as its text; None for what is no lifetime: 0, a word, nothing."""
    try:
        seconds = None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(seconds, LONGEST_LIFE_SECONDS) if seconds is not None and seconds > 0 else None


def refused(session: Session, error: dict[str, Any], now: float) -> None:
    """Remember a refused login and end the turn."""
    session.turn, session.refusal, session.refused_until = None, error, now + REFUSAL_SECONDS


def release(session: Session, caller: str) -> None:
    """End the caller's turn without a result."""
    if session.turn == caller:
        session.turn = None


def drop(session: Session, token_id: str) -> None:
    """Forget exactly this token: another process may have replaced it already."""
    if session.token_id == token_id:
        session.token = None


def renew_for_scope(session: Session, token_id: str, now: float) -> bool:
    """Whether trying again with another token may help after CMN-401; drops the token when a login is due."""
    if session.token is None or session.token_id != token_id:
        return True
    if session.scope_renewed and now < session.scope_renewed + SCOPE_RENEWAL_SECONDS:
        return False
    session.scope_renewed = now
    drop(session, token_id)
    return True


def _use(session: Session) -> Use:
    return Use(session.token or "", session.token_id, session.owner_id)


def _renewal(session: Session) -> float:
    life = session.expires - session.obtained
    return session.expires - min(RENEWAL_MARGIN_SECONDS, RENEWAL_MARGIN_SHARE * life)


def _forget_future(session: Session, now: float) -> None:
    """A clock that jumped back must not make a token immortal or a turn endless."""
    if session.obtained > now:
        session.expires -= session.obtained - now
        session.obtained = now
    session.turn_until = min(session.turn_until, now + TURN_SECONDS)
    session.refused_until = min(session.refused_until, now + REFUSAL_SECONDS)
    session.scope_renewed = min(session.scope_renewed, now)
