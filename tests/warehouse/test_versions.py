"""Which of two versions stays, in whatever order and format they come."""

from __future__ import annotations

import itertools
import json

import pytest
from upath import UPath

from airflow_provider_ringcentral.extract.call_log.columns import CALL_COLUMNS
from airflow_provider_ringcentral.files.atomic import complete_file
from airflow_provider_ringcentral.files.formats import FORMATS
from airflow_provider_ringcentral.warehouse.merge import are_equal
from tests.warehouse.conftest import call, leg

TIMES = {"the same time": ("10:00", "10:00"), "no time": (None, None), "one without": ("10:00", None)}


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("together", [True, False])
def test_a_finished_call_beats_one_in_progress_whatever_the_order(warehouse, times, together):
    running, finished = (
        call("I1", time, result=result) for time, result in zip(TIMES[times], ("In Progress", "Accepted"), strict=True)
    )
    for place, order in enumerate(itertools.permutations([running, finished])):
        versions = [version | {"id": f"I{place}"} for version in order]
        for file in [versions] if together else [[version] for version in versions]:
            warehouse.load(*file)

    assert {row["result"] for row in warehouse.calls().values()} == {"Accepted"}


def test_a_call_in_progress_that_changed_later_stays(warehouse):
    warehouse.load(call("I1", "10:00", result="Accepted"))
    warehouse.load(call("I1", "10:30", result="In Progress"))

    assert warehouse.calls()["I1"]["result"] == "In Progress"


def test_a_deletion_of_the_same_time_counts_whatever_the_order(warehouse):
    alive, deleted = call("I1"), call("I1", deleted=True)
    for place, order in enumerate(itertools.permutations([alive, deleted])):
        warehouse.load(*(version | {"id": f"I{place}"} for version in order))
        for version in order:
            warehouse.load(version | {"id": f"J{place}"})

    assert warehouse.calls() == {}


def test_after_a_deletion_without_a_time_a_later_version_is_back(warehouse):
    warehouse.load(call("I1", "10:00"))
    warehouse.load({"id": "I1", "deleted": True})

    assert warehouse.load(call("I1", "09:00"))["calls_unchanged"] == 1
    assert warehouse.load(call("I1", "10:00"))["calls_unchanged"] == 1
    assert warehouse.load(call("I1", None))["calls_unchanged"] == 1
    assert warehouse.calls() == {}
    assert warehouse.load(call("I1", "10:30"))["calls_inserted"] == 1
    assert list(warehouse.calls()) == ["I1"]


def test_a_deletion_of_an_unknown_call_counts_from_its_load(warehouse):
    warehouse.load({"id": "I1", "deleted": True})

    assert warehouse.load(call("I1", "10:00"))["calls_unchanged"] == 1
    assert warehouse.load(call("I1", lastModifiedTime="2126-01-01T00:00:00.000Z"))["calls_inserted"] == 1


ODD = {
    "sessionId": 7,
    "duration": 5,
    "lastModifiedTime": "2026-11-01T10:00:00Z",
    "billing": {"costIncluded": 1.0, "costPurchased": 0},
    "to": {"name": None, "phoneNumber": "", "device": {"id": "5"}},
    "from": {"name": None},
    "reason": "",
    "x": [1.0, None, {"y": None}],
    "legs": [leg(duration="x", reason=None)],
}


def test_the_same_version_in_every_format_changes_nothing(warehouse, detailed, tmp_path):
    lines = [json.dumps(record).encode() + b"\n" for record in [*detailed, call("I1") | ODD]]
    files = []
    for name in ("ndjson", "parquet", "ndjson.gz"):
        files.append(str(tmp_path / f"calls.{name}"))
        with complete_file(UPath(files[-1])) as out:
            FORMATS[name].write(iter(lines), out, CALL_COLUMNS)
    for first, *others in (files, files[::-1], [files[1], files[0], files[2]]):
        warehouse.load_from(first)
        before = warehouse.everything()
        for file in others:
            receipt = warehouse.load_from(file)
            assert (receipt["calls_updated"], receipt["calls_unchanged"]) == (0, 301)
        assert warehouse.everything() == before
        warehouse.run(*(f"DELETE FROM {table.name}" for table in warehouse.tables()))


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ('{"id": "1", "a": 1}', '{"a":1.0,"id":1}', True),
        ('{"startTime": "2026-11-01T10:00:00Z"}', '{"startTime": "2026-11-01T11:00:00.000+01:00"}', True),
        ('{"x": "2026-11-01T10:00:00Z"}', '{"x": "2026-11-01T11:00:00.000+01:00"}', False),
        ('{"a": null, "b": {"c": ""}}', "{}", True),
        ('{"a": [null]}', '{"a": []}', False),
        ('{"a": true}', '{"a": 1}', False),
        ('{"a": 0}', "{}", False),
        ('{"a": false}', "{}", False),
        ('{"a": 1e999}', '{"a":  1e999}', False),
        ('{"duration": 5}', '{"duration": "5"}', False),
    ],
)
def test_values(one, other, equal):
    assert are_equal(one, other) is equal
