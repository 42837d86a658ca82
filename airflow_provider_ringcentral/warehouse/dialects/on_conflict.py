"""INSERT … ON CONFLICT DO UPDATE, which PostgreSQL and SQLite share."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def insert_or_replace(insert: Any, table: sa.Table, rows: Any) -> Any:
    """Return the statement that inserts the rows of a select and replaces rows of the same key.

    `insert` is the dialect's own insert into `table`; the select has the table's columns in order.
    """
    key = [column.name for column in table.primary_key.columns]
    names = [column.name for column in table.columns]
    others = {name: insert.excluded[name] for name in names if name not in key}
    # Without a WHERE, SQLite reads the ON of ON CONFLICT as that of a join.
    filled = insert.from_select(names, rows.where(sa.true()))
    return filled.on_conflict_do_update(index_elements=key, set_=others)
