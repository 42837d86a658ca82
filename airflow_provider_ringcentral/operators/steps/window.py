"""The window of a run, from an operator's arguments or the run's data interval, and checks of its age and end."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from airflow_provider_ringcentral.arguments import (
    DurationArgument,
    TimeArgument,
    parse_duration,
    parse_time,
    to_utc,
)
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.call_log.query import (
    check_future,
    check_retention,
)

log = logging.getLogger(__name__)


def check_age(start: datetime, retention: DurationArgument, if_expired: str, *, name: str = "start") -> None:
    """Log a warning, or raise `RetentionExceeded`, when `start` (aware) is older than what RingCentral keeps.

    `retention` is in seconds (number or text) or a timedelta; None and 0 turn the check off. `name` is the argument
    that `start` comes from. Raises `BadArgument` for an invalid `retention` or `if_expired`.
    """
    kept = parse_duration("retention", retention, "0 turns the check off")
    warning = check_retention(start, datetime.now(tz=UTC), kept, if_expired, name=name)
    if warning:
        log.warning("%s", warning)


def check_end(end: datetime, if_future: str) -> None:
    """Log a warning, or raise `WindowInFuture`, when `end` (aware) is in the future."""
    warning = check_future(end, datetime.now(tz=UTC), if_future)
    if warning:
        log.warning("%s", warning)


def window_of(
    start: TimeArgument, end: TimeArgument, lookback: DurationArgument, context: Mapping[str, Any]
) -> tuple[datetime, datetime]:
    """Return start and end (UTC) of the half-open window, widened backwards by `lookback`.

    A missing bound comes from the run's data interval. Raises `BadArgument` when that is missing or empty: manual and
    asset-triggered runs may have none, and in Airflow 3 that of a cron schedule is empty by default.
    """
    first, last = parse_time("start", start), parse_time("end", end)
    if first is None or last is None:
        missing = " and ".join(name for name, bound in (("start", first), ("end", last)) if bound is None)
        low, high = _data_interval(context, missing)
        first, last = first or low, last or high
    span = parse_duration("lookback", lookback, "it widens the window backwards")
    try:
        return first - span, last
    except OverflowError:
        raise BadArgument(f"lookback {lookback!r} reaches back before the year 1.", parameter="lookback") from None


def _data_interval(context: Mapping[str, Any], missing: str) -> tuple[datetime, datetime]:
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is None or end is None:
        why = "this run has no data interval (a manual or asset-triggered run)"
        remedy = "Set both, such as start='{{ dag_run.run_after.subtract(days=1) }}', end='{{ dag_run.run_after }}'."
    elif to_utc("data_interval_start", start) == to_utc("data_interval_end", end):
        why = "the run's data interval is empty (the default for cron schedules in Airflow 3)"
        remedy = "Use schedule=CronDataIntervalTimetable(...), or give start and end."
    else:
        return to_utc("data_interval_start", start), to_utc("data_interval_end", end)
    verb = "is" if missing in ("start", "end") else "are"
    raise BadArgument(f"{missing} {verb} not given, and {why}. {remedy}", parameter=missing.partition(" ")[0])
