"""A million calls into PostgreSQL, in a process of its own: ours, or COPY of the same rows made ready before."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.resources import Mark, forget_peak, peak

ROOT = Path(__file__).resolve().parent.parent
TABLES = ("ringcentral_calls", "ringcentral_legs")


@dataclass(frozen=True, slots=True)
class Loading:
    """`wall` and `cpu` seconds of this process, and by how much its memory grew (peak, bytes), since the imports."""

    wall: float
    cpu: float
    growth: float


def run(way: str, url: str, source: Path) -> Loading:
    """`way` ("load" or "copy") in a fresh process; `source` is the file of calls, or the folder of rows for COPY."""
    command = [sys.executable, "-m", "bench.warehouse_jobs", way, url, str(source)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return Loading(**json.loads(done.stdout.splitlines()[-1]))


def load(url: str, source: str) -> Loading:
    import psycopg2  # noqa: F401 - before the first mark
    import sqlalchemy as sa
    from sqlalchemy.pool import NullPool
    from upath import UPath

    from airflow_provider_ringcentral.warehouse.load import load_files
    from airflow_provider_ringcentral.warehouse.source import files_of

    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg2:"), poolclass=NullPool)
    files = files_of(source, UPath)
    forget_peak()
    before = Mark.now()
    load_files(engine, files)
    return _since(before)


def copy(url: str, source: str) -> Loading:
    import psycopg2

    forget_peak()
    before = Mark.now()
    with contextlib.closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        for table in TABLES:
            with (Path(source) / table).open("rb") as rows:
                cursor.copy_expert(f"COPY {table} FROM STDIN", rows, 2**20)
    return _since(before)


def _since(before: Mark) -> Loading:
    after = Mark.now()
    return Loading(after.wall - before.wall, after.cpu - before.cpu, peak() - before.resident)


if __name__ == "__main__":
    way, url, source = sys.argv[1:]
    print(json.dumps(asdict({"load": load, "copy": copy}[way](url, source))))
