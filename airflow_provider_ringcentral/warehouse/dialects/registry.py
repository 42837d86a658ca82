"""The dialect of each database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from airflow_provider_ringcentral.warehouse.dialects.dialect import Dialect
from airflow_provider_ringcentral.warehouse.dialects.mysql import MySql
from airflow_provider_ringcentral.warehouse.dialects.postgres import Postgres
from airflow_provider_ringcentral.warehouse.dialects.sqlite import Sqlite

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

DIALECTS: Final[Mapping[str, Dialect]] = {
    "postgresql": Postgres(),
    "sqlite": Sqlite(),
    "mysql": MySql(),
    "mariadb": MySql(),
}


def dialect_of(engine: Engine) -> Dialect:
    """Return the engine's dialect by SQLAlchemy's name of the database."""
    return DIALECTS.get(engine.dialect.name) or Dialect()
