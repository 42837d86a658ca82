"""The folder of a broadcast beside its destination: recipients, rejections and results, until it is finished."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from airflow_provider_ringcentral.client.errors.arguments import DestinationError
from airflow_provider_ringcentral.files.atomic import (
    complete_file,
    folder_of,
    make_folder,
    remove_tree,
    tolerate_cleanup_errors,
)

if TYPE_CHECKING:
    from upath import UPath

    from airflow_provider_ringcentral.sending.once.message import Record

S = TypeVar("S")

OPTED_OUT, DUPLICATE = "OptedOut", "Duplicate"
"""Statuses of recipients that are sent nothing."""


class Line(msgspec.Struct, omit_defaults=True):
    """One recipient of a chunk. With a `status` (`OPTED_OUT` or `DUPLICATE`), nothing is sent."""

    row: int
    to: str
    text: str = ""
    status: str = ""


class Rejected(msgspec.Struct, omit_defaults=True):
    """A message that the answer to a batch rejected: `index` from 1."""

    index: int
    errorCode: str | None = None  # noqa: N815 - as RingCentral calls it
    description: str | None = None


class Result(msgspec.Struct, omit_defaults=False):
    """One row of the result, with the names of RingCentral's records."""

    row: int
    to: str
    status: str
    errorCode: str | None = None  # noqa: N815 - as above
    description: str | None = None
    batchId: str | None = None  # noqa: N815 - as above
    messageId: str | None = None  # noqa: N815 - as above
    segmentCount: int | None = None  # noqa: N815 - as above
    cost: float | None = None
    lastModifiedTime: str | None = None  # noqa: N815 - as above


class BroadcastFolder:
    """Files of one broadcast in a hidden folder beside the destination; each is complete or absent.

    Results belong to a try (`attempt`): a later try reads the statuses of its messages again.
    """

    def __init__(self, destination: UPath, token: str, attempt: int) -> None:
        self._result = f"result-{attempt}"
        self._folder: Any = destination.parent / f".{destination.name}.{token[:12]}"
        self._fs = destination.fs

    def put_lines(self, chunk: int, lines: Sequence[Line]) -> None:
        """Write the recipients of a chunk."""
        self._put("recipients", chunk, lines)

    def lines(self, chunk: int) -> list[Line]:
        """Read the recipients of a chunk."""
        found = self._get("recipients", chunk, Line)
        if found is None:
            raise DestinationError(
                f"The list of recipients of this broadcast is gone from {self._folder}. What was sent stays sent, but "
                "the remaining recipients cannot be determined any more."
            )
        return found

    def put_rejected(self, chunk: int, rejected: Sequence[Record]) -> None:
        """Write what the answer to a batch rejected, which may be nothing."""
        self._put("rejected", chunk, [msgspec.convert(one, Rejected, strict=False) for one in rejected])

    def rejected(self, chunk: int) -> dict[int, Rejected] | None:
        """Read the rejections by index; None if the answer was lost."""
        found = self._get("rejected", chunk, Rejected)
        return None if found is None else {one.index: one for one in found}

    def put_results(self, chunk: int, results: Sequence[Result]) -> None:
        """Write the result of a chunk."""
        self._put(self._result, chunk, results)

    def has_results(self, chunk: int) -> bool:
        """Whether the result of a chunk is there."""
        return bool(self._fs.exists(self._path(self._result, chunk)))

    def result_bytes(self, chunk: int) -> bytes:
        """Return the result of a chunk as NDJSON."""
        return bytes(self._fs.cat_file(self._path(self._result, chunk)))

    def remove(self) -> None:
        """Remove the folder. If the store fails or forbids it, a log line says so."""
        with tolerate_cleanup_errors("The list of recipients of a finished broadcast"):
            remove_tree(self._fs, self._folder.path)

    def _path(self, kind: str, chunk: int) -> str:
        return str((self._folder / f"{kind}-{chunk:04}.ndjson").path)

    def _put(self, kind: str, chunk: int, values: Sequence[Any]) -> None:
        path = self._folder / f"{kind}-{chunk:04}.ndjson"
        make_folder(self._fs, folder_of(path.path))
        with complete_file(path) as out:
            out.write(msgspec.json.Encoder().encode_lines(values))

    def _get(self, kind: str, chunk: int, what: type[S]) -> list[S] | None:
        try:
            data = self._fs.cat_file(self._path(kind, chunk))
        except FileNotFoundError:
            return None
        return msgspec.json.Decoder(what).decode_lines(data)
