"""A recording that is on its way to a local disk: what a killed process fetched of it is gone on with."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from airflow_provider_ringcentral.files.atomic import write_all
from airflow_provider_ringcentral.files.staging.local_disk import locked

_PIECE = 1 << 20
_FORGOTTEN_SECONDS = 30 * 86_400.0


class LocalPart:
    """The first bytes of a recording in `FOLDER/ID.part`, and the length of the whole in `FOLDER/ID.total`.

    `bytes` and `sha256` are those of what is there, read again when it is opened: a hash cannot be gone on with.
    """

    def __init__(self, raw: IO[bytes], part: Path, total: Path) -> None:
        self._raw, self._part, self._total = raw, part, total
        self._digest = hashlib.sha256()
        self.scratch = part.with_suffix(".json")
        """A name for what is written before it is renamed: whoever fetches the recording next writes it again."""
        self.bytes = 0
        self.total: int | None = None

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256."""
        return self._digest.hexdigest()

    def load(self) -> None:
        """Read what an earlier process left, unless the length of the whole is unknown."""
        total, there = _number(self._total), os.fstat(self._raw.fileno()).st_size
        if not total or there > total:
            self.clear()
            return
        # Something must be left to ask for: only an answer tells the content type.
        self._raw.truncate(min(there, total - 1))
        self._raw.seek(0)
        while piece := self._raw.read(_PIECE):
            self._digest.update(piece)
            self.bytes += len(piece)
        self.total = total

    def write(self, piece: bytes, total: int | None) -> None:
        """Add a piece; `total` is the length of the whole as the server announced it."""
        if self.total is None and total:
            self._total.write_text(str(total))
            self.total = total
        write_all(self._raw, piece)
        self._digest.update(piece)
        self.bytes += len(piece)

    def clear(self) -> None:
        """Begin anew."""
        self._total.unlink(missing_ok=True)
        self._raw.truncate(0)
        self._raw.seek(0)
        self._digest = hashlib.sha256()
        self.bytes, self.total = 0, None

    def publish(self, name: str) -> None:
        """Make it the file `name` on the same disk, which appears or is replaced."""
        os.fsync(self._raw.fileno())
        self._part.replace(name)
        self._total.unlink(missing_ok=True)

    def forget_if_empty(self) -> None:
        """Leave nothing behind where nothing came."""
        if not self.bytes:
            self._part.unlink(missing_ok=True)
            self._total.unlink(missing_ok=True)


@contextmanager
def local_part(folder: Path, identifier: str) -> Iterator[LocalPart | None]:
    """The part of a recording, locked; None when another process is fetching the same one."""
    folder.mkdir(parents=True, exist_ok=True)
    name = quote(identifier, safe="")
    part, total = folder / f"{name}.part", folder / f"{name}.total"
    with ExitStack() as stack:
        try:
            descriptor = stack.enter_context(locked(part, os.O_RDWR | os.O_CREAT))
        except FileNotFoundError:
            yield None
            return
        raw = stack.enter_context(open(descriptor, "r+b", buffering=0, closefd=False))
        opened = LocalPart(raw, part, total)
        opened.load()
        try:
            yield opened
        except BaseException:
            opened.forget_if_empty()
            raise


def forget_parts(folder: Path) -> None:
    """Remove parts that nobody has gone on with for a month: their recordings are gone, or no longer asked for."""
    with suppress(FileNotFoundError):
        for entry in folder.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - entry.stat().st_mtime > _FORGOTTEN_SECONDS:
                    entry.unlink()


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
