"""Write Parquet with pyarrow (extra `parquet`), in row groups of a fixed size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_ringcentral.client.errors.arguments import DestinationError
from airflow_provider_ringcentral.files.columns import OTHER, Column, ColumnType, Flattener, to_utc_time

if TYPE_CHECKING:
    from airflow_provider_ringcentral.files.atomic import Writer

GROUP = 16_384
"""Rows per row group: about 10 MB of calls in memory."""


class _Sink:
    """A `Writer` with the interface that pyarrow expects of a file."""

    closed = False

    def __init__(self, out: Writer) -> None:
        self._out = out

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self._out.write(data)

    def tell(self) -> int:
        return self._out.bytes

    def flush(self) -> None:
        """Do nothing: writes are not buffered."""

    def close(self) -> None:
        """Do nothing: whoever opened the file closes it."""


def require_pyarrow() -> None:
    """Raise `DestinationError` naming the extra when pyarrow is missing."""
    try:
        import pyarrow.parquet  # noqa: F401  # 276 ms that only Parquet should cost
    except ImportError as error:
        raise DestinationError(
            "The format parquet needs pyarrow: pip install 'airflow-provider-ringcentral[parquet]'."
        ) from error


def write_parquet(chunks: Iterable[bytes], out: Writer, columns: Sequence[Column]) -> None:
    """Write one row per record, with text, int64, double and bool columns, and times as UTC timestamps in µs.

    A time that is not ISO 8601 stays in `other`. The bytes depend only on the records and the version of pyarrow, not
    on how the records are cut into chunks.
    """
    require_pyarrow()
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = _schema(columns)
    flattener = Flattener(columns, time=to_utc_time)
    held: list[Any] = []
    count = 0
    with pq.ParquetWriter(_Sink(out), schema) as writer:
        for chunk in chunks:
            cells = list(zip(*flattener.rows(chunk), strict=True)) or [()] * len(schema)
            arrays = [pa.array(cell, type=kind) for cell, kind in zip(cells, schema.types, strict=True)]
            held.append(pa.Table.from_arrays(arrays, schema=schema))
            count += held[-1].num_rows
            if count >= GROUP:
                rows = pa.concat_tables(held)
                whole = count - count % GROUP
                for at in range(0, whole, GROUP):
                    _write_group(writer, rows.slice(at, GROUP))
                held, count = [rows.slice(whole)], count - whole
        if count:
            _write_group(writer, pa.concat_tables(held))


def _write_group(writer: Any, rows: Any) -> None:
    # Combined, because pages end where chunks end, and the bytes must not depend on the chunks.
    writer.write_table(rows.combine_chunks(), row_group_size=GROUP)


def _schema(columns: Sequence[Column]) -> Any:
    import pyarrow as pa

    kinds = {
        ColumnType.TEXT: pa.string(),
        ColumnType.INTEGER: pa.int64(),
        ColumnType.NUMBER: pa.float64(),
        ColumnType.FLAG: pa.bool_(),
        ColumnType.TIME: pa.timestamp("us", tz="UTC"),
    }
    fields = [pa.field(column.name, kinds[column.kind]) for column in columns]
    return pa.schema([*fields, pa.field(OTHER, pa.string())])
