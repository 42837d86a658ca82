"""Where recordings are kept: each file complete or absent, its sidecar beside it once it is there."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from fsspec.implementations.local import LocalFileSystem

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.client.http.download import Media, MediaChanged, download
from airflow_provider_ringcentral.extract.recordings.media_kind import RECORDING
from airflow_provider_ringcentral.extract.recordings.name_template import NameTemplate, extension_of
from airflow_provider_ringcentral.extract.recordings.partial_download import LocalPart, forget_parts, local_part
from airflow_provider_ringcentral.extract.recordings.sidecar import Sidecar, as_json, read_sidecar, sidecar_of
from airflow_provider_ringcentral.files.atomic import (
    Writer,
    complete_file,
    filesystem,
    folder_of,
    make_folder,
    sha256_of,
    tidying,
)

if TYPE_CHECKING:
    from upath import UPath

    from airflow_provider_ringcentral.client.client import RingCentralClient
    from airflow_provider_ringcentral.extract.recordings.recording import Recording

VERIFY = ("size", "sha256")


class NameTaken(BadArgument):
    """The name that the template gives belongs to another recording, stored before."""


class RecordingStore:
    """The recordings in the folder `destination`, named by `template`.

    `hidden` is a folder in it for what is on its way. `verify` says what a stored file must have to count as there:
    the right `size`, or the right `sha256`, for which it is read.
    """

    def __init__(self, destination: UPath, hidden: UPath, template: NameTemplate, verify: str = "size") -> None:
        if verify not in VERIFY:
            raise BadArgument(f"verify {verify!r} is unknown; it is 'size' or 'sha256'.", parameter="verify")
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

    def _fetch_rest(self, client: RingCentralClient, recording: Recording, uri: str, part: LocalPart) -> Sidecar:
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
