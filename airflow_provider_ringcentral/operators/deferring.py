"""Giving the worker back while the quota is used up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.client.credentials import DEFAULT_MAX_WAIT_SECONDS, DEFERRABLE_MAX_WAIT_SECONDS
from airflow_provider_ringcentral.client.errors import RingCentralError

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator

    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook


def patient_hook(ringcentral_conn_id: str, *, deferrable: bool) -> RingCentralJWTHook:
    """The hook of the Connection; a task that can give its worker back waits on it for 10 s only, others for 900 s."""
    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

    patience = DEFERRABLE_MAX_WAIT_SECONDS if deferrable else DEFAULT_MAX_WAIT_SECONDS
    return RingCentralJWTHook(ringcentral_conn_id, max_wait=patience)


@contextmanager
def deferring(operator: BaseOperator, *, deferrable: bool) -> Iterator[None]:
    """Turns an error that says when to come back into a deferral until then, if the task is deferrable.

    Nothing crosses the deferral but the instant: what was done so far lies beside the destination or in the notebook,
    and `execute_complete` does what `execute` does once it has looked at its arguments.
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
