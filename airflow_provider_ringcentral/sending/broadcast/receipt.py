"""What a broadcast came to, in a form for XCom and asset events."""

from __future__ import annotations

from dataclasses import dataclass, field

from airflow_provider_ringcentral.files.receipt import Receipt


@dataclass(frozen=True, slots=True)
class BroadcastReceipt(Receipt):
    """The published result of a broadcast, one row a recipient as given.

    `batches` are the ids of its batches (the first 200), `statuses` how many rows have which status: RingCentral's
    words, `Rejected` (by the answer that accepted the rest), `OptedOut` and `Duplicate` (not sent). `failed` counts
    rejected and undelivered ones.
    """

    batches: list[str] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    failed: int = 0
