"""A million calls with their legs into PostgreSQL, beside COPY of the same rows into the same tables."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import psycopg2

from airflow_provider_ringcentral.sandbox.model.calls import Calls
from airflow_provider_ringcentral.sandbox.model.company import Company
from bench.claim import Claim
from bench.resources import MEGABYTE
from bench.table import Number, table
from bench.warehouse_jobs import TABLES, Loading, run
from scenarios.postgres_server import PostgresServer

CALLS = 1_000_000
WEEK = (1_767_225_600_000, 1_767_830_400_000)
"""In milliseconds since 1970."""

SHARE, GROWTH_MEGABYTES = 0.5, 60.0
LOAD, COPY = "load", "copy"


def measure(rounds: int, calls: int = CALLS) -> list[Claim]:
    results: dict[str, list[Loading]] = {LOAD: [], COPY: []}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, _server() as server:
        source, rows = Path(folder) / "calls.ndjson", Path(folder) / "rows"
        _write(source, calls)
        for _ in range(rounds):
            server.clear()
            results[LOAD].append(run(LOAD, server.url(), source))
            loaded = _counts(server)
            if not rows.exists():
                rows.mkdir()
                _export(server, rows)
            _empty(server)
            results[COPY].append(run(COPY, server.url(), rows))
            if _counts(server) != loaded:
                raise RuntimeError("COPY and load differ in the number of rows")
    ratios = [theirs.wall / ours.wall for ours, theirs in zip(results[LOAD], results[COPY], strict=True)]
    print(f"\n## {calls:,} Detailed calls, {loaded[1]:,} legs, from NDJSON into PostgreSQL\n")
    print(table(["", "calls per s", "wall s", "CPU s of the client", "memory growth MB"], _figures(results, calls)))
    growth = max(loading.growth for loading in results[LOAD]) / MEGABYTE
    return [
        Claim("warehouse: every call is in the table", f"{loaded[0]:,} of {calls:,}", loaded[0] == calls),
        Claim(
            f"warehouse: at least {SHARE:g} of the speed of COPY of the same rows, made ready before",
            f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
            median(ratios) >= SHARE,
        ),
        Claim(
            f"warehouse: memory grows by less than {GROWTH_MEGABYTES:.0f} MB over the imports",
            f"{growth:.1f} MB",
            growth < GROWTH_MEGABYTES,
        ),
    ]


def _figures(results: dict[str, list[Loading]], calls: int) -> list[list[object]]:
    return [
        [
            name,
            Number(median(calls / loading.wall for loading in found)),
            Number(median(loading.wall for loading in found), 1),
            Number(median(loading.cpu for loading in found), 1),
            Number(median(loading.growth for loading in found) / MEGABYTE, 1),
        ]
        for name, found in results.items()
    ]


@contextlib.contextmanager
def _server() -> Iterator[PostgresServer]:
    """With PostgreSQL's own settings, as a warehouse has them at least."""
    server = PostgresServer({})
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _write(path: Path, count: int) -> None:
    """The file that an extract of the sandbox would write, oldest call first."""
    start, end = WEEK
    calls = Calls(
        Company(1),
        count=count,
        start=start,
        end=end,
        layout="even",
        seed=1,
        url="https://platform.ringcentral.com",
        pretty=False,
    )
    rows, time = calls.blocks("Detailed"), calls.layout.time
    with path.open("wb") as file:
        file.writelines(rows.row(index, time(index)) + b"\n" for index in reversed(range(count)))


@contextlib.contextmanager
def _cursor(server: PostgresServer) -> Iterator[psycopg2.extensions.cursor]:
    with contextlib.closing(psycopg2.connect(server.url())) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def _counts(server: PostgresServer) -> list[int]:
    counts = []
    with _cursor(server) as cursor:
        for name in TABLES:
            cursor.execute(f"SELECT count(*) FROM {name}")
            counts += cursor.fetchone()
    return counts


def _export(server: PostgresServer, folder: Path) -> None:
    with _cursor(server) as cursor:
        for name in TABLES:
            with (folder / name).open("wb") as rows:
                cursor.copy_expert(f"COPY {name} TO STDOUT", rows)


def _empty(server: PostgresServer) -> None:
    """Empty tables with their indexes, and nothing left to be written to disk."""
    with _cursor(server) as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)}")
        cursor.execute("CHECKPOINT")
