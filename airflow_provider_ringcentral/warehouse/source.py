"""Which files are to be loaded, in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.extract.errors import BadArgument
from airflow_provider_ringcentral.warehouse.reading import READABLE

if TYPE_CHECKING:
    from upath import UPath


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to load; `receipt` is that of the extract or sync that wrote it, when it was named by one."""

    path: UPath
    receipt: Mapping[str, Any] | None = None


def files_of(source: Any, path_of: Callable[[str], UPath]) -> list[SourceFile]:
    """The files that `source` means: a path or URL of a file or folder, a receipt, or several of these.

    A folder means the files in it whose name one of ours could have, in the order of their names, which is that of
    time for a sync's; hidden ones and folders in it are left out. A receipt without a file (a window without calls)
    means none. Raises `BadArgument` for anything else, and for a source or a folder without files.
    """
    if isinstance(source, str):
        return _at(source, path_of)
    if isinstance(source, Mapping):
        return _of_receipt(source, path_of)
    if not isinstance(source, Iterable) or isinstance(source, bytes):
        raise _bad(f"source is a {type(source).__name__}")
    each = [files_of(one, path_of) for one in source]
    if not each:
        raise _bad("source is an empty list")
    return [file for files in each for file in files]


def _at(source: str, path_of: Callable[[str], UPath]) -> list[SourceFile]:
    if not source.strip():
        raise _bad("source is empty")
    if source.lstrip().startswith(("{", "[")):
        raise _bad("source is the text of a receipt, as a template writes it; pass task.output of the task before")
    path = path_of(source)
    fs = path.fs
    # What an earlier task wrote may be later than what the store's client remembers.
    fs.invalidate_cache()
    if not fs.isdir(path.path):
        return [SourceFile(path)]
    found = sorted(
        entry["name"].rstrip("/").rsplit("/", 1)[-1] for entry in fs.ls(path.path, detail=True) if _is_ours(entry)
    )
    if not found:
        raise _bad(f"the folder {source} has no file that ends in {', '.join(READABLE)}")
    return [SourceFile(path / name) for name in found]


def _is_ours(entry: Mapping[str, Any]) -> bool:
    name = str(entry["name"]).rsplit("/", 1)[-1]
    return entry["type"] == "file" and not name.startswith(".") and name.lower().endswith(READABLE)


def _of_receipt(receipt: Mapping[str, Any], path_of: Callable[[str], UPath]) -> list[SourceFile]:
    if "destination" not in receipt:
        raise _bad("source is a dict without destination")
    destination = receipt["destination"]
    if destination is None:
        return []
    return [SourceFile(path_of(str(destination)), receipt)]


def _bad(what: str) -> BadArgument:
    return BadArgument(
        f"{what}. It is a path or URL of a file or folder of calls, the receipt of an extract or a sync, or a list of "
        "these.",
        parameter="source",
    )
