"""From the staged file to the tables: which version of a call stays. Statements only; who calls holds the lock.

Missed calls that were none: the phones that rang for a call which another row tells.

A call to a queue leaves a row of the queue, and one for every member whose phone rang; the members' say Missed
(RingCentral's Analytics counts calls, the call log rows).

What a record says, whatever format it came in: formats differ in order, in the writing of times, ids and numbers.
"""

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


def note_sessions(connection: sa.engine.Connection, tables: Tables, stage: Stage) -> None:
    """Put into `stage.sessions` those of which the file and the table, as it is before the merge, have several rows."""
    staged, calls = stage.calls.c.telephony_session_id, tables.calls.c.telephony_session_id
    doubled = sa.select(staged).group_by(staged).having(sa.func.count() > 1)
    stored = sa.select(calls).where(calls.in_(sa.select(staged))).distinct()
    for found in (doubled, stored):
        connection.execute(sa.insert(stage.sessions).from_select(["telephony_session_id"], found))


def flag_members(connection: sa.engine.Connection, tables: Tables, stage: Stage) -> None:
    """Set `member_missed` right in the sessions of `stage.sessions`.

    It is true for an inbound row that was not answered when another inbound row of the same telephony session, of
    another extension, was answered or began earlier. So it depends on what is in the table and not on the order in
    which files came.
    """
    calls, wrong = tables.calls, stage.flagged
    found = sa.select(calls.c.id).where(
        calls.c.telephony_session_id.in_(sa.select(stage.sessions.c.telephony_session_id)),
        _unanswered(calls),
        calls.c.member_missed != _told_elsewhere(calls),
    )
    connection.execute(sa.insert(wrong).from_select(["id"], found))
    right = sa.update(calls).where(calls.c.id.in_(sa.select(wrong.c.id)))
    connection.execute(right.values(member_missed=sa.not_(calls.c.member_missed)))


def _unanswered(calls: Any) -> Any:
    return sa.and_(calls.c.direction == "Inbound", sa.func.lower(calls.c.result).in_(_MISSED))


def _told_elsewhere(calls: sa.Table) -> Any:
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
    """Whether two records, as JSON, have the same values.

    Null, an empty text and an empty object are no value, as in CSV and Parquet.
    """
    try:
        return _encode(_plain(_decode(one), ())) == _encode(_plain(_decode(other), ()))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # A number beyond those of a double, say: other text is another value then.
        return False


