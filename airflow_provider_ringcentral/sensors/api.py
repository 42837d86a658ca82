"""Wait until a condition on the answer of any path holds."""

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
    from airflow_provider_ringcentral.triggers.condition import Condition, PollResult


class RingCentralApiSensor(RingCentralWaitSensor):
    """Poll a path of RingCentral's REST API with GET until a condition on its answer holds.

    A poll costs one request of the path's rate-limit group (Heavy: ten a minute for all tasks of the Connection). Of a
    list it reads the first page.

    Returns the answer, the records of its list (without `condition`), or a function's `xcom_value`; None when that is
    more than 48 KB.

    Rate limits, 5xx and network errors count as "not yet". Any other error fails the task at once; `soft_fail` skips
    it on timeout only. `poke_interval` (60 s), `timeout` (Airflow's default: 7 days) and `mode` are those of every
    sensor.

    :param path: such as `/restapi/v1.0/account/~/extension/~/message-store/123`.
    :param query: query parameters; a list becomes a repeated key.
    :param condition: None: wait for at least one record in the answer's list. A string: a Jinja expression without
        braces over `answer` and, when that is an object, its keys, such as `messageStatus == 'Delivered'`; a missing
        name makes it false. A function: gets the decoded answer, returns a bool or a `PokeReturnValue`.
    :param missing_ok: treat 404 as "not yet".
    :param deferrable: wait in the triggerer, which evaluates expressions itself. A function runs on the worker, which
        resumes for each poll.
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

    def _validate(self) -> None:
        from airflow_provider_ringcentral.client.errors.arguments import BadArgument
        from airflow_provider_ringcentral.client.http.hosts import checked_path
        from airflow_provider_ringcentral.triggers.condition import check_condition

        check_condition(self.condition)
        checked_path(self.path)
        if not isinstance(self.query, Mapping | None):
            raise BadArgument("query must be a dict; templates may stand in its values", parameter="query")
        self._missing_ok()

    def _description(self) -> str:
        return f"the condition on {self.path.partition('?')[0]}"

    def _missing_ok(self) -> bool:

        return parse_bool("missing_ok", self.missing_ok)

    def _poll(self, client: RingCentralClient) -> PollResult:
        from airflow_provider_ringcentral.triggers.condition import evaluate

        body = client.raw_json("GET", self.path, params=self.query, on_partial_failure="return")
        return evaluate(self.condition, body)

    def _trigger(self, result: PollResult, deadline: float) -> BaseTrigger:
        from airflow_provider_ringcentral.client.http.transport import wire_parameters
        from airflow_provider_ringcentral.triggers.api import RingCentralApiTrigger, RingCentralPauseTrigger

        if self.condition is None or isinstance(self.condition, str):
            return RingCentralApiTrigger(
                ringcentral_conn_id=self.ringcentral_conn_id,
                path=self.path,
                query=wire_parameters(self.query),
                condition=self.condition,
                missing_ok=self._missing_ok(),
                poke_interval=self.poke_interval,
                deadline=deadline,
            )
        # A function cannot be stored in the database, so the worker resumes for each poll.
        return RingCentralPauseTrigger(min(deadline, time.time() + max(self.poke_interval, result.again_in)), deadline)

    def _event_value(self, event: Mapping[str, Any]) -> Any:
        """Decrypt the trigger's answer. Poll again if it was too large, or the credentials have changed."""
        from airflow_provider_ringcentral.client.answer import decoded
        from airflow_provider_ringcentral.client.auth.encryption import TokenEncryptor
        from airflow_provider_ringcentral.triggers.condition import PollResult

        if not self.do_xcom_push:
            return None
        text = TokenEncryptor(self.hook.credentials).decrypt(event["sealed"]) if event["sealed"] else None
        if text is None:
            return self._result_value(self._poll_once(DEFAULT_MAX_WAIT_SECONDS))
        return self._result_value(PollResult(done=True, value=decoded(text.encode())))

    def _result_value(self, result: PollResult) -> Any:
        from airflow_provider_ringcentral.hooks.xcom import fits

        if not result.done or fits(result.value):
            return result.value if result.done else None
        self.log.info("The condition holds; the answer is too large for XCom, so nothing is returned.")
        return None

    def _timed_out(self, reason: str) -> AirflowSensorTimeout:
        return AirflowSensorTimeout(f"The condition did not hold within {self.timeout:.0f} s. The last poll: {reason}")
