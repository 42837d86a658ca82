"""The options of a sandbox, as one JSON-able record."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

# fmt: off
LIVE = frozenset([
    "date_to", "date_bounds", "order", "page_fill", "empty_pages", "last_page", "totals",
    "retry_after", "rate_headers", "group_names", "wrong_secret_status", "jwt_refusal_code", "restricted_jwt_error",
    "sync_deleted", "sync_token_seconds",
    "sent_seconds", "delivered_seconds", "message_lag", "sms_per_minute", "mms_per_minute", "fax_page_seconds",
    "a2p_per_second", "ring_seconds", "talk_seconds", "ring_memory_seconds",
    "posts_per_day", "posts_order", "webhooks_per_minute", "webhook_error_status",
])
# fmt: on
"""Options that may be changed while the sandbox runs."""

_CHOICES: dict[str, tuple[str, ...]] = {
    "date_to": ("exclusive", "inclusive"),
    "date_bounds": ("exact", "seconds"),
    "order": ("newest", "oldest", "shuffled", "page_shuffled"),
    "last_page": ("none", "right", "wrong"),
    "retry_after": ("seconds", "date", "none"),
    "posts_order": ("newest", "oldest"),
}


@dataclass(slots=True, kw_only=True)
class Options:
    """The options of a sandbox; the guide "Testing DAGs with the sandbox" explains each."""

    port: int = 0
    seed: int = 1
    calls: int = 10_000
    start: str | None = None
    end: str | None = None
    layout: str = "even"
    pretty: bool = False
    recording_bytes_per_second: int = 4000
    media_host: bool = False

    limits: bool | dict[str, Any] = True
    scale: float = 1.0
    token_seconds: float = 3600.0
    session_seconds: float | None = None
    sessions: int = 5
    retry_after: str = "seconds"
    rate_headers: bool = True
    group_names: dict[str, str] = field(default_factory=dict)

    date_to: str = "exclusive"
    date_bounds: str = "exact"
    order: str = "newest"
    page_fill: float = 1.0
    empty_pages: int = 0
    last_page: str = "none"
    totals: bool = False

    wrong_secret_status: int = 401
    jwt_refusal_code: str | None = None
    restricted_jwt_error: str = "invalid_grant"
    sync_token_seconds: float | None = None
    sync_deleted: bool = True

    permissions: list[str] | None = None
    user_permissions: list[str] | None = None
    faults: list[dict[str, Any]] = field(default_factory=list)

    # Messages; all seconds are scaled.
    sent_seconds: float = 1.0
    delivered_seconds: float = 3.0
    message_lag: float = 0.0
    sms_per_minute: int = 40
    mms_per_minute: int = 50
    fax_page_seconds: float = 2.0
    a2p_per_second: float = 1000.0
    ring_seconds: float = 2.0
    talk_seconds: float = 5.0
    ring_memory_seconds: float = 5.0
    posts_per_day: int = 2500
    posts_order: str = "newest"
    webhooks_per_minute: int = 60
    webhook_error_status: int = 200

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            value = getattr(self, name)
            if value not in allowed:
                raise ValueError(f"{name} is {value!r}, which is not one of: {', '.join(allowed)}")
        if self.scale <= 0 or not 0 < self.page_fill <= 1 or self.calls < 0 or self.sessions < 1:
            raise ValueError("scale must be above 0, page_fill in (0, 1], calls at least 0, sessions at least 1")
        if self.recording_bytes_per_second < 1:
            raise ValueError("recording_bytes_per_second must be at least 1")
        if self.a2p_per_second <= 0:
            raise ValueError("a2p_per_second must be above 0")
        if self.empty_pages == 1:
            raise ValueError("empty_pages must not be 1: it would make every page empty")

    def as_dict(self) -> dict[str, Any]:
        """Return the options as a JSON-able dict, from which `Options(**…)` makes an equal record."""
        return asdict(self)

    def changed(self, changes: dict[str, Any]) -> Options:
        """Return a copy with live options changed; ValueError for unknown, fixed or impossible ones."""
        if fixed := sorted(set(changes) - LIVE):
            known = {option.name for option in fields(self)}
            why = "cannot be changed while the sandbox runs" if set(fixed) <= known else "is unknown"
            raise ValueError(f"option {', '.join(fixed)} {why}; these can be changed: {', '.join(sorted(LIVE))}")
        return Options(**(self.as_dict() | changes))

    def milliseconds(self, seconds: float) -> int:
        """Return a span of time as scaled milliseconds."""
        return round(seconds * 1000 * self.scale)
