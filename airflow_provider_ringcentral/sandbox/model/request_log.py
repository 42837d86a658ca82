"""What the sandbox saw: counts, and the latest requests. Never a secret."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(slots=True)
class LoggedRequest:
    """One request.

    `authorization` is the kind of credential (Bearer, Basic, …) or None, never its value;
    `limited`: answered 429 by the limiter; `in_penalty`: sent while its group was shut; `fault`: what spoilt it;
    the values of token parameters are not kept;
    `time`: Unix seconds of arrival; `seconds`: how long the sandbox took.
    """

    method: str
    path: str
    query: str
    operation: str | None
    group: str | None
    status: int
    time: float
    seconds: float
    authorization: str | None
    user_agent: str | None
    limited: bool = False
    in_penalty: bool = False
    fault: str | None = None


class RequestLog:
    """Counts since the start (or the last `reset`) and the latest `capacity` requests."""

    def __init__(self, capacity: int = 5000) -> None:
        self._latest: deque[LoggedRequest] = deque(maxlen=capacity)
        self.reset()

    def reset(self) -> None:
        """Forgets everything."""
        self._latest.clear()
        self.counts: Counter[str] = Counter()
        self._groups: Counter[str] = Counter()
        self._operations: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()

    def note(self, logged: LoggedRequest) -> None:
        """Takes down a request."""
        self._latest.append(logged)
        self.counts["requests"] += 1
        self.counts["limited"] += logged.limited
        self.counts["in_penalty"] += logged.in_penalty
        self.counts["faults"] += logged.fault is not None
        self._groups[logged.group or "none"] += 1
        self._operations[logged.operation or "unknown"] += 1
        self._statuses[str(logged.status)] += 1

    def stats(self) -> dict[str, Any]:
        """Counts by group, operation and status; `status` 0 stands for a connection that was reset unanswered."""
        names = ("requests", "limited", "in_penalty", "faults", "logins", "logins_refused", "evicted")
        return {name: self.counts[name] for name in names} | {
            "groups": dict(self._groups),
            "operations": dict(self._operations),
            "statuses": dict(self._statuses),
        }

    def latest(self, limit: int | None = None) -> list[dict[str, Any]]:
        """The latest requests, oldest first."""
        entries = list(self._latest)
        return [asdict(logged) for logged in (entries if limit is None else entries[-limit:] if limit else [])]
