"""Time that passes between two looks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator

    from airflow_provider_ringcentral.sending.notebook import Notebook


def rest(operator: BaseOperator, notebook: Notebook, *, seconds: float, timeout: float, deferrable: bool) -> bool:
    """Let `seconds` pass, unless `timeout` seconds are over since this try first asked; whether they are not.

    A deferrable task gives its worker back meanwhile and comes back with `execute_complete`.
    """
    left = notebook.deadline(timeout) - notebook.now()
    if left <= 0:
        return False
    if deferrable:
        from airflow_provider_ringcentral.triggers.quota import RingCentralQuotaTrigger

        trigger = RingCentralQuotaTrigger(time.time() + min(seconds, left))
        operator.defer(trigger=trigger, method_name="execute_complete")
    notebook.sleep(min(seconds, left))
    return True
