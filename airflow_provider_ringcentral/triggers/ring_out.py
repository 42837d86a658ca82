"""Calls that are waited for without a worker."""

from __future__ import annotations

from typing import Any

from airflow_provider_ringcentral.triggers.quota import RingCentralQuotaTrigger


class RingCentralRingOutTrigger(RingCentralQuotaTrigger):
    """Fires at `moment` (epoch seconds), when the worker shall look at the call again.

    A person who ends or clears the task meanwhile cancels the call `call_id` (Airflow 3.3 and later, which calls
    `on_kill`).
    """

    def __init__(self, moment: float, ringcentral_conn_id: str, call_id: str) -> None:
        super().__init__(moment)
        self.ringcentral_conn_id = ringcentral_conn_id
        self.call_id = call_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments."""
        path, arguments = super().serialize()
        return path, {**arguments, "ringcentral_conn_id": self.ringcentral_conn_id, "call_id": self.call_id}

    async def on_kill(self) -> None:
        """Cancel the call, if it is not too late. Airflow logs what goes wrong."""
        from airflow_provider_ringcentral.hooks.client import run_with_client_async
        from airflow_provider_ringcentral.sending.channels.ring_out import cancel

        done = await run_with_client_async(self.ringcentral_conn_id, lambda client: cancel(client, self.call_id))
        self.log.info("Call %s %s.", self.call_id, "is cancelled" if done else "cannot be cancelled any more")
