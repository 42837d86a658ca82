"""Merge a staged file into the tables: decide which version of each call stays. The caller holds the lock."""

from __future__ import annotations

from array import array
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

import msgspec
import sqlalchemy as sa

from airflow_provider_ringcentral.extract.call_log.columns import CALL_COLUMNS
from airflow_provider_ringcentral.files.columns import ColumnType, to_utc_time
from airflow_provider_ringcentral.warehouse.columns import DETAILED_ONLY
from airflow_provider_ringcentral.warehouse.dialects.dialect import Dialect
from airflow_provider_ringcentral.warehouse.tables import Stage, Tables
from airflow_provider_ringcentral.warehouse.window import Window

_MISSED = ("missed", "no answer")
_ANSWERED = ("accepted", "call connected")


def collect_sessions(connection: sa.engine.Connection, tables: Tables, stage: Stage) -> None:
    """Collect in `stage.sessions` the sessions of which the file and the table, before the merge, have several rows."""
    staged, calls = stage.calls.c.telephony_session_id, tables.calls.c.telephony_session_id
    doubled = sa.select(staged).group_by(staged).having(sa.func.count() > 1)
    stored = sa.select(calls).where(calls.in_(sa.select(staged))).distinct()
    for found in (doubled, stored):
        connection.execute(sa.insert(stage.sessions).from_select(["telephony_session_id"], found))


def flag_members(connection: sa.engine.Connection, tables: Tables, stage: Stage) -> None:
    """Correct `member_missed` in the sessions of `stage.sessions`.

    A call to a queue has a row for the queue and one for every member whose phone rang, and the members' rows say
    Missed. The flag is true for an unanswered inbound row if another inbound row of the same telephony session, of
    another extension, was answered or started earlier. So it depends on the contents of the table, not on the order
    in which files were loaded.
    """
    calls, wrong = tables.calls, stage.flagged
    found = sa.select(calls.c.id).where(
        calls.c.telephony_session_id.in_(sa.select(stage.sessions.c.telephony_session_id)),
        _unanswered(calls),
        calls.c.member_missed != _has_other_row(calls),
    )
    connection.execute(sa.insert(wrong).from_select(["id"], found))
    right = sa.update(calls).where(calls.c.id.in_(sa.select(wrong.c.id)))
    connection.execute(right.values(member_missed=sa.not_(calls.c.member_missed)))


def _unanswered(calls: Any) -> Any:
    return sa.and_(calls.c.direction == "Inbound", sa.func.lower(calls.c.result).in_(_MISSED))


def _has_other_row(calls: sa.Table) -> Any:
    other = calls.alias("other")
    before = sa.or_(
        other.c.start_time < calls.c.start_time,
        sa.and_(other.c.start_time == calls.c.start_time, other.c.id < calls.c.id),
    )
    rows = sa.select(other.c.id).where(
        other.c.telephony_session_id == calls.c.telephony_session_id,
        other.c.direction == "Inbound",
        other.c.extension_id != calls.c.extension_id,
        sa.or_(sa.func.lower(other.c.result).in_(_ANSWERED), before),
    )
    return rows.exists()


_KINDS = {column.path: column.kind for column in CALL_COLUMNS}

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder(order="sorted").encode


def are_equal(one: str, other: str) -> bool:
    """Return whether two JSON records have the same values, whatever file format they came from.

    Formats differ in the order of keys and in how they write times, ids and numbers. Null, an empty string and an
    empty object count as absent, as in CSV and Parquet.
    """
    try:
        return _encode(_normalized(_decode(one), ())) == _encode(_normalized(_decode(other), ()))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # For example, a number too large for a double. Then different text counts as a different value.
        return False


def _normalized(value: Any, path: tuple[str, ...] | None) -> Any:
    """Return the value in one form. `path` leads to it; None inside lists, which have no columns."""
    if isinstance(value, dict):
        inner = {key: _normalized(each, None if path is None else (*path, key)) for key, each in value.items()}
        return {key: each for key, each in inner.items() if each is not None and each not in ("", {})}
    if isinstance(value, list):
        return [_normalized(each, None) for each in value]
    kind = _KINDS.get(path) if path is not None else None
    if kind is ColumnType.TIME and (moment := to_utc_time(value)) is not None:
        return moment.isoformat()
    if kind is ColumnType.TEXT and type(value) is int:
        return str(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True, slots=True)
