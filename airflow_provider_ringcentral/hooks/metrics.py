"""What the client does, as Airflow stats."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.common.compat.sdk import Stats


def emit(what: str, amount: float, group: str) -> None:
    """`ringcentral.requests`, `.logins` and `.throttled` as counters, `.wait_seconds` as a timing, tagged by group.

    Goes wherever Airflow's own stats go, and nowhere when they are off.
    """
    name, tags = f"ringcentral.{what}", {"group": group}
    if what == "wait_seconds":
        # A bare number would be taken for milliseconds.
        Stats.timing(name, timedelta(seconds=amount), tags=tags)
    else:
        Stats.incr(name, int(amount), tags=tags)
