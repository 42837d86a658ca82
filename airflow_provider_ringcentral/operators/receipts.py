"""Receipts in a run: what an operator returns to XCom also goes with the events of its outlets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol


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
