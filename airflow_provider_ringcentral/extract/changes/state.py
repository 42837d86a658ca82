"""Where a run of the change sync stands, in one small file beside its parts."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from fsspec.implementations.local import LocalFileSystem

from airflow_provider_ringcentral.files.atomic import filesystem, folder_of, remove_tree, tidying

if TYPE_CHECKING:
    from upath import UPath


class Bookmark(msgspec.Struct, kw_only=True):
    """What is known after the part named `part` ("" before the first).

    `token` is the sync token to go on from, None for a full sync, `time` the syncTime that came with it; `ended` says
    that nothing newer exists. `new`, `changed` and `deleted` count rows, `bytes` those of the lines, `oldest` and
    `newest` are start times in epoch microseconds. `refusals` counts refused tokens, `full_sync_reason` tells why
    there was a full sync.
    """

    fingerprint: str
    part: str = ""
    token: str | None = None
    time: str | None = None
    ended: bool = False
    new: int = 0
    changed: int = 0
    deleted: int = 0
    bytes: int = 0
    oldest: int | None = None
    newest: int | None = None
    refusals: int = 0
    full_sync_reason: str | None = None

    @property
    def records(self) -> int:
        """All rows."""
        return self.new + self.changed + self.deleted


class BookmarkFile:
    """Keeps the bookmark of one run at `path`. Sync tokens are long and opaque: no name of a part could hold them."""

    def __init__(self, path: UPath) -> None:
        self._fs, self._name = filesystem(path), path.path

    def read(self, fingerprint: str) -> Bookmark | None:
        """The bookmark of this fingerprint; None when there is none, or it is broken or another's."""
        self._fs.invalidate_cache(folder_of(self._name))
        try:
            found = msgspec.json.decode(self._fs.cat_file(self._name), type=Bookmark)
        except (FileNotFoundError, PermissionError, msgspec.DecodeError):
            # Without the right to list, stores call a missing object forbidden; the listing of parts says so better.
            return None
        return found if found.fingerprint == fingerprint else None

    def write(self, bookmark: Bookmark) -> None:
        """Replace what is there."""
        data = msgspec.json.encode(bookmark)
        if not isinstance(self._fs, LocalFileSystem):
            self._fs.pipe_file(self._name, data)
            return
        # Named for this write: another run of the same sync may be writing at the same time.
        temporary = Path(f"{self._name}.{uuid.uuid4().hex[:8]}")
        temporary.write_bytes(data)
        temporary.replace(self._name)

    def remove(self) -> None:
        """Remove it, when the store allows that."""
        with tidying("The bookmark of a finished run"):
            self._fs.rm_file(self._name)


def remove_older(folder: UPath, series: str, stamp: str) -> None:
    """Remove what runs of `series` that began before `stamp` left in `folder`: bookmarks, and parts nobody reads."""
    fs = filesystem(folder)
    fs.invalidate_cache(folder.path)
    with tidying("What an earlier run left behind"):
        for name in fs.ls(folder.path, detail=False):
            whose, _, rest = name.rstrip("/").rsplit("/", 1)[-1].partition("-")
            if whose == series and rest.partition(".json")[0].partition(".parts")[0] < stamp:
                remove_tree(fs, name)
