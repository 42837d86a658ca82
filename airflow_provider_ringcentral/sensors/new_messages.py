"""Waiting for messages that arrive."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sensors.since import RingCentralSinceSensor

if TYPE_CHECKING:
    from airflow.triggers.base import BaseTrigger

    from airflow_provider_ringcentral.arguments import Moment
    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.sending.status.arrival import Arrival
    from airflow_provider_ringcentral.triggers.condition import Look


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
        since: Moment = None,
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
        from airflow_provider_ringcentral.arguments import ids_of

        super()._check()
        self._arrival(0.0)
        self._pattern()
        if self.extension_id:
            ids_of("extension_id", self.extension_id, 1)

    def _awaited(self) -> str:
        kinds = "/".join(self._arrival(0.0).types) or "any type"
        return f"messages ({kinds}, {self.direction or 'both directions'}) {self._since_text()}"

    def _arrival(self, since: float) -> Arrival:
        from airflow_provider_ringcentral.arguments import one_of, some_of
        from airflow_provider_ringcentral.sending.parties import checked_parties
        from airflow_provider_ringcentral.sending.status.arrival import DIRECTIONS, TYPES, Arrival

        return Arrival(
            since,
            types=tuple(some_of("message_type", self.message_type, TYPES) or ()),
            direction=one_of("direction", self.direction, DIRECTIONS) if self.direction else None,
            from_numbers=checked_parties("from_number", self.from_number),
            to_numbers=checked_parties("to_number", self.to_number),
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
        from airflow_provider_ringcentral.triggers.arrivals import MOST_KNOWN, arrivals_look

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
