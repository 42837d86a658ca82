"""Recordings that are not to be had: those that come later than their call, and those that are gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_provider_ringcentral.sandbox.model.call_changes import Changes


class Absences:
    """Which recordings answer 404, by id.

    `late` ones arrive some day, `lost` ones never. The row of a call may name a late recording already, or be
    `withheld` from naming any until they arrive.
    """

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self.late: set[str] = set()
        self.lost: set[str] = set()

    def state(self, recording: str) -> str:
        """`there`, `late` or `lost`."""
        return "lost" if recording in self.lost else "late" if recording in self.late else "there"

    def delay(self, recordings: Iterable[str], *, row: bool) -> None:
        """Takes recordings away until they arrive; without `row` their calls, from now on, do not name them either.

        A row names all its recordings or none.
        """
        calls = self._changes.calls
        late = list(recordings)
        if not row:
            indexes = self._calls_of(late)
            late = [recording for index in indexes for recording in calls.recordings(index)]
            for index in indexes:
                # Not `correct`: the change sync has no news of a recording that never was.
                old = self._changes.row(index)
                self._changes.put(replace(old, fields=old.fields | {"recording": None}))
        self.late.update(late)

    def arrive(self, recordings: Iterable[str], now: int) -> None:
        """Brings late recordings; rows that did not name them do from now on, which changes them."""
        came = self.late.intersection(recordings)
        for index in self._calls_of(came):
            row = self._changes.row(index)
            if row.fields.get("recording", "") is None:
                came.update(self._changes.calls.recordings(index))
                fields = {name: value for name, value in row.fields.items() if name != "recording"}
                self._changes.put(replace(row, fields=fields, modified=now))
        self.late -= came

    def _calls_of(self, recordings: Iterable[str]) -> list[int]:
        found = {self._changes.calls.index_of_recording(recording) for recording in recordings}
        return sorted(index for index in found if index is not None)
