"""Apps, users and JWTs that may log in, and the tokens issued to them."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

APP_PERMISSIONS = frozenset(
    [
        "ReadAccounts",
        "ReadCallLog",
        "ReadCallRecording",
        "EditCallLog",
        "ReadMessages",
        "EditMessages",
        "SMS",
        "Faxes",
        "InternalMessages",
        "A2PSMS",
        "TeamMessaging",
        "Analytics",
        "RingOut",
        "ReadPresence",
        "ReadAuditTrail",
    ]
)
USER_PERMISSIONS = frozenset(
    [
        "FullCompanyCallLog",
        "ReadCompanyCallLog",
        "ReadCallLog",
        "EditCallLog",
        "ReadCallRecording",
        "EditCompanyCallRecordings",
        "ReadExtensions",
        "ReadCompanyInfo",
        "ReadUserPhoneNumbers",
        "ReadCompanyPhoneNumbers",
        "ReadUserDevices",
        "ReadCompanyDevices",
        "ReadUserRoles",
        "ReadMessages",
        "EditMessages",
        "OutboundSMS",
        "InternalSMS",
        "OutboundFaxes",
        "Users",
        "Glip",
        "ReadPresenceStatus",
    ]
)
IMPLIED: dict[str, frozenset[str]] = {
    "Faxes": frozenset({"ReadMessages"}),
    "SMS": frozenset({"ReadMessages"}),
    "InternalMessages": frozenset({"ReadMessages"}),
    "EditMessages": frozenset({"ReadMessages"}),
    "ReadCallRecording": frozenset({"ReadCallLog"}),
}
"""App permissions that include others (guide page basics/permissions)."""

_REMEMBERED = 1000


@dataclass(slots=True)
class App:
    """An app of the developer console. `refusal` is the key of `LOGIN_REFUSALS` with which every login is refused."""

    client_id: str
    client_secret: str
    permissions: set[str] = field(default_factory=lambda: set(APP_PERMISSIONS))
    jwt_flow: bool = True
    refresh_tokens: bool = False
    refusal: str | None = None


@dataclass(slots=True)
class User:
    """A user who owns JWTs. `status`: Enabled, Disabled, Frozen, NotActivated, Deleted, Forbidden (may not log in).

    `extended`: the role has access to other extensions. `service`: an extension for programs, not for a person.
    `sms_features` are those of the direct number, `numbers` are further ones with their features.
    """

    id: int
    permissions: set[str] = field(default_factory=lambda: set(USER_PERMISSIONS))
    status: str = "Enabled"
    extended: bool = True
    service: bool = False
    sms_features: set[str] = field(default_factory=lambda: {"CallerId", "SmsSender", "MmsSender"})
    numbers: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Jwt:
    """A JWT credential. `apps` lists the client ids that may use it (None: all); `expires` is in Unix seconds."""

    user_id: int
    apps: list[str] | None = None
    expires: float | None = None
    revoked: bool = False


@dataclass(slots=True, eq=False)
class Token:
    """An access token and its session. `ends` is monotonic seconds."""

    value: str
    app: App
    user: User
    scope: frozenset[str]
    ends: float
    refresh: str | None = None


def granted(permissions: set[str]) -> frozenset[str]:
    """Return app permissions with those they imply."""
    return frozenset(permissions).union(*(IMPLIED.get(name, frozenset()) for name in permissions))


def make_jwt(seed: str, *, expires: float | None = None) -> str:
    """Return a JWT with ES256 in its header and `iss` in its payload; equal for equal arguments."""
    digest = hashlib.sha256(f"jwt-{seed}".encode()).digest()
    claims: dict[str, Any] = {"iss": "https://platform.ringcentral.com/restapi/oauth", "jti": _base64url(digest[:12])}
    if expires is not None:
        claims["exp"] = int(expires)
    header = {"kid": _base64url(digest[12:24]), "typ": "JWT", "alg": "ES256"}
    segments = [json.dumps(part, separators=(",", ":")).encode() for part in (header, claims)]
    segments.append(hashlib.sha512(digest + segments[1]).digest())
    return ".".join(_base64url(segment) for segment in segments)


def make_secret(name: str, length: int) -> str:
    """Return text that looks like a client id or secret; equal for equal names."""
    return _base64url(hashlib.sha512(name.encode()).digest())[:length].replace("-", "x").replace("_", "y")


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Identity:
    """Apps by client id, users by extension id, JWTs and access tokens by value."""

    def __init__(self, *, sessions: int) -> None:
        self.apps: dict[str, App] = {}
        self.users: dict[int, User] = {}
        self.jwts: dict[str, Jwt] = {}
        self.tokens: dict[str, Token] = {}
        self.used_refresh_tokens: set[str] = set()
        self._sessions = sessions

    def open_session(self, app: App, user: User, scope: frozenset[str], now: float, life: float) -> tuple[Token, int]:
        """Issue a token, and return it with the number of sessions ended for it: a user may have `sessions` per app.

        `now` is monotonic seconds, `life` is in seconds.
        """
        token = Token(f"U0pD{secrets.token_urlsafe(60)}", app, user, scope, now + life)
        if app.refresh_tokens:
            token.refresh = f"U0pD{secrets.token_urlsafe(60)}"
        alive = [other for other in self.tokens.values() if other.ends > now]
        same = [other for other in alive if other.app is app and other.user is user]
        evicted = same[: max(0, len(same) + 1 - self._sessions)]
        for other in evicted:
            del self.tokens[other.value]
        # Expired tokens are kept for a while: they are refused with OAU-128, unknown ones with OAU-213.
        for value in list(self.tokens)[: max(0, len(self.tokens) - _REMEMBERED)]:
            del self.tokens[value]
        self.tokens[token.value] = token
        return token, len(evicted)

    def find_refresh(self, refresh: str) -> Token | None:
        """Return the session of a refresh token."""
        return next((token for token in self.tokens.values() if token.refresh == refresh), None)

    def end_sessions(
        self, *, client_id: str | None = None, user_id: int | None = None, value: str | None = None
    ) -> int:
        """End the sessions that match all arguments, and return how many these were."""
        matching = [
            token
            for token in self.tokens.values()
            if client_id in (None, token.app.client_id)
            and user_id in (None, token.user.id)
            and value in (None, token.value)
        ]
        for token in matching:
            del self.tokens[token.value]
        return len(matching)
