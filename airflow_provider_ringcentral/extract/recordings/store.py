"""The recordings in a folder: complete files with sidecars, partial downloads, and the list of missing ones."""

from __future__ import annotations

import hashlib
import logging
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
    json_line,
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
    tolerate_cleanup_errors,
    write_all,
)
from airflow_provider_ringcentral.files.staging.local_disk import locked

if TYPE_CHECKING:
    from upath import UPath

    from airflow_provider_ringcentral.client.client import RingCentralClient


log = logging.getLogger(__name__)


class MissingRecordings:
    """The recordings that RingCentral did not have, one small file each in `folder`, which is listed once.

    Pending ones are requested again without reading the call log; those that are gone are not requested again.
    """

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
        """Yield the recordings whose files still exist, ordered by id."""
        for name in sorted(self._names):
            try:
                yield msgspec.json.decode(self._fs.cat_file(f"{self._folder}/{name}"), type=Recording)
            except FileNotFoundError:
                continue
            except msgspec.DecodeError:
                log.info("Discarded %s/%s, which lists a missing recording: it cannot be read.", self._folder, name)
                self._remove_file(name)

    def add(self, recording: Recording) -> None:
        """Add the recording for later runs."""
        name = _name(recording)
        if name not in self._names:
            make_folder(self._fs, self._folder)
            self._fs.pipe_file(f"{self._folder}/{name}", json_line(recording))
            self._names.add(name)

    def remove(self, recording: Recording) -> None:
        """Remove the recording, because it is no longer missing, or missing for good."""
        name = _name(recording)
        if name in self._names:
            self._remove_file(name)

    def _remove_file(self, name: str) -> None:
        # Another run may have removed it. If the store forbids it, the next run finds the recording stored.
        with tolerate_cleanup_errors("The entry of a recording that is no longer missing"):
            self._fs.rm_file(f"{self._folder}/{name}")
        self._names.discard(name)


def _name(recording: Recording) -> str:
    return f"{quote(recording.recording_id, safe='')}.json"


_PIECE = 1 << 20
_STALE_SECONDS = 30 * 86_400.0


