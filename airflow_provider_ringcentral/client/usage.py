"""What a client has used so far: requests sent, logins, refusals, and seconds waited.

What an extract cost: requests and waiting, as the client counts them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class UsageDelta:
    """What `client` spent since this was made, and what the same task spent before: logins and repeats included.

    A client without `usage` tells nothing.
    """

    def __init__(self, client: Any) -> None:
        self._usage = getattr(client, "usage", None)
        self._requests, self._waited = self._now()

    def requests(self, pages: int) -> int:
        """HTTP requests; `pages` when the client doesn't count."""
        return pages if self._usage is None else self._usage.earlier[0] + self._now()[0] - self._requests

    def seconds_waited(self) -> float:
        """Seconds waited for quota and between repeats. The time of a deferral is not counted."""
        earlier = 0.0 if self._usage is None else self._usage.earlier[1]
        return round(earlier + self._now()[1] - self._waited, 3)

    def date_behind(self) -> float:
        """Seconds by which the date of the last answer was behind our clock; 0 when the client doesn't note it."""
        return 0.0 if self._usage is None else float(self._usage.date_behind)

    def _now(self) -> tuple[int, float]:
        return (0, 0.0) if self._usage is None else (self._usage.requests, self._usage.waited)


Observer = Callable[[str, float, str], None]
"""Called with what happened (`requests`, `logins`, `throttled`, `wait_seconds`), how much of it, and the group."""


def _nobody(what: str, amount: float, group: str) -> None:
    """Nobody watches."""


@dataclass(slots=True)
class Usage:
    """Counts of one client. `requests` holds every HTTP request sent, logins included; `waited` is in seconds.

    `remaining` has the requests left in each group's window, `limits` their number and the window's length in seconds,
    as the last answer said. `earlier` has the requests and seconds of the same task before this client was made: in
    an earlier try, or before a deferral. `behind` is how many seconds RingCentral's clock was behind ours at the last
    answer, and `date_behind` how many its date was, the answer's way included.
    """

    requests: int = 0
    earlier: tuple[int, float] = (0, 0.0)
    behind: float = 0.0
    date_behind: float = 0.0
    logins: int = 0
    throttled: int = 0
    waited: float = 0.0
    remaining: dict[str, int] = field(default_factory=dict)
    limits: dict[str, tuple[int, float]] = field(default_factory=dict)
    observe: Observer = _nobody

    def whole(self) -> tuple[int, float]:
        """Requests and seconds waited of the task, those before this client included."""
        return self.earlier[0] + self.requests, round(self.earlier[1] + self.waited, 3)

    def count_request(self, group: str) -> None:
        """A request goes out."""
        self.requests += 1
        self.observe("requests", 1, group)

    def count_login(self, group: str) -> None:
        """A token request goes out, counted among the requests already."""
        self.logins += 1
        self.observe("logins", 1, group)

    def count_throttled(self, group: str) -> None:
        """A 429 came back."""
        self.throttled += 1
        self.observe("throttled", 1, group)

    def count_wait(self, seconds: float, group: str) -> None:
        """A request was waited with."""
        if seconds > 0:
            self.waited += seconds
            self.observe("wait_seconds", seconds, group)
