"""The window of a run: what the DAG author said, else the run's data interval."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from airflow_provider_ringcentral.arguments import Moment, Span, in_utc, moment_of, span_of
from airflow_provider_ringcentral.client.errors.arguments import BadArgument


def window_of(start: Moment, end: Moment, lookback: Span, context: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """Start and end (in UTC) of the half-open window, widened backwards by `lookback`.

    A missing bound is taken from the run's data interval, if it has one of non-zero width: Airflow 3 gives cron
    schedules a zero-width one unless asked otherwise, and manual and asset-triggered runs may have none.
    Raises `BadArgument` with the cure.
    """
    first, last = moment_of("start", start), moment_of("end", end)
    if first is None or last is None:
        missing = " and ".join(name for name, bound in (("start", first), ("end", last)) if bound is None)
        low, high = _data_interval(context, missing)
        first, last = first or low, last or high
    span = span_of("lookback", lookback, "it widens the window backwards")
    try:
        return first - span, last
    except OverflowError:
        raise BadArgument(f"lookback {lookback!r} reaches back before the year 1.", parameter="lookback") from None


def _data_interval(context: Mapping[str, Any], missing: str) -> tuple[datetime, datetime]:
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is None or end is None:
        why = "this run has no data interval (a manual or asset-triggered run)"
        cure = "Give both, such as start='{{ dag_run.run_after.subtract(days=1) }}' and end='{{ dag_run.run_after }}'."
    elif in_utc("data_interval_start", start) == in_utc("data_interval_end", end):
        why = "the run's data interval has no width (Airflow 3 gives cron schedules such a one)"
        cure = "Use schedule=CronDataIntervalTimetable(...), or give start and end."
    else:
        return in_utc("data_interval_start", start), in_utc("data_interval_end", end)
    given = "is" if missing in ("start", "end") else "are"
    raise BadArgument(f"{missing} {given} not given, and {why}. {cure}", parameter=missing.partition(" ")[0])