class PartialDownload:
    """The first bytes of a recording in `FOLDER/ID.part`, and its full length in `FOLDER/ID.total`.

    `bytes` and `sha256` are those of the bytes so far. They are read again on opening, because a hash has no state that
    could be stored.
    """

    def __init__(self, raw: IO[bytes], part: Path, total: Path) -> None:
        self._raw, self._part, self._total = raw, part, total
        self._digest = hashlib.sha256()
        self.scratch = part.with_suffix(".json")
        """The temporary name of the sidecar. The next download of the recording overwrites it."""
        self.bytes = 0
        self.total: int | None = None

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256."""
        return self._digest.hexdigest()

    def load(self) -> None:
        """Load the bytes that an earlier process left; discard them when the full length is unknown."""
        total, size = _number(self._total), os.fstat(self._raw.fileno()).st_size
        if not total or size > total:
            self.clear()
            return
        # At least one byte must be left to request, because only an answer tells the content type.
        self._raw.truncate(min(size, total - 1))
        self._raw.seek(0)
        while piece := self._raw.read(_PIECE):
            self._digest.update(piece)
            self.bytes += len(piece)
        self.total = total

    def write(self, piece: bytes, total: int | None) -> None:
        """Append a piece; `total` is the full length as the server announced it."""
        if self.total is None and total:
            self._total.write_text(str(total))
            self.total = total
        write_all(self._raw, piece)
        self._digest.update(piece)
        self.bytes += len(piece)

    def clear(self) -> None:
        """Discard the bytes."""
        self._total.unlink(missing_ok=True)
        self._raw.truncate(0)
        self._raw.seek(0)
        self._digest = hashlib.sha256()
        self.bytes, self.total = 0, None

    def publish(self, name: str) -> None:
        """Rename the complete download to the file `name` on the same disk."""
        os.fsync(self._raw.fileno())
        self._part.replace(name)
        self._total.unlink(missing_ok=True)

    def remove_if_empty(self) -> None:
        """Remove the files when there are no bytes."""
        if not self.bytes:
            self._part.unlink(missing_ok=True)
            self._total.unlink(missing_ok=True)


@contextmanager
def open_partial_download(folder: Path, identifier: str) -> Iterator[PartialDownload | None]:
    """Yield the locked partial download of a recording; None when another process is downloading it."""
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
            opened.remove_if_empty()
            raise


def remove_stale_downloads(folder: Path) -> None:
    """Remove partial downloads that were not resumed for 30 days: their recordings are gone, or no longer wanted."""
    with suppress(FileNotFoundError):
        for entry in folder.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - entry.stat().st_mtime > _STALE_SECONDS:
                    entry.unlink()


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (FileNotFoundError, ValueError):
        return None


VERIFY = ("size", "sha256")


class NameTaken(BadArgument):
    """The name that the template makes belongs to another stored recording."""


class RecordingStore:
    """The recordings in the folder `destination`, named by `template`.

    `state_folder` is a folder in it for partial downloads. `verify` says how stored files are checked: by `size`, or by
    `sha256`, for which they are read.
    """

    def __init__(self, destination: UPath, state_folder: UPath, template: NameTemplate, verify: str = "size") -> None:
        parse_choice("verify", verify, VERIFY)
        self._fs = filesystem(destination)
        self._destination, self._template, self._verify = destination, template, verify
        local = isinstance(self._fs, LocalFileSystem)
        self._partial_folder = Path(state_folder.path, "parts") if local else None
        self._damaged: dict[str, str] = {}
        """Files with another size or hash, by the id of their recording, which is downloaded again."""

    def stored(self, recording: Recording) -> Sidecar | None:
        """Return the sidecar of a recording whose file is intact; None when it must be downloaded.

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
        if self._is_intact(sidecar):
            return sidecar
        self._damaged[recording.recording_id] = sidecar.file
        return None

    def fetch(self, client: RingCentralClient, recording: Recording, uri: str) -> Sidecar:
        """Download the file from `uri`, write its sidecar and return it. Raises the client's errors."""
        if self._partial_folder is None:
            return self._fetch_whole(client, recording, uri)
        with open_partial_download(self._partial_folder, recording.recording_id) as partial:
            if partial is None:
                # Another process is downloading it. A second download costs less than waiting, perhaps forever.
                return self._fetch_whole(client, recording, uri)
            return self._resume(client, recording, uri, partial)

    def remove_stale_downloads(self) -> None:
        """Remove partial downloads that no run resumed for 30 days."""
        if self._partial_folder is not None:
            remove_stale_downloads(self._partial_folder)

    def _resume(self, client: RingCentralClient, recording: Recording, uri: str, partial: PartialDownload) -> Sidecar:
        media = Media(partial.bytes, partial.total)
        try:
            self._download(client, uri, lambda piece: partial.write(piece, media.total), media)
        except MediaChanged:
            partial.clear()
            media = Media()
            self._download(client, uri, lambda piece: partial.write(piece, media.total), media)
        path = self._prepare(self._template.name(recording, extension_of(media.content_type)))
        partial.publish(path.path)
        return self._write_sidecar(recording, path, media, partial.sha256, partial.scratch)

    def _fetch_whole(self, client: RingCentralClient, recording: Recording, uri: str) -> Sidecar:
        media = Media()
        opened: list[tuple[UPath, Writer]] = []
        with ExitStack() as stack:

            def out() -> Writer:
                # The file's name depends on the content type, which is known once the first bytes arrive.
                if not opened:
                    path = self._prepare(self._template.name(recording, extension_of(media.content_type)))
                    opened.append((path, stack.enter_context(complete_file(path))))
                return opened[0][1]

            self._download(client, uri, lambda piece: out().write(piece), media)
        path, written = opened[0]
        scratch = self._partial_folder and self._partial_folder / f"{uuid.uuid4().hex}.json"
        return self._write_sidecar(recording, path, media, written.sha256, scratch)

    @staticmethod
    def _download(client: RingCentralClient, uri: str, write: Callable[[bytes], object], media: Media) -> None:
        download(client, uri, write, media, check=RECORDING.check)
        RECORDING.check(media.content_type, media.bytes)

    def _write_sidecar(
        self, recording: Recording, path: UPath, media: Media, sha256: str, scratch: Path | None
    ) -> Sidecar:
        file = path.path.removeprefix(self._path(""))
        sidecar = sidecar_of(recording, file=file, content_type=media.content_type, size=media.bytes, sha256=sha256)
        name, content = self._path(self._template.sidecar(recording)), json_line(sidecar)
        make_folder(self._fs, folder_of(name))
        if scratch is None:
            self._fs.pipe_file(name, content)
        else:
            # No fsync is needed: a sidecar that a power cut damages counts as missing.
            scratch.write_bytes(content)
            scratch.replace(name)
        damaged = self._damaged.pop(recording.recording_id, file)
        if damaged != file:
            with tolerate_cleanup_errors("A damaged file that is replaced under another name"):
                self._fs.rm_file(self._path(damaged))
        return sidecar

    def _prepare(self, name: str) -> UPath:
        path = self._destination / name
        make_folder(self._fs, folder_of(path.path))
        return path

    def _path(self, name: str) -> str:
        return f"{self._destination.path.rstrip('/')}/{name}"

    def _is_intact(self, sidecar: Sidecar) -> bool:
        # Earlier versions stored the body of every 200, whatever its content type.
        if not sidecar.bytes or not RECORDING.accepts(sidecar.content_type):
            return False
        path = self._path(sidecar.file)
        try:
            if self._fs.info(path)["size"] != sidecar.bytes:
                return False
            return self._verify == "size" or sha256_of(self._fs, path) == sidecar.sha256
        except FileNotFoundError:
            return False
