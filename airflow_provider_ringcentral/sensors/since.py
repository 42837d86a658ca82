"""Base class of the sensors that wait for something new."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_ringcentral.sensors.waiting import RingCentralWaitSensor

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_ringcentral.arguments import TimeArgument
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.hooks.task_state import FirstStart
    from airflow_provider_ringcentral.sending.once.message import Record
    from airflow_provider_ringcentral.sending.status.arrival import Arrival
    from airflow_provider_ringcentral.triggers.calls import EndedCallFilter

Filter = TypeVar("Filter", "Arrival", "EndedCallFilter")


class RingCentralSinceSensor(RingCentralWaitSensor):
    """Wait for something at `since` or later.

    :param since: aware time or ISO 8601 text with zone. None: the start of the task's first try, which retries,
        deferrals and reschedules keep; clearing the task starts anew.
    """

    template_fields: Sequence[str] = (*RingCentralWaitSensor.template_fields, "since")

    def __init__(self, *, since: TimeArgument = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.since = since
        self._first_start: FirstStart | None = None

    @property
    def _since_seconds(self) -> float:
        return 0.0 if self._first_start is None else self._first_start.since

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> Any:
        """Return the trigger's result, raise its error, or poll again."""
        self._first_start = self._find_first_start(context, resumed=True)
        return super().execute_complete(context, event)

    def _validate(self) -> None:
        from airflow_provider_ringcentral.arguments import parse_time

        parse_time("since", self.since)

    def _prepare(self, context: Context) -> None:
        super()._prepare(context)
        self._first_start = self._find_first_start(context, resumed=False)

    def _find_first_start(self, context: Context, *, resumed: bool) -> FirstStart:
        from airflow_provider_ringcentral.arguments import parse_time
        from airflow_provider_ringcentral.hooks.task_state import FirstStart, first_start

        given = parse_time("since", self.since)
        if given is not None:
            return FirstStart(given.timestamp())
        return first_start(context, self.hook.get_conn(), resumed=resumed, reschedules=self.reschedule)

    def _since_text(self) -> str:
        return f"since {datetime.fromtimestamp(self._since_seconds, UTC):%F %T} UTC"

    def _new_records(
        self, client: RingCentralClient, wanted: Filter, ask: Callable[[Filter], Iterable[Record]]
    ) -> tuple[Filter, list[Record]]:
        """Return the filter to use from the next poll on, and the records of this poll that pass it.

        RingCentral's clock may be behind the worker's. A `since` that the DAG author gave is a time of the worker's
        clock, so it is shifted by the difference that the responses show. Without it, a record is new if the first
        poll did not see it, and clocks may differ by a minute.
        """
        from airflow_provider_ringcentral.sending.status.arrival import SKEW_SECONDS

        wide = replace(wanted, slack=SKEW_SECONDS)
        records = [record for record in ask(wide) if wide.passes(record)]
        behind = client.usage.clock_behind
        if behind > SKEW_SECONDS / 2:
            wide = replace(wanted, slack=SKEW_SECONDS + behind)
            records = [record for record in ask(wide) if wide.passes(record)]
        exact = replace(wanted, slack=behind)
        older = [str(record.get("id")) for record in records if not exact.passes(record)]
        before = None if self._first_start is None else self._first_start.before(older)
        wanted = exact if before is None else replace(wide, but_not=before)
        return wanted, [record for record in records if wanted.passes(record)]
