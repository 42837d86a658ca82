"""Sensors that wait for what comes after a moment."""

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
    from airflow_provider_ringcentral.triggers.calls import EndedCall

Wanted = TypeVar("Wanted", "Arrival", "EndedCall")


class RingCentralSinceSensor(RingCentralWaitSensor):
    """Wait for what comes at `since` or later.

    :param since: a time with a zone. None: when the first try of this task began, noted so that retries, deferrals and
        reschedules keep it; a person who clears the task makes it begin anew.
    """

    template_fields: Sequence[str] = (*RingCentralWaitSensor.template_fields, "since")

    def __init__(self, *, since: TimeArgument = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.since = since
        self._beginning: FirstStart | None = None

    @property
    def _from(self) -> float:
        return 0.0 if self._beginning is None else self._beginning.since

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> Any:
        """As every sensor's; it may look again."""
        self._beginning = self._began(context, resumed=True)
        return super().execute_complete(context, event)

    def _check(self) -> None:
        from airflow_provider_ringcentral.arguments import parse_time

        parse_time("since", self.since)

    def _prepare(self, context: Context) -> None:
        super()._prepare(context)
        self._beginning = self._began(context, resumed=False)

    def _began(self, context: Context, *, resumed: bool) -> FirstStart:
        from airflow_provider_ringcentral.arguments import parse_time
        from airflow_provider_ringcentral.hooks.task_state import FirstStart, first_start

        given = parse_time("since", self.since)
        if given is not None:
            return FirstStart(given.timestamp())
        return first_start(context, self.hook.get_conn(), resumed=resumed, reschedules=self.reschedule)

    def _since_text(self) -> str:
        return f"since {datetime.fromtimestamp(self._from, UTC):%F %T} UTC"

    def _came(
        self, client: RingCentralClient, wanted: Wanted, ask: Callable[[Wanted], Iterable[Record]]
    ) -> tuple[Wanted, list[Record]]:
        """What of the records that `ask` finds is waited for; and what is wanted from the next look on.

        RingCentral's clock may be behind ours. Who says since when means our clock: the difference that its answers
        show is allowed for. Without, whatever comes after the first look is new, within a minute's difference.
        """
        from airflow_provider_ringcentral.sending.status.arrival import SKEW_SECONDS

        wide = replace(wanted, slack=SKEW_SECONDS)
        records = [record for record in ask(wide) if wide.passes(record)]
        behind = client.usage.behind
        if behind > SKEW_SECONDS / 2:
            wide = replace(wanted, slack=SKEW_SECONDS + behind)
            records = [record for record in ask(wide) if wide.passes(record)]
        exact = replace(wanted, slack=behind)
        older = [str(record.get("id")) for record in records if not exact.passes(record)]
        before = None if self._beginning is None else self._beginning.before(older)
        wanted = exact if before is None else replace(wide, but_not=before)
        return wanted, [record for record in records if wanted.passes(record)]
