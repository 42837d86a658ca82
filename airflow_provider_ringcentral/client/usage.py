"""What a client has used so far: requests sent, logins, refusals, and seconds waited."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Usage:
    """Counts of one client. `requests` holds every HTTP request sent, logins included; `waited` is in seconds."""

    requests: int = 0
    logins: int = 0
    throttled: int = 0
    waited: float = 0.0
    remaining: dict[str, int] = field(default_factory=dict)
    """Requests left in each group's window, as the last answer said."""
