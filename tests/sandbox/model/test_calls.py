"""Calls by index: times, bytes and ids, without a server."""

from __future__ import annotations

import json
import tracemalloc
from random import Random

import pytest

from airflow_provider_ringcentral.sandbox.model import timestamps
from airflow_provider_ringcentral.sandbox.model.call_changes import ChangedCall, Changes
from airflow_provider_ringcentral.sandbox.model.call_selection import CallSequence
from airflow_provider_ringcentral.sandbox.model.calls import Calls, Layout
from airflow_provider_ringcentral.sandbox.model.company import Company

START, END = timestamps.parse("2026-06-01T00:00:00Z"), timestamps.parse("2026-06-08T00:00:00Z")


def make(count=5000, layout="even", seed=1, pretty=False, url="http://127.0.0.1:1"):
    return Calls(Company(seed), count=count, start=START, end=END, layout=layout, seed=seed, url=url, pretty=pretty)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-01T00:00:00Z", 1780272000000),
        ("2026-06-01T00:00:00.123Z", 1780272000123),
        ("2026-06-01T02:00:00.5+02:00", 1780272000500),
        ("2026-06-01T02:00+0200", 1780272000000),
    ],
)
def test_timestamps_are_parsed(text, expected):
    assert timestamps.parse(text) == expected


@pytest.mark.parametrize("text", ["", "2026-06-01", "2026-06-01T00:00:00", "2026-13-01T00:00:00Z", "now", "1780272000"])
def test_invalid_timestamps_are_refused(text):
    with pytest.raises(ValueError, match=r"month|zone"):
        timestamps.parse(text)


@pytest.mark.parametrize("layout", ["even", "milliseconds", "instants:7", "instants:100", "clusters:9"])
@pytest.mark.parametrize("count", [1, 99, 100])
def test_times_never_rise_and_stay_in_the_window(layout, count):
    times = [Layout(layout, count, START, END).time(index) for index in range(count)]
    assert times == sorted(times, reverse=True)
    assert all(START <= time < END for time in times)


def test_start_times_of_each_layout():
    def gaps(text, count=6):
        layout = Layout(text, count, 0, 6000)
        return [layout.time(index) for index in range(count)]

    assert gaps("even") == [5999, 4999, 3999, 2999, 1999, 999]
    assert gaps("milliseconds") == [5999, 5998, 5997, 5996, 5995, 5994]
    assert gaps("instants:3") == [5999, 5999, 5999, 2999, 2999, 2999]
    assert gaps("clusters:3") == [5999, 5998, 5997, 2999, 2998, 2997]


@pytest.mark.parametrize(
    ("layout", "count"),
    [("odd", 1), ("clusters:0", 1), ("clusters:x", 1), ("milliseconds", 8000), ("clusters:5000", 9000)],
)
def test_invalid_layouts_are_refused(layout, count):
    with pytest.raises(ValueError, match="layout"):
        Layout(layout, count, 0, 6000)


def test_the_first_call_not_after_a_time():
    layout = Layout("instants:3", 9, 0, 9000)
    for moment in (-1, 0, 2998, 2999, 3000, 5999, 8998, 8999, 9000, 20000):
        naive = next((index for index in range(9) if layout.time(index) <= moment), 9)
        assert layout.first_not_after(moment) == naive


@pytest.mark.parametrize("view", ["Simple", "Detailed"])
@pytest.mark.parametrize("pretty", [False, True])
def test_a_span_equals_its_records(view, pretty):
    calls = make(2500, pretty=pretty)
    blocks = calls.blocks(view)
    for first, end in ((0, 1), (990, 1010), (1000, 2000), (1999, 2500), (0, 2500)):
        rows = [blocks.row(index, calls.layout.time(index)) + blocks.separator for index in range(first, end)]
        assert b"".join(blocks.span(first, end)) == b"".join(rows)


def test_calls_are_the_same_for_the_same_seed():
    def record(seed, url="http://127.0.0.1:1"):
        calls = make(seed=seed, url=url)
        return json.dumps(calls.record(1234, calls.layout.time(1234), "Detailed")).replace(url, "")

    assert record(1) == record(1) == record(1, "http://127.0.0.1:40000")
    assert record(1) != record(2)


