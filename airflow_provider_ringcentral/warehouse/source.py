"""Find the files to load and their order."""

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
    """A file to load, with the `receipt` of the extract or sync that wrote it if the source was a receipt."""

    path: UPath
    receipt: Mapping[str, Any] | None = None


def files_of(source: Any, path_of: Callable[[str], UPath]) -> list[SourceFile]:
    """Return the files of `source`: a path or URL of a file or folder, a pattern, a receipt, or a list of these.

    A folder stands for the loadable files in it and its subfolders, in the order of their paths, which for a sync is
    the order of time. A pattern (`*`, `**`, `?`, `[…]`) stands for the files, and the files of folders, that match; a
    file of exactly that name takes precedence. Hidden files and folders, and the chunks of an unfinished extract
    (`NAME.parts`), are left out. A receipt without a file (a window without calls) gives no files.

    Raises `BadArgument` for anything else, and for a source or folder without files.
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
        raise _bad(
            "source is the text of a receipt, as a template renders it; pass the output of the task, such as "
            "extract.output"
        )
    path = path_of(source)
    try:
        return _listed(source, path)
    except OSError as error:
        raise unreadable(source, error) from None


def _listed(source: str, path: UPath) -> list[SourceFile]:
    fs = path.fs
    # The store's client caches listings, which may be older than the files of the previous task.
    fs.invalidate_cache()
    if fs.isdir(path.path):
        names = _below(fs, path.path)
        if not names:
            raise _bad(f"the folder {source} and its subfolders have no file that ends in {', '.join(READABLE)}")
        return [_inside(path, name) for name in names]
    if not has_magic(path.path) or fs.exists(path.path):
        return [SourceFile(path)]
    root, pattern = _root_of(path)
    names = _matching(fs, root.path.rstrip("/"), pattern)
    if not names:
        raise _bad(f"no file that ends in {', '.join(READABLE)} matches {source}")
    return [_inside(root, name) for name in names]


def _root_of(path: UPath) -> tuple[UPath, str]:
    """Split a path into the folder above its first pattern and the rest."""
    root, parts = path, []
    while has_magic(root.path):
        parts.append(root.name)
        root = root.parent
    return root, "/".join(reversed(parts))


def _matching(fs: Any, root: str, pattern: str) -> list[str]:
    """Return paths below `root` of loadable files that match `pattern` or lie in a folder that matches."""
    found: set[str] = set()
    for path, entry in fs.glob(f"{root}/{pattern}", detail=True).items():
        name = _relative(root, path)
        if entry["type"] == "directory":
            found.update(f"{name}/{inner}" for inner in _below(fs, path))
        elif _is_loadable(name):
            found.add(name)
    return sorted(name for name in found if _is_loadable(name))


def _below(fs: Any, folder: str) -> list[str]:
    """Return paths below `folder` of loadable files, sorted."""
    names = (_relative(folder, path) for path in fs.find(folder))
    return sorted(name for name in names if _is_loadable(name))


def _relative(folder: str, path: str) -> str:
    # Some stores return paths with a leading slash, others without.
    return path.strip("/").removeprefix(folder.strip("/")).lstrip("/")


def _inside(folder: UPath, name: str) -> SourceFile:
    return SourceFile(folder.joinpath(*name.split("/")))


def _is_loadable(name: str) -> bool:
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
        f"{what}. source must be a path or URL of a file or folder of calls, a pattern such as changes/*/*.ndjson, the "
        "receipt of an extract or sync, or a list of these.",
        parameter="source",
    )
