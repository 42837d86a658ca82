"""The names of all recordings of a run, looked at before the first one is downloaded."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.recordings.name_template import NameTemplate
from airflow_provider_ringcentral.extract.recordings.recording import Recording
from airflow_provider_ringcentral.files.id_set import IdSet


def check_names(recordings: Iterable[Recording], template: NameTemplate) -> int:
    """How many there are; each counts once. Raises `BadArgument` when two of them would have one name."""
    known, names, total = IdSet(), IdSet(), 0
    for recording in recordings:
        if not known.add(recording.recording_id):
            continue
        total += 1
        # A name with another end would still share the sidecar, whose name is known before the content type.
        if not names.add(template.sidecar(recording)):
            raise BadArgument(
                f"name_template {template.text!r} gives recording {recording.recording_id} the name of another one of "
                "the same run; add {recording_id}. Nothing was downloaded.",
                parameter="name_template",
            )
    return total