def test_records_have_realistic_values():
    calls = make()
    records = [calls.record(index, calls.layout.time(index), "Simple") for index in range(1000)]
    sizes = [len(json.dumps(record, separators=(",", ":"))) for record in records]
    assert 700 < sum(sizes) / 1000 < 900
    assert {record["type"] for record in records} == {"Voice", "Fax"}
    assert {record["direction"] for record in records} == {"Inbound", "Outbound"}
    assert sum("recording" in record for record in records) > 50
    assert any("phoneNumber" not in record["from"] for record in records)
    sessions = [record["sessionId"] for record in records]
    assert 900 < len(set(sessions)) < 1000
    assert not any("legs" in record or "lastModifiedTime" in record or "billing" in record for record in records)
    detailed = calls.record(7, calls.layout.time(7), "Detailed")
    assert {"legs", "billing", "lastModifiedTime"} <= set(detailed)
    assert detailed["startTime"] < detailed["lastModifiedTime"]
    assert detailed["legs"][0]["master"] is True


def test_ids_lead_back_to_calls():
    calls = make(3_000_000)
    for index in (0, 1, 999, 1000, 123_456, 2_999_999, 50_000_000_123):
        record = calls.record(index, 0, "Detailed")
        assert calls.index_of(record["id"]) == index
        assert index in calls.indexes_of_session(record["sessionId"])
        assert index in calls.indexes_of_session(record["telephonySessionId"])
        if "recording" in record:
            assert calls.index_of_recording(record["recording"]["id"]) == index
    assert calls.index_of("nonsense") is None
    assert calls.index_of_recording("nonsense") is None
    assert calls.indexes_of_session("nonsense") == []


def test_ids_are_unique():
    calls = make(20_000)
    ids = {calls.record(index, 0, "Simple")["id"] for index in range(20_000)}
    assert len(ids) == 20_000


def test_a_million_calls_cost_no_memory():
    calls = make(1_000_000)
    blocks = calls.blocks("Simple")
    list(blocks.span(0, 100_000))
    tracemalloc.start()
    try:
        for first in range(100_000, 1_000_000, 10_000):
            list(blocks.span(first, first + 1000))
        grown = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    # The cache is full, and 24 MB of blocks pass through it.
    assert grown < 30_000_000


@pytest.mark.parametrize("kind", ["everything", "some", "none"])
@pytest.mark.parametrize("layout", ["even", "instants:400"])
@pytest.mark.parametrize("seed", range(5))
def test_a_sequence_equals_a_sorted_list(kind, layout, seed):
    random = Random(seed)
    calls = make(3000, layout)
    selection = calls.select(lambda shape: kind == "everything" or (kind == "some" and shape.direction == "Inbound"))
    changes = Changes(calls)
    for index in random.sample(range(3000), 60):
        random.choice(
            [
                lambda index=index: changes.hide([index]),
                lambda index=index: changes.delete(index, END),
                lambda index=index: changes.correct(index, {"result": "Busy"}, END),
            ]
        )()
    for index in changes.reserve(40):
        start = random.choice([random.randrange(START - 1000, END + 1000), calls.layout.time(random.randrange(3000))])
        changes.put(ChangedCall(index, start, END))
    first, last = sorted(random.sample(range(START - 5000, END + 5000), 2))
    rows = [row for row in changes.rows.values() if not row.deleted and row.index in selection]
    found = CallSequence(changes, selection, rows, first=first, last=last)

    naive = [
        (-calls.layout.time(index), index + 1, index)
        for index in range(3000)
        if index in selection and index not in changes.hidden and index not in changes.rows
    ]
    # An added call comes before the others of its millisecond, a changed one keeps its position.
    naive += [(-row.start, row.index + 1 if row.index < 3000 else 0, row.index) for row in rows]
    expected = [index for start, _, index in sorted(naive) if first <= -start <= last]

    shown = [call if isinstance(call, int) else call.index for call in map(found.at, range(len(found)))]
    assert shown == expected
    for begin in range(0, len(found), 700):
        cut = []
        for piece in found.cut(begin, begin + 700):
            cut += (
                [piece.index] if isinstance(piece, ChangedCall) else [selection.index(rank) for rank in range(*piece)]
            )
        assert cut == expected[begin : begin + 700]
