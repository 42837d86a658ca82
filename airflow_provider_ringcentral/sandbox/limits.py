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
class Ruling:
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
        limits = {group: Limit(requests) for group, requests in DOCUMENTED.items()}
        for group, override in (overrides or {}).items():
            limits[group] = Limit(**override) if isinstance(override, dict) else Limit(int(override))
        self.limits = {
            group: Limit(limit.requests, limit.window * scale, limit.penalty * scale) for group, limit in limits.items()
        }
        self._windows: dict[tuple[str, str, str], _Window] = {}

    def ask(self, user: str, app: str, group: str, now: float) -> Ruling:
        """Counts a request at `now` (monotonic seconds) and says whether it may pass."""
        limit = self.limits[group]
        window = self._windows.setdefault((user, app, group), _Window())
        if now < window.closed_until:
            window.closed_until = now + limit.penalty
            return Ruling(allowed=False, group=group, limit=limit, remaining=0, wait=limit.penalty, in_penalty=True)
        while window.times and window.times[0] <= now - limit.window:
            window.times.popleft()
        if len(window.times) >= limit.requests:
            window.closed_until = now + limit.penalty
            return Ruling(allowed=False, group=group, limit=limit, remaining=0, wait=limit.penalty)
        window.times.append(now)
        return Ruling(allowed=True, group=group, limit=limit, remaining=limit.requests - len(window.times), wait=0.0)

    def forget(self) -> None:
        """Opens every window, as if nothing had ever been sent."""
        self._windows.clear()


def rate_headers(ruling: Ruling) -> dict[str, str]:
    """The `X-Rate-Limit-*` headers of an authenticated answer."""
    return {
        "X-Rate-Limit-Group": ruling.group.lower(),
        "X-Rate-Limit-Limit": str(ruling.limit.requests),
        "X-Rate-Limit-Remaining": str(ruling.remaining),
        "X-Rate-Limit-Window": seconds(ruling.limit.window),
    }


def retry_header(ruling: Ruling, form: str, clock: float) -> dict[str, str]:
    """`Retry-After` in seconds, as an HTTP date (rounded up to whole seconds after `clock`), or none."""
    if form == "none":
        return {}
    if form == "date":
        return {"Retry-After": formatdate(int(clock + ruling.wait) + 1, usegmt=True)}
    return {"Retry-After": seconds(ruling.wait)}


def seconds(value: float) -> str:
    """`60`, or with decimals when time is scaled: `0.6`."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
