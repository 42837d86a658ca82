"""What sensors that ask RingCentral have in common: the look, the ways of waiting, and the ends."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowSensorTimeout, BaseSensorOperator, PokeReturnValue, conf

from airflow_provider_ringcentral.client.credentials import DEFAULT_MAX_WAIT_SECONDS, DEFERRABLE_MAX_WAIT_SECONDS
from airflow_provider_ringcentral.sensors.skipping import never_failing, only_timeouts_skip

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context
    from airflow.triggers.base import BaseTrigger

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
    from airflow_provider_ringcentral.triggers.condition import Look

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

    @cached_property
    def hook(self) -> RingCentralJWTHook:
        """The hook of the Connection."""
        from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

        return RingCentralJWTHook(self.ringcentral_conn_id)

    def execute(self, context: Context) -> Any:
        """Look until there is what is waited for."""
        self._deadline = time.time() + self.timeout
        with only_timeouts_skip(self):
            self._prepare(context)
            if not self.deferrable:
                return super().execute(context)
            with never_failing(self):
                return self._look_or_defer(self._deadline, DEFERRABLE_MAX_WAIT_SECONDS)

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once."""
        look = self._look(self._patience())
        return PokeReturnValue(look.done, self._returned(look) if look.done else None)

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> Any:
        """Return what the trigger saw, raise what it met, or look again."""
        from airflow_provider_ringcentral.client.errors import error_of
        from airflow_provider_ringcentral.hooks.failures import airflow_errors

        with never_failing(self), airflow_errors():
            if event["status"] == "error":
                raise error_of(event["error"])
            if event["status"] == "timeout":
                raise self._timed_out(event["reason"])
            if event["status"] == "again":
                return self._look_or_defer(event["deadline"], self.poke_interval)
            return self._seen(event)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """As Airflow's, but `soft_fail` skips on timeout only."""
        with only_timeouts_skip(self):
            return super().resume_execution(next_method, next_kwargs, context)

    def _ask(self, client: RingCentralClient) -> Look:
        """One look."""
        raise NotImplementedError

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
        from airflow_provider_ringcentral.extract.errors import BadArgument
        from airflow_provider_ringcentral.hooks.failures import airflow_errors

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
        from airflow_provider_ringcentral.hooks.failures import airflow_errors
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
        timeout = timedelta(seconds=left + RESCUE_SECONDS)
        return self.defer(trigger=self._trigger(look, deadline), method_name="execute_complete", timeout=timeout)

    def _timed_out(self, reason: str) -> AirflowSensorTimeout:
        return AirflowSensorTimeout(f"What was waited for did not come within {self.timeout:.0f} s. {reason}")
