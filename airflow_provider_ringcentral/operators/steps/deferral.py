"""Defer a task while the quota is used up, and between two polls of a status."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowTaskTimeout

from airflow_provider_ringcentral.arguments import parse_seconds
from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_MAX_WAIT_SECONDS, DEFERRABLE_MAX_WAIT_SECONDS
from airflow_provider_ringcentral.client.errors import RateLimited, RingCentralError
from airflow_provider_ringcentral.hooks.task_deadline import task_deadline

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator

    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
    from airflow_provider_ringcentral.hooks.task_state import WorkerRun
    from airflow_provider_ringcentral.sending.once.store import IdempotencyStore
    from airflow_provider_ringcentral.triggers.quota import RingCentralQuotaTrigger

log = logging.getLogger(__name__)


def pause_or_defer(
    store: IdempotencyStore, *, seconds: float, timeout: float, defer: Callable[[float], object] | None = None
) -> bool:
    """Sleep `seconds` before the next poll. Return False when `timeout` seconds of waiting are over.

    `defer` is that of a deferrable task: it gets the seconds that are left, and defers by raising.
    """
    left = store.deadline(timeout) - store.now()
    if left <= 0:
        return False
    if defer is not None:
        log.info("Deferring for up to %.0f s.", left)
        defer(left)
    store.sleep(min(seconds, left))
    return True


def task_hook(ringcentral_conn_id: str, *, deferrable: bool) -> RingCentralJWTHook:
    """Make the hook of the Connection. Its requests wait for a slot 10 s in a deferrable task, 900 s in others."""
    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

    max_wait = DEFERRABLE_MAX_WAIT_SECONDS if deferrable else DEFAULT_MAX_WAIT_SECONDS
    return RingCentralJWTHook(ringcentral_conn_id, max_wait=max_wait)


@contextmanager
def deferring(operator: BaseOperator, context: Mapping[str, Any], *, deferrable: bool) -> Iterator[None]:
    """Defer a deferrable task when an error says when to try again.

    The task keeps its reservation in the rate limiter while it is deferred. All other state is in the staging store
    beside the destination or in the idempotency store, so `execute_complete` does the same as `execute` without its
    checks. `execution_timeout` and the operator's `timeout`, if it has one, bound the task with all its deferrals.
    """
    from airflow_provider_ringcentral.hooks.task_state import WorkerRun

    worker_run, ends = WorkerRun(context, deferrable=deferrable), task_deadline(context)
    hook: Any = getattr(operator, "hook", None)
    if hook is not None:
        hook.worker_run = worker_run
    if ends is not None and time.time() >= ends:
        raise _execution_timeout_over(operator)
    try:
        yield
    except RingCentralError as error:
        deferral = _deferral(operator, context, worker_run, error) if deferrable else None
        worker_run.end(succeeded=False, keeps_place=deferral is not None)
        if deferral is None:
            raise
        from airflow_provider_ringcentral.triggers.quota import RESCUE_SECONDS

        trigger, left = deferral
        timeout = None if left is None else timedelta(seconds=left + RESCUE_SECONDS)
        operator.defer(trigger=trigger, method_name="execute_complete", timeout=timeout)
    except BaseException:
        worker_run.end(succeeded=False)
        raise
    else:
        worker_run.end(succeeded=True)


def _deferral(
    operator: BaseOperator, context: Mapping[str, Any], worker_run: WorkerRun, error: RingCentralError
) -> tuple[RingCentralQuotaTrigger, float | None] | None:
    """Return the trigger and the seconds that the task has left; None when deferring does not help."""
    from airflow_provider_ringcentral.triggers.quota import RingCentralQuotaTrigger, hold_seconds

    if error.retry_after is None:
        return None
    now = time.time()
    kept = worker_run.keep_reservation(hold_seconds(error.retry_after)) if isinstance(error, RateLimited) else None
    reservation, needed = kept or (None, error.retry_after)
    deadline = _deadline(operator, context, worker_run)
    left = None if deadline is None else deadline - now
    if left is not None and left <= (0.0 if reservation is not None else needed):
        operator.log.warning("Not deferring for %.0f s: the task has %.0f s left.", needed, max(0.0, left))
        if now >= (task_deadline(context) or float("inf")):
            raise _execution_timeout_over(operator) from error
        return None
    why = "Quota used up" if isinstance(error, RateLimited) else f"RingCentral is not available ({error})"
    operator.log.info("%s; deferring for %.0f s.", why, needed)
    return RingCentralQuotaTrigger(
        now + needed, place=asdict(reservation) if reservation else None, deadline=deadline
    ), left


def _deadline(operator: BaseOperator, context: Mapping[str, Any], worker_run: WorkerRun) -> float | None:
    """Return when the task stops waiting (epoch seconds), by its `timeout` and `execution_timeout`; None for never."""
    from airflow_provider_ringcentral.hooks.task_state import idempotency_store

    timeout = getattr(operator, "timeout", None)
    if timeout is None or worker_run.client is None:
        return task_deadline(context)
    return idempotency_store(context, worker_run.client, resumed=True).deadline(parse_seconds("timeout", timeout))


def _execution_timeout_over(operator: BaseOperator) -> AirflowTaskTimeout:
    return AirflowTaskTimeout(f"execution_timeout ({operator.execution_timeout}) is over, deferrals included.")
