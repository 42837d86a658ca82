"""CSV: UTF-8, a header, LF line ends, quotes where needed (RFC 4180 otherwise)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from airflow_provider_ringcentral.extract.columns import Column, Flattener, Row, names
from airflow_provider_ringcentral.extract.files import Writer

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_csv(chunks: Iterable[bytes], out: Writer, columns: Sequence[Column]) -> None:
    """One row a record. Flags are `true` or `false`, absent values empty.

    Text that a spreadsheet would take for a formula is written with a leading apostrophe: caller names are
    strangers' input. That goes for phone numbers such as +16505550100, too: take the apostrophe off when loading, or
    use another format.
    """
    flattener = Flattener(columns)
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(names(columns))
    for chunk in chunks:
        writer.writerows(_cells(flattener.rows(chunk)))
        out.write(buffer.getvalue().encode())
        buffer.seek(0)
        buffer.truncate()
    out.write(buffer.getvalue().encode())


def _cells(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        for at, value in enumerate(row):
            if type(value) is str:
                if value.startswith(_FORMULA):
                    row[at] = "'" + value
            elif type(value) is bool:
                row[at] = "true" if value else "false"
        yield row
