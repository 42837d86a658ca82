"""Waiting for what becomes of messages that were sent, and all sensors of messages.

Waiting for batches of texts.

Waiting for messages that arrive.
"""

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
    from airflow_provider_ringcentral.sending.broadcast.batch_progress import BatchProgress
    from airflow_provider_ringcentral.sending.status.arrival import Arrival
    from airflow_provider_ringcentral.sending.status.following import DeliveryState
    from airflow_provider_ringcentral.triggers.condition import Look

__all__ = ["RingCentralA2PBatchSensor", "RingCentralMessageStatusSensor", "RingCentralNewMessageSensor"]


class RingCentralMessageStatusSensor(RingCentralWaitSensor):
    """Wait until messages that were sent are where they are wanted.

    Source: operationIds readMessage and listMessages (app scope ReadMessages), mailbox of the JWT's user. A look costs
    one Light request for every fifty messages; deferred, all waits of a Connection in a triggerer cost at most three a
    round together.

    Returns a list (JSON) with one dict a message, in the given order: `id` (text), `status` (RingCentral's word),
    `code` (the delivery error code, None without). XCom gets at most 48 KB; what would be more comes without `code`.

    Raises `DeliveryFailed` (with code and remedy, not retried) as soon as one of them has come to nothing. A status
    that nobody knows goes on waiting until `timeout`, and so does a message that is not in the mailbox (yet). A code by
    which the carrier does not tell what became of the message is warned of and counts as sent.

    :param message_id: an id, a list of up to 500, or what a sending operator returned (`operator.output`).
    :param wait_for: `accepted` (RingCentral has it), `sent` (the carrier has it, which is often the last that is heard)
        or `delivered` (the phone has it; not every carrier says so).
    :param deferrable: wait in the triggerer.
    :param ringcentral_conn_id: the Connection.
    """

    template_fields: Sequence[str] = (*RingCentralWaitSensor.template_fields, "message_id", "wait_for")

    def __init__(self, *, message_id: Any, wait_for: str = "sent", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.message_id = message_id
        self.wait_for = wait_for
        self._state: DeliveryState | None = None

    def _check(self) -> None:
        from airflow_provider_ringcentral.arguments import parse_choice
        from airflow_provider_ringcentral.sending.status.status import WAIT_FOR

        self._ids()
        parse_choice("wait_for", self.wait_for, WAIT_FOR)

    def _awaited(self) -> str:
        return f"{len(self._ids())} messages to be {self.wait_for}"

    def _ids(self) -> list[str]:
        from airflow_provider_ringcentral.arguments import parse_ids
        from airflow_provider_ringcentral.triggers.messages import MOST_MESSAGES

        return parse_ids("message_id", self.message_id, MOST_MESSAGES)

    def _ask(self, client: RingCentralClient) -> Look:
        from airflow_provider_ringcentral.sending.status.following import DeliveryState, refresh_states, still_waiting
        from airflow_provider_ringcentral.triggers.condition import Look

        ids = self._ids()
        self._state = refresh_states(client, ids, self._state or DeliveryState({}, self.wait_for))
        return Look(done=self._state.ended(ids), value=self._state.records, reason=still_waiting(self._state, ids))

    def _trigger(self, look: Look, deadline: float) -> BaseTrigger:
        from airflow_provider_ringcentral.sending.status.following import DeliveryState, oldest_creation
        from airflow_provider_ringcentral.sending.status.status import WaitState
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

    def _seen(self, event: Mapping[str, Any]) -> Any:
        from airflow_provider_ringcentral.sending.status.following import ungrouped
        from airflow_provider_ringcentral.triggers.condition import Look

        return self._returned(Look(done=True, value=ungrouped(event["found"])))

    def _returned(self, look: Look) -> list[dict[str, Any]]:
        from airflow_provider_ringcentral.client.errors import DeliveryFailed
        from airflow_provider_ringcentral.hooks.errors import for_airflow
        from airflow_provider_ringcentral.hooks.xcom import bounded
        from airflow_provider_ringcentral.sending.status.following import DeliveryState, check_failures
        from airflow_provider_ringcentral.sending.status.status import code_of, status_of

        ids, records = self._ids(), look.value
        try:
            check_failures(DeliveryState(records, self.wait_for), ids)
        except DeliveryFailed as error:
            # Sending anew may help, waiting anew does not.
            raise for_airflow(DeliveryFailed(error.message, **{**error.fields(), "temporary": False})) from None
        told = [{"id": one, "status": status_of(records[one]), "code": code_of(records[one])} for one in ids]
        return bounded(told, ("id", "status"))


class RingCentralA2PBatchSensor(RingCentralWaitSensor):
    """Wait until batches of texts are through, and return what became of their messages in numbers.

    Source: operationIds readA2PBatch, listA2PBatches, aggregateA2PSMSStatuses (app scope A2PSMS, Light). A look costs a
    request for every batch that is waited for; deferred, all such waits of a Connection in a triggerer cost at most
    three a round together. At the end it costs one a batch.

    Returns a list (JSON) with one dict a batch, in the given order: `id` (text), `status` (RingCentral's word), `size`
    (messages that were accepted), `cost` (None before `Completed`), `counts` (messages by status: `queued`, `sent`,
    `delivered`, `sendingFailed`, `deliveryFailed`), `codes` (messages by delivery error code). Failed messages do not
    fail the task.
    What the sending request rejected is in its own answer only. XCom gets at most 48 KB; what would be more comes
    without `codes`.

    :param batch_id: an id, or a list of up to 100, such as `operator.output["batches"]`.
    :param wait_for: `sent`, all messages left the queue: `Completed`, or `Sent` with all of them processed; or
        `delivered`, no status changes any more: `Completed`.
    :param deferrable: wait in the triggerer.
    :param ringcentral_conn_id: the Connection.
    """

    template_fields: Sequence[str] = (*RingCentralWaitSensor.template_fields, "batch_id", "wait_for")

    def __init__(self, *, batch_id: Any, wait_for: str = "sent", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch_id = batch_id
        self.wait_for = wait_for
        self._progress: BatchProgress | None = None

    def _check(self) -> None:
        self._begun()

    def _awaited(self) -> str:
        return f"{len(self._begun().ids)} batches to be {self.wait_for}"

    def _begun(self) -> BatchProgress:
        from airflow_provider_ringcentral.arguments import parse_choice, parse_ids
        from airflow_provider_ringcentral.sending.broadcast.batch_progress import WAIT_FOR, BatchProgress
        from airflow_provider_ringcentral.triggers.batches import MOST_BATCHES

        return BatchProgress(
            parse_ids("batch_id", self.batch_id, MOST_BATCHES), parse_choice("wait_for", self.wait_for, WAIT_FOR)
        )

    def _ask(self, client: RingCentralClient) -> Look:
        from airflow_provider_ringcentral.sending.broadcast.batch_progress import batches_by_id
        from airflow_provider_ringcentral.triggers.condition import Look

        before = self._progress or self._begun()
        self._progress = before.updated(batches_by_id(client, before.pending))
        done = not self._progress.pending
        return Look(done=done, value=self._progress.records, reason=self._progress.reason)

    def _trigger(self, look: Look, deadline: float) -> BaseTrigger:
        from airflow_provider_ringcentral.triggers.batches import RingCentralA2PBatchTrigger

        progress = self._progress or self._begun()
        return RingCentralA2PBatchTrigger(
            ringcentral_conn_id=self.ringcentral_conn_id,
            ids=progress.ids,
            wait_for=self.wait_for,
            since=progress.since,
            poke_interval=self.poke_interval,
            deadline=deadline,
        )

    def _seen(self, event: Mapping[str, Any]) -> Any:
        return self._in_numbers(event["found"])

    def _returned(self, look: Look) -> Any:
        return self._in_numbers(look.value)

    def _in_numbers(self, records: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
        from airflow_provider_ringcentral.hooks.errors import airflow_errors
        from airflow_provider_ringcentral.hooks.xcom import bounded
        from airflow_provider_ringcentral.sending.broadcast.batch_progress import batch_told

        with airflow_errors(), self._client(DEFAULT_MAX_WAIT_SECONDS) as client:
            told = [batch_told(client, one, records[one]) for one in self._begun().ids]
        return bounded(told, ("id", "status", "size", "cost", "counts"))


class RingCentralNewMessageSensor(RingCentralSinceSensor):
    """Wait for a message to arrive: a text, a voicemail, a fax, a pager message.

    Source: operationId listMessages (app scope ReadMessages; another extension's mailbox needs a role that allows it).
    A look costs one Light request; deferred, all waits for one mailbox in a triggerer share it.

    Returns a list (JSON, below 48 KB) of the messages since `since` that pass all filters, oldest first: `id` (text),
    `type`, `direction`, `creationTime` (UTC), `conversation` (id, None without), `attachments` (a list of `id`, `uri`,
    `type`, `contentType`, of a voicemail `vmDuration` in seconds). Numbers and texts stay at RingCentral:
    `hook.request_json("GET", f"/restapi/v1.0/account/~/extension/~/message-store/{id}")` has them, and
    `hook.download(uri, destination)` fetches an attachment.

    Filters are compared with what RingCentral's record says. Deleted messages are not seen.

    :param message_type: `SMS` (MMS too), `VoiceMail`, `Fax`, `Pager`, or a list; None: any.
    :param direction: `Inbound`, `Outbound`, or None for both.
    :param from_number: a number in E.164, an extension number, or a list, of which one has to be the sender's.
    :param to_number: the same for a recipient.
    :param text_pattern: a regular expression (Python's) to be found in the text of an SMS or pager message. It is
        judged on the worker, which comes back from the triggerer when a message passes the other filters.
    :param since: a time with a zone; what was made earlier is not waited for. None: when the first try of this task
        began, noted so that retries, deferrals and reschedules keep it. To miss no quick answer to something an earlier
        task sent, give the run's start: `"{{ dag_run.start_date }}"`.
    :param extension_id: whose mailbox, by internal id; None: the Connection's, else the JWT's own.
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

    def _check(self) -> None:
        from airflow_provider_ringcentral.arguments import parse_ids

        super()._check()
        self._arrival(0.0)
        self._pattern()
        if self.extension_id:
            parse_ids("extension_id", self.extension_id, 1)

    def _awaited(self) -> str:
        kinds = "/".join(self._arrival(0.0).types) or "any type"
        return f"messages ({kinds}, {self.direction or 'both directions'}) {self._since_text()}"

    def _arrival(self, since: float) -> Arrival:
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
        types = self._arrival(0.0).types
        if types and WITH_TEXT.isdisjoint(types):
            raise BadArgument(
                f"text_pattern is given, and messages of the type {', '.join(types)} have no text; leave it out.",
                parameter="text_pattern",
            )
        try:
            return re.compile(str(self.text_pattern))
        except re.error as error:
            raise BadArgument(f"text_pattern cannot be read: {error}.", parameter="text_pattern") from None

    @property
    def _path(self) -> str:
        from airflow_provider_ringcentral.client.endpoints import LIST_MESSAGES

        whose = self.hook.credentials
        mailbox = str(self.extension_id or whose.extension_id)
        return LIST_MESSAGES.at(accountId=whose.account_id, extensionId=mailbox)

    def _ask(self, client: RingCentralClient) -> Look:
        from airflow_provider_ringcentral.sending.status.arrival import LATE_SECONDS, list_start, next_start
        from airflow_provider_ringcentral.triggers.messages import MOST_KNOWN, arrivals_look

        pattern, began = self._pattern(), time.time()
        arrival, records = self._came(
            client, self._arrival(self._from), lambda arrival: client.records(self._path, arrival.query())
        )
        start = next_start(arrival, began - LATE_SECONDS)
        # What is older was in the list that has just been read.
        recent = self._arrival(list_start(start).timestamp())
        known = [str(record.get("id")) for record in records if recent.passes(record)]
        self._next = start, replace(arrival, but_not=frozenset([*arrival.but_not, *known][:MOST_KNOWN]))
        if pattern is not None:
            records = [record for record in records if pattern.search(str(record.get("subject") or ""))]
        return arrivals_look(arrival, records)

    def _trigger(self, look: Look, deadline: float) -> BaseTrigger:
        from airflow_provider_ringcentral.triggers.messages import RingCentralNewMessageTrigger

        start, arrival = self._next or (self._from, self._arrival(self._from))
        return RingCentralNewMessageTrigger(
            ringcentral_conn_id=self.ringcentral_conn_id,
            path=self._path,
            wanted=arrival.as_json(),
            start=start,
            poke_interval=self.poke_interval,
            deadline=deadline,
        )

    def _seen(self, event: Mapping[str, Any]) -> Any:
        if self._pattern() is None:
            return event["found"]
        return self._look_or_defer(event["deadline"], self.poke_interval)
