"""Base class of the sensors: poll, wait in the worker or the triggerer, time out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import (
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTimeout,
    BaseSensorOperator,
    PokeReturnValue,
    conf,
)

from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_MAX_WAIT_SECONDS, DEFERRABLE_MAX_WAIT_SECONDS
from airflow_provider_ringcentral.hooks.task_deadline import task_deadline

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context
    from airflow.triggers.base import BaseTrigger

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
    from airflow_provider_ringcentral.triggers.condition import PollResult

TIMEOUTS = (AirflowSensorTimeout, AirflowTaskTimeout, AirflowSkipException)


@contextmanager
def soft_fail_on_timeout_only(sensor: BaseSensorOperator) -> Iterator[None]:
    """Let `soft_fail` skip the task on timeout only: Airflow's sensors skip it for a refused login, too."""
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
def apply_never_fail(sensor: BaseSensorOperator) -> Iterator[None]:
    """Apply `never_fail` to deferred waits, which do not use Airflow's own loop."""
    try:
        yield
    except AirflowSkipException:
        raise
    except Exception as error:
        if sensor.never_fail:
            raise AirflowSkipException(f"Skipping due to never_fail: {error}") from error
        raise


class RingCentralWaitSensor(BaseSensorOperator):
    """Poll RingCentral until there is a result. Subclasses define the poll.

    Rate limits, 5xx and network errors count as "not yet", and it polls on until `timeout`. Any other error fails the
    task at once; `soft_fail` skips it on timeout only.

    :param deferrable: wait in the triggerer.
    :param ringcentral_conn_id: the Connection.
    """

    template_fields: Sequence[str] = ("ringcentral_conn_id",)
    ui_color = "#ffd8a8"

    def __init__(
        self,
        *,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        ringcentral_conn_id: str = "ringcentral_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.deferrable = deferrable
        self.ringcentral_conn_id = ringcentral_conn_id
        self._deadline: float | None = None
        self._reason: str | None = None

    @cached_property
    def hook(self) -> RingCentralJWTHook:
        """The hook of the Connection."""
        from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

        return RingCentralJWTHook(self.ringcentral_conn_id)

    def execute(self, context: Context) -> Any:
        """Poll until there is a result, and return it."""
        from airflow_provider_ringcentral.hooks.task_state import first_poke_date

        rescheduled = first_poke_date(context) if self.reschedule else None
        began = time.time() if rescheduled is None else rescheduled.timestamp()
        self._deadline = began + self.timeout
        with soft_fail_on_timeout_only(self):
            self._prepare(context)
            if rescheduled is None:
                self.log.info("Waiting for %s, until %s UTC.", self._description(), f"{_utc(self._deadline):%F %T}")
            if not self.deferrable:
                return self._succeeded(context, self._poke_until_done(context))
            with apply_never_fail(self):
                return self._succeeded(
                    context, self._poll_or_defer(self._wait_deadline(context), DEFERRABLE_MAX_WAIT_SECONDS)
                )

    def poke(self, context: Context) -> PokeReturnValue:
        """Poll once."""
        result = self._poll_once(self._max_wait())
        return PokeReturnValue(result.done, self._result_value(result) if result.done else None)

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> Any:
        """Return the trigger's result, raise its error, or poll again."""
        from airflow_provider_ringcentral.client.errors import error_of
        from airflow_provider_ringcentral.hooks.errors import airflow_errors

        with apply_never_fail(self), airflow_errors():
            if event["status"] == "error":
                raise error_of(event["error"])
            if event["status"] == "timeout":
                self._check_execution_timeout(context, event["reason"])
                raise self._timed_out(event["reason"])
            if event["status"] == "again":
                return self._succeeded(context, self._poll_or_defer(event["deadline"], self.poke_interval))
            return self._succeeded(context, self._event_value(event))

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Resume as Airflow does, with `soft_fail` for timeouts only."""
        with soft_fail_on_timeout_only(self):
            return super().resume_execution(next_method, next_kwargs, context)

    def _poll(self, client: RingCentralClient) -> PollResult:
        """Poll once."""
        raise NotImplementedError

    def _description(self) -> str:
        """Return what the task waits for, for the log: without phone numbers and texts."""
        raise NotImplementedError

    def _poke_until_done(self, context: Context) -> Any:
        """Run Airflow's own poke loop; its timeout tells the result of the last poll."""
        try:
            return super().execute(context)
        except AirflowSensorTimeout:
            raise self._timed_out(self._reason or "there was no poll") from None
        except AirflowSkipException as skipped:
            if self.soft_fail and skipped.__cause__ is None and self._is_late():
                raise AirflowSkipException(str(self._timed_out(self._reason or "there was no poll"))) from None
            raise

    def _is_late(self) -> bool:
        return self._deadline is not None and time.time() >= self._deadline

    def _wait_deadline(self, context: Context) -> float:
        """Return when a deferred wait ends (epoch seconds): Airflow 3 does not apply `execution_timeout` to it."""
        ends = task_deadline(context)
        deadline = time.time() if self._deadline is None else self._deadline
        return deadline if ends is None else min(deadline, ends)

    def _check_execution_timeout(self, context: Context, reason: str) -> None:
        ends = task_deadline(context)
        if ends is not None and time.time() >= ends:
            raise AirflowTaskTimeout(f"execution_timeout ({self.execution_timeout}) is over. The last poll: {reason}")

    def _succeeded(self, context: Context, value: Any) -> Any:
        """Log that the wait is over, and return `value`."""
        began = getattr(context.get("ti"), "start_date", None)
        if began is None:
            self.log.info("Found: %s.", _in_short(value))
        else:
            self.log.info("Found after %.0f s: %s.", time.time() - began.timestamp(), _in_short(value))
        return value

    def _trigger(self, result: PollResult, deadline: float) -> BaseTrigger:
        """Return the trigger that waits after this poll."""
        raise NotImplementedError

    def _event_value(self, event: Mapping[str, Any]) -> Any:
        """Return the task's result for an event of the trigger."""
        raise NotImplementedError

    def _result_value(self, result: PollResult) -> Any:
        """Return the task's result for a poll that is done."""
        return result.value

    def _validate(self) -> None:
        """Raise `BadArgument` for an invalid argument."""

    def _missing_ok(self) -> bool:
        """Return whether 404 means "not yet"."""
        return False

    def _prepare(self, context: Context) -> None:
        from airflow_provider_ringcentral.client.errors.arguments import BadArgument
        from airflow_provider_ringcentral.hooks.errors import airflow_errors

        with airflow_errors():
            self._validate()
            for name in ("exponential_backoff", "silent_fail") if self.deferrable else ():
                if getattr(self, name):
                    raise BadArgument(f"{name} has no effect with deferrable=True; leave it out", parameter=name)

    def _max_wait(self) -> float:
        """Return how long a poll may wait for the rate limiter (seconds).

        In mode "poke" it waits as long as a task may: giving up would only lose its slot.
        """
        if self.reschedule or self._deadline is None:
            return self.poke_interval
        return max(0.0, min(DEFAULT_MAX_WAIT_SECONDS, self._deadline - time.time()))

    @contextmanager
    def _client(self, max_wait: float) -> Iterator[RingCentralClient]:
        """Make a client whose requests wait at most `max_wait` seconds, or the Connection's limit if it is less."""
        longest = self.hook.credentials.max_wait
        client = self.hook.make_client(max_wait if longest is None else min(max_wait, longest))
        try:
            yield client
        finally:
            client.close()

    def _poll_once(self, max_wait: float) -> PollResult:
        from airflow_provider_ringcentral.client.errors import RingCentralError
        from airflow_provider_ringcentral.hooks.errors import airflow_errors
        from airflow_provider_ringcentral.triggers.condition import retryable_result

        with airflow_errors():
            try:
                with self._client(max_wait) as client:
                    result = self._poll(client)
            except RingCentralError as error:
                found = retryable_result(error, missing_ok=self._missing_ok())
                if found is None:
                    raise
                result = found
        self._reason = result.reason
        if not result.done:
            self.log.info("Not yet: %s", result.reason)
        return result

    def _poll_or_defer(self, deadline: float, max_wait: float) -> Any:
        from airflow_provider_ringcentral.triggers.quota import RESCUE_SECONDS

        result = self._poll_once(max_wait)
        if result.done:
            return self._result_value(result)
        left = deadline - time.time()
        if left <= 0:
            raise self._timed_out(result.reason)
        self.log.info("Deferring for up to %.0f s; polling every %.0f s.", left, self.poke_interval)
        timeout = timedelta(seconds=left + RESCUE_SECONDS)
        return self.defer(trigger=self._trigger(result, deadline), method_name="execute_complete", timeout=timeout)

    def _timed_out(self, reason: str) -> AirflowSensorTimeout:
        return AirflowSensorTimeout(f"No result within {self.timeout:.0f} s. The last poll: {reason}")


def _utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def _in_short(value: Any) -> str:
    """Describe a result for the log, by its ids if it has some."""
    if not isinstance(value, list):
        return "the condition holds"
    ids = [str(one["id"]) for one in value if isinstance(one, dict) and "id" in one]
    some = f" ({', '.join(ids[:10])}{', …' if len(ids) > 10 else ''})" if ids else ""
    return f"{len(value)} record{'' if len(value) == 1 else 's'}{some}"
