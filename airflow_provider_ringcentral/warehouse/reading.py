"""Read the calls of a file one at a time: NDJSON, gzipped NDJSON or Parquet."""

from __future__ import annotations

import io
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from gzip import BadGzipFile, GzipFile
from typing import TYPE_CHECKING, Any, Final

import msgspec

from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.client.errors.remedy import PLATFORM_TEAM, Remedy
from airflow_provider_ringcentral.extract.call_log.columns import CALL_COLUMNS
from airflow_provider_ringcentral.files.columns import OTHER
from airflow_provider_ringcentral.files.parquet import require_pyarrow

if TYPE_CHECKING:
    from upath import UPath

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class FlatRecords:
    """Turns rows of a Parquet file with the columns `names` back into records.

    Raises `ValueError` for unknown columns and a missing id; files of older versions may have fewer columns.
    """

    def __init__(self, names: Iterable[str]) -> None:
        paths = {column.name: column.path for column in CALL_COLUMNS}
        unknown = sorted(set(names) - set(paths) - {OTHER})
        missing = sorted({"id", OTHER} - set(names))
        if unknown or missing:
            problems = [f"unknown columns {', '.join(unknown)}"] if unknown else []
            problems += [f"no column {', '.join(missing)}"] if missing else []
            raise ValueError("it has " + " and ".join(problems))
        self._paths = [(name, paths[name]) for name in names if name != OTHER]

    def record(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return the record. The order of its keys and the form of its times may differ from RingCentral's."""
        record: dict[str, Any] = {}
        for name, path in self._paths:
            value = row[name]
            if value is None:
                continue
            *above, key = path
            level = record.setdefault(above[0], {}) if above else record
            level[key] = _as_sent(path, value)
        return _merged(record, _decode(row[OTHER])) if row[OTHER] else record


def _as_sent(path: tuple[str, ...], value: Any) -> Any:
    if isinstance(value, datetime):
        precision = "microseconds" if value.microsecond % 1000 else "milliseconds"
        return value.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")
    # RingCentral sends this one id as a number (operationId readCompanyCallLog, schema CallLogRecordExtensionInfo).
    return int(value) if path == ("extension", "id") and value.isdecimal() else value


def _merged(record: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(record.get(key), dict):
            record[key] |= value
        else:
            record[key] = value
    return record


_BUFFER = 2**20
_LONGEST = 2**21
"""Most bytes of a line. A call has a few thousand, MySQL takes 16 MiB in a statement, and a file of another kind may
have no line ends at all."""

_PARQUET_ROWS = 1000
_MESSAGE_LENGTH = 300

_FORBIDDEN = Remedy(
    "The user of the worker, or the credentials of the store, may not read this path.",
    "Grant read access (on a disk chmod or chown, in a store listing and getting objects), or correct the source.",
    PLATFORM_TEAM,
)
_UNREACHABLE = Remedy(
    "The disk or store failed: the worker may not reach it, or it may be overloaded.",
    "Check the store's Connection and the worker's network. A retry loads the file from the start.",
    PLATFORM_TEAM,
)

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that cannot be read: `reason` completes "the record …", `text` is its text as far as known."""

    reason: str
    text: str


def read_calls(path: UPath) -> Iterator[bytes | Unreadable]:
    """Yield the records of `path` as JSON, in the order of the file. The suffix chooses the format.

    Raises `BadArgument` for a file that is missing, incomplete or not a file of calls; messages quote nothing of it.
    """
    reader = _reader(path)
    try:
        with path.fs.open(path.path, "rb") as raw:
            yield from reader(raw)
    except FileNotFoundError as error:
        raise bad_file(path, "does not exist") from error
    except (BadGzipFile, EOFError, zlib.error) as error:
        raise bad_file(path, "is not a complete gzip file") from error
    except ValueError as error:
        raise bad_file(path, f"is not a file of calls: {error}") from None
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: UPath | str, error: OSError) -> BadArgument | Unavailable:
    """Return the error of a source that cannot be read: `Unavailable` if a retry may help."""
    message = " ".join(str(error).split())[:_MESSAGE_LENGTH].rstrip(".")
    text = f"{path} cannot be read: {type(error).__name__}: {message}. Nothing of it was loaded."
    if isinstance(error, PermissionError):
        return BadArgument(text, parameter="source", remedy=_FORBIDDEN)
    return Unavailable(text, remedy=_UNREACHABLE)


def _read_ndjson(raw: Any) -> Iterator[bytes | Unreadable]:
    with io.BufferedReader(raw, _BUFFER) as lines:
        yield from _lines(lines)


def _read_gzip(raw: Any) -> Iterator[bytes | Unreadable]:
    with GzipFile(fileobj=raw) as unpacked, io.BufferedReader(unpacked, _BUFFER) as lines:
        yield from _lines(lines)


def _lines(raw: Any) -> Iterator[bytes | Unreadable]:
    first = True
    while line := raw.readline(_LONGEST):
        if first:
            line, first = line.removeprefix(BOM_UTF8), False
        if len(line) >= _LONGEST and not line.endswith(b"\n"):
            _skip_line(raw)
            yield Unreadable(f"is longer than {_LONGEST // 2**20} MiB", as_text(line))
        elif record := line.strip():
            yield record


def _skip_line(raw: Any) -> None:
    while (more := raw.readline(_LONGEST)) and not more.endswith(b"\n"):
        pass


def as_text(line: bytes) -> str:
    r"""Return bytes as text that every database takes, with NUL and what is not UTF-8 written as `\xe9`."""
    return line.decode(errors="backslashreplace").replace("\0", "\\x00")


def _read_parquet(raw: Any) -> Iterator[bytes | Unreadable]:
    require_pyarrow()
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(raw)
        flat = FlatRecords(file.schema_arrow.names)
        for batch in file.iter_batches(_PARQUET_ROWS):
            yield from _records(batch, flat)
    except (pa.ArrowException, OSError) as error:
        raise ValueError("it is damaged, cut off or not Parquet") from error


def _records(batch: Any, flat: FlatRecords) -> Iterator[bytes | Unreadable]:
    try:
        rows = batch.to_pylist()
    except (ValueError, OverflowError):
        # One of the rows has text that is not UTF-8 or a time outside the range of datetime.
        rows = (batch.slice(place, 1) for place in range(batch.num_rows))
    for row in rows:
        try:
            yield _encode(flat.record(row if isinstance(row, dict) else row.to_pylist()[0]))
        except (ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
            yield Unreadable("has a value that cannot be read", as_text(str(row).encode(errors="replace")))


_READERS: Final[Mapping[str, Callable[[Any], Iterator[bytes | Unreadable]]]] = {
    ".ndjson": _read_ndjson,
    ".jsonl": _read_ndjson,
    ".ndjson.gz": _read_gzip,
    ".jsonl.gz": _read_gzip,
    ".parquet": _read_parquet,
}

READABLE: Final = tuple(_READERS)
"""Suffixes of files that can be read."""


def _reader(path: UPath) -> Callable[[Any], Iterator[bytes | Unreadable]]:
    name = path.path.lower()
    found = next((reader for suffix, reader in _READERS.items() if name.endswith(suffix)), None)
    if found is None:
        # Our CSV files escape cells for spreadsheets with an apostrophe, which cannot be told from an original one.
        raise bad_file(
            path,
            f"cannot be loaded: its name must end in {', '.join(READABLE)}, which file_format of the extract chooses",
        )
    return found


def bad_file(path: UPath, what: str, cure: str = "") -> BadArgument:
    """Return the error of a file that cannot be loaded."""
    text = f"The file {path} {what}. Nothing of it was loaded."
    return BadArgument(f"{text} {cure}." if cure else text, parameter="source")
