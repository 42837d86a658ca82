"""Waiting for what becomes of messages that were sent, and all sensors of messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sensors.a2p_batches import RingCentralA2PBatchSensor
from airflow_provider_ringcentral.sensors.new_messages import RingCentralNewMessageSensor
from airflow_provider_ringcentral.sensors.waiting import RingCentralWaitSensor

if TYPE_CHECKING:
    from airflow.triggers.base import BaseTrigger

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.sending.status.following import Standing
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
        self._standing: Standing | None = None

    def _check(self) -> None:
        from airflow_provider_ringcentral.sending.status.status import checked_wait_for

        self._ids()
        checked_wait_for(self.wait_for)

    def _awaited(self) -> str:
        return f"{len(self._ids())} messages to be {self.wait_for}"

    def _ids(self) -> list[str]:
        from airflow_provider_ringcentral.arguments import ids_of
        from airflow_provider_ringcentral.triggers.messages import MOST_MESSAGES

        return ids_of("message_id", self.message_id, MOST_MESSAGES)

    def _ask(self, client: RingCentralClient) -> Look:
        from airflow_provider_ringcentral.sending.status.following import Standing, look_after, still_waiting
        from airflow_provider_ringcentral.triggers.condition import Look

        ids = self._ids()
        self._standing = look_after(client, ids, self._standing or Standing({}, self.wait_for))
        return Look(
            done=self._standing.ended(ids), value=self._standing.records, reason=still_waiting(self._standing, ids)
        )

    def _trigger(self, look: Look, deadline: float) -> BaseTrigger:
        from airflow_provider_ringcentral.sending.status.following import Standing, made_since
        from airflow_provider_ringcentral.sending.status.status import Outcome
        from airflow_provider_ringcentral.triggers.messages import RingCentralMessageStatusTrigger

        standing = self._standing or Standing({}, self.wait_for)
        return RingCentralMessageStatusTrigger(
            ringcentral_conn_id=self.ringcentral_conn_id,
            ids=self._ids(),
            wait_for=self.wait_for,
            since=made_since(standing, standing.of(Outcome.WAIT, self._ids())),
            poke_interval=self.poke_interval,
            deadline=deadline,
        )

    def _seen(self, event: Mapping[str, Any]) -> Any:
        from airflow_provider_ringcentral.sending.status.summary import ungrouped
        from airflow_provider_ringcentral.triggers.condition import Look

        return self._returned(Look(done=True, value=ungrouped(event["found"])))

    def _returned(self, look: Look) -> list[dict[str, Any]]:
        from airflow_provider_ringcentral.client.errors import DeliveryFailed
        from airflow_provider_ringcentral.hooks.failures import for_airflow
        from airflow_provider_ringcentral.hooks.xcom import bounded
        from airflow_provider_ringcentral.sending.status.following import Standing, check_failures
        from airflow_provider_ringcentral.sending.status.status import code_of, status_of

        ids, records = self._ids(), look.value
        try:
            check_failures(Standing(records, self.wait_for), ids)
        except DeliveryFailed as error:
            # Sending anew may help, waiting anew does not.
            raise for_airflow(DeliveryFailed(error.message, **{**error.fields(), "temporary": False})) from None
        told = [{"id": one, "status": status_of(records[one]), "code": code_of(records[one])} for one in ids]
        return bounded(told, ("id", "status"))
