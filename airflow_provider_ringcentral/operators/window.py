"""The window of a run: what the DAG author said, else the run's data interval."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_ringcentral.extract.errors import BadArgument

Moment = datetime | str | None
Span = timedelta | float | str | None


def window_of(start: Moment, end: Moment, lookback: Span, context: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """Start and end (aware) of the half-open window, widened backwards by `lookback`.

    A missing bound is taken from the run's data interval, if it has one of non-zero width: Airflow 3 gives cron
    schedules a zero-width one unless asked otherwise, and manual and asset-triggered runs may have none.
    Raises `BadArgument` with the cure.
    """
    first, last = moment_of("start", start), moment_of("end", end)
    if first is None or last is None:
        missing = " and ".join(name for name, bound in (("start", first), ("end", last)) if bound is None)
        low, high = _data_interval(context, missing)
        first, last = first or low, last or high
    return first - span_of("lookback", lookback, "it widens the window backwards"), last


def moment_of(name: str, value: Moment) -> datetime | None:
    """The aware time that the argument `name` gives; None when it gives none. Raises `BadArgument`."""
    if value is None or (isinstance(value, str) and value.strip() in ("", "None")):
        return None
    try:
        moment = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
        aware = moment.utcoffset() is not None
    except (ValueError, AttributeError):
        raise BadArgument(
            f"{name} {value!r} is no ISO 8601 time; write one like 2026-01-31T00:00:00Z.", parameter=name
        ) from None
    if not aware:
        raise BadArgument(f"{name} {value} has no time zone; add one, such as Z for UTC.", parameter=name)
    return moment


def span_of(name: str, value: Span, meaning: str) -> timedelta:
    """The time span that the argument `name` gives, zero when it gives none.

    Raises `BadArgument`, for a negative one with what the argument means.
    """
    if value is None or value in ("", "None"):
        return timedelta()
    try:
        span = value if isinstance(value, timedelta) else timedelta(seconds=float(value))
    except (ValueError, TypeError, OverflowError):
        raise BadArgument(f"{name} {value!r} is no time span; give seconds or a timedelta.", parameter=name) from None
    if span < timedelta():
        raise BadArgument(f"{name} {value!r} is negative; {meaning}.", parameter=name)
    return span


def _data_interval(context: Mapping[str, Any], missing: str) -> tuple[datetime, datetime]:
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is None or end is None:
        why = "this run has no data interval (a manual or asset-triggered run)"
        cure = "Give both, such as start='{{ dag_run.run_after.subtract(days=1) }}' and end='{{ dag_run.run_after }}'."
    elif start == end:
        why = "the run's data interval has no width (Airflow 3 gives cron schedules such a one)"
        cure = "Use schedule=CronDataIntervalTimetable(...), or give start and end."
    else:
        return start, end
    given = "is" if missing in ("start", "end") else "are"
    raise BadArgument(f"{missing} {given} not given, and {why}. {cure}", parameter=missing.partition(" ")[0])
