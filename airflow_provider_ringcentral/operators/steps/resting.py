"""Time that passes between two looks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sending.once.store import Notebook

log = logging.getLogger(__name__)


def rest(notebook: Notebook, *, seconds: float, timeout: float, defer: Callable[[float], object] | None = None) -> bool:
    """Let `seconds` pass, unless `timeout` seconds are over since this try first asked; whether they are not.

    `defer`, of a deferrable task, gets the seconds that are left and gives the worker back, by raising.
    """
    left = notebook.deadline(timeout) - notebook.now()
    if left <= 0:
        return False
    if defer is not None:
        log.info("Waiting without a worker, for up to %.0f s.", left)
        defer(left)
    notebook.sleep(min(seconds, left))
    return True
