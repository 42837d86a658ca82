"""What sensors that ask RingCentral have in common: the look, the ways of waiting, and the ends.

`soft_fail` as it is meant: a wait that was too short skips the task, what is broken fails it.
"""

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
from airflow_provider_ringcentral.hooks.task_state import task_deadline

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context
    from airflow.triggers.base import BaseTrigger

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
    from airflow_provider_ringcentral.triggers.condition import Look

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


RESCUE_SECONDS = 600.0
"""After the deadline, until Airflow itself ends a wait whose trigger never answered."""


class RingCentralWaitSensor(BaseSensorOperator):
    """Look again and again until there is what is waited for. Subclasses say what a look is.

    An answer that is late, a full quota, 5xx and a broken network are no failures: it looks again until `timeout`.
    What waiting cannot mend fails the task at once, with its cure; `soft_fail` skips the task on timeout only.

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
        """Look until there is what is waited for."""
        from airflow_provider_ringcentral.hooks.task_state import first_poke_date

        rescheduled = first_poke_date(context) if self.reschedule else None
        began = time.time() if rescheduled is None else rescheduled.timestamp()
        self._deadline = began + self.timeout
        with only_timeouts_skip(self):
            self._prepare(context)
            if rescheduled is None:
                self.log.info("Waiting for %s, until %s UTC.", self._awaited(), f"{_utc(self._deadline):%F %T}")
            if not self.deferrable:
                return self._told(context, self._looks(context))
            with never_failing(self):
                return self._told(context, self._look_or_defer(self._ends(context), DEFERRABLE_MAX_WAIT_SECONDS))

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once."""
        look = self._look(self._patience())
        return PokeReturnValue(look.done, self._returned(look) if look.done else None)

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> Any:
        """Return what the trigger saw, raise what it met, or look again."""
        from airflow_provider_ringcentral.client.errors import error_of
        from airflow_provider_ringcentral.hooks.errors import airflow_errors

        with never_failing(self), airflow_errors():
            if event["status"] == "error":
                raise error_of(event["error"])
            if event["status"] == "timeout":
                self._check_time(context, event["reason"])
                raise self._timed_out(event["reason"])
            if event["status"] == "again":
                return self._told(context, self._look_or_defer(event["deadline"], self.poke_interval))
            return self._told(context, self._seen(event))

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """As Airflow's, but `soft_fail` skips on timeout only."""
        with only_timeouts_skip(self):
            return super().resume_execution(next_method, next_kwargs, context)

    def _ask(self, client: RingCentralClient) -> Look:
        """One look."""
        raise NotImplementedError

    def _awaited(self) -> str:
        """What is waited for, for the log: no number and no text of a message."""
        raise NotImplementedError

    def _looks(self, context: Context) -> Any:
        """Airflow's own loop of looks. When it ends without success, it says what the last look found."""
        try:
            return super().execute(context)
        except AirflowSensorTimeout:
            raise self._timed_out(self._reason or "There was no look.") from None
        except AirflowSkipException as skipped:
            if self.soft_fail and skipped.__cause__ is None and self._is_late():
                raise AirflowSkipException(str(self._timed_out(self._reason or "There was no look."))) from None
            raise

    def _is_late(self) -> bool:
        return self._deadline is not None and time.time() >= self._deadline

    def _ends(self, context: Context) -> float:
        """When a deferred wait ends (epoch seconds): Airflow 3 bounds none by `execution_timeout`."""
        ends = task_deadline(context)
        deadline = time.time() if self._deadline is None else self._deadline
        return deadline if ends is None else min(deadline, ends)

    def _check_time(self, context: Context, reason: str) -> None:
        ends = task_deadline(context)
        if ends is not None and time.time() >= ends:
            raise AirflowTaskTimeout(f"execution_timeout ({self.execution_timeout}) is over. The last look: {reason}")

    def _told(self, context: Context, value: Any) -> Any:
        """Say in the log that the wait is over, and pass on what it found."""
        began = getattr(context.get("ti"), "start_date", None)
        if began is None:
            self.log.info("Found: %s.", _in_short(value))
        else:
            self.log.info("Found after %.0f s: %s.", time.time() - began.timestamp(), _in_short(value))
        return value

    def _trigger(self, look: Look, deadline: float) -> BaseTrigger:
        """What goes on waiting after a look."""
        raise NotImplementedError

    def _seen(self, event: Mapping[str, Any]) -> Any:
        """What the task returns for what the trigger saw."""
        raise NotImplementedError

    def _returned(self, look: Look) -> Any:
        """What the task returns for a look that ends the wait."""
        return look.value

    def _check(self) -> None:
        """Raise `BadArgument` for what cannot be meant."""

    def _missing_may_come(self) -> bool:
        """Whether 404 means "not yet"."""
        return False

    def _prepare(self, context: Context) -> None:
        from airflow_provider_ringcentral.client.errors.arguments import BadArgument
        from airflow_provider_ringcentral.hooks.errors import airflow_errors

        with airflow_errors():
            self._check()
            for name in ("exponential_backoff", "silent_fail") if self.deferrable else ():
                if getattr(self, name):
                    raise BadArgument(f"{name} has no effect with deferrable=True; leave it out", parameter=name)

    def _patience(self) -> float:
        """How long a look may wait for its place in the quota.

        With mode="poke" the worker is held anyway, and who gives up loses the place in the queue.
        """
        if self.reschedule or self._deadline is None:
            return self.poke_interval
        return max(0.0, min(DEFAULT_MAX_WAIT_SECONDS, self._deadline - time.time()))

    @contextmanager
    def _client(self, patience: float) -> Iterator[RingCentralClient]:
        """A client whose requests wait for at most `patience` seconds each, or less if the Connection says so."""
        longest = self.hook.credentials.max_wait
        client = self.hook.make_client(patience if longest is None else min(patience, longest))
        try:
            yield client
        finally:
            client.close()

    def _look(self, patience: float) -> Look:
        from airflow_provider_ringcentral.client.errors import RingCentralError
        from airflow_provider_ringcentral.hooks.errors import airflow_errors
        from airflow_provider_ringcentral.triggers.condition import passing

        with airflow_errors():
            try:
                with self._client(patience) as client:
                    look = self._ask(client)
            except RingCentralError as error:
                found = passing(error, missing_ok=self._missing_may_come())
                if found is None:
                    raise
                look = found
        self._reason = look.reason
        if not look.done:
            self.log.info("Not yet: %s", look.reason)
        return look

    def _look_or_defer(self, deadline: float, patience: float) -> Any:
        look = self._look(patience)
        if look.done:
            return self._returned(look)
        left = deadline - time.time()
        if left <= 0:
            raise self._timed_out(look.reason)
        self.log.info("Waiting on without a worker, for up to %.0f s; looking every %.0f s.", left, self.poke_interval)
        timeout = timedelta(seconds=left + RESCUE_SECONDS)
        return self.defer(trigger=self._trigger(look, deadline), method_name="execute_complete", timeout=timeout)

    def _timed_out(self, reason: str) -> AirflowSensorTimeout:
        return AirflowSensorTimeout(
            f"What was waited for did not come within {self.timeout:.0f} s. The last look: {reason}"
        )


def _utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def _in_short(value: Any) -> str:
    """What was found, by its ids if it has some."""
    if not isinstance(value, list):
        return "the condition holds"
    ids = [str(one["id"]) for one in value if isinstance(one, dict) and "id" in one]
    some = f" ({', '.join(ids[:10])}{', …' if len(ids) > 10 else ''})" if ids else ""
    return f"{len(value)} record{'' if len(value) == 1 else 's'}{some}"
