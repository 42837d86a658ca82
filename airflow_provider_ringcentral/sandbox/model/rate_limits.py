"""RingCentral's request limits (`docs/basics/rate-limits.md`): sliding windows, and penalties that restart."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

UNLIMITED = "NoThrottling"
DOCUMENTED: dict[str, int] = {"Light": 50, "Medium": 40, "Heavy": 10, "Auth": 5}
"""Requests per user, app and 60 s; a penalty lasts 60 s too. Auth counts per app."""
MEDIA = "Media"
"""The group of a media host that counts for itself; its limit is nowhere documented, so it is that of Heavy."""
_USUAL = DOCUMENTED | {MEDIA: DOCUMENTED["Heavy"]}


@dataclass(frozen=True, slots=True)
class Limit:
    """`requests` per `window` seconds; who exceeds it is shut out until `penalty` seconds without a request."""

    requests: int
    window: float = 60.0
    penalty: float = 60.0


@dataclass(slots=True)
class _Window:
    times: deque[float] = field(default_factory=deque)
    closed_until: float = 0.0


@dataclass(frozen=True, slots=True)
class LimitDecision:
    """What the limiter says to one request. `in_penalty`: it was sent although the penalty was known."""

    allowed: bool
    group: str
    limit: Limit
    remaining: int
    wait: float
    in_penalty: bool = False


class Limiter:
    """Counts requests per (user, app, group).

    `overrides` replaces documented limits: `{"Heavy": 3}` or `{"Heavy": {"requests": 3, "window": 60, "penalty": 60}}`.
    `scale` multiplies windows and penalties, so that 0.01 makes a minute last 0.6 s.
    """

    def __init__(self, overrides: Mapping[str, Any] | None = None, *, scale: float = 1.0) -> None:
        self._scale = scale
        self.limits = dict.fromkeys(_USUAL, Limit(0))
        for group, limit in (_USUAL | dict(overrides or {})).items():
            self.change(group, limit)
        self._windows: dict[tuple[str, str, str], _Window] = {}

    def change(self, group: str, limit: int | dict[str, Any]) -> None:
        """Changes the limit of a group from now on, given as in `overrides`; what was counted stays counted."""
        if group not in self.limits:
            raise ValueError(f"group {group!r} is none of {', '.join(self.limits)}")
        whole = Limit(**limit) if isinstance(limit, dict) else Limit(int(limit))
        self.limits[group] = Limit(whole.requests, whole.window * self._scale, whole.penalty * self._scale)

    def ask(self, user: str, app: str, group: str, now: float) -> LimitDecision:
        """Counts a request at `now` (monotonic seconds) and says whether it may pass."""
        limit = self.limits[group]
        window = self._windows.setdefault((user, app, group), _Window())
        if now < window.closed_until:
            window.closed_until = now + limit.penalty
            return LimitDecision(
                allowed=False, group=group, limit=limit, remaining=0, wait=limit.penalty, in_penalty=True
            )
        while window.times and window.times[0] <= now - limit.window:
            window.times.popleft()
        if len(window.times) >= limit.requests:
            window.closed_until = now + limit.penalty
            return LimitDecision(allowed=False, group=group, limit=limit, remaining=0, wait=limit.penalty)
        window.times.append(now)
        return LimitDecision(
            allowed=True, group=group, limit=limit, remaining=limit.requests - len(window.times), wait=0.0
        )

    def forget(self) -> None:
        """Opens every window, as if nothing had ever been sent."""
        self._windows.clear()


def rate_headers(decision: LimitDecision, names: Mapping[str, str]) -> dict[str, str]:
    """The `X-Rate-Limit-*` headers of an authenticated answer; `names` renames groups, which RingCentral may do."""
    return {
        "X-Rate-Limit-Group": names.get(decision.group, decision.group.lower()),
        "X-Rate-Limit-Limit": str(decision.limit.requests),
        "X-Rate-Limit-Remaining": str(decision.remaining),
        "X-Rate-Limit-Window": seconds(decision.limit.window),
    }


def retry_header(decision: LimitDecision, form: str, clock: float) -> dict[str, str]:
    """`Retry-After` in seconds, as an HTTP date (rounded up to whole seconds after `clock`), or none."""
    if form == "none":
        return {}
    if form == "date":
        return {"Retry-After": formatdate(int(clock + decision.wait) + 1, usegmt=True)}
    return {"Retry-After": seconds(decision.wait)}


def seconds(value: float) -> str:
    """`60`, or with decimals when time is scaled: `0.6`."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
