"""Wait in the triggerer while a RingOut call is under way."""

from __future__ import annotations

from typing import Any

from airflow_provider_ringcentral.triggers.quota import RingCentralQuotaTrigger


class RingCentralRingOutTrigger(RingCentralQuotaTrigger):
    """Fire at `moment` (epoch seconds), when the worker is to read the status of the call again.

    When a person ends or clears the task meanwhile, the call `call_id` is cancelled (Airflow 3.3 and later, which
    call `on_kill`).
    """

    def __init__(self, moment: float, ringcentral_conn_id: str, call_id: str) -> None:
        super().__init__(moment)
        self.ringcentral_conn_id = ringcentral_conn_id
        self.call_id = call_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments."""
        path, arguments = super().serialize()
        return path, {**arguments, "ringcentral_conn_id": self.ringcentral_conn_id, "call_id": self.call_id}

    async def on_kill(self) -> None:
        """Cancel the call if nobody has answered yet. Airflow logs errors."""
        from airflow_provider_ringcentral.hooks.client import run_with_client_async
        from airflow_provider_ringcentral.sending.channels.ring_out import cancel

        cancelled = await run_with_client_async(self.ringcentral_conn_id, lambda client: cancel(client, self.call_id))
        self.log.info("Call %s %s.", self.call_id, "was cancelled" if cancelled else "can no longer be cancelled")
