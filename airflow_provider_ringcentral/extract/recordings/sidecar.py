"""The JSON beside each recording: whose call it is, and what its file must be like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from airflow_provider_ringcentral.extract.recordings.recording import Recording

if TYPE_CHECKING:
    from fsspec.spec import AbstractFileSystem


class Sidecar(Recording, frozen=True, kw_only=True):
    """A stored recording. Written after its file, so that a sidecar says: it is there, and complete.

    `file` is its name relative to the destination; `bytes` and `sha256` (hexadecimal) are of the file.
    """

    file: str
    content_type: str | None
    bytes: int
    sha256: str


def sidecar_of(recording: Recording, *, file: str, content_type: str | None, size: int, sha256: str) -> Sidecar:
    """The sidecar of a recording whose bytes are there."""
    known = {name: getattr(recording, name) for name in Recording.__struct_fields__}
    return Sidecar(**known, file=file, content_type=content_type, bytes=size, sha256=sha256)


def read_sidecar(fs: AbstractFileSystem, name: str) -> Sidecar | None:
    """The sidecar of that name; None when there is none, or one that is damaged: then the recording is fetched anew."""
    try:
        return msgspec.json.decode(fs.cat_file(name), type=Sidecar)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None


def as_json(recording: Recording) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(recording) + b"\n"
