"""The formats of files of records. A new one is a row of `FORMATS` and its writer.

Writers take NDJSON in chunks, need constant memory, and write equal bytes for equal records, however these are cut into
chunks. CSV follows RFC 4180, in UTF-8 with a header and LF line ends.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from airflow_provider_ringcentral.arguments import parse_choice
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.files.atomic import Writer
from airflow_provider_ringcentral.files.columns import Column, Flattener, Row, column_names
from airflow_provider_ringcentral.files.parquet import require_pyarrow, write_parquet

_CRLF = "\r\n"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_csv(chunks: Iterable[bytes], out: Writer, columns: Sequence[Column]) -> None:
    """Write one row per record. Flags are `true` or `false`, missing values empty.

    Texts that a spreadsheet would take for a formula get a leading apostrophe, because callers choose their names. This
    includes phone numbers such as +16505550100: remove the apostrophe when loading, or use another format.
    """
    flattener = Flattener(columns)
    lines = _Lines()
    writer = csv.writer(lines, lineterminator=_CRLF)
    writer.writerow(column_names(columns))
    out.write(lines.take())
    for chunk in chunks:
        writer.writerows(_cells(flattener.rows(chunk)))
        out.write(lines.take())


class _Lines:
    """Collects the lines of a csv.writer and ends them with LF.

    Told to end lines with LF, csv.writer would not quote a CR in a cell, and readers take it for the end of a row.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, line: str) -> None:
        self._lines.append(line.removesuffix(_CRLF) + "\n")

    def take(self) -> bytes:
        text = "".join(self._lines)
        self._lines.clear()
        return text.encode()


def _cells(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        for at, value in enumerate(row):
            if type(value) is str:
                if value.startswith(_FORMULA):
                    row[at] = "'" + value
            elif type(value) is bool:
                row[at] = "true" if value else "false"
        yield row


@dataclass(frozen=True, slots=True)
class Format:
    """A file format; `write(chunks, out, columns)` converts chunks of complete NDJSON lines to its bytes.

    File names with one of `suffixes` select it. `tabular` formats need columns, `verbatim` ones are the chunks as they
    are. `require` raises `DestinationError` when a package is missing.
    """

    name: str
    suffixes: tuple[str, ...]
    write: Callable[[Iterable[bytes], Writer, Sequence[Column]], None]
    tabular: bool = False
    verbatim: bool = False
    require: Callable[[], None] = lambda: None


def _write_ndjson(chunks: Iterable[bytes], out: Writer, _columns: Sequence[Column]) -> None:
    for chunk in chunks:
        out.write(chunk)


def _write_gzip(chunks: Iterable[bytes], out: Writer, _columns: Sequence[Column]) -> None:
    # gzip.GzipFile would write the time and the file's name into the header.
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    for chunk in chunks:
        out.write(packer.compress(chunk))
    out.write(packer.flush())


FORMATS: Final[Mapping[str, Format]] = {
    known.name: known
    for known in (
        Format("ndjson", (".ndjson", ".jsonl"), _write_ndjson, verbatim=True),
        Format("ndjson.gz", (".ndjson.gz", ".jsonl.gz"), _write_gzip),
        Format("csv", (".csv",), write_csv, tabular=True),
        Format("parquet", (".parquet",), write_parquet, tabular=True, require=require_pyarrow),
    )
}


def format_of(destination: str, file_format: str | None = None) -> Format:
    """Return the format named `file_format`, or for None that of the destination's suffix.

    Raises `BadArgument` when there is no such format, `DestinationError` when its package is missing.
    """
    if file_format is not None:
        known = FORMATS[parse_choice("file_format", file_format, tuple(FORMATS))]
    elif (by_suffix := _by_suffix(destination)) is None:
        suffixes = ", ".join(suffix for known in FORMATS.values() for suffix in known.suffixes)
        raise BadArgument(
            f"The format of {destination} is unknown, because its name has none of the endings {suffixes}. Set "
            f"file_format to one of {', '.join(FORMATS)}.",
            parameter="file_format",
        )
    else:
        known = by_suffix
    known.require()
    return known


def _by_suffix(destination: str) -> Format | None:
    name = destination.lower()
    return next((known for known in FORMATS.values() if name.endswith(known.suffixes)), None)
