"""When Airflow ends a task. It imports nothing, because every operator and sensor module does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def task_deadline(context: Mapping[str, Any]) -> float | None:
    """Epoch seconds at which `execution_timeout` ends this try, deferrals included; None without a timeout.

    Airflow keeps the start of a try across its deferrals, but Airflow 3 restarts its own clock after each of them.
    """
    limit = getattr(context.get("task"), "execution_timeout", None)
    started = getattr(context.get("ti"), "start_date", None)
    return None if limit is None or started is None else float(started.timestamp() + limit.total_seconds())
