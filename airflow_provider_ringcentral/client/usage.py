"""What a client has used so far: requests sent, logins, refusals, and seconds waited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

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