def _plain(value: Any, path: tuple[str, ...] | None) -> Any:
    """`path` leads to the value; None inside lists, whose values no column holds."""
    if isinstance(value, dict):
        inner = {key: _plain(each, None if path is None else (*path, key)) for key, each in value.items()}
        return {key: each for key, each in inner.items() if each is not None and each not in ("", {})}
    if isinstance(value, list):
        return [_plain(each, None) for each in value]
    kind = _KINDS.get(path) if path is not None else None
    if kind is ColumnType.TIME and (moment := to_utc_time(value)) is not None:
        return moment.isoformat()
    if kind is ColumnType.TEXT and type(value) is int:
        return str(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one file or several.

    `rows_read` are lines or rows of files. Each wrote a new call (`calls_inserted`) or a later version of one
    (`calls_updated`), removed one, or changed nothing (`calls_unchanged`): the same or an older version.
    `calls_deleted` also counts what `delete_missing` removed. `legs` are those written. `bad_records` could not be
    loaded and were kept as text.
    """

    rows_read: int = 0
    calls_inserted: int = 0
    calls_updated: int = 0
    calls_unchanged: int = 0
    calls_deleted: int = 0
    legs: int = 0
    bad_records: int = 0

    def told(self) -> str:
        """As a log says it."""
        calls = ", ".join(
            f"{getattr(self, f'calls_{what}')} {name}"
            for what, name in (("inserted", "new"), ("updated", "updated"), ("unchanged", "unchanged"))
        )
        return f"{self.rows_read} records read; calls: {calls}, {self.calls_deleted} deleted; {self.legs} legs written"

    def __add__(self, other: Self) -> Counts:
        return Counts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Counts)))


_UNFINISHED = 2
_PAIRS, _PLACES = 500, 10_000
"""Pairs of versions, and places in the file, that are held at a time."""


def _in_progress(calls: Any) -> Any:
    return sa.func.lower(sa.func.coalesce(calls.c.result, "")) == "in progress"


class Merge:
    """One staged file of `read` rows, at the moment `now`, over `connection`."""

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
        """Merge; with a window also remove the calls in it that the file should have and has not."""
        staged, calls = self._stage.calls, self._tables.calls
        self._drop_earlier_versions()
        removed = 0 if window is None else self._bury(window.missing(calls, staged, self._dialect.moment))
        self._drop_what_the_tables_beat()
        alive, simple, gone = self._kinds()
        if simple:
            self._keep_what_simple_lacks()
        told = self._bury(self._deletions()) if gone else 0
        updated = legs = 0
        if alive:
            note_sessions(self._connection, self._tables, self._stage)
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
            calls_unchanged=self._read - alive - told,
            calls_deleted=removed + told,
            legs=legs,
        )

    def keep_bad_records(self, bad: int) -> Counts:
        """Keep the `bad` records that were staged as text, each text once."""
        if bad:
            staged, kept = self._stage.bad_records, self._tables.bad_records
            texts = [sa.func.min(staged.c[name]) for name in ("file", "line", "reason", "text")]
            known = staged.c.sha256.in_(sa.select(kept.c.sha256))
            rows = sa.select(staged.c.sha256, *texts, self._moment()).where(sa.not_(known)).group_by(staged.c.sha256)
            self._run(sa.insert(kept).from_select([column.name for column in kept.columns], rows))
        return Counts(rows_read=bad, bad_records=bad)

    def _drop_earlier_versions(self) -> None:
        """Of several versions in the file leave the one that would stay if each were loaded after the other."""
        staged, beaten = self._stage.calls, self._stage.beaten
        if self._count(sa.select(staged.c.id).distinct()) == self._read:
            return
        modified = staged.c.last_modified_time
        # One without a time beats those before it, unless the call was still in progress then.
        beats = sa.and_(modified.is_(None), sa.not_(_in_progress(staged)))
        unknown = sa.func.max(sa.case((beats, staged.c.place))).over(partition_by=staged.c.id)
        standing = sa.case((staged.c.deleted, 0), (_in_progress(staged), _UNFINISHED), else_=1)
        versions = sa.select(
            staged.c.id, staged.c.place, modified, unknown.label("unknown"), standing.label("standing")
        ).subquery()
        unfinished = sa.and_(versions.c.unknown.is_not(None), versions.c.standing == _UNFINISHED)
        order = [
            sa.case((sa.or_(versions.c.place < versions.c.unknown, unfinished), 1), else_=0),
            sa.case((versions.c.last_modified_time.is_(None), 1), else_=0),
            versions.c.last_modified_time.desc(),
            versions.c.standing,
            versions.c.place.desc(),
        ]
        rank = sa.func.row_number().over(partition_by=versions.c.id, order_by=order)
        ranked = sa.select(versions.c.place, rank.label("rank")).subquery()
        self._run(sa.insert(beaten).from_select(["place"], sa.select(ranked.c.place).where(ranked.c.rank > 1)))
        self._run(sa.delete(staged).where(staged.c.place.in_(sa.select(beaten.c.place))))

    def _kinds(self) -> tuple[int, int, int]:
        """How many staged rows stay, how many of these are of the view Simple, and how many are deletions."""
        kinds = (self._alive, self._simple, self._stage.calls.c.deleted)
        sums = [sa.func.sum(sa.case((kind, 1), else_=0)) for kind in kinds]
        alive, simple, gone = (int(found or 0) for found in self._run(sa.select(*sums)).one())
        return alive, simple, gone

    def _drop_what_the_tables_beat(self) -> None:
        """Leave what is later than the stored row, or as late and different, and what was not deleted since."""
        staged, calls, deleted = self._stage.calls, self._tables.calls, self._tables.deleted
        known, later = calls.c.last_modified_time, staged.c.last_modified_time
        unfinished = sa.and_(self._as_late(), _in_progress(staged), sa.not_(_in_progress(calls)))
        same = sa.and_(sa.not_(staged.c.deleted), sa.or_(calls.c.raw == staged.c.raw, unfinished))
        stored = sa.select(calls.c.id).where(calls.c.id == staged.c.id, sa.or_(known > later, same))
        self._run(sa.delete(staged).where(stored.exists()))
        # A deletion stands against versions of the same time and of no time: an old file must not bring a call back.
        stands = sa.or_(later.is_(None), sa.func.coalesce(deleted.c.last_modified_time, deleted.c.deleted_at) >= later)
        self._run(sa.delete(staged).where(sa.select(deleted.c.id).where(deleted.c.id == staged.c.id, stands).exists()))
        self._drop_what_says_the_same()

    def _as_late(self) -> Any:
        """The stored and the staged version are of the same time, or one has none."""
        known, later = self._tables.calls.c.last_modified_time, self._stage.calls.c.last_modified_time
        return sa.or_(known == later, known.is_(None), later.is_(None))

    def _drop_what_says_the_same(self) -> None:
        """Leave only what has other values than the stored row, though its JSON is written in another way."""
        staged, calls, beaten = self._stage.calls, self._tables.calls, self._stage.beaten
        texts = [sa.cast(table.c.raw, sa.Text) for table in (staged, calls)]
        pairs = sa.select(staged.c.place, *texts).where(calls.c.id == staged.c.id, self._alive, self._as_late())
        streamed = {"stream_results": True, "max_row_buffer": _PAIRS}
        # Results of SQLAlchemy 1.4, which Airflow 2 has, are no context managers.
        with closing(self._connection.execute(pairs, execution_options=streamed)) as found:
            same = array("q", (place for place, one, other in found if are_equal(one, other)))
        if not same:
            return
        for at in range(0, len(same), _PLACES):
            rows = [self._dialect.pack([place]) for place in same[at : at + _PLACES]]
            self._dialect.fill(self._connection, beaten, rows)
        self._run(sa.delete(staged).where(staged.c.place.in_(sa.select(beaten.c.place))))

    def _deletions(self) -> Any:
        """Ids of deletions, each with its time; one without a time is of the version that it removes."""
        staged, calls = self._stage.calls, self._tables.calls
        removed = sa.select(calls.c.last_modified_time).where(calls.c.id == staged.c.id).scalar_subquery()
        return sa.select(staged.c.id, sa.func.coalesce(staged.c.last_modified_time, removed)).where(staged.c.deleted)

    def _keep_what_simple_lacks(self) -> None:
        """A row of the view Simple says nothing about costs and the last change; it replaces the rest."""
        staged, calls = self._stage.calls, self._tables.calls
        stored = {name: sa.select(calls.c[name]).where(calls.c.id == staged.c.id) for name in DETAILED_ONLY}
        values = {name: rows.scalar_subquery() for name, rows in stored.items()}
        self._run(sa.update(staged).where(self._simple).values(values))

    def _bury(self, rows: Any) -> int:
        """Remove the calls that `rows` gives with the time of their deletion, and remember it; how many were there."""
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
        """Put the calls that stay; `replacing` says whether any of them is there already."""
        staged, calls, deleted = self._stage.calls, self._tables.calls, self._tables.deleted
        self._run(sa.delete(deleted).where(deleted.c.id.in_(sa.select(staged.c.id).where(self._alive))))
        given = {"member_missed": sa.false().label("member_missed"), "loaded_at": self._moment()}
        names = [column.name for column in calls.columns]
        rows = sa.select(*(given[name] if name in given else staged.c[name] for name in names)).where(self._alive)
        if replacing:
            self._put(calls, rows)
        else:
            self._run(sa.insert(calls).from_select(names, rows))

    def _put_legs(self, *, replacing: bool) -> int:
        """Put the legs of the calls that stay, in place of those that are there; how many."""
        staged, legs, staged_legs = self._stage.calls, self._tables.legs, self._stage.legs
        told = sa.and_(self._alive, staged.c.detailed)
        if replacing:
            self._run(sa.delete(legs).where(legs.c.call_id.in_(sa.select(staged.c.id).where(told))))
        names = [column.name for column in legs.columns]
        cells = [staged.c.id if name == "call_id" else staged_legs.c[name] for name in names]
        rows = sa.select(*cells).where(staged.c.place == staged_legs.c.place, told)
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