class Counts:
    """What loading one file or several changed.

    `rows_read` counts the rows of the files. Each inserted a call (`calls_inserted`), wrote a later version of one
    (`calls_updated`), removed one, or changed nothing because it was the same or an older version
    (`calls_unchanged`). `calls_deleted` also counts calls that `delete_missing` removed. `legs` counts written legs,
    `bad_records` records that could not be loaded and were kept as text.
    """

    rows_read: int = 0
    calls_inserted: int = 0
    calls_updated: int = 0
    calls_unchanged: int = 0
    calls_deleted: int = 0
    legs: int = 0
    bad_records: int = 0

    def summary(self) -> str:
        """Return the counts as a phrase for a log line."""
        calls = ", ".join(
            f"{getattr(self, f'calls_{what}')} {name}"
            for what, name in (("inserted", "new"), ("updated", "updated"), ("unchanged", "unchanged"))
        )
        return f"{self.rows_read} records read; calls: {calls}, {self.calls_deleted} deleted; {self.legs} legs written"

    def __add__(self, other: Self) -> Counts:
        return Counts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Counts)))


_UNFINISHED = 2
_PAIRS, _PLACES = 500, 10_000
"""Pairs of versions and positions in the file held in memory at a time."""


def _in_progress(calls: Any) -> Any:
    return sa.func.lower(sa.func.coalesce(calls.c.result, "")) == "in progress"


