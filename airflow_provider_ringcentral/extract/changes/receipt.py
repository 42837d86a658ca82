"""What a file of changed calls holds, in a form for XCom and asset events."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_ringcentral.files.receipt import Receipt


@dataclass(frozen=True, slots=True)
class SyncReceipt(Receipt):
    """One published file of calls that changed between two watermarks.

    `watermark_start` and `watermark_end` are the ends (ISO 8601 in UTC); `window_start` and `window_end` stay None,
    for a change may be of a call from any time. `records` is the sum of `records_new` (calls that started since
    `watermark_start`), `records_changed` (older ones) and `records_deleted`. `full_sync` says whether RingCentral was
    asked for everything from a time on, and `full_sync_reason` why.
    """

    watermark_start: str | None = None
    watermark_end: str | None = None
    records_new: int = 0
    records_changed: int = 0
    records_deleted: int = 0
    full_sync: bool = False
    full_sync_reason: str | None = None
