"""Controls over broadcasts, opt-outs and calls placed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.sandbox.api.messaging.consents import IN, OUT, Consent
from airflow_provider_ringcentral.sandbox.api.messaging.numbers import own_numbers
from airflow_provider_ringcentral.sandbox.model import timestamps as instants
from airflow_provider_ringcentral.sandbox.model.messaging.batches import Batch, batch_record

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.model.state import State


def list_batches(state: State, given: dict[str, Any]) -> Any:
    """All batches at the server, oldest first, with every recipient."""
    now = state.now()
    with_messages = str(given.get("messages", True)).lower() == "true"
    return [_truth(batch, now, with_messages=with_messages) for batch in state.desk.batches.batches.values()]


def _truth(batch: Batch, now: int, *, with_messages: bool) -> dict[str, Any]:
    record = batch_record(batch, now)
    shown = {
        "id": batch.id,
        "from": batch.sender,
        "size": record["batchSize"],
        "processed": record["processedCount"],
        "status": record["status"],
        "created": instants.text(batch.created),
        "rejected": batch.rejected,
    }
    if with_messages:
        shown["messages"] = [
            {"id": one.id, "to": one.to, "text": one.text, "status": one.step(now).status, "code": one.step(now).code}
            for one in batch.messages
        ]
    return shown


def opt_out(state: State, given: dict[str, Any]) -> Any:
    """Opts recipients out of texts from all numbers of the company's users, or from one (`sender`), or in again."""
    senders = [given["sender"]] if given.get("sender") else list(own_numbers(state))
    status = OUT if given.get("out", True) else IN
    for sender in senders:
        for number in given["numbers"]:
            state.desk.consents.put(Consent(sender, number, status, "Recipient", state.now()))


def list_rings(state: State, _: dict[str, Any]) -> Any:
    """All calls that RingOut placed, oldest first, forgotten ones too."""
    now = state.now()
    return [
        {
            "id": ring.id,
            "user": ring.user,
            "from": ring.from_.get("phoneNumber") or ring.from_.get("forwardingNumberId"),
            "to": ring.to,
            "caller_id": ring.caller_id,
            "prompt": ring.prompt,
            "created": instants.text(ring.created),
            "cancelled": ring.cancelled,
        }
        | ring.statuses(now)
        for ring in state.desk.rings.values()
    ]
