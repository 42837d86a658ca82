"""What a process does that archives recordings."""

from __future__ import annotations

from datetime import datetime, timedelta

from upath import UPath

from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from airflow_provider_ringcentral.extract.recordings.archive import RecordingArchive
from airflow_provider_ringcentral.extract.recordings.name_template import DEFAULT_TEMPLATE


def archive(client: RingCentralClient, start: str, end: str, folder: str) -> dict[str, object]:
    """Download the recordings of the window into `folder`; the receipt."""
    query = CallLogQuery(
        "/restapi/v1.0/account/~/call-log",
        datetime.fromisoformat(start),
        datetime.fromisoformat(end),
        view="Detailed",
        filters={"recordingType": "All"},
    )
    return RecordingArchive(client, query, UPath(folder), DEFAULT_TEMPLATE, late_window=timedelta()).run().as_dict()
