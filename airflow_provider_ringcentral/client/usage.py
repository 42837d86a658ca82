"""What a client has used: requests, logins, 429s and seconds waited, in total and for one extract."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Observer = Callable[[str, float, str], None]
"""Called with what happened (`requests`, `logins`, `throttled`, `wait_seconds`), the amount, and the group."""


def _ignore(what: str, amount: float, group: str) -> None:
    """Serve as the default observer."""


@dataclass(slots=True)
class Usage:
    """Counts of one client. `requests` includes logins and retries; `waited` is in seconds.

    `remaining` holds the requests left in each group's window, and `limits` the window's limit and length in seconds,
    both from the last response. `earlier` holds requests and seconds waited of the same task before this client was
    created: in an earlier try, or before a deferral. `clock_behind` is how many seconds RingCentral's clock was behind
    ours at the last response, and `date_behind` the same without allowing for the response's way.
    """

    requests: int = 0
    earlier: tuple[int, float] = (0, 0.0)
    clock_behind: float = 0.0
    date_behind: float = 0.0
    logins: int = 0
    throttled: int = 0
    waited: float = 0.0
    remaining: dict[str, int] = field(default_factory=dict)
    limits: dict[str, tuple[int, float]] = field(default_factory=dict)
    observe: Observer = _ignore

    def total(self) -> tuple[int, float]:
        """Return requests and seconds waited of the task, including those before this client."""
        return self.earlier[0] + self.requests, round(self.earlier[1] + self.waited, 3)

    def count_request(self, group: str) -> None:
        """Count a request that is about to be sent."""
        self.requests += 1
        self.observe("requests", 1, group)

    def count_login(self, group: str) -> None:
        """Count a token request; it is counted as a request already."""
        self.logins += 1
        self.observe("logins", 1, group)

    def count_throttled(self, group: str) -> None:
        """Count a response 429."""
        self.throttled += 1
        self.observe("throttled", 1, group)

    def count_wait(self, seconds: float, group: str) -> None:
        """Count the time for which a request waited."""
        if seconds > 0:
            self.waited += seconds
            self.observe("wait_seconds", seconds, group)


class UsageDelta:
    """What a client used since this was created, plus what the same task used before.

    A client without `usage`, such as a test's, counts nothing.
    """

    def __init__(self, client: Any) -> None:
        self._usage: Usage | None = getattr(client, "usage", None)
        self._requests, self._waited = self._now()

    def requests(self, pages: int) -> int:
        """Return the number of HTTP requests, or `pages` if the client does not count."""
        return pages if self._usage is None else self._usage.earlier[0] + self._now()[0] - self._requests

    def seconds_waited(self) -> float:
        """Return the seconds waited for the quota and between retries, without the time of a deferral."""
        earlier = 0.0 if self._usage is None else self._usage.earlier[1]
        return round(earlier + self._now()[1] - self._waited, 3)

    def date_behind(self) -> float:
        """Return how many seconds the date of the last response was behind our clock."""
        return 0.0 if self._usage is None else float(self._usage.date_behind)

    def _now(self) -> tuple[int, float]:
        return (0, 0.0) if self._usage is None else (self._usage.requests, self._usage.waited)
