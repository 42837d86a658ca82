"""INSERT … ON CONFLICT DO UPDATE, which PostgreSQL and SQLite write alike."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def insert_or_replace(insert: Any, table: sa.Table, rows: Any) -> Any:
    """The statement that puts the rows of a select in place of those with the same key.

    `insert` is the dialect's own insert into `table`, whose columns the select has in order.
    """
    key = [column.name for column in table.primary_key.columns]
    names = [column.name for column in table.columns]
    others = {name: insert.excluded[name] for name in names if name not in key}
    # SQLite takes the ON of ON CONFLICT for that of a join unless the select has a WHERE.
    filled = insert.from_select(names, rows.where(sa.true()))
    return filled.on_conflict_do_update(index_elements=key, set_=others)
