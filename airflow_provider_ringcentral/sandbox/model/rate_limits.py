"""RingCentral's request limits: sliding windows, and penalties that each further request restarts.

Source: guide page basics/rate-limits; for sends per user the operations createSMSMessage and createMMS.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

UNLIMITED = "NoThrottling"
DOCUMENTED: dict[str, int] = {"Light": 50, "Medium": 40, "Heavy": 10, "Auth": 5}
"""Requests per user, app and 60 s; a penalty lasts 60 s too. Auth counts per app."""
MEDIA = "Media"
"""The group of a media host. Its limit is not documented, so the sandbox gives it that of Heavy."""
_USUAL = DOCUMENTED | {MEDIA: DOCUMENTED["Heavy"]}


@dataclass(frozen=True, slots=True)
class Limit:
    """`requests` per `window` seconds. Exceeding it closes the group until `penalty` seconds pass without a request."""

    requests: int
    window: float = 60.0
    penalty: float = 60.0


@dataclass(slots=True)
class _Window:
    times: deque[float] = field(default_factory=deque)
    closed_until: float = 0.0


@dataclass(frozen=True, slots=True)
class LimitDecision:
    """What the limiter decides about one request; `in_penalty`: the request came while the group was closed."""

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
        """Change the limit of a group, in the form of `overrides`; requests already counted stay counted."""
        if group not in self.limits:
            raise ValueError(f"group {group!r} is not one of: {', '.join(self.limits)}")
        whole = Limit(**limit) if isinstance(limit, dict) else Limit(int(limit))
        self.limits[group] = Limit(whole.requests, whole.window * self._scale, whole.penalty * self._scale)

    def check(self, user: str, app: str, group: str, now: float) -> LimitDecision:
        """Count a request at `now` (monotonic seconds) and decide whether it may pass."""
        limit = self.limits[group]
        window = self._windows.setdefault((user, app, group), _Window())
        in_penalty = now < window.closed_until
        if not in_penalty:
            while window.times and window.times[0] <= now - limit.window:
                window.times.popleft()
        if in_penalty or len(window.times) >= limit.requests:
            window.closed_until = now + limit.penalty
            return LimitDecision(
                allowed=False, group=group, limit=limit, remaining=0, wait=limit.penalty, in_penalty=in_penalty
            )
        window.times.append(now)
        return LimitDecision(
            allowed=True, group=group, limit=limit, remaining=limit.requests - len(window.times), wait=0.0
        )

    def reset(self) -> None:
        """Open every window and end every penalty."""
        self._windows.clear()


class SendRate:
    """Limits how many sends a user may make a minute, over all apps."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, int], deque[float]] = {}

    def wait(self, kind: str, user: int, most: int, minute: float, now: float) -> float:
        """Count a send at `now` (monotonic seconds) and return 0; when the minute is full, the seconds to wait."""
        times = self._times.setdefault((kind, user), deque())
        while times and times[0] <= now - minute:
            times.popleft()
        if len(times) >= most:
            return times[0] + minute - now
        times.append(now)
        return 0.0
