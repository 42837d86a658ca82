"""Where the parts of an extract lie on a local disk: one behind the other in one file, so that joining is renaming."""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from airflow_provider_ringcentral.files.atomic import publish_file, write_all
from airflow_provider_ringcentral.files.staging.object_store import Part, unlisted


class LocalStagingStore:
    """`FOLDER/FINGERPRINT-RUN/` with two files: `lines`, and `names`, one a line, each written after the part's lines.

    Every run has a folder of its own. One that goes on after another takes its folder over by renaming it, so that a
    run that is believed dead and is not finds it gone, and the two never mix.
    """

    def __init__(self, folder: str, fingerprint: str) -> None:
        self._root = Path(folder)
        self._fingerprint = fingerprint
        self._home = self._root / f"{fingerprint}-{uuid.uuid4().hex[:8]}"
        self._source: Path | None = None
        self._offsets: dict[int, int] = {}
        self._end = 0

    def found(self) -> list[Part]:
        """Those of the run that came furthest, as far as its lines are there."""
        runs = [(_parts(home), home) for home in self._listing() if home.name.startswith(f"{self._fingerprint}-")]
        if not runs:
            return []
        parts, self._source = max(runs, key=lambda run: (len(run[0]), run[1].name))
        there, end = _size(_lines(self._source)), 0
        complete = []
        for part in parts:
            end += part.bytes
            if end > there:
                break
            complete.append(part)
        return complete

    def settle(self, kept: Sequence[Part]) -> int:
        """Take over the run that `kept` is of, cut to them, and remove all others."""
        removed = -len(kept)
        for home in self._listing():
            removed += len(_written(home))
            if kept and home == self._source:
                self._take_over(home, kept)
            else:
                # What another user left and we may not remove counts for nothing.
                with suppress(OSError):
                    _remove_run(home)
        if not kept:
            _remove_if_empty(self._root)
        return removed

    def put(self, part: Part, lines: bytes) -> None:
        """The lines, then the name that makes them count."""
        first = not self._offsets
        if first:
            self._home.mkdir(parents=True, exist_ok=True)
        with locked(_lines(self._home), os.O_WRONLY | (os.O_CREAT if first else 0)) as raw:
            os.lseek(raw, self._end, os.SEEK_SET)
            with open(raw, "wb", buffering=0, closefd=False) as out:
                write_all(out, lines)
            with _names(self._home).open("ab", buffering=0) as names:
                write_all(names, _line(part))
        self._count(part)

    def read(self, parts: Iterable[Part]) -> Iterator[bytes]:
        """Each by its place in the file."""
        with _lines(self._home).open("rb", buffering=0) as raw:
            for part in parts:
                raw.seek(self._offsets[part.number])
                yield raw.read(part.bytes)

    def remove(self) -> None:
        """The names go first, so that a kill in between leaves none without its lines."""
        if self._home.exists():
            _remove_run(self._home)
        _remove_if_empty(self._root)
        self._offsets.clear()
        self._end = 0

    def publish(self, name: str) -> None:
        """Make the lines the file `name` by renaming; what is left of the run has none then and counts for nothing."""
        publish_file(_lines(self._home), name)

    def _count(self, part: Part) -> None:
        self._offsets[part.number] = self._end
        self._end += part.bytes

    def _take_over(self, home: Path, kept: Sequence[Part]) -> None:
        for part in kept:
            self._count(part)
        with locked(_lines(home), os.O_WRONLY) as raw:
            os.truncate(_names(home), sum(len(_line(part)) for part in kept))
            os.ftruncate(raw, self._end)
            home.rename(self._home)

    def _listing(self) -> list[Path]:
        try:
            return sorted(entry for entry in self._root.iterdir() if entry.is_dir())
        except FileNotFoundError:
            return []
        except PermissionError as error:
            raise unlisted(str(self._root), error) from error


def _lines(home: Path) -> Path:
    return home / "lines"


def _names(home: Path) -> Path:
    return home / "names"


def _line(part: Part) -> bytes:
    return part.name.encode() + b"\n"


@contextmanager
def locked(path: Path, flags: int) -> Iterator[int]:
    """A descriptor of `path` that no other run writes to meanwhile, nor takes away; it may have done so before."""
    raw = os.open(path, flags, 0o666)
    try:
        try:
            fcntl.flock(raw, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FileNotFoundError(f"{path} is being written") from error
        except OSError:
            # Some network file systems have no locks; without them only a run frozen between two calls could mix in.
            pass
        if not os.path.samestat(os.fstat(raw), path.stat()):
            raise FileNotFoundError(f"{path} was replaced")
        yield raw
    finally:
        os.close(raw)


def _written(home: Path) -> list[str]:
    """The names, except one that is torn."""
    try:
        return _names(home).read_text(errors="replace").split("\n")[:-1]
    except FileNotFoundError:
        return []


def _parts(home: Path) -> list[Part]:
    """Up to the first name that is none or out of turn."""
    parts: list[Part] = []
    for name in _written(home):
        part = Part.parse(name)
        if part is None or part.number != len(parts) + 1 or not home.name.startswith(f"{part.fingerprint}-"):
            break
        parts.append(part)
    return parts


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


def _remove_run(home: Path) -> None:
    _names(home).unlink(missing_ok=True)
    shutil.rmtree(home)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
