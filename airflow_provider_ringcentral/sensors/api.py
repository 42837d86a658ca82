"""Waiting until an answer of RingCentral is as wanted."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import AirflowSensorTimeout, BaseSensorOperator, PokeReturnValue, conf

from airflow_provider_ringcentral.client.credentials import DEFAULT_MAX_WAIT_SECONDS, DEFERRABLE_MAX_WAIT_SECONDS
from airflow_provider_ringcentral.sensors.skipping import never_failing, only_timeouts_skip

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context
    from airflow.triggers.base import BaseTrigger

    from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook
    from airflow_provider_ringcentral.triggers.condition import Condition, Look

RESCUE_SECONDS = 600.0
"""After the deadline, until Airflow itself ends a wait whose trigger never answered."""


class RingCentralApiSensor(BaseSensorOperator):
    """GET a path of RingCentral's REST API again and again until a condition on its answer holds.

    A look costs one request of the path's group (Heavy: ten a minute for all tasks of the Connection). Of a list it
    reads the first page. An answer that is late, a full quota, 5xx and a broken network are no failures: it looks
    again until `timeout`. What waiting cannot mend fails the task at once, with its cure; `soft_fail` skips the task
    on timeout only.

    Returns the answer, or the records that were waited for, or what the function returns as `xcom_value`; None when
    that is more than 48 KB.

    `poke_interval` (60 s), `timeout` (Airflow's default: 7 days), `mode` and the rest are those of every sensor.

    :param path: such as `/restapi/v1.0/account/~/extension/~/message-store/123`.
    :param query: query parameters; a list becomes a repeated key.
    :param condition: what to wait for. None: at least one record in the answer's list. A text: a Jinja expression
        without braces over `answer` and, when that is an object, its keys, such as `messageStatus == 'Delivered'`;
        what is missing makes it false. A function: gets the decoded answer, returns a bool or a `PokeReturnValue`.
    :param missing_ok: take 404 for "not yet".
    :param deferrable: wait in the triggerer, which judges expressions and records itself. For a function the worker
        comes back for each look.
    :param ringcentral_conn_id: the Connection.
    """

    template_fields: Sequence[str] = ("ringcentral_conn_id", "path", "query", "missing_ok")
    template_fields_renderers: ClassVar[dict[str, str]] = {"query": "json"}
    ui_color = "#ffd8a8"

    def __init__(
        self,
        *,
        path: str,
        query: Mapping[str, Any] | None = None,
        condition: Condition = None,
        missing_ok: bool = False,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        ringcentral_conn_id: str = "ringcentral_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.query = query
        self.condition = condition
        self.missing_ok = missing_ok
        self.deferrable = deferrable
        self.ringcentral_conn_id = ringcentral_conn_id
        self._deadline: float | None = None

    @cached_property
    def hook(self) -> RingCentralJWTHook:
        """The hook of the Connection."""
        from airflow_provider_ringcentral.hooks.ringcentral import RingCentralJWTHook

        return RingCentralJWTHook(self.ringcentral_conn_id)

    def execute(self, context: Context) -> Any:
        """Look until the condition holds."""
        self._deadline = time.time() + self.timeout
        with only_timeouts_skip(self):
            self._check()
            if not self.deferrable:
                return super().execute(context)
            with never_failing(self):
                return self._look_or_defer(self._deadline, DEFERRABLE_MAX_WAIT_SECONDS)

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once."""
        look = self._look(self._patience())
        return PokeReturnValue(look.done, self._for_xcom(look))

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
            return self._seen(event["sealed"])

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """As Airflow's, but `soft_fail` skips on timeout only."""
        with only_timeouts_skip(self):
            return super().resume_execution(next_method, next_kwargs, context)

    def _check(self) -> None:
        from airflow_provider_ringcentral.extract.errors import BadArgument
        from airflow_provider_ringcentral.hooks.failures import airflow_errors
        from airflow_provider_ringcentral.triggers.condition import check_condition

        with airflow_errors():
            check_condition(self.condition)
            if not isinstance(self.path, str):
                raise BadArgument(f"path is {self.path!r}; give one such as /restapi/v1.0/…", parameter="path")
            if not isinstance(self.query, Mapping | None):
                raise BadArgument("query is no dict; a template gives a text: put it into values", parameter="query")
            if str(self.missing_ok) not in ("True", "False"):
                raise BadArgument(f"missing_ok is {self.missing_ok!r}; give True or False", parameter="missing_ok")
            for name in ("exponential_backoff", "silent_fail") if self.deferrable else ():
                if getattr(self, name):
                    raise BadArgument(f"{name} has no effect with deferrable=True; leave it out", parameter=name)

    def _patience(self) -> float:
        """How long a look may wait for its place in the quota.

        With mode="poke" the worker is held anyway, and who gives up loses the place in the queue.
        """
        if self.reschedule or self._deadline is None:
            return self.poke_interval
        return min(DEFAULT_MAX_WAIT_SECONDS, self._deadline - time.time())

    def _look(self, patience: float) -> Look:
        from airflow_provider_ringcentral.client.errors import RingCentralError
        from airflow_provider_ringcentral.hooks.failures import airflow_errors
        from airflow_provider_ringcentral.triggers.condition import judge, passing

        with airflow_errors():
            try:
                body = self.hook.get_conn().raw_json("GET", self.path, params=self.query, max_wait=patience)
                look = judge(self.condition, body)
            except RingCentralError as error:
                found = passing(error, missing_ok=str(self.missing_ok) == "True")
                if found is None:
                    raise
                look = found
        if not look.done:
            self.log.info("Not yet: %s", look.reason)
        return look

    def _look_or_defer(self, deadline: float, patience: float) -> Any:
        look = self._look(patience)
        if look.done:
            return self._for_xcom(look)
        left = deadline - time.time()
        if left <= 0:
            raise self._timed_out(look.reason)
        timeout = timedelta(seconds=left + RESCUE_SECONDS)
        return self.defer(trigger=self._trigger(look, deadline), method_name="execute_complete", timeout=timeout)

    def _trigger(self, look: Look, deadline: float) -> BaseTrigger:
        from airflow_provider_ringcentral.client.transport import wire_parameters
        from airflow_provider_ringcentral.triggers.api import RingCentralApiTrigger, RingCentralPauseTrigger

        if self.condition is None or isinstance(self.condition, str):
            return RingCentralApiTrigger(
                ringcentral_conn_id=self.ringcentral_conn_id,
                path=self.path,
                query=wire_parameters(self.query),
                condition=self.condition,
                missing_ok=str(self.missing_ok) == "True",
                poke_interval=self.poke_interval,
                deadline=deadline,
            )
        # A function cannot cross: the worker comes back for each look.
        return RingCentralPauseTrigger(min(deadline, time.time() + max(self.poke_interval, look.again_in)), deadline)

    def _seen(self, sealed: str | None) -> Any:
        """What the trigger saw. Too large for its event, or sealed with a secret replaced since: looked at again."""
        from airflow_provider_ringcentral.client.answer import decoded
        from airflow_provider_ringcentral.client.seal import Seal
        from airflow_provider_ringcentral.triggers.condition import Look

        if not self.do_xcom_push:
            return None
        text = Seal(self.hook.credentials).open(sealed) if sealed else None
        if text is None:
            return self._for_xcom(self._look(DEFAULT_MAX_WAIT_SECONDS))
        return self._for_xcom(Look(done=True, value=decoded(text.encode())))

    def _for_xcom(self, look: Look) -> Any:
        from airflow_provider_ringcentral.hooks.xcom import fits

        if not look.done or fits(look.value):
            return look.value if look.done else None
        self.log.info("The condition holds; the answer is too large for XCom, so nothing is returned.")
        return None

    def _timed_out(self, reason: str) -> AirflowSensorTimeout:
        return AirflowSensorTimeout(f"The condition did not hold within {self.timeout:.0f} s. The last look: {reason}")
