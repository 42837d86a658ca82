"""Time that passes between two looks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.providers.common.compat.sdk import BaseOperator
    from airflow.triggers.base import BaseTrigger

    from airflow_provider_ringcentral.sending.notebook import Notebook


def rest(
    operator: BaseOperator,
    notebook: Notebook,
    trigger: Callable[[float], BaseTrigger] | None,
    *,
    seconds: float,
    timeout: float,
) -> bool:
    """Let `seconds` pass, unless `timeout` seconds are over since this try first asked; whether they are not.

    With `trigger`, which makes one that fires at a time in epoch seconds, the worker is given back meanwhile, and the
    task comes back with `execute_complete`.
    """
    left = notebook.deadline(timeout) - notebook.now()
    if left <= 0:
        return False
    if trigger is not None:
        operator.defer(trigger=trigger(time.time() + min(seconds, left)), method_name="execute_complete")
    notebook.sleep(min(seconds, left))
    return True
