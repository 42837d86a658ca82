"""The guards of a window as operators have them: checked before the first request, told in the task's log."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from airflow_provider_ringcentral.arguments import Span, span_of
from airflow_provider_ringcentral.extract.call_log.retention import check_future, check_retention

log = logging.getLogger(__name__)


def guard_retention(start: datetime, retention: Span, if_expired: str, *, name: str = "start") -> None:
    """Warn in the log, or raise `RetentionExceeded`, when `start` (aware) lies before what RingCentral keeps.

    `retention` is in seconds, also as text, or a timedelta; None and 0 turn the guard off. Raises `BadArgument` for a
    value that cannot be meant. `name` is the argument that `start` comes from.
    """
    kept = span_of("retention", retention, "0 turns the guard off")
    warning = check_retention(start, datetime.now(tz=UTC), kept, if_expired, name=name)
    if warning:
        log.warning("%s", warning)


def guard_future(end: datetime, if_future: str) -> None:
    """Warn in the log, or raise `WindowInFuture`, when `end` (aware) lies in the future."""
    warning = check_future(end, datetime.now(tz=UTC), if_future)
    if warning:
        log.warning("%s", warning)
