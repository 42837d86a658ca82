"""What recordings sound like: any number of bytes, computed when asked for, the same for the same id."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_ringcentral.sandbox.model.call_templates import Recording

_BLOCK = 65_536
_HEADS = {"audio/mpeg": b"ID3\x04", "audio/wav": b"RIFF"}


class RecordingBytes:
    """The bytes of one recording; `size` is how many."""

    def __init__(self, recording_id: str, recording: Recording, bytes_per_second: int) -> None:
        self.size = recording.duration * bytes_per_second
        self._id, self._head = recording_id.encode(), _HEADS[recording.media_type]

    def cut(self, first: int, end: int) -> bytes:
        """The bytes `first <= offset < end`."""
        blocks = range(first // _BLOCK, -(-end // _BLOCK))
        whole = b"".join(_block(self._id, self._head, number) for number in blocks)
        offset = first % _BLOCK
        return whole[offset : offset + max(0, end - first)]

    def sha256(self) -> str:
        """The digest of the whole in hex, a block at a time."""
        return _digest(self._id, self._head, self.size)


def _block(name: bytes, head: bytes, number: int) -> bytes:
    """No two blocks are alike, so that a piece in the wrong place shows."""
    seed = hashlib.sha512(b"%s-%d" % (name, number)).digest()
    block = seed * (_BLOCK // len(seed))
    return block if number else head + block[len(head) :]


@lru_cache(maxsize=8192)
def _digest(name: bytes, head: bytes, size: int) -> str:
    digest = hashlib.sha256()
    for number in range(-(-size // _BLOCK)):
        digest.update(_block(name, head, number)[: size - number * _BLOCK])
    return digest.hexdigest()
