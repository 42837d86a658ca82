"""The columns of a call in CSV and Parquet (FACTS 6.6; schema CallLogRecord). Legs and unknown fields go to `other`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from airflow_provider_ringcentral.files.columns import Column, Kind


def _party(side: str, dialled: str) -> list[Column]:
    keys = ("phoneNumber", "extensionNumber", "extensionId", "name", "location", dialled)
    return [Column(side + key[0].upper() + key[1:], (side, key)) for key in keys]


CALL_COLUMNS: Final[Sequence[Column]] = (
    Column("id", ("id",)),
    Column("sessionId", ("sessionId",)),
    Column("telephonySessionId", ("telephonySessionId",)),
    Column("partyId", ("partyId",)),
    Column("startTime", ("startTime",), Kind.TIME),
    Column("duration", ("duration",), Kind.INTEGER),
    Column("durationMs", ("durationMs",), Kind.INTEGER),
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
    Column("shortRecording", ("shortRecording",), Kind.FLAG),
    Column("billingCostIncluded", ("billing", "costIncluded"), Kind.NUMBER),
    Column("billingCostPurchased", ("billing", "costPurchased"), Kind.NUMBER),
    Column("delegateId", ("delegate", "id")),
    Column("delegateName", ("delegate", "name")),
    Column("delegationType", ("delegationType",)),
    Column("lastModifiedTime", ("lastModifiedTime",), Kind.TIME),
    Column("deleted", ("deleted",), Kind.FLAG),
    Column("uri", ("uri",)),
)
"""Stable: new ones are added at the end, none is renamed, removed or moved."""

_OF_THE_ROW = frozenset({"id", "sessionId", "lastModifiedTime", "deleted", "uri"})

LEG_COLUMNS: Final[Sequence[Column]] = (
    *(column for column in CALL_COLUMNS if column.name not in _OF_THE_ROW),
    Column("legType", ("legType",)),
    Column("master", ("master",), Kind.FLAG),
)
"""The columns of a leg (schema CallLogRecordLegInfo): a call's, less what only the row has. Legs have no id."""
