"""The SQL of the guide, on PostgreSQL, gives what the calls say when they are counted in Python."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from tests.warehouse.conftest import Warehouse, call, leg

TEXT = (Path(__file__).parents[2] / "docs/guides/calls-in-your-warehouse.md").read_text(encoding="utf-8")
TABLE, PER_HOUR, MISSED, TO_ANSWER, TALK, RAW = re.findall(r"^```sql\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)
DAG = re.findall(r"^```python\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)[0]
ANSWERED, UNANSWERED = {"accepted", "call connected"}, {"missed", "no answer", "abandoned", "voicemail"}
QUEUES = {"901": "Sales", "902": "Support"}


def inbound(key, extension, result, second=0, **fields):
    begin = {"startTime": f"2026-11-01T09:00:{second:02d}.000Z", "type": "Voice", "direction": "Inbound"}
    return call(key, result=result, extension={"id": extension}, duration=90, **begin | fields)


OF_QUEUES = [
    inbound("q1", 901, "Missed", telephonySessionId="s-1", legs=[leg(result="Missed")]),
    *(inbound(f"m{n}", 100 + n, "Missed", n, telephonySessionId="s-1") for n in range(1, 6)),
    inbound(
        "q2",
        901,
        "Accepted",
        telephonySessionId="s-2",
        legs=[leg(result="Missed"), leg(result="Accepted") | {"startTime": "2026-11-01T09:00:12.000Z"}],
    ),
    inbound("q3", 901, "Missed", telephonySessionId="s-3"),
    inbound("m6", 101, "Accepted", 2, telephonySessionId="s-3"),
    inbound("q4", 902, "Voicemail", telephonySessionId="s-4", startTime="2026-11-01T10:30:00.000Z"),
    inbound(
        "q5",
        901,
        "Accepted",
        telephonySessionId="s-5",
        legs=[leg(result="Call connected") | {"startTime": "2026-11-01T09:00:04.000Z"}],
    ),
]


@pytest.fixture(scope="module")
def answers(postgres_server, detailed, tmp_path_factory):
    """What each query says of the sandbox's calls and of a few to queues: by the query."""
    postgres_server.clear()
    warehouse = Warehouse(postgres_server.url(), tmp_path_factory.mktemp("guide"))
    warehouse.load(*detailed, *OF_QUEUES)
    warehouse.run(TABLE, *(f"INSERT INTO queues VALUES ('{key}', '{name}')" for key, name in QUEUES.items()))
    with warehouse.engine.connect() as connection:
        found = {
            query: connection.execute(sa.text(query)).fetchall() for query in (PER_HOUR, MISSED, TO_ANSWER, TALK, RAW)
        }
    return {query: [tuple(row) for row in rows] for query, rows in found.items()}


def test_calls_per_hour_and_queue(answers):
    zone = ZoneInfo("America/New_York")
    told = defaultdict(set)
    for record in OF_QUEUES:
        if name := QUEUES.get(str(record["extension"]["id"])):
            start = datetime.fromisoformat(record["startTime"]).astimezone(zone)
            told[start.replace(minute=0, second=0, microsecond=0, tzinfo=None), name].add(record["telephonySessionId"])

    assert answers[PER_HOUR] == sorted((hour, name, len(sessions)) for (hour, name), sessions in told.items())
    assert [row[1:] for row in answers[PER_HOUR]] == [("Sales", 4), ("Support", 1)]


def test_missed_calls_count_once_and_not_when_a_member_answered(answers):
    assert answers[MISSED] == [("Sales", 4, 1), ("Support", 1, 1)]


def test_time_to_answer(answers):
    assert answers[TO_ANSWER] == [("Sales", 2, 8.0, 12.0)]


def test_talk_time_per_extension(answers, detailed):
    calls, seconds = Counter(), Counter()
    for record in [*detailed, *OF_QUEUES]:
        if record["type"] == "Voice" and record["result"].lower() in ANSWERED:
            calls[str(record["extension"]["id"])] += 1
            seconds[str(record["extension"]["id"])] += record["duration"]

    assert {row[0]: row[1] for row in answers[TALK]} == calls
    assert {row[0]: float(row[2]) for row in answers[TALK]} == pytest.approx(
        {key: value / 60 for key, value in seconds.items()}, abs=0.051
    )


def test_what_has_no_column(answers, detailed):
    devices = {record["id"]: record["from"]["device"]["id"] for record in detailed if "device" in record["from"]}

    assert devices
    assert dict(answers[RAW]) == devices


def test_the_dag_of_the_guide_takes_its_arguments():
    space: dict[str, object] = {}
    exec(DAG, space)

    assert space["sync"].downstream_task_ids == {"load"}
