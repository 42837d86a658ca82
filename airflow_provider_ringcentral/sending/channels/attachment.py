"""Files that go with a message: checked before anything is sent, read while it is sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.client.errors.arguments import BadArgument

if TYPE_CHECKING:
    from upath import UPath

CHUNK_BYTES = 1 << 16
AHEAD_BYTES = 1 << 22
"""Bytes that are fetched at a time; object stores would otherwise read 50 MB ahead."""

MOST_TEXT_BYTES = 1_000_000
NAME = "files"


@dataclass(frozen=True)
class FileAttachment:
    """A file of `size` bytes: in a store, or in memory when `path` is None."""

    name: str
    content_type: str
    size: int
    path: UPath | None = field(default=None, repr=False)
    data: bytes = field(default=b"", repr=False)

    def chunks(self) -> Iterator[bytes]:
        """Read the file from the start, in chunks of at most 64 KiB.

        Raises `Unavailable` if the store fails, or the size has changed: the request is then incomplete, and not
        executed.
        """
        if self.path is None:
            yield self.data
            return
        left = self.size
        try:
            with self.path.fs.open(self.path.path, "rb", block_size=AHEAD_BYTES) as stream:
                while piece := stream.read(CHUNK_BYTES):
                    left -= len(piece)
                    if left < 0:
                        break
                    yield piece
        except Exception as error:
            # Each store raises its own errors.
            raise Unavailable(f"the file {self.name} could not be read to its end ({type(error).__name__})") from error
        if left:
            raise Unavailable(f"the file {self.name} changed while it was sent")


def text_attachment(name: str, text: str, content_type: str) -> FileAttachment:
    """Make a file of a text, in UTF-8."""
    data = text.encode()
    return FileAttachment(name, content_type, len(data), data=data)


def suffix_of(name: str) -> str:
    """Return the suffix of a file name in lower case, without the dot; empty if there is none."""
    return PurePosixPath(name).suffix.lower().removeprefix(".")


def size_of(path: UPath) -> int:
    """Return the size of a file in bytes. Raises `BadArgument` if it is a folder, empty, or cannot be read."""
    try:
        if path.is_dir():
            raise BadArgument(f"{path} is a folder; name its files.", parameter=NAME)
        size = int(path.stat().st_size)
    except OSError as error:
        raise BadArgument(f"the file {path} cannot be read: {error.strerror or error}.", parameter=NAME) from error
    if size == 0:
        raise BadArgument(f"the file {path} is empty, which RingCentral refuses (MSG-347).", parameter=NAME)
    return size


def read_text(path: UPath) -> str:
    """Read a small text file in UTF-8. Raises `BadArgument`."""
    if size_of(path) > MOST_TEXT_BYTES:
        raise BadArgument(
            f"the text {path} has more than {MOST_TEXT_BYTES} bytes; attach it as a file instead.", parameter=NAME
        )
    try:
        return str(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise BadArgument(f"the text {path} is not in UTF-8 ({error.reason}).", parameter=NAME) from None


def check_total(sizes: Iterable[int], most: int) -> None:
    """Raise `BadArgument` if files have more than `most` bytes together."""
    total = sum(sizes)
    if total > most:
        raise BadArgument(
            f"the files have {total} bytes together; the limit is {most}. Shrink them, or send a link.",
            parameter=NAME,
        )


def check_type(name: str, known: Collection[str], channel: str) -> str:
    """Return the suffix of a file name if it is one of `known`. Raises `BadArgument`."""
    suffix = suffix_of(name)
    if suffix not in known:
        raise BadArgument(
            f"{channel} does not accept the type of the file {name}; it accepts {', '.join(sorted(known))}.",
            parameter=NAME,
        )
    return suffix
