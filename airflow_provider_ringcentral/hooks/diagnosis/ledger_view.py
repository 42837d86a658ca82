"""Show what the ledger holds for a credential: token age, rate limits, penalties. Sends nothing, shows no token."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.auth.token_cache import read_token_state
from airflow_provider_ringcentral.client.endpoints import AUTH, HEAVY, LIGHT, MEDIUM
from airflow_provider_ringcentral.client.ledger.protocol import Ledger
from airflow_provider_ringcentral.client.rate_limit import windows
from airflow_provider_ringcentral.client.rate_limit.limiter import groups_of, read_window
from airflow_provider_ringcentral.hooks import settings


@dataclass(frozen=True, slots=True)
class GroupView:
    """One rate limit group: limit, seconds of its window, requests left, seconds until its penalty ends (0: none)."""

    group: str
    limit: int
    window: float
    left: int
    penalty: float
    waiting: int


@dataclass(frozen=True, slots=True)
class LedgerView:
    """Where the ledger is, age of the token and seconds until it expires (None without one), and the groups.

    `refused`: RingCentral has just refused a login, so others wait before they try.
    """

    location: str
    shared: bool
    token_age: float | None
    token_expires_in: float | None
    refused: bool
    groups: tuple[GroupView, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return asdict(self)

    def text(self) -> str:
        """Return everything as lines of text."""
        age, end = self.token_age, self.token_expires_in
        first = "no token" if age is None else f"token {age:.0f} s old, expires in {end:.0f} s"
        lines = [
            f"ledger {self.location}",
            first,
            *(["the last login was refused a moment ago"] if self.refused else []),
        ]
        for group in self.groups:
            penalty = f", penalty for another {group.penalty:.0f} s" if group.penalty else ""
            line = f"{group.group}: {group.left} of {group.limit} left in {group.window:g} s"
            lines.append(f"{line}, {group.waiting} waiting{penalty}")
        return "\n".join(lines)


def ledger_view(credentials: Credentials) -> LedgerView:
    """Read what the configured ledger holds for these credentials."""
    url = settings.ledger_url()
    ledger = settings.shared_ledger(url)
    session, now = read_token_state(ledger, credentials), ledger.now()
    alive = session.token is not None and now < session.expires
    owner = credentials.owner_key(session.owner_id)
    groups = [_group(ledger, credentials.app_key, AUTH)]
    if session.owner_id:
        names = dict.fromkeys((LIGHT, MEDIUM, HEAVY, *groups_of(ledger, owner)))
        groups += [_group(ledger, owner, name) for name in names]
    return LedgerView(
        location=settings.without_secrets(url),
        shared=ledger.shared,
        token_age=now - session.obtained if alive else None,
        token_expires_in=session.expires - now if alive else None,
        refused=session.refusal is not None and now < session.refused_until,
        groups=tuple(groups),
    )


def _group(ledger: Ledger, owner: str, group: str) -> GroupView:
    window, now = read_window(ledger, owner, group), ledger.now()
    left = windows.slots_left(window, now)
    return GroupView(group, window.limit, window.seconds, left, max(0.0, window.closed_until - now), len(window.queue))
