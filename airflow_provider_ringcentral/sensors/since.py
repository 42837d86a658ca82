"""Sensors that wait for what comes after a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sensors.waiting import RingCentralWaitSensor

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_ringcentral.extract.given import Moment


class RingCentralSinceSensor(RingCentralWaitSensor):
    """Wait for what comes at `since` or later.

    :param since: a time with a zone. None: when the first try of this task began, noted so that retries, deferrals and
        reschedules keep it; a person who clears the task makes it begin anew.
    """

    template_fields: Sequence[str] = (*RingCentralWaitSensor.template_fields, "since")

    def __init__(self, *, since: Moment = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.since = since
        self._from = 0.0

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> Any:
        """As every sensor's; it may look again."""
        self._from = self._began(context, resumed=True)
        return super().execute_complete(context, event)

    def _check(self) -> None:
        from airflow_provider_ringcentral.extract.given import moment_of

        moment_of("since", self.since)

    def _prepare(self, context: Context) -> None:
        super()._prepare(context)
        self._from = self._began(context, resumed=self._rescheduled(context))

    def _began(self, context: Context, *, resumed: bool) -> float:
        from airflow_provider_ringcentral.extract.given import moment_of
        from airflow_provider_ringcentral.hooks.first_start import first_start

        given = moment_of("since", self.since)
        return first_start(context, self.hook.get_conn(), resumed=resumed) if given is None else given.timestamp()

    def _rescheduled(self, context: Context) -> bool:
        """Whether an earlier look gave the worker back."""
        asked = getattr(context.get("ti"), "get_first_reschedule_date", None)
        return bool(self.reschedule and asked is not None and asked(context) is not None)
