"""Where the parts of an extract lie on a local disk: one behind the other in one file, so that joining is renaming."""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from airflow_provider_ringcentral.extract.files import publish_file, write_all
from airflow_provider_ringcentral.extract.part import Part
from airflow_provider_ringcentral.extract.shelf import unlisted


class LocalShelf:
    """`FOLDER/FINGERPRINT-RUN/` with a file of `lines` and, per part, an empty file of its name, made after its lines.

    Every run has a name of its own. One that goes on after another takes its folder over by renaming it, so that a run
    that is believed dead and is not finds it gone, and the two never mix.
    """

    def __init__(self, folder: str, fingerprint: str) -> None:
        self._root = Path(folder)
        self._fingerprint = fingerprint
        self._home = self._root / f"{fingerprint}-{uuid.uuid4().hex[:8]}"
        self._source: Path | None = None
        self._offsets: dict[int, int] = {}
        self._end = 0

    @property
    def _lines(self) -> Path:
        return self._home / "lines"

    def found(self) -> list[Part]:
        """Those of the run that came furthest, as far as its lines are there."""
        runs = [(_parts(home), home) for home in self._listing() if home.name.startswith(f"{self._fingerprint}-")]
        if not runs:
            return []
        parts, self._source = max(runs, key=lambda run: (len(run[0]), run[1].name))
        there, end = _size(self._source / "lines"), 0
        complete = []
        for part in parts:
            end += part.bytes
            if part.fingerprint == self._fingerprint and end <= there:
                complete.append(part)
        return complete

    def settle(self, kept: Sequence[Part]) -> int:
        """Take over the run that `kept` is of, cut to them, and remove all others."""
        removed = 0
        for home in self._listing():
            names = {part.name for part in kept} if home == self._source else set[str]()
            others = [part for part in _parts(home) if part.name not in names]
            removed += len(others)
            if names:
                self._take_over(home, kept, others)
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
        with _locked(self._lines, os.O_WRONLY | (os.O_CREAT if first else 0)) as raw:
            os.lseek(raw, self._end, os.SEEK_SET)
            with open(raw, "wb", buffering=0, closefd=False) as out:
                write_all(out, lines)
            os.close(os.open(self._home / part.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        self._count(part)

    def read(self, parts: Iterable[Part]) -> Iterator[bytes]:
        """Each by its place in the file."""
        with self._lines.open("rb", buffering=0) as raw:
            for part in parts:
                raw.seek(self._offsets[part.number])
                yield raw.read(part.bytes)

    def remove(self) -> None:
        """The names go first, so that a kill in between leaves no part without its lines."""
        if self._home.exists():
            _remove_run(self._home)
        _remove_if_empty(self._root)
        self._offsets.clear()
        self._end = 0

    def publish(self, name: str) -> None:
        """Make the lines the file `name` by renaming; what is left of the run has none then and counts for nothing."""
        publish_file(self._lines, name)

    def _count(self, part: Part) -> None:
        self._offsets[part.number] = self._end
        self._end += part.bytes

    def _take_over(self, home: Path, kept: Sequence[Part], others: Iterable[Part]) -> None:
        for part in kept:
            self._count(part)
        with _locked(home / "lines", os.O_WRONLY) as raw:
            for part in others:
                (home / part.name).unlink(missing_ok=True)
            os.ftruncate(raw, self._end)
            home.rename(self._home)

    def _listing(self) -> list[Path]:
        try:
            return sorted(entry for entry in self._root.iterdir() if entry.is_dir())
        except FileNotFoundError:
            return []
        except PermissionError as error:
            raise unlisted(str(self._root), error) from error


@contextmanager
def _locked(path: Path, flags: int) -> Iterator[int]:
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


def _parts(home: Path) -> list[Part]:
    """In their order."""
    try:
        found = [part for entry in home.iterdir() if (part := Part.parse(entry.name))]
    except FileNotFoundError:
        return []
    return sorted(found, key=lambda part: part.number)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


def _remove_run(home: Path) -> None:
    for part in reversed(_parts(home)):
        (home / part.name).unlink(missing_ok=True)
    shutil.rmtree(home)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
