"""What the sandbox received: counts, and the latest requests, without any secret."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(slots=True)
class LoggedRequest:
    """One request.

    `authorization` is the kind of credential (Bearer, Basic, …) or None, never its value; the values of token
    parameters are cut out of `query`. `limited`: the limiter answered it with 429; `in_penalty`: it was sent while its
    group was closed; `fault`: the kind of fault injected into it; `time`: Unix seconds of its arrival; `seconds`: how
    long the sandbox worked on it.
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
        """Drop all requests and set all counts to 0."""
        self._latest.clear()
        self.counts: Counter[str] = Counter()
        self._groups: Counter[str] = Counter()
        self._operations: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()

    def add(self, request: LoggedRequest) -> None:
        """Log and count a request."""
        self._latest.append(request)
        self.counts["requests"] += 1
        self.counts["limited"] += request.limited
        self.counts["in_penalty"] += request.in_penalty
        self.counts["faults"] += request.fault is not None
        self._groups[request.group or "none"] += 1
        self._operations[request.operation or "unknown"] += 1
        self._statuses[str(request.status)] += 1

    def stats(self) -> dict[str, Any]:
        """Return the counts by group, operation and status; `status` 0 is a connection that was reset unanswered."""
        names = ("requests", "limited", "in_penalty", "faults", "logins", "logins_refused", "evicted")
        return {name: self.counts[name] for name in names} | {
            "groups": dict(self._groups),
            "operations": dict(self._operations),
            "statuses": dict(self._statuses),
        }

    def latest(self, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the latest requests, oldest first."""
        requests = list(self._latest)
        return [asdict(request) for request in (requests if limit is None else requests[-limit:] if limit else [])]
