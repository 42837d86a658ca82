"""What the client does, as Airflow stats."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import Stats


def emit(what: str, amount: float, group: str) -> None:
    """`ringcentral.requests`, `.logins` and `.throttled` as counters, `.wait_seconds` as a timing, tagged by group.

    Goes wherever Airflow's own stats go, and nowhere when they are off.
    """
    name, tags = f"ringcentral.{what}", {"group": group}
    if what == "wait_seconds":
        Stats.timing(name, amount, tags=tags)
    else:
        Stats.incr(name, int(amount), tags=tags)
