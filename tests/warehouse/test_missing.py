"""What a complete window lacks is gone: `delete_missing`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from tests.warehouse.conftest import call, leg


def receipt(path, records, **fields):
    return {
        "destination": str(path),
        "records": records,
        "window_start": "2026-11-01T00:00:00Z",
        "window_end": "2026-11-02T00:00:00Z",
        "complete_as_of": "2026-11-03T00:00:00Z",
    } | fields


def at(day, time="09:00"):
    return {"startTime": f"2026-11-{day:02d}T{time}:00.000Z"}


def test_calls_that_the_window_lacks_are_removed_and_no_others(warehouse):
    stored = warehouse.file(
        call("kept"),
        call("gone", legs=[leg()]),
        call("first", **at(1, "00:00")),
        call("after", **at(2, "00:00")),
        call("before", **at(31)) | {"startTime": "2026-10-31T23:59:59.999Z"},
        call("changed since", lastModifiedTime="2026-11-03T00:00:00.001Z"),
    )
    warehouse.load_from(str(stored))

    loaded = warehouse.load_from(receipt(warehouse.file(call("kept")), 1), delete_missing=True)

    assert (loaded["calls_deleted"], loaded["calls_unchanged"]) == (2, 1)
    assert sorted(warehouse.calls()) == ["after", "before", "changed since", "kept"]
    assert warehouse.legs() == []
    assert warehouse.load_from(str(stored))["calls_inserted"] == 0, "the old file does not bring them back"
    warehouse.load(call("gone", "10:30"))
    assert "gone" in warehouse.calls(), "a later version does"


def test_an_older_version_in_the_file_keeps_the_call(warehouse):
    warehouse.load(call("I1", "10:30", result="Accepted"))

    warehouse.load_from(receipt(warehouse.file(call("I1", "10:00", result="Missed")), 1), delete_missing=True)

    assert warehouse.calls()["I1"]["result"] == "Accepted"


def test_a_row_of_the_view_simple_is_judged_by_when_it_was_loaded(warehouse):
    warehouse.load(call("I1", None))

    warehouse.load_from(receipt(warehouse.file(), 0), delete_missing=True)
    assert list(warehouse.calls()) == ["I1"]

    # The clock of the machine that loaded it may have been wrong by hours.
    now = datetime.now(UTC)
    for hours, left in ((23, ["I1"]), (25, [])):
        as_of = (now + timedelta(hours=hours)).isoformat()
        warehouse.load_from(receipt(warehouse.file(), 0, complete_as_of=as_of), delete_missing=True)
        assert list(warehouse.calls()) == left


@pytest.mark.parametrize(("as_of", "left"), [("11:00:00", ["I1"]), ("11:00:01", [])])
def test_what_changed_in_the_hour_before_may_not_have_been_shown_yet(warehouse, as_of, left):
    warehouse.load(call("I1", "10:00"))

    moment = f"2026-11-01T{as_of}Z"
    warehouse.load_from(receipt(warehouse.file(), 0, complete_as_of=moment), delete_missing=True)

    assert list(warehouse.calls()) == left


def test_without_the_option_nothing_is_removed(warehouse):
    warehouse.load(call("I1"))

    warehouse.load_from(receipt(warehouse.file(), 0))

    assert list(warehouse.calls()) == ["I1"]


@pytest.mark.parametrize("missing", ["complete_as_of", "window_start", "window_end"])
def test_a_file_that_is_not_the_whole_window_is_refused(sqlite, missing):
    sqlite.load(call("I1"))

    with pytest.raises(BadArgument, match="delete_missing needs a receipt"):
        sqlite.load_from(receipt(sqlite.file(), 0, **{missing: None}), delete_missing=True)

    assert list(sqlite.calls()) == ["I1"]


def test_a_path_says_nothing_about_its_window(sqlite):
    with pytest.raises(BadArgument, match="alone does not say which window"):
        sqlite.load_from(str(sqlite.file()), delete_missing=True)


def test_a_file_that_was_written_anew_is_refused(sqlite):
    sqlite.load(call("I1"))

    with pytest.raises(BadArgument, match="has 1 calls and its receipt says 2"):
        sqlite.load_from(receipt(sqlite.file(call("I2")), 2), delete_missing=True)

    assert list(sqlite.calls()) == ["I1"]
