"""Wait until calls have ended."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sensors.since import RingCentralSinceSensor

if TYPE_CHECKING:
    from airflow.triggers.base import BaseTrigger

    from airflow_provider_ringcentral.arguments import TimeArgument
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.triggers.calls import EndedCallFilter
    from airflow_provider_ringcentral.triggers.condition import PollResult

POKE_INTERVAL_SECONDS = 300.0


class RingCentralCallSensor(RingCentralSinceSensor):
    """Wait until a call of the account that passes all filters has ended.

    Source: operationId extractSyncAccountCallLog (app scope and user permission ReadCallLog). A call counts when it
    ends, however long ago it began; RingCentral shows it 15 to 30 s later. A poll costs one Heavy request (ten a minute
    for everything) per thousand changed calls; deferred waits of a Connection share it.

    Returns a list (JSON, below 48 KB) of the rows that ended at `since` or later, oldest first: `id`, `sessionId`,
    `telephonySessionId`, `type`, `direction`, `result`, `startTime` (UTC), `duration` (seconds), `message` (id of the
    voicemail or fax, or None), `recording` (id, or None). A call may have several rows. Phone numbers and names are not
    returned: get them with `hook.request_json("GET", f"/restapi/v1.0/account/~/call-log/{id}")`.

    Rate limits, 5xx and network errors count as "not yet". Any other error fails the task at once.

    :param direction: `Inbound` or `Outbound`; None: both.
    :param call_type: `Voice` or `Fax`; None: both.
    :param result: RingCentral's word, such as `Missed` or `Accepted`, or a list; case is ignored. None: any
        but `In Progress`.
    :param from_number: the caller: a phone number in E.164, an extension number, or a list of which one must match.
    :param to_number: the same for the callee.
    :param extension_id: internal id of an extension, or a list. One of them must own the row, call or be called.
    :param since: ignore calls that ended before this time (aware). None: the start of the task's first try, which
        retries, deferrals and reschedules keep.
    :param poke_interval: seconds between two polls.
    :param deferrable: wait in the triggerer.
    :param ringcentral_conn_id: the Connection.
    """

    template_fields: Sequence[str] = (
        *RingCentralSinceSensor.template_fields,
        "direction",
        "call_type",
        "result",
        "from_number",
        "to_number",
        "extension_id",
    )

    def __init__(
        self,
        *,
        direction: str | None = None,
        call_type: str | None = None,
        result: str | Sequence[str] | None = None,
        from_number: str | Sequence[str] | None = None,
        to_number: str | Sequence[str] | None = None,
        extension_id: str | int | Sequence[str | int] | None = None,
        since: TimeArgument = None,
        poke_interval: float | timedelta = POKE_INTERVAL_SECONDS,
        **kwargs: Any,
    ) -> None:
        super().__init__(since=since, poke_interval=poke_interval, **kwargs)
        self.direction = direction
        self.call_type = call_type
        self.result = result
        self.from_number = from_number
        self.to_number = to_number
        self.extension_id = extension_id
        self._next: tuple[float, EndedCallFilter] | None = None

    def _validate(self) -> None:
        super()._validate()
        self._filter()

    def _description(self) -> str:
        return f"calls that ended {self._since_text()}"

    def _filter(self) -> EndedCallFilter:
        from airflow_provider_ringcentral.arguments import parse_choice, parse_ids, parse_texts
        from airflow_provider_ringcentral.extract.call_log.query import CALL_TYPES, DIRECTIONS
        from airflow_provider_ringcentral.sending.phone_numbers import parse_parties
        from airflow_provider_ringcentral.triggers.calls import MAX_EXTENSIONS, EndedCallFilter

        return EndedCallFilter(
            self._since_seconds,
            direction=parse_choice("direction", self.direction, DIRECTIONS) if self.direction else None,
            call_type=parse_choice("call_type", self.call_type, CALL_TYPES) if self.call_type else None,
            results=parse_texts("result", self.result),
            from_numbers=parse_parties("from_number", self.from_number),
            to_numbers=parse_parties("to_number", self.to_number),
            extensions=tuple(parse_ids("extension_id", self.extension_id, MAX_EXTENSIONS)) if self.extension_id else (),
        )

    @property
    def _path(self) -> str:
        from airflow_provider_ringcentral.client.endpoints import EXTRACT_SYNC_ACCOUNT_CALL_LOG

        return EXTRACT_SYNC_ACCOUNT_CALL_LOG.at(accountId=self.hook.credentials.account_id)

    def _poll(self, client: RingCentralClient) -> PollResult:
        from airflow_provider_ringcentral.sending.status.arrival import next_start
        from airflow_provider_ringcentral.triggers.calls import LATE_SECONDS, changes_query, ended_calls_result

        began = time.time()
        wanted, records = self._new_records(
            client,
            self._filter(),
            lambda wanted: client.records(self._path, changes_query(wanted.since - wanted.slack)),
        )
        # This poll has read all earlier changes.
        self._next = next_start(wanted, began - LATE_SECONDS), wanted
        return ended_calls_result(wanted, records)

    def _trigger(self, result: PollResult, deadline: float) -> BaseTrigger:
        from airflow_provider_ringcentral.triggers.calls import RingCentralCallTrigger

        start, wanted = self._next or (self._since_seconds, self._filter())
        return RingCentralCallTrigger(
            ringcentral_conn_id=self.ringcentral_conn_id,
            path=self._path,
            wanted=wanted.as_json(),
            start=start,
            poke_interval=self.poke_interval,
            deadline=deadline,
        )

    def _event_value(self, event: Mapping[str, Any]) -> Any:
        return event["found"]
