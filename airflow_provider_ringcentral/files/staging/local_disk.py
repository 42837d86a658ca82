"""The staging store on a local disk: all chunks in one file, which becomes the extract's file by renaming."""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from airflow_provider_ringcentral.files.atomic import publish_file, write_all
from airflow_provider_ringcentral.files.staging.chunk import Chunk, listing_denied


class LocalStagingStore:
    """Keeps two files in `FOLDER/FINGERPRINT-RUN/`: `lines`, and `names`, which lists the chunks, one per line.

    A chunk's name is written after its lines, and only then does the chunk count. Every run has its own folder. A run
    that resumes another takes that run's folder over by renaming it: if the other run is still alive after all, it
    finds its folder gone, and the two never mix.
    """

    def __init__(self, folder: str, fingerprint: str) -> None:
        self._root = Path(folder)
        self._fingerprint = fingerprint
        self._run_folder = self._root / f"{fingerprint}-{uuid.uuid4().hex[:8]}"
        self._source: Path | None = None
        self._offsets: dict[int, int] = {}
        self._end = 0

    def found(self) -> list[Chunk]:
        """List the chunks of the run with the most chunks, up to the first whose lines are incomplete."""
        runs = [
            (_chunks(folder), folder) for folder in self._listing() if folder.name.startswith(f"{self._fingerprint}-")
        ]
        if not runs:
            return []
        chunks, self._source = max(runs, key=lambda run: (len(run[0]), run[1].name))
        size, end = _size(_lines(self._source)), 0
        complete = []
        for chunk in chunks:
            end += chunk.bytes
            if end > size:
                break
            complete.append(chunk)
        return complete

    def settle(self, kept: Sequence[Chunk]) -> int:
        """Take over the run that the kept chunks belong to, truncate it to them, and remove all other runs."""
        removed = -len(kept)
        for folder in self._listing():
            removed += len(_written(folder))
            if kept and folder == self._source:
                self._take_over(folder, kept)
            else:
                # A folder of another user that may not be removed is ignored.
                with suppress(OSError):
                    _remove_run(folder)
        if not kept:
            _remove_if_empty(self._root)
        return removed

    def put(self, chunk: Chunk, lines: bytes) -> None:
        """Write the lines, then the name that makes them count."""
        first = not self._offsets
        if first:
            self._run_folder.mkdir(parents=True, exist_ok=True)
        with locked(_lines(self._run_folder), os.O_WRONLY | (os.O_CREAT if first else 0)) as raw:
            os.lseek(raw, self._end, os.SEEK_SET)
            with open(raw, "wb", buffering=0, closefd=False) as out:
                write_all(out, lines)
            with _names(self._run_folder).open("ab", buffering=0) as names:
                write_all(names, _line(chunk))
        self._count(chunk)

    def read(self, chunks: Iterable[Chunk]) -> Iterator[bytes]:
        """Yield the lines of each chunk from its offset in the file."""
        with _lines(self._run_folder).open("rb", buffering=0) as raw:
            for chunk in chunks:
                raw.seek(self._offsets[chunk.number])
                yield raw.read(chunk.bytes)

    def remove(self) -> None:
        """Remove the names first, so that a killed removal leaves no name without its lines."""
        if self._run_folder.exists():
            _remove_run(self._run_folder)
        _remove_if_empty(self._root)
        self._offsets.clear()
        self._end = 0

    def publish(self, name: str) -> None:
        """Rename the file of lines to `name`. The chunk names that remain have no lines then, and are ignored."""
        publish_file(_lines(self._run_folder), name)

    def _count(self, chunk: Chunk) -> None:
        self._offsets[chunk.number] = self._end
        self._end += chunk.bytes

    def _take_over(self, folder: Path, kept: Sequence[Chunk]) -> None:
        for chunk in kept:
            self._count(chunk)
        with locked(_lines(folder), os.O_WRONLY) as raw:
            os.truncate(_names(folder), sum(len(_line(chunk)) for chunk in kept))
            os.ftruncate(raw, self._end)
            folder.rename(self._run_folder)

    def _listing(self) -> list[Path]:
        try:
            return sorted(entry for entry in self._root.iterdir() if entry.is_dir())
        except FileNotFoundError:
            return []
        except PermissionError as error:
            raise listing_denied(str(self._root), error) from error


def _lines(folder: Path) -> Path:
    return folder / "lines"


def _names(folder: Path) -> Path:
    return folder / "names"


def _line(chunk: Chunk) -> bytes:
    return chunk.name.encode() + b"\n"


@contextmanager
def locked(path: Path, flags: int) -> Iterator[int]:
    """Yield a descriptor of `path`, locked against other runs.

    Raises FileNotFoundError when another run holds the lock, or has replaced or removed the file before.
    """
    raw = os.open(path, flags, 0o666)
    try:
        try:
            fcntl.flock(raw, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FileNotFoundError(f"{path} is being written") from error
        except OSError:
            # Some network file systems have no locks. Then only a run frozen between these calls could interfere.
            pass
        if not os.path.samestat(os.fstat(raw), path.stat()):
            raise FileNotFoundError(f"{path} was replaced")
        yield raw
    finally:
        os.close(raw)


def _written(folder: Path) -> list[str]:
    """The names in the list, without a last one that was cut off."""
    try:
        return _names(folder).read_text(errors="replace").split("\n")[:-1]
    except FileNotFoundError:
        return []


def _chunks(folder: Path) -> list[Chunk]:
    """The chunks in the list, up to the first name that is malformed or out of order."""
    chunks: list[Chunk] = []
    for name in _written(folder):
        chunk = Chunk.parse(name)
        if chunk is None or chunk.number != len(chunks) + 1 or not folder.name.startswith(f"{chunk.fingerprint}-"):
            break
        chunks.append(chunk)
    return chunks


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


def _remove_run(folder: Path) -> None:
    _names(folder).unlink(missing_ok=True)
    shutil.rmtree(folder)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
