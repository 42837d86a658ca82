"""Wait for the status of sent messages, for high-volume SMS batches, and for new messages."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_MAX_WAIT_SECONDS
from airflow_provider_ringcentral.sensors.since import RingCentralSinceSensor
from airflow_provider_ringcentral.sensors.waiting import RingCentralWaitSensor

if TYPE_CHECKING:
    from airflow.triggers.base import BaseTrigger

    from airflow_provider_ringcentral.arguments import TimeArgument
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.sending.broadcast.a2p import BatchProgress
    from airflow_provider_ringcentral.sending.status.arrival import Arrival
    from airflow_provider_ringcentral.sending.status.status import DeliveryState
    from airflow_provider_ringcentral.triggers.condition import PollResult

__all__ = ["RingCentralA2PBatchSensor", "RingCentralMessageStatusSensor", "RingCentralNewMessageSensor"]


class RingCentralMessageStatusSensor(RingCentralWaitSensor):
    """Wait until sent messages have the status `wait_for`.

    Source: operationIds readMessage and listMessages (app scope ReadMessages), mailbox of the JWT's user. A poll costs
    one Light request per fifty messages; all deferred waits of a Connection together cost at most three.

    Returns a list (JSON) with one dict per message, in the given order: `id` (string), `status` (RingCentral's
    messageStatus), `code` (delivery error code, or None). A result of more than 48 KB has no `code`.

    Raises `DeliveryFailed` (with code and remedy, not retried) as soon as a message failed. It waits until `timeout`
    for unknown statuses and for messages that are not in the mailbox. A code that means that the carrier reports no
    status is logged as a warning and counts as sent.

    :param message_id: an id, a list of up to 500, or the result of a sending operator (`operator.output`).
    :param wait_for: `accepted` (by RingCentral), `sent` (to the carrier; often the last status there is) or `delivered`
        (to the phone; not every carrier reports it).
    :param deferrable: wait in the triggerer.
    :param ringcentral_conn_id: the Connection.
    """

    template_fields: Sequence[str] = (*RingCentralWaitSensor.template_fields, "message_id", "wait_for")

    def __init__(self, *, message_id: Any, wait_for: str = "sent", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.message_id = message_id
        self.wait_for = wait_for
        self._state: DeliveryState | None = None

    def _validate(self) -> None:
        from airflow_provider_ringcentral.arguments import parse_choice
        from airflow_provider_ringcentral.sending.status.status import WAIT_FOR

        self._ids()
        parse_choice("wait_for", self.wait_for, WAIT_FOR)

    def _description(self) -> str:
        return f"{len(self._ids())} messages to be {self.wait_for}"

    def _ids(self) -> list[str]:
        from airflow_provider_ringcentral.arguments import parse_ids
        from airflow_provider_ringcentral.triggers.messages import MAX_MESSAGES

        return parse_ids("message_id", self.message_id, MAX_MESSAGES)

    def _poll(self, client: RingCentralClient) -> PollResult:
        from airflow_provider_ringcentral.sending.status.status import DeliveryState, refresh_states, still_waiting
        from airflow_provider_ringcentral.triggers.condition import PollResult

        ids = self._ids()
        self._state = refresh_states(client, ids, self._state or DeliveryState({}, self.wait_for))
        return PollResult(
            done=self._state.ended(ids), value=self._state.records, reason=still_waiting(self._state, ids)
        )

    def _trigger(self, result: PollResult, deadline: float) -> BaseTrigger:
        from airflow_provider_ringcentral.sending.status.status import DeliveryState, WaitState, oldest_creation
        from airflow_provider_ringcentral.triggers.messages import RingCentralMessageStatusTrigger

        state = self._state or DeliveryState({}, self.wait_for)
        return RingCentralMessageStatusTrigger(
            ringcentral_conn_id=self.ringcentral_conn_id,
            ids=self._ids(),
            wait_for=self.wait_for,
            since=oldest_creation(state, state.of(WaitState.WAIT, self._ids())),
            poke_interval=self.poke_interval,
            deadline=deadline,
        )

    def _event_value(self, event: Mapping[str, Any]) -> Any:
        from airflow_provider_ringcentral.sending.status.status import ungrouped
        from airflow_provider_ringcentral.triggers.condition import PollResult

        return self._result_value(PollResult(done=True, value=ungrouped(event["found"])))

    def _result_value(self, result: PollResult) -> list[dict[str, Any]]:
        from airflow_provider_ringcentral.client.errors import DeliveryFailed
        from airflow_provider_ringcentral.hooks.errors import for_airflow
        from airflow_provider_ringcentral.hooks.xcom import bounded
        from airflow_provider_ringcentral.sending.status.status import DeliveryState, check_failures, code_of, status_of

        ids, records = self._ids(), result.value
        try:
            check_failures(DeliveryState(records, self.wait_for), ids)
        except DeliveryFailed as error:
            # A retry of this task would only wait again; sending again is the sender's job.
            raise for_airflow(DeliveryFailed(error.message, **{**error.fields(), "temporary": False})) from None
        statuses = [{"id": one, "status": status_of(records[one]), "code": code_of(records[one])} for one in ids]
        return bounded(statuses, ("id", "status"))


class RingCentralA2PBatchSensor(RingCentralWaitSensor):
    """Wait until high-volume SMS batches are sent, and return how many of their messages have which status.

    Source: operationIds readA2PBatch, listA2PBatches, aggregateA2PSMSStatuses (app scope A2PSMS, Light). A poll costs a
    request per batch; all deferred waits of a Connection together cost at most three. The result costs another request
    per batch.

    Returns a list (JSON) with one dict per batch, in the given order: `id` (string), `status` (RingCentral's), `size`
    (accepted messages), `cost` (None before `Completed`), `counts` (messages by status: `queued`, `sent`, `delivered`,
    `sendingFailed`, `deliveryFailed`), `codes` (messages by delivery error code). A result of more than 48 KB has no
    `codes`. Failed messages do not fail the task. Messages that the sending request rejected are not counted.

    :param batch_id: an id, or a list of up to 100, such as `operator.output["batches"]`.
    :param wait_for: `sent` (all messages have left the queue: `Completed`, or `Sent` with all processed) or `delivered`
        (no status changes any more: `Completed`).
    :param deferrable: wait in the triggerer.
    :param ringcentral_conn_id: the Connection.
    """

    template_fields: Sequence[str] = (*RingCentralWaitSensor.template_fields, "batch_id", "wait_for")

    def __init__(self, *, batch_id: Any, wait_for: str = "sent", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch_id = batch_id
        self.wait_for = wait_for
        self._progress: BatchProgress | None = None

    def _validate(self) -> None:
        self._initial_progress()

    def _description(self) -> str:
        return f"{len(self._initial_progress().ids)} batches to be {self.wait_for}"

    def _initial_progress(self) -> BatchProgress:
        from airflow_provider_ringcentral.arguments import parse_choice, parse_ids
        from airflow_provider_ringcentral.sending.broadcast.a2p import WAIT_FOR, BatchProgress
        from airflow_provider_ringcentral.triggers.batches import MAX_BATCHES

        return BatchProgress(
            parse_ids("batch_id", self.batch_id, MAX_BATCHES), parse_choice("wait_for", self.wait_for, WAIT_FOR)
        )

    def _poll(self, client: RingCentralClient) -> PollResult:
        from airflow_provider_ringcentral.sending.broadcast.a2p import batches_by_id
        from airflow_provider_ringcentral.triggers.condition import PollResult

        before = self._progress or self._initial_progress()
        self._progress = before.updated(batches_by_id(client, before.pending))
        done = not self._progress.pending
        return PollResult(done=done, value=self._progress.records, reason=self._progress.reason)

    def _trigger(self, result: PollResult, deadline: float) -> BaseTrigger:
        from airflow_provider_ringcentral.triggers.batches import RingCentralA2PBatchTrigger

        progress = self._progress or self._initial_progress()
        return RingCentralA2PBatchTrigger(
            ringcentral_conn_id=self.ringcentral_conn_id,
            ids=progress.ids,
            wait_for=self.wait_for,
            since=progress.since,
            poke_interval=self.poke_interval,
            deadline=deadline,
        )

    def _event_value(self, event: Mapping[str, Any]) -> Any:
        return self._summaries(event["found"])

    def _result_value(self, result: PollResult) -> Any:
        return self._summaries(result.value)

    def _summaries(self, records: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
        from airflow_provider_ringcentral.hooks.errors import airflow_errors
        from airflow_provider_ringcentral.hooks.xcom import bounded
        from airflow_provider_ringcentral.sending.broadcast.a2p import batch_summary

        with airflow_errors(), self._client(DEFAULT_MAX_WAIT_SECONDS) as client:
            summaries = [batch_summary(client, one, records[one]) for one in self._initial_progress().ids]
        return bounded(summaries, ("id", "status", "size", "cost", "counts"))


class RingCentralNewMessageSensor(RingCentralSinceSensor):
    """Wait for a new message: a text, voicemail, fax or pager message.

    Source: operationId listMessages (app scope ReadMessages; another extension's mailbox needs a role that allows it).
    A poll costs one Light request, which all deferred waits for a mailbox share.

    Returns a list (JSON, below 48 KB) of the messages since `since` that pass all filters, oldest first: `id` (string),
    `type`, `direction`, `creationTime` (UTC), `conversation` (id, or None), `attachments` (a list of `id`, `uri`,
    `type`, `contentType`, and for a voicemail `vmDuration` in seconds). Phone numbers and texts are not returned: get
    them with `hook.request_json("GET", f"/restapi/v1.0/account/~/extension/~/message-store/{id}")`, and an attachment
    with `hook.download(uri, destination)`.

    Deleted messages are ignored. Rate limits, 5xx and network errors count as "not yet"; any other error fails the task
    at once.

    :param message_type: `SMS` (MMS too), `VoiceMail`, `Fax`, `Pager`, or a list; None: any.
    :param direction: `Inbound`, `Outbound`, or None for both.
    :param from_number: the sender: a phone number in E.164, an extension number, or a list of which one must match.
    :param to_number: the same for a recipient.
    :param text_pattern: a Python regular expression that the text of an SMS or pager message must contain. The worker
        resumes to check it when a message passes the other filters.
    :param since: ignore messages created before this time (aware). None: the start of the task's first try, which
        retries, deferrals and reschedules keep. Use `"{{ dag_run.start_date }}"` to catch a quick answer to what an
        earlier task sent.
    :param extension_id: internal id of the mailbox's owner; None: the Connection's extension, else the JWT's user.
    :param deferrable: wait in the triggerer.
    :param ringcentral_conn_id: the Connection.
    """

    template_fields: Sequence[str] = (
        *RingCentralSinceSensor.template_fields,
        "message_type",
        "direction",
        "from_number",
        "to_number",
        "text_pattern",
        "extension_id",
    )

    def __init__(
        self,
        *,
        message_type: str | Sequence[str] | None = None,
        direction: str | None = "Inbound",
        from_number: str | Sequence[str] | None = None,
        to_number: str | Sequence[str] | None = None,
        text_pattern: str | None = None,
        since: TimeArgument = None,
        extension_id: str | int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(since=since, **kwargs)
        self.message_type = message_type
        self.direction = direction
        self.from_number = from_number
        self.to_number = to_number
        self.text_pattern = text_pattern
        self.extension_id = extension_id
        self._next: tuple[float, Arrival] | None = None

    def _validate(self) -> None:
        from airflow_provider_ringcentral.arguments import parse_ids

        super()._validate()
        self._filter(0.0)
        self._pattern()
        if self.extension_id:
            parse_ids("extension_id", self.extension_id, 1)

    def _description(self) -> str:
        kinds = "/".join(self._filter(0.0).types) or "any type"
        return f"messages ({kinds}, {self.direction or 'both directions'}) {self._since_text()}"

    def _filter(self, since: float) -> Arrival:
        from airflow_provider_ringcentral.arguments import parse_choice, parse_choices
        from airflow_provider_ringcentral.sending.phone_numbers import parse_parties
        from airflow_provider_ringcentral.sending.status.arrival import DIRECTIONS, TYPES, Arrival

        return Arrival(
            since,
            types=tuple(parse_choices("message_type", self.message_type, TYPES) or ()),
            direction=parse_choice("direction", self.direction, DIRECTIONS) if self.direction else None,
            from_numbers=parse_parties("from_number", self.from_number),
            to_numbers=parse_parties("to_number", self.to_number),
        )

    def _pattern(self) -> re.Pattern[str] | None:
        from airflow_provider_ringcentral.client.errors.arguments import BadArgument
        from airflow_provider_ringcentral.sending.status.arrival import WITH_TEXT

        if self.text_pattern in (None, ""):
            return None
        types = self._filter(0.0).types
        if types and WITH_TEXT.isdisjoint(types):
            raise BadArgument(
                f"text_pattern cannot match: messages of type {', '.join(types)} have no text. Leave it out.",
                parameter="text_pattern",
            )
        try:
            return re.compile(str(self.text_pattern))
        except re.error as error:
            raise BadArgument(f"text_pattern is not a regular expression: {error}.", parameter="text_pattern") from None

    @property
    def _path(self) -> str:
        from airflow_provider_ringcentral.client.endpoints import LIST_MESSAGES

        whose = self.hook.credentials
        mailbox = str(self.extension_id or whose.extension_id)
        return LIST_MESSAGES.at(accountId=whose.account_id, extensionId=mailbox)

    def _poll(self, client: RingCentralClient) -> PollResult:
        from airflow_provider_ringcentral.sending.status.arrival import LATE_SECONDS, list_start, next_start
        from airflow_provider_ringcentral.triggers.messages import MAX_KNOWN_IDS, arrivals_result

        pattern, began = self._pattern(), time.time()
        arrival, records = self._new_records(
            client, self._filter(self._since_seconds), lambda arrival: client.records(self._path, arrival.query())
        )
        start = next_start(arrival, began - LATE_SECONDS)
        # This poll has read all older messages.
        recent = self._filter(list_start(start).timestamp())
        known = [str(record.get("id")) for record in records if recent.passes(record)]
        self._next = start, replace(arrival, but_not=frozenset([*arrival.but_not, *known][:MAX_KNOWN_IDS]))
        if pattern is not None:
            records = [record for record in records if pattern.search(str(record.get("subject") or ""))]
        return arrivals_result(arrival, records)

    def _trigger(self, result: PollResult, deadline: float) -> BaseTrigger:
        from airflow_provider_ringcentral.triggers.messages import RingCentralNewMessageTrigger

        start, arrival = self._next or (self._since_seconds, self._filter(self._since_seconds))
        return RingCentralNewMessageTrigger(
            ringcentral_conn_id=self.ringcentral_conn_id,
            path=self._path,
            wanted=arrival.as_json(),
            start=start,
            poke_interval=self.poke_interval,
            deadline=deadline,
        )

    def _event_value(self, event: Mapping[str, Any]) -> Any:
        if self._pattern() is None:
            return event["found"]
        return self._poll_or_defer(event["deadline"], self.poke_interval)
