"""The calls of a file of ours, one at a time, whatever its format."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from gzip import BadGzipFile, GzipFile
from typing import TYPE_CHECKING, Any, Final

import msgspec

from airflow_provider_ringcentral.extract.errors import BadArgument
from airflow_provider_ringcentral.warehouse.flat_record import FlatRecords

if TYPE_CHECKING:
    from upath import UPath

Call = tuple[dict[str, Any], str]
"""A record, and the same as JSON text."""

_BUFFER = 2**20
_LONGEST = 2**26
"""Bytes of a line; a file of something else may have no line ends at all."""

_PARQUET_ROWS = 1000

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


def read_calls(path: UPath) -> Iterator[Call]:
    """The calls of `path` in its order: NDJSON, gzipped NDJSON or Parquet, by the suffix.

    Raises `BadArgument` for a file that is not there, not complete, or not a file of calls; messages name the line or
    row and quote nothing of it.
    """
    reader = _reader(path)
    try:
        with path.fs.open(path.path, "rb") as raw:
            yield from _with_ids(path, reader(path, raw))
    except FileNotFoundError as error:
        raise _bad(path, "is not there") from error


def _with_ids(path: UPath, calls: Iterator[Call]) -> Iterator[Call]:
    for place, call in enumerate(calls, 1):
        record = call[0]
        key = record.get("id")
        if type(key) is int:
            record["id"] = str(key)
        elif not isinstance(key, str) or not key:
            raise _bad(path, f"is no file of calls: record {place} has no id")
        yield call


def _read_ndjson(path: UPath, raw: Any) -> Iterator[Call]:
    with io.BufferedReader(raw, _BUFFER) as lines:
        yield from _lines(path, lines)


def _read_gzip(path: UPath, raw: Any) -> Iterator[Call]:
    try:
        with GzipFile(fileobj=raw) as unpacked, io.BufferedReader(unpacked, _BUFFER) as lines:
            yield from _lines(path, lines)
    except (BadGzipFile, EOFError, zlib.error) as error:
        raise _bad(path, "is no complete gzip file") from error


def _lines(path: UPath, raw: Any) -> Iterator[Call]:
    place = 0
    while line := raw.readline(_LONGEST):
        place += 1
        if line == b"\n":
            continue
        try:
            # SQL texts cannot hold NUL, and PostgreSQL's JSONB not even its escape.
            if b"\\u0000" in line:
                line = _encode(_without_nul(_decode(line)))
            yield _decode(line), line.decode().rstrip("\n")
        except (msgspec.DecodeError, UnicodeDecodeError):
            # Not chained: the error of a decoder may hold what it could not decode.
            raise _bad(path, f"is no file of calls: line {place} is no JSON object") from None


def _read_parquet(path: UPath, raw: Any) -> Iterator[Call]:
    from airflow_provider_ringcentral.extract.parquet import require_pyarrow

    require_pyarrow()
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(raw)
        flat = FlatRecords(file.schema_arrow.names)
        for batch in file.iter_batches(_PARQUET_ROWS):
            for row in batch.to_pylist():
                record = flat.record(row)
                yield record, _encode(record).decode()
    except (pa.ArrowException, msgspec.DecodeError, ValueError) as error:
        reason = str(error) if type(error) is ValueError else "it is damaged or cut off"
        raise _bad(path, f"is no Parquet file of calls: {reason}") from None


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(inner) for key, inner in value.items()}
    return [_without_nul(inner) for inner in value] if isinstance(value, list) else value


_READERS: Final[Mapping[str, Callable[[UPath, Any], Iterator[Call]]]] = {
    ".ndjson": _read_ndjson,
    ".jsonl": _read_ndjson,
    ".ndjson.gz": _read_gzip,
    ".jsonl.gz": _read_gzip,
    ".parquet": _read_parquet,
}

READABLE: Final = tuple(_READERS)
"""Ends of the names of files that can be read."""


def _reader(path: UPath) -> Callable[[UPath, Any], Iterator[Call]]:
    name = path.path.lower()
    found = next((reader for suffix, reader in _READERS.items() if name.endswith(suffix)), None)
    if found is None:
        # In a CSV of ours, apostrophes for spreadsheets cannot be told from those that were there.
        raise _bad(path, f"cannot be loaded; files end in {', '.join(READABLE)}, which file_format chooses")
    return found


def _bad(path: UPath, what: str) -> BadArgument:
    return BadArgument(f"The file {path} {what}. Nothing of it was loaded.", parameter="source")
