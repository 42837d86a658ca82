"""What can be chosen about messages."""

from __future__ import annotations

from dataclasses import dataclass

MESSAGING_LIVE = frozenset(
    [
        "sent_seconds",
        "delivered_seconds",
        "message_lag",
        "sms_per_minute",
        "mms_per_minute",
        "fax_page_seconds",
        "a2p_per_second",
        "ring_seconds",
        "talk_seconds",
        "ring_memory_seconds",
        "posts_per_day",
        "posts_order",
        "webhooks_per_minute",
        "webhook_error_status",
    ]
)
"""Options of messages that may be changed while the sandbox runs."""


@dataclass(slots=True, kw_only=True)
class MessagingOptions:
    """The choices about messages; all seconds are scaled."""

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
