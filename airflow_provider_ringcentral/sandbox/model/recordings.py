"""Recordings: their bytes, computed from their ids, and which of them are missing."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_provider_ringcentral.sandbox.model.call_changes import Changes
    from airflow_provider_ringcentral.sandbox.model.call_templates import Recording

_BLOCK = 65_536
_HEADS = {"audio/mpeg": b"ID3\x04", "audio/wav": b"RIFF"}


class RecordingBytes:
    """The bytes of one recording, the same for the same id; `size` is how many."""

    def __init__(self, recording_id: str, recording: Recording, bytes_per_second: int) -> None:
        self.size = recording.duration * bytes_per_second
        self._id, self._head = recording_id.encode(), _HEADS[recording.media_type]

    def cut(self, first: int, end: int) -> bytes:
        """Return the bytes `first <= offset < end`."""
        blocks = range(first // _BLOCK, -(-end // _BLOCK))
        whole = b"".join(_block(self._id, self._head, number) for number in blocks)
        offset = first % _BLOCK
        return whole[offset : offset + max(0, end - first)]

    def sha256(self) -> str:
        """Return the digest of the whole in hex."""
        return _digest(self._id, self._head, self.size)


def _block(name: bytes, head: bytes, number: int) -> bytes:
    """Return one block. All blocks differ, so that a test notices a chunk at the wrong offset."""
    seed = hashlib.sha512(b"%s-%d" % (name, number)).digest()
    block = seed * (_BLOCK // len(seed))
    return block if number else head + block[len(head) :]


@lru_cache(maxsize=8192)
def _digest(name: bytes, head: bytes, size: int) -> str:
    digest = hashlib.sha256()
    for number in range(-(-size // _BLOCK)):
        digest.update(_block(name, head, number)[: size - number * _BLOCK])
    return digest.hexdigest()


class MissingRecordings:
    """Which recordings answer 404, by id.

    `late` ones are still to arrive, `lost` ones are gone for good. The record of a call may name a late recording
    already, or name none until it has arrived.
    """

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self.late: set[str] = set()
        self.lost: set[str] = set()

    def state(self, recording: str) -> str:
        """Return `there`, `late` or `lost`."""
        return "lost" if recording in self.lost else "late" if recording in self.late else "there"

    def delay(self, recordings: Iterable[str], *, row: bool) -> None:
        """Make recordings late; without `row` the records of their calls do not name them either, until they arrive.

        A record names all its recordings or none.
        """
        calls = self._changes.calls
        late = list(recordings)
        if not row:
            indexes = self._calls_of(late)
            late = [recording for index in indexes for recording in calls.recordings(index)]
            for index in indexes:
                # Not `correct`: to the change sync a recording that is not there yet is not a change.
                old = self._changes.row(index)
                self._changes.put(replace(old, fields=old.fields | {"recording": None}))
        self.late.update(late)

    def arrive(self, recordings: Iterable[str], now: int) -> None:
        """Let late recordings arrive; a record that did not name them does now, which is a change of the call."""
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
