"""Bytes that came in and are kept, without holding large ones in memory."""

from __future__ import annotations

import hashlib
import os
import tempfile
import weakref
from pathlib import Path

_IN_MEMORY = 65_536


class Blob:
    """Bytes written once: `size`, `sha256` (hex), and any stretch of them. Large ones lie in a file without a name."""

    def __init__(self, data: bytes = b"") -> None:
        self.size = 0
        self._hash = hashlib.sha256()
        self._memory = bytearray()
        self._file: int | None = None
        self.write(data)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Appends."""
        self.size += len(data)
        self._hash.update(data)
        if self._file is None and self.size > _IN_MEMORY:
            self._file, name = tempfile.mkstemp(prefix="ringcentral-sandbox-")
            Path(name).unlink()
            weakref.finalize(self, os.close, self._file)
            os.write(self._file, self._memory)
            self._memory = bytearray()
        if self._file is None:
            self._memory += data
        else:
            os.write(self._file, data)

    @property
    def sha256(self) -> str:
        """Of everything written."""
        return self._hash.hexdigest()

    def cut(self, first: int = 0, end: int | None = None) -> bytes:
        """The bytes `first <= offset < end`."""
        last = self.size if end is None else end
        if self._file is None:
            return bytes(self._memory[first:last])
        return os.pread(self._file, last - first, first)