class Merge:
    """Merges one staged file of `read` rows over `connection`, with `now` as the time of the load."""

    def __init__(
        self,
        connection: sa.engine.Connection,
        dialect: Dialect,
        tables: Tables,
        stage: Stage,
        *,
        read: int,
        now: datetime,
    ) -> None:
        self._connection = connection
        self._dialect = dialect
        self._tables = tables
        self._stage = stage
        self._read = read
        self._now = dialect.moment(now)
        self._alive = sa.not_(stage.calls.c.deleted)
        self._simple = sa.and_(self._alive, sa.not_(stage.calls.c.detailed))

    def run(self, window: Window | None = None) -> Counts:
        """Merge the file. With a window, also remove its calls that the file lacks."""
        staged, calls = self._stage.calls, self._tables.calls
        self._drop_earlier_versions()
        removed = 0 if window is None else self._delete_calls(window.missing(calls, staged, self._dialect.moment))
        self._drop_older_than_stored()
        alive, simple, gone = self._kinds()
        if simple:
            self._complete_simple_rows()
        deleted = self._delete_calls(self._deletions()) if gone else 0
        updated = legs = 0
        if alive:
            collect_sessions(self._connection, self._tables, self._stage)
            updated = self._count(
                sa.select(calls.c.id).where(calls.c.id.in_(sa.select(staged.c.id).where(self._alive)))
            )
            self._put_calls(replacing=updated > 0)
            legs = self._put_legs(replacing=updated > 0)
        flag_members(self._connection, self._tables, self._stage)
        return Counts(
            rows_read=self._read,
            calls_inserted=alive - updated,
            calls_updated=updated,
            calls_unchanged=self._read - alive - deleted,
            calls_deleted=removed + deleted,
            legs=legs,
        )

    def keep_bad_records(self, bad: int) -> Counts:
        """Write the `bad` staged records to the table of bad records, each text once."""
        if bad:
            staged, kept = self._stage.bad_records, self._tables.bad_records
            texts = [sa.func.min(staged.c[name]) for name in ("file", "line", "reason", "text")]
            known = staged.c.sha256.in_(sa.select(kept.c.sha256))
            rows = sa.select(staged.c.sha256, *texts, self._moment()).where(sa.not_(known)).group_by(staged.c.sha256)
            self._run(sa.insert(kept).from_select([column.name for column in kept.columns], rows))
        return Counts(rows_read=bad, bad_records=bad)

    def _drop_earlier_versions(self) -> None:
        """Of several versions of a call in the file, keep the one that would stay if each were loaded in turn."""
        staged, beaten = self._stage.calls, self._stage.beaten
        if self._count(sa.select(staged.c.id).distinct()) == self._read:
            return
        modified = staged.c.last_modified_time
        # A version without a time replaces those before it, unless it says the call is still in progress.
        beats = sa.and_(modified.is_(None), sa.not_(_in_progress(staged)))
        unknown = sa.func.max(sa.case((beats, staged.c.place))).over(partition_by=staged.c.id)
        state = sa.case((staged.c.deleted, 0), (_in_progress(staged), _UNFINISHED), else_=1)
        versions = sa.select(
            staged.c.id, staged.c.place, modified, unknown.label("unknown"), state.label("state")
        ).subquery()
        unfinished = sa.and_(versions.c.unknown.is_not(None), versions.c.state == _UNFINISHED)
        order = [
            sa.case((sa.or_(versions.c.place < versions.c.unknown, unfinished), 1), else_=0),
            sa.case((versions.c.last_modified_time.is_(None), 1), else_=0),
            versions.c.last_modified_time.desc(),
            versions.c.state,
            versions.c.place.desc(),
        ]
        rank = sa.func.row_number().over(partition_by=versions.c.id, order_by=order)
        ranked = sa.select(versions.c.place, rank.label("rank")).subquery()
        self._run(sa.insert(beaten).from_select(["place"], sa.select(ranked.c.place).where(ranked.c.rank > 1)))
        self._run(sa.delete(staged).where(staged.c.place.in_(sa.select(beaten.c.place))))

    def _kinds(self) -> tuple[int, int, int]:
        """Count the staged rows that stay, those of them of the view Simple, and the deletions."""
        kinds = (self._alive, self._simple, self._stage.calls.c.deleted)
        sums = [sa.func.sum(sa.case((kind, 1), else_=0)) for kind in kinds]
        alive, simple, gone = (int(found or 0) for found in self._run(sa.select(*sums)).one())
        return alive, simple, gone

    def _drop_older_than_stored(self) -> None:
        """Keep rows later than the stored one, or as late and different, unless the call was deleted since."""
        staged, calls, deleted = self._stage.calls, self._tables.calls, self._tables.deleted
        known, later = calls.c.last_modified_time, staged.c.last_modified_time
        unfinished = sa.and_(self._as_late(), _in_progress(staged), sa.not_(_in_progress(calls)))
        same = sa.and_(sa.not_(staged.c.deleted), sa.or_(calls.c.raw == staged.c.raw, unfinished))
        stored = sa.select(calls.c.id).where(calls.c.id == staged.c.id, sa.or_(known > later, same))
        self._run(sa.delete(staged).where(stored.exists()))
        # A deletion also wins over versions of the same time or without one: an old file must not restore a call.
        stands = sa.or_(later.is_(None), sa.func.coalesce(deleted.c.last_modified_time, deleted.c.deleted_at) >= later)
        self._run(sa.delete(staged).where(sa.select(deleted.c.id).where(deleted.c.id == staged.c.id, stands).exists()))
        self._drop_equal_to_stored()

    def _as_late(self) -> Any:
        """Return the condition that both versions have the same time, or one has none."""
        known, later = self._tables.calls.c.last_modified_time, self._stage.calls.c.last_modified_time
        return sa.or_(known == later, known.is_(None), later.is_(None))

    def _drop_equal_to_stored(self) -> None:
        """Drop rows whose values equal the stored row's although their JSON is written differently."""
        staged, calls, beaten = self._stage.calls, self._tables.calls, self._stage.beaten
        texts = [sa.cast(table.c.raw, sa.Text) for table in (staged, calls)]
        pairs = sa.select(staged.c.place, *texts).where(calls.c.id == staged.c.id, self._alive, self._as_late())
        streamed = {"stream_results": True, "max_row_buffer": _PAIRS}
        # Airflow 2 has SQLAlchemy 1.4, whose results are not context managers.
        with closing(self._connection.execute(pairs, execution_options=streamed)) as found:
            same = array("q", (place for place, one, other in found if are_equal(one, other)))
        if not same:
            return
        for at in range(0, len(same), _PLACES):
            rows = [self._dialect.pack([place]) for place in same[at : at + _PLACES]]
            self._dialect.fill(self._connection, beaten, rows)
        self._run(sa.delete(staged).where(staged.c.place.in_(sa.select(beaten.c.place))))

    def _deletions(self) -> Any:
        """Select ids and times of deletions; one without a time gets that of the version it removes."""
        staged, calls = self._stage.calls, self._tables.calls
        removed = sa.select(calls.c.last_modified_time).where(calls.c.id == staged.c.id).scalar_subquery()
        return sa.select(staged.c.id, sa.func.coalesce(staged.c.last_modified_time, removed)).where(staged.c.deleted)

    def _complete_simple_rows(self) -> None:
        """Copy costs and lastModifiedTime, which rows of the view Simple lack, from the stored rows."""
        staged, calls = self._stage.calls, self._tables.calls
        stored = {name: sa.select(calls.c[name]).where(calls.c.id == staged.c.id) for name in DETAILED_ONLY}
        values = {name: rows.scalar_subquery() for name, rows in stored.items()}
        self._run(sa.update(staged).where(self._simple).values(values))

    def _delete_calls(self, rows: Any) -> int:
        """Delete the calls that `rows` selects, record the times of deletion, and return how many existed."""
        gone, calls, legs = self._stage.gone, self._tables.calls, self._tables.legs
        self._run(sa.delete(gone))
        self._run(sa.insert(gone).from_select(["id", "last_modified_time"], rows))
        if not self._count(sa.select(gone.c.id)):
            return 0
        ids = sa.select(gone.c.id)
        there = sa.select(calls.c.telephony_session_id).where(calls.c.id.in_(ids))
        removed = self._count(there)
        self._run(sa.insert(self._stage.sessions).from_select(["telephony_session_id"], there))
        self._run(sa.delete(legs).where(legs.c.call_id.in_(ids)))
        self._run(sa.delete(calls).where(calls.c.id.in_(ids)))
        self._put(self._tables.deleted, sa.select(gone.c.id, gone.c.last_modified_time, self._moment()))
        return removed

    def _put_calls(self, *, replacing: bool) -> None:
        """Write the calls that stay. `replacing` says whether some of them exist."""
        staged, calls, deleted = self._stage.calls, self._tables.calls, self._tables.deleted
        self._run(sa.delete(deleted).where(deleted.c.id.in_(sa.select(staged.c.id).where(self._alive))))
        set_here = {"member_missed": sa.false().label("member_missed"), "loaded_at": self._moment()}
        names = [column.name for column in calls.columns]
        rows = sa.select(*(set_here[name] if name in set_here else staged.c[name] for name in names)).where(self._alive)
        if replacing:
            self._put(calls, rows)
        else:
            self._run(sa.insert(calls).from_select(names, rows))

    def _put_legs(self, *, replacing: bool) -> int:
        """Write the legs of the calls that stay, replacing existing ones, and return how many."""
        staged, legs, staged_legs = self._stage.calls, self._tables.legs, self._stage.legs
        detailed = sa.and_(self._alive, staged.c.detailed)
        if replacing:
            self._run(sa.delete(legs).where(legs.c.call_id.in_(sa.select(staged.c.id).where(detailed))))
        names = [column.name for column in legs.columns]
        cells = [staged.c.id if name == "call_id" else staged_legs.c[name] for name in names]
        rows = sa.select(*cells).where(staged.c.place == staged_legs.c.place, detailed)
        written: int = self._run(sa.insert(legs).from_select(names, rows)).rowcount
        return written

    def _moment(self) -> Any:
        return sa.literal(self._now, self._tables.calls.c.loaded_at.type).label("moment")

    def _put(self, table: sa.Table, rows: Any) -> None:
        self._dialect.put(self._connection, table, rows)

    def _run(self, statement: Any) -> Any:
        return self._connection.execute(statement)

    def _count(self, rows: Any) -> int:
        return self._connection.scalar(sa.select(sa.func.count()).select_from(rows.subquery())) or 0
