"""Which files are to be loaded, in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fsspec.core import has_magic

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.warehouse.reading import READABLE, unreadable

if TYPE_CHECKING:
    from upath import UPath


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to load; `receipt` is that of the extract or sync that wrote it, when it was named by one."""

    path: UPath
    receipt: Mapping[str, Any] | None = None


def files_of(source: Any, path_of: Callable[[str], UPath]) -> list[SourceFile]:
    """The files that `source` means: a path or URL of a file or folder, a pattern, a receipt, or several of these.

    A folder means the files in it and in its subfolders whose name one of ours could have, in the order of their
    paths, which is that of time for a sync's. A pattern (`*`, `**`, `?`, `[…]`) means the files, and the files of
    folders, that it matches; what has just this name goes before. Hidden files and folders, and the pages of an
    extract that is not complete (`NAME.parts`), are left out. A receipt without a file (a window without calls) means
    none. Raises `BadArgument` for anything else, and for a source or a folder without files.
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
    try:
        return _listed(source, path)
    except OSError as error:
        raise unreadable(source, error) from None


def _listed(source: str, path: UPath) -> list[SourceFile]:
    fs = path.fs
    # What an earlier task wrote may be later than what the store's client remembers.
    fs.invalidate_cache()
    if fs.isdir(path.path):
        names = _below(fs, path.path)
        if not names:
            raise _bad(f"the folder {source} has no file that ends in {', '.join(READABLE)}, nor have its subfolders")
        return [_inside(path, name) for name in names]
    if not has_magic(path.path) or fs.exists(path.path):
        return [SourceFile(path)]
    root, pattern = _root_of(path)
    names = _matching(fs, root.path.rstrip("/"), pattern)
    if not names:
        raise _bad(f"nothing that ends in {', '.join(READABLE)} matches {source}")
    return [_inside(root, name) for name in names]


def _root_of(path: UPath) -> tuple[UPath, str]:
    """The folder above the first part of a path that is a pattern, and the rest."""
    root, parts = path, []
    while has_magic(root.path):
        parts.append(root.name)
        root = root.parent
    return root, "/".join(reversed(parts))


def _matching(fs: Any, root: str, pattern: str) -> list[str]:
    """Paths below `root` of files of ours that `pattern` matches, or that lie in a folder which it matches."""
    found: set[str] = set()
    for path, entry in fs.glob(f"{root}/{pattern}", detail=True).items():
        name = _relative(root, path)
        if entry["type"] == "directory":
            found.update(f"{name}/{inner}" for inner in _below(fs, path))
        elif _is_ours(name):
            found.add(name)
    return sorted(name for name in found if _is_ours(name))


def _below(fs: Any, folder: str) -> list[str]:
    """Paths below `folder` of files of ours, in order."""
    names = (_relative(folder, path) for path in fs.find(folder))
    return sorted(name for name in names if _is_ours(name))


def _relative(folder: str, path: str) -> str:
    # Some stores give paths a slash in front, others none.
    return path.strip("/").removeprefix(folder.strip("/")).lstrip("/")


def _inside(folder: UPath, name: str) -> SourceFile:
    return SourceFile(folder.joinpath(*name.split("/")))


def _is_ours(name: str) -> bool:
    *folders, last = name.split("/")
    hidden = any(part.startswith(".") for part in (*folders, last)) or any(part.endswith(".parts") for part in folders)
    return not hidden and last.lower().endswith(READABLE)


def _of_receipt(receipt: Mapping[str, Any], path_of: Callable[[str], UPath]) -> list[SourceFile]:
    if "destination" not in receipt:
        raise _bad("source is a dict without destination")
    destination = receipt["destination"]
    if destination is None:
        return []
    return [SourceFile(path_of(str(destination)), receipt)]


def _bad(what: str) -> BadArgument:
    return BadArgument(
        f"{what}. It is a path or URL of a file or folder of calls, a pattern such as changes/*/*.ndjson, the receipt "
        "of an extract or a sync, or a list of these.",
        parameter="source",
    )
