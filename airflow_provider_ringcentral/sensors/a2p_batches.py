"""Waiting for batches of texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.auth.credentials import DEFAULT_MAX_WAIT_SECONDS
from airflow_provider_ringcentral.sensors.waiting import RingCentralWaitSensor

if TYPE_CHECKING:
    from airflow.triggers.base import BaseTrigger

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.sending.broadcast.batch_progress import BatchProgress
    from airflow_provider_ringcentral.triggers.condition import Look


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
        from airflow_provider_ringcentral.arguments import ids_of, one_of
        from airflow_provider_ringcentral.sending.broadcast.batch_progress import WAIT_FOR, BatchProgress
        from airflow_provider_ringcentral.triggers.batches import MOST_BATCHES

        return BatchProgress(
            ids_of("batch_id", self.batch_id, MOST_BATCHES), one_of("wait_for", self.wait_for, WAIT_FOR)
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
        from airflow_provider_ringcentral.hooks.failures import airflow_errors
        from airflow_provider_ringcentral.hooks.xcom import bounded
        from airflow_provider_ringcentral.sending.broadcast.batch_progress import batch_told

        with airflow_errors(), self._client(DEFAULT_MAX_WAIT_SECONDS) as client:
            told = [batch_told(client, one, records[one]) for one in self._begun().ids]
        return bounded(told, ("id", "status", "size", "cost", "counts"))
