"""Databases to load calls into, and calls to load."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool
from upath import UPath

from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.client.ledger.factory import open_ledger
from airflow_provider_ringcentral.extract.call_log.extract import extract_window
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from airflow_provider_ringcentral.sandbox import Sandbox
from airflow_provider_ringcentral.warehouse.dialects.dialect import Dialect
from airflow_provider_ringcentral.warehouse.dialects.registry import dialect_of
from airflow_provider_ringcentral.warehouse.load import load_files
from airflow_provider_ringcentral.warehouse.source import files_of
from airflow_provider_ringcentral.warehouse.tables import Tables

START = "2026-11-01T09:00:00.000Z"


def call(key: str, modified: str | None = "10:00", **fields: Any) -> dict[str, Any]:
    """A call with its time of change (of one day); fields that are None are left out."""
    record = {"id": key, "startTime": START, "lastModifiedTime": modified and f"2026-11-01T{modified}:00.000Z"} | fields
    return {name: value for name, value in record.items() if value is not None}


def leg(**fields: Any) -> dict[str, Any]:
    return {"startTime": START, "action": "Phone Call", **fields}


class Warehouse:
    """A database, and what is in the tables of calls in it."""

    def __init__(self, url: str, folder: Path, dialect: Dialect | None = None) -> None:
        self.url, self.folder = url, folder
        self.engine = sa.create_engine(url, poolclass=NullPool, hide_parameters=True)
        self.dialect = dialect or dialect_of(self.engine)
        self._files = 0

    def file(self, *records: dict[str, Any] | str) -> Path:
        """Records, or lines, as an NDJSON file."""
        self._files += 1
        path = self.folder / f"calls-{self._files:03d}.ndjson"
        lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        return path

    def load(self, *records: dict[str, Any] | str, **options: Any) -> dict[str, Any]:
        """Load records as a file; the receipt."""
        return self.load_from(str(self.file(*records)), **options)

    def load_from(self, source: Any, **options: Any) -> dict[str, Any]:
        """Load whatever a source may be; the receipt."""
        return load_files(self.engine, files_of(source, UPath), dialect=self.dialect, **options).as_dict()

    def tables(self, prefix: str = "ringcentral_", schema: str | None = None) -> Tables:
        return Tables(self.dialect.types, prefix, schema, self.dialect.table_options)

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        """Rows by key, times aware, `raw` decoded, without columns that have no value."""
        with self.engine.connect() as connection:
            found = connection.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings().all()
        return [{name: _told(name, value) for name, value in row.items() if value is not None} for row in found]

    def calls(self, **place: Any) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self.rows(self.tables(**place).calls)}

    def legs(self, **place: Any) -> list[dict[str, Any]]:
        return self.rows(self.tables(**place).legs)

    def everything(self) -> list[list[dict[str, Any]]]:
        """All rows of all tables, `loaded_at` too."""
        return [self.rows(table) for table in self.tables()]

    def run(self, *statements: str) -> None:
        with self.engine.connect() as connection, connection.begin():
            for statement in statements:
                connection.exec_driver_sql(statement)

    def names(self) -> list[str]:
        return sorted(sa.inspect(self.engine).get_table_names())


def _told(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return json.loads(value) if name == "raw" and isinstance(value, str) else value


@pytest.fixture(params=["sqlite", "psycopg2", "mariadb"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    """An empty database of each kind that is treated in a way of its own."""
    return make_warehouse(request, tmp_path, request.param)


@pytest.fixture
def sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    """An empty database for what is decided before one is asked."""
    return make_warehouse(request, tmp_path, "sqlite")


def make_warehouse(request: pytest.FixtureRequest, folder: Path, kind: str) -> Warehouse:
    if kind == "mariadb":
        return Warehouse(request.getfixturevalue("mariadb_url"), folder)
    if kind in ("psycopg2", "psycopg"):
        url = request.getfixturevalue("postgres_url").replace("postgresql:", f"postgresql+{kind}:")
        return Warehouse(url, folder)
    return Warehouse(f"sqlite:///{folder}/warehouse.db", folder, Dialect() if kind == "other" else None)


@pytest.fixture(scope="session")
def detailed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """300 calls as RingCentral gives them in the view Detailed."""
    start = datetime(2026, 11, 1, tzinfo=UTC)
    with Sandbox(calls=300, start=start, end=start + timedelta(hours=6)) as sandbox:
        credentials = Credentials(sandbox.client_id, sandbox.client_secret, sandbox.jwt, server=sandbox.url)
        client = RingCentralClient(credentials, open_ledger("memory://"))
        path = UPath(tmp_path_factory.mktemp("calls") / "calls.ndjson")
        query = CallLogQuery("/restapi/v1.0/account/~/call-log", start, start + timedelta(hours=6), "Detailed")
        extract_window(client, query, path)
    return [json.loads(line) for line in path.read_text().splitlines()]
