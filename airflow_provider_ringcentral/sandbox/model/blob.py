"""Bytes of uploads and attachments, with large ones on disk."""

from __future__ import annotations

import hashlib
import tempfile
import weakref

_IN_MEMORY = 65_536


class Blob:
    """Bytes that are written once: `size`, `sha256` (hex), and any stretch of them.

    Callers hold the sandbox's lock: a read moves the position of the file.
    """

    def __init__(self, data: bytes = b"") -> None:
        self.size = 0
        self._hash = hashlib.sha256()
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - lives as long as the blob
        weakref.finalize(self, self._file.close)
        self.write(data)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append bytes; nothing is read before the last of them is written."""
        self.size += len(data)
        self._hash.update(data)
        self._file.write(data)

    @property
    def sha256(self) -> str:
        """The digest of everything written so far."""
        return self._hash.hexdigest()

    def cut(self, first: int = 0, end: int | None = None) -> bytes:
        """Return the bytes `first <= offset < end`."""
        self._file.seek(first)
        return self._file.read((self.size if end is None else end) - first)
