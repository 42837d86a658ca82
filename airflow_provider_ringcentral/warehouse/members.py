"""Missed calls that were none: the phones that rang for a call which another row tells.

A call to a queue leaves a row of the queue, and one for every member whose phone rang; the members' say Missed
(RingCentral's Analytics counts calls, the call log rows).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from airflow_provider_ringcentral.warehouse.tables import Stage, Tables

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
