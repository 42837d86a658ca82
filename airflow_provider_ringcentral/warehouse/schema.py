"""Making the tables, and making sure that those that are there are ours."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.warehouse.errors import WarehouseError
from airflow_provider_ringcentral.warehouse.tables import Tables


def make_tables(connection: sa.engine.Connection, tables: Tables) -> None:
    """Create what is missing, tables and columns of tables; columns that are not ours stay as they are.

    Raises `BadArgument` for an unknown schema and `WarehouseError` for a table under our name that is something else,
    before anything is written.
    """
    inspector = sa.inspect(connection)
    schema = tables.calls.schema
    if schema is not None and schema not in inspector.get_schema_names():
        raise BadArgument(
            f"The database has no schema {schema!r}, or does not show it to this user; create it first.",
            parameter="schema",
        )
    missing = {table.name: _missing(inspector, table) for table in tables}
    for table in tables:
        columns = missing[table.name]
        if columns is None:
            table.create(connection, checkfirst=False)
        for column in columns or ():
            _add(connection, table, column)


def _missing(inspector: Any, table: sa.Table) -> list[sa.Column[Any]] | None:
    """The columns that a table of ours lacks; None when there is no table."""
    if not inspector.has_table(table.name, schema=table.schema):
        return None
    there = {column["name"] for column in inspector.get_columns(table.name, schema=table.schema)}
    key = inspector.get_pk_constraint(table.name, schema=table.schema).get("constrained_columns") or []
    ours = [column.name for column in table.primary_key.columns]
    # What every version of ours has had, and cannot be added to rows that are there.
    needed = {column.name for column in table.columns if not column.nullable and column.server_default is None}
    if sorted(key) != sorted(ours) or needed - there:
        lacks = f"; it lacks {', '.join(sorted(needed - there))}" if needed - there else ""
        raise WarehouseError(
            f"The table {table.fullname} is there and is not ours: its primary key is ({', '.join(key) or 'none'}) "
            f"instead of ({', '.join(ours)}){lacks}. Choose another table_prefix or schema, or drop it."
        )
    return [column for column in table.columns if column.name not in there]


def _add(connection: sa.engine.Connection, table: sa.Table, column: sa.Column[Any]) -> None:
    dialect = connection.dialect
    name = dialect.identifier_preparer.format_table(table)
    connection.exec_driver_sql(f"ALTER TABLE {name} ADD COLUMN {CreateColumn(column).compile(dialect=dialect)}")
