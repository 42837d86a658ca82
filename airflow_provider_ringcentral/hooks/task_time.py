"""How much time Airflow gives a task: `execution_timeout` holds for all of it, deferrals included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def end_of_task(context: Mapping[str, Any]) -> float | None:
    """Epoch seconds at which this try has to be over; None when nothing says so.

    Airflow keeps the start of a try across its deferrals. Airflow 3 starts its own clock anew with each of them.
    """
    limit = getattr(context.get("task"), "execution_timeout", None)
    began = getattr(context.get("ti"), "start_date", None)
    return None if limit is None or began is None else float(began.timestamp() + limit.total_seconds())
