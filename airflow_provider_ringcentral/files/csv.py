"""CSV: UTF-8, a header, LF line ends, quotes where needed (RFC 4180 otherwise)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence

from airflow_provider_ringcentral.files.atomic import Writer
from airflow_provider_ringcentral.files.columns import Column, Flattener, Row, names

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
    writer.writerow(names(columns))
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
