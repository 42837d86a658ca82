"""Waiting until an answer of RingCentral is as wanted."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import AirflowSensorTimeout

from airflow_provider_ringcentral.arguments import parse_bool
from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_MAX_WAIT_SECONDS
from airflow_provider_ringcentral.sensors.waiting import RingCentralWaitSensor

if TYPE_CHECKING:
    from airflow.triggers.base import BaseTrigger

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.triggers.condition import Condition, Look


class RingCentralApiSensor(RingCentralWaitSensor):
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

    template_fields: Sequence[str] = (*RingCentralWaitSensor.template_fields, "path", "query", "missing_ok")
    template_fields_renderers: ClassVar[dict[str, str]] = {"query": "json"}

    def __init__(
        self,
        *,
        path: str,
        query: Mapping[str, Any] | None = None,
        condition: Condition = None,
        missing_ok: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.path = path
        self.query = query
        self.condition = condition
        self.missing_ok = missing_ok

    def _check(self) -> None:
        from airflow_provider_ringcentral.client.errors.arguments import BadArgument
        from airflow_provider_ringcentral.client.http.hosts import own_path
        from airflow_provider_ringcentral.triggers.condition import check_condition

        check_condition(self.condition)
        own_path(self.path)
        if not isinstance(self.query, Mapping | None):
            raise BadArgument("query is no dict; a template gives a text: put it into values", parameter="query")
        parse_bool("missing_ok", self.missing_ok)

    def _awaited(self) -> str:
        return f"{self.path.partition('?')[0]} to be as wanted"

    def _missing_may_come(self) -> bool:
        return parse_bool("missing_ok", self.missing_ok)

    def _ask(self, client: RingCentralClient) -> Look:
        from airflow_provider_ringcentral.triggers.condition import judge

        body = client.raw_json("GET", self.path, params=self.query, on_partial_failure="return")
        return judge(self.condition, body)

    def _trigger(self, look: Look, deadline: float) -> BaseTrigger:
        from airflow_provider_ringcentral.client.http.transport import wire_parameters
        from airflow_provider_ringcentral.triggers.api import RingCentralApiTrigger, RingCentralPauseTrigger

        if self.condition is None or isinstance(self.condition, str):
            return RingCentralApiTrigger(
                ringcentral_conn_id=self.ringcentral_conn_id,
                path=self.path,
                query=wire_parameters(self.query),
                condition=self.condition,
                missing_ok=self._missing_may_come(),
                poke_interval=self.poke_interval,
                deadline=deadline,
            )
        # A function cannot cross: the worker comes back for each look.
        return RingCentralPauseTrigger(min(deadline, time.time() + max(self.poke_interval, look.again_in)), deadline)

    def _seen(self, event: Mapping[str, Any]) -> Any:
        """What the trigger saw. Too large for its event, or sealed with a secret replaced since: looked at again."""
        from airflow_provider_ringcentral.client.answer import decoded
        from airflow_provider_ringcentral.client.auth.encryption import TokenEncryptor
        from airflow_provider_ringcentral.triggers.condition import Look

        if not self.do_xcom_push:
            return None
        text = TokenEncryptor(self.hook.credentials).decrypt(event["sealed"]) if event["sealed"] else None
        if text is None:
            return self._returned(self._look(DEFAULT_MAX_WAIT_SECONDS))
        return self._returned(Look(done=True, value=decoded(text.encode())))

    def _returned(self, look: Look) -> Any:
        from airflow_provider_ringcentral.hooks.xcom import fits

        if not look.done or fits(look.value):
            return look.value if look.done else None
        self.log.info("The condition holds; the answer is too large for XCom, so nothing is returned.")
        return None

    def _timed_out(self, reason: str) -> AirflowSensorTimeout:
        return AirflowSensorTimeout(f"The condition did not hold within {self.timeout:.0f} s. The last look: {reason}")
