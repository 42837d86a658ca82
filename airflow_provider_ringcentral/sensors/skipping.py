"""`soft_fail` as it is meant: a wait that was too short skips the task, what is broken fails it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import AirflowSensorTimeout, AirflowSkipException, AirflowTaskTimeout

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseSensorOperator

TIMEOUTS = (AirflowSensorTimeout, AirflowTaskTimeout, AirflowSkipException)


@contextmanager
def only_timeouts_skip(sensor: BaseSensorOperator) -> Iterator[None]:
    """Undoes what Airflow's sensors make of `soft_fail`: they skip the task for a refused login, too."""
    try:
        yield
    except AirflowSensorTimeout as timeout:
        if sensor.soft_fail:
            raise AirflowSkipException(str(timeout)) from timeout
        raise
    except AirflowSkipException as skipped:
        cause = skipped.__cause__
        if sensor.soft_fail and cause is not None and not isinstance(cause, TIMEOUTS):
            raise cause from cause.__cause__
        raise


@contextmanager
def never_failing(sensor: BaseSensorOperator) -> Iterator[None]:
    """`never_fail` where Airflow's own loop of looks is not used."""
    try:
        yield
    except AirflowSkipException:
        raise
    except Exception as error:
        if sensor.never_fail:
            raise AirflowSkipException(f"Skipping due to never_fail: {error}") from error
        raise
