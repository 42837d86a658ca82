"""Where recordings are kept: each file complete or absent, its sidecar beside it once it is there.

Recordings that were not there: kept in the destination, so that the next run knows them.

Those that may still come are tried again without the call log, those that are gone are not asked for again.

A recording that is on its way to a local disk: what a killed process fetched of it is gone on with.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import quote

import msgspec
from fsspec.implementations.local import LocalFileSystem

from airflow_provider_ringcentral.arguments import parse_choice
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.client.http.download import Media, MediaChanged, download
from airflow_provider_ringcentral.extract.recordings.media_kind import RECORDING
from airflow_provider_ringcentral.extract.recordings.name_template import NameTemplate, extension_of
from airflow_provider_ringcentral.extract.recordings.recording import (
    Recording,
    Sidecar,
    as_json,
    read_sidecar,
    sidecar_of,
)
from airflow_provider_ringcentral.files.atomic import (
    Writer,
    complete_file,
    filesystem,
    folder_of,
    make_folder,
    sha256_of,
    tidying,
    write_all,
)
from airflow_provider_ringcentral.files.staging.local_disk import locked

if TYPE_CHECKING:
    from upath import UPath

    from airflow_provider_ringcentral.client.client import RingCentralClient


class PendingRecordings:
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


_PIECE = 1 << 20
_FORGOTTEN_SECONDS = 30 * 86_400.0


class PartialDownload:
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
def local_part(folder: Path, identifier: str) -> Iterator[PartialDownload | None]:
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
        opened = PartialDownload(raw, part, total)
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


VERIFY = ("size", "sha256")


class NameTaken(BadArgument):
    """The name that the template gives belongs to another recording, stored before."""


class RecordingStore:
    """The recordings in the folder `destination`, named by `template`.

    `hidden` is a folder in it for what is on its way. `verify` says what a stored file must have to count as there:
    the right `size`, or the right `sha256`, for which it is read.
    """

    def __init__(self, destination: UPath, hidden: UPath, template: NameTemplate, verify: str = "size") -> None:
        parse_choice("verify", verify, VERIFY)
        self._fs = filesystem(destination)
        self._destination, self._template, self._verify = destination, template, verify
        local = isinstance(self._fs, LocalFileSystem)
        self._parts = Path(hidden.path, "parts") if local else None
        self._wrong: dict[str, str] = {}
        """Files that are fetched again, by the id of their recording."""

    def stored(self, recording: Recording) -> Sidecar | None:
        """The sidecar of a recording that is there and as it says; None when it must be fetched.

        Raises `NameTaken` when the name belongs to another recording.
        """
        sidecar = read_sidecar(self._fs, self._path(self._template.sidecar(recording)))
        if sidecar is None:
            return None
        if sidecar.recording_id != recording.recording_id:
            raise NameTaken(
                f"the file of recording {recording.recording_id} would replace that of {sidecar.recording_id}; "
                "add {recording_id} to name_template",
                parameter="name_template",
            )
        if self._is_right(sidecar):
            return sidecar
        self._wrong[recording.recording_id] = sidecar.file
        return None

    def fetch(self, client: RingCentralClient, recording: Recording, uri: str) -> Sidecar:
        """Fetch the bytes from `uri`, write the sidecar, and return it. Raises what the client raises."""
        if self._parts is None:
            return self._fetch_whole(client, recording, uri)
        with local_part(self._parts, recording.recording_id) as part:
            if part is None:
                # Another process is at it. Twice is once too often, but waiting for it could be for ever.
                return self._fetch_whole(client, recording, uri)
            return self._fetch_rest(client, recording, uri, part)

    def forget_parts(self) -> None:
        """Remove beginnings that were left for good."""
        if self._parts is not None:
            forget_parts(self._parts)

    def _fetch_rest(self, client: RingCentralClient, recording: Recording, uri: str, part: PartialDownload) -> Sidecar:
        media = Media(part.bytes, part.total)
        try:
            self._download(client, uri, lambda piece: part.write(piece, media.total), media)
        except MediaChanged:
            part.clear()
            media = Media()
            self._download(client, uri, lambda piece: part.write(piece, media.total), media)
        path = self._ready(self._template.name(recording, extension_of(media.content_type)))
        part.publish(path.path)
        return self._sign(recording, path, media, part.sha256, part.scratch)

    def _fetch_whole(self, client: RingCentralClient, recording: Recording, uri: str) -> Sidecar:
        media = Media()
        opened: list[tuple[UPath, Writer]] = []
        with ExitStack() as stack:

            def out() -> Writer:
                # The name of the file is known when the content type is, and so with the first bytes.
                if not opened:
                    path = self._ready(self._template.name(recording, extension_of(media.content_type)))
                    opened.append((path, stack.enter_context(complete_file(path))))
                return opened[0][1]

            self._download(client, uri, lambda piece: out().write(piece), media)
        path, written = opened[0]
        scratch = self._parts and self._parts / f"{uuid.uuid4().hex}.json"
        return self._sign(recording, path, media, written.sha256, scratch)

    @staticmethod
    def _download(client: RingCentralClient, uri: str, write: Callable[[bytes], object], media: Media) -> None:
        download(client, uri, write, media, check=RECORDING.check)
        RECORDING.check(media.content_type, media.bytes)

    def _sign(self, recording: Recording, path: UPath, media: Media, sha256: str, scratch: Path | None) -> Sidecar:
        file = path.path.removeprefix(self._path(""))
        sidecar = sidecar_of(recording, file=file, content_type=media.content_type, size=media.bytes, sha256=sha256)
        name, content = self._path(self._template.sidecar(recording)), as_json(sidecar)
        make_folder(self._fs, folder_of(name))
        if scratch is None:
            self._fs.pipe_file(name, content)
        else:
            # No power cut can do harm here: a sidecar that is damaged counts as none.
            scratch.write_bytes(content)
            scratch.replace(name)
        wrong = self._wrong.pop(recording.recording_id, file)
        if wrong != file:
            with tidying("The file that a recording replaces under another name"):
                self._fs.rm_file(self._path(wrong))
        return sidecar

    def _ready(self, name: str) -> UPath:
        path = self._destination / name
        make_folder(self._fs, folder_of(path.path))
        return path

    def _path(self, name: str) -> str:
        return f"{self._destination.path.rstrip('/')}/{name}"

    def _is_right(self, sidecar: Sidecar) -> bool:
        # Earlier versions stored whatever came with a 200.
        if not sidecar.bytes or not RECORDING.accepts(sidecar.content_type):
            return False
        path = self._path(sidecar.file)
        try:
            if self._fs.info(path)["size"] != sidecar.bytes:
                return False
            return self._verify == "size" or sha256_of(self._fs, path) == sidecar.sha256
        except FileNotFoundError:
            return False
