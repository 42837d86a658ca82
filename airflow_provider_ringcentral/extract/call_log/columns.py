"""The columns of a call in CSV and Parquet, by the schema CallLogRecord. Legs and unknown fields are in `other`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from airflow_provider_ringcentral.files.columns import Column, ColumnType


def _party(side: str, dialled: str) -> list[Column]:
    keys = ("phoneNumber", "extensionNumber", "extensionId", "name", "location", dialled)
    return [Column(side + key[0].upper() + key[1:], (side, key)) for key in keys]


CALL_COLUMNS: Final[Sequence[Column]] = (
    Column("id", ("id",)),
    Column("sessionId", ("sessionId",)),
    Column("telephonySessionId", ("telephonySessionId",)),
    Column("partyId", ("partyId",)),
    Column("startTime", ("startTime",), ColumnType.TIME),
    Column("duration", ("duration",), ColumnType.INTEGER),
    Column("durationMs", ("durationMs",), ColumnType.INTEGER),
    Column("type", ("type",)),
    Column("direction", ("direction",)),
    Column("action", ("action",)),
    Column("result", ("result",)),
    Column("reason", ("reason",)),
    Column("reasonDescription", ("reasonDescription",)),
    Column("internalType", ("internalType",)),
    *_party("from", "dialerPhoneNumber"),
    *_party("to", "dialedPhoneNumber"),
    Column("extensionId", ("extension", "id")),
    Column("transport", ("transport",)),
    Column("messageId", ("message", "id")),
    Column("messageType", ("message", "type")),
    Column("recordingId", ("recording", "id")),
    Column("recordingType", ("recording", "type")),
    Column("recordingContentUri", ("recording", "contentUri")),
    Column("shortRecording", ("shortRecording",), ColumnType.FLAG),
    Column("billingCostIncluded", ("billing", "costIncluded"), ColumnType.NUMBER),
    Column("billingCostPurchased", ("billing", "costPurchased"), ColumnType.NUMBER),
    Column("delegateId", ("delegate", "id")),
    Column("delegateName", ("delegate", "name")),
    Column("delegationType", ("delegationType",)),
    Column("lastModifiedTime", ("lastModifiedTime",), ColumnType.TIME),
    Column("deleted", ("deleted",), ColumnType.FLAG),
    Column("uri", ("uri",)),
)
"""Stable: new columns are added at the end, and no column is renamed, removed or moved."""

_ROW_ONLY = frozenset({"id", "sessionId", "lastModifiedTime", "deleted", "uri"})

LEG_COLUMNS: Final[Sequence[Column]] = (
    *(column for column in CALL_COLUMNS if column.name not in _ROW_ONLY),
    Column("legType", ("legType",)),
    Column("master", ("master",), ColumnType.FLAG),
)
"""The columns of a leg (schema CallLogRecordLegInfo): a call's, without those of the row. Legs have no id."""
