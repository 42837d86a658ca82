"""Receipts in a run: a line in the task's log; and what goes to XCom goes with the events of the outlets, too."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from airflow_provider_ringcentral.client.usage import Usage
    from airflow_provider_ringcentral.files.receipt import Receipt

log = logging.getLogger(__name__)


class Values(Protocol):
    """What gives itself as JSON values, such as a receipt."""

    def as_dict(self) -> dict[str, Any]:
        """Small enough for XCom."""


def announce(
    receipt: Values, context: Mapping[str, Any], outlets: Iterable[Any], extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The receipt as JSON values, also set as `extra` of the asset event of each outlet, with more given in `extra`.

    The event is stored by Airflow only when the task succeeds.
    """
    values = receipt.as_dict()
    events = context.get("outlet_events")
    if events is not None:
        for outlet in outlets:
            events[outlet].extra = {**values, **(extra or {})}
    return values


def tell_start(what: str, *details: Any) -> None:
    """One line at INFO on what a task is about to do: what, which window, where to."""
    log.info(what, *details)


def tell_answer(size: int, usage: Usage) -> None:
    """The same of an answer of so many bytes that goes to XCom."""
    log.info("Done: %d bytes, to XCom; %d requests, %.1f s waited.", size, usage.requests, usage.waited)


def tell_end(receipt: Receipt) -> None:
    """One line at INFO on what came of a task, and what it cost."""
    where = f"in {receipt.destination}" if receipt.destination else "no file written"
    records = "" if receipt.records is None else f"{receipt.records} records, "
    log.info(
        "Done: %s%d bytes, %s; %d requests, %.1f s waited.",
        *(records, receipt.bytes, where, receipt.requests, receipt.seconds_waited),
    )
