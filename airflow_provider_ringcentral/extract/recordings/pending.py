"""Recordings that were not there: kept in the destination, so that the next run knows them.

Those that may still come are tried again without the call log, those that are gone are not asked for again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from airflow_provider_ringcentral.extract.recordings.recording import Recording
from airflow_provider_ringcentral.extract.recordings.sidecar import as_json
from airflow_provider_ringcentral.files.atomic import filesystem, make_folder, tidying

if TYPE_CHECKING:
    from collections.abc import Iterator

    from upath import UPath


class NotedRecordings:
    """One small object a recording in `folder`, whoever put it there; listed once, when this is made."""

    def __init__(self, folder: UPath) -> None:
        self._fs, self._folder = filesystem(folder), folder.path
        self._fs.invalidate_cache(self._folder)
        try:
            names = [name.rsplit("/", 1)[-1] for name in self._fs.ls(self._folder, detail=False)]
        except FileNotFoundError:
            names = []
        self._names = {name for name in names if name.endswith(".json")}

    def __contains__(self, recording: Recording) -> bool:
        return _name(recording) in self._names

    def __iter__(self) -> Iterator[Recording]:
        """Those that are still there, in the order of their ids."""
        for name in sorted(self._names):
            try:
                yield msgspec.json.decode(self._fs.cat_file(f"{self._folder}/{name}"), type=Recording)
            except FileNotFoundError:
                continue
            except msgspec.DecodeError:
                self._remove(name)

    def add(self, recording: Recording) -> None:
        """Keep it for later runs."""
        name = _name(recording)
        if name not in self._names:
            make_folder(self._fs, self._folder)
            self._fs.pipe_file(f"{self._folder}/{name}", as_json(recording))
            self._names.add(name)

    def settle(self, recording: Recording) -> None:
        """What is noted of it does not hold any more."""
        name = _name(recording)
        if name in self._names:
            self._remove(name)

    def _remove(self, name: str) -> None:
        # Another run may have settled it; one that stays is found stored by the next run.
        with tidying("The note of a recording that is settled"):
            self._fs.rm_file(f"{self._folder}/{name}")
        self._names.discard(name)


def _name(recording: Recording) -> str:
    return f"{quote(recording.recording_id, safe='')}.json"
