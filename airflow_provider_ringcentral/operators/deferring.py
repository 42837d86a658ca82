"""Giving the worker back while the quota is used up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.client.errors import RingCentralError

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator


@contextmanager
def deferring(operator: BaseOperator, *, deferrable: bool) -> Iterator[None]:
    """Turns an error that says when to come back into a deferral until then, if the task is deferrable.

    Nothing crosses the deferral but the instant: what was read lies in parts beside the destination, and
    `execute_complete` is `execute` again.
    """
    try:
        yield
    except RingCentralError as error:
        if not deferrable or error.retry_after is None:
            raise
        from airflow_provider_ringcentral.triggers.quota import RingCentralQuotaTrigger

        operator.log.info("Giving the worker back for %.0f s: %s", error.retry_after, error)
        trigger = RingCentralQuotaTrigger(time.time() + error.retry_after)
        operator.defer(trigger=trigger, method_name="execute_complete")
