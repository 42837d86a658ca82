"""What an extract cost: requests and waiting, as the client counts them."""

from __future__ import annotations

from typing import Any


class Spent:
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
