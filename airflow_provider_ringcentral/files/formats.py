"""The formats a file of records can have.

All are made from NDJSON, in memory that doesn't grow, with equal bytes for equal records however those are cut into
chunks.

CSV: UTF-8, a header, LF line ends, quotes where needed (RFC 4180 otherwise).
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
    """One row a record. Flags are `true` or `false`, absent values empty.

    Text that a spreadsheet would take for a formula is written with a leading apostrophe: caller names are
    strangers' input. That goes for phone numbers such as +16505550100, too: take the apostrophe off when loading, or
    use another format.
    """
    flattener = Flattener(columns)
    lines = _Lines()
    writer = csv.writer(lines, lineterminator=_CRLF)
    writer.writerow(column_names(columns))
    out.write(lines.taken())
    for chunk in chunks:
        writer.writerows(_cells(flattener.rows(chunk)))
        out.write(lines.taken())


class _Lines:
    """Takes a line a call and ends it with LF.

    A csv.writer told to do that itself leaves a CR in a cell unquoted, and readers take it for the end of a row.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, line: str) -> None:
        self._lines.append(line.removesuffix(_CRLF) + "\n")

    def taken(self) -> bytes:
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
    """`write(chunks, out, columns)` turns chunks of complete NDJSON lines into the bytes of the format.

    `suffixes` are the ends of file names that ask for it, `tabular` whether it needs columns, `verbatim` whether it is
    the chunks themselves; `require` raises `DestinationError` when a package is missing.
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
    # Unlike gzip.GzipFile, zlib's own header holds neither time nor name.
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
    """The format named, or that of the destination's suffix when None.

    Raises `BadArgument` for an unknown one, `DestinationError` when its package is missing.
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
