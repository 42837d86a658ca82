"""Records that are odd or bad, in every database: named and refused, or kept as text; nothing fails raw."""

from __future__ import annotations

import hashlib
import traceback
from datetime import UTC, datetime

import pytest

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.warehouse.tables import Tables
from tests.warehouse.conftest import call, leg, make_warehouse

KINDS = ["sqlite", "psycopg2", "psycopg", "mariadb", "other"]
SECRET = "Ms Secret"


@pytest.fixture(params=KINDS)
def warehouse(request, tmp_path):
    """An empty database of each kind; `other` is SQLite as a database that nothing is known of."""
    return make_warehouse(request, tmp_path, request.param)


def write(warehouse, *lines: bytes):
    path = warehouse.folder / "odd.ndjson"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return str(path)


def bad_records(warehouse):
    tables = Tables(
        warehouse.dialect.types, "ringcentral_", None, warehouse.dialect.table_options, keep_bad_records=True
    )
    return sorted(warehouse.rows(tables.bad_records), key=lambda row: row["line"])


ODD = {
    "duration": b'"duration": 99999999999999999999999, "durationMs": -9223372036854775809',
    "a number of a thousand digits": b'"x": ' + b"9" * 1000,
    "cost": b'"billing": {"costIncluded": 1e999, "costPurchased": ' + b"9" * 400 + b"}",
    "year 1": b'"startTime": "0001-01-01T00:00:00+05:00"',
    "year 9999": b'"startTime": "9999-12-31T23:59:59-05:00"',
    "session": b'"telephonySessionId": "' + b"s" * 5000 + b'"',
    "week": b'"startTime": "2026-W10-1T00:00:00.000Z"',
    "separator": b'"startTime": "2026-03-02x00:00:00.000Z"',
    "nul": b'"reason": "\\u0000"',
    "legs": b'"legs": [{"duration": 99999999999999999999999, "startTime": "0001-01-01T00:00:00+05:00"}]',
}


def test_values_out_of_range_are_in_raw_and_break_nothing(warehouse):
    lines = [b'{"id": "%s", %s}' % (name.encode(), fields) for name, fields in ODD.items()]

    receipt = warehouse.load_from(write(warehouse, *lines))

    rows = warehouse.calls()
    assert receipt["calls_inserted"] == len(rows) == len(ODD)
    for name in ("duration", "cost", "year 1", "year 9999", "session"):
        assert rows[name].keys() == {"id", "raw", "member_missed", "loaded_at"}, name
    assert rows["duration"]["raw"]["duration"] == 99999999999999999999999
    assert rows["year 1"]["raw"]["startTime"] == "0001-01-01T00:00:00+05:00"
    assert rows["week"]["start_time"] == rows["separator"]["start_time"] == datetime(2026, 3, 2, tzinfo=UTC)
    assert [set(row) for row in warehouse.legs()] == [{"call_id", "position"}]


def test_times_at_the_ends_of_the_calendar(warehouse):
    first, last = "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"
    warehouse.load(call("first", startTime=first), call("last", startTime=last))

    rows = warehouse.calls()
    assert rows["first"]["start_time"] == datetime.fromisoformat(first)
    assert rows["last"]["start_time"] == datetime.fromisoformat(last)


BAD = {
    "no JSON": (b'{"id": "I1", "name": "Ms Secret', "line 2 is not a JSON object"),
    "an array": (b'["Ms Secret"]', "line 2 is not a JSON object"),
    "no id": (b'{"name": "Ms Secret"}', "line 2 has no id"),
    "an id that is too long": (b'{"id": "%s"}' % (b"Ms Secret" * 30), "line 2 has no id of up to 128 characters"),
    "a key that is not UTF-8": (b'{"id": "I1", "Ms Secret\xe9": 1}', "line 2 has bytes that are not UTF-8"),
    "a value that is not UTF-8": (b'{"id": "I1", "x": "Ms Secret\xe9"}', "line 2 has bytes that are not UTF-8"),
    "a surrogate": (b'{"id": "I1", "x": "Ms Secret\xed\xa0\x80"}', "line 2 has bytes that are not UTF-8"),
    "a NUL": (b'{"id": "I1", "x": "Ms Secret\x00"}', "line 2 is not a JSON object"),
    "many levels": (b'{"id": "I1", "x": %s}' % (b"[" * 100_000 + b"]" * 100_000), "line 2 is nested too deeply"),
    "a long line": (b'{"id": "I1", "x": "%s"}' % (b"Ms Secret" * 2**18), "line 2 is longer than 2 MiB"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_record_is_named_and_nothing_is_loaded(sqlite, what):
    line, said = BAD[what]
    sqlite.load(call("I0"))

    with pytest.raises(BadArgument, match=said) as caught:
        sqlite.load_from(write(sqlite, b'{"id": "I2"}', line, b'{"id": "I3"}'))

    told = "".join(traceback.format_exception(caught.value))
    assert "odd.ndjson" in told
    assert "on_bad_record='keep'" in told
    assert SECRET not in told
    assert list(sqlite.calls()) == ["I0"]


def test_bad_records_are_kept_as_text_and_the_others_are_loaded(warehouse):
    lines = [b'{"id": "first"}', *(line for line, _ in BAD.values()), b'{"id": "last", "legs": [{}]}']
    file = write(warehouse, *lines)

    receipt = warehouse.load_from(file, on_bad_record="keep")

    assert (receipt["rows_read"], receipt["calls_inserted"], receipt["bad_records"]) == (12, 2, 10)
    assert list(warehouse.calls()) == ["first", "last"]
    assert [row["call_id"] for row in warehouse.legs()] == ["last"]
    kept = bad_records(warehouse)
    assert [row["line"] for row in kept] == list(range(2, 12))
    assert {row["file"] for row in kept} == {file}
    for row, (_, said) in zip(kept, BAD.values(), strict=True):
        assert row["reason"] in said.removeprefix("line 2 ") or row["reason"].startswith(said.removeprefix("line 2 "))
        assert row["sha256"] == hashlib.sha256(row["text"].encode()).hexdigest()
    texts = dict(zip(BAD, (row["text"] for row in kept), strict=True))
    assert texts["no JSON"] == '{"id": "I1", "name": "Ms Secret'
    assert texts["a value that is not UTF-8"] == '{"id": "I1", "x": "Ms Secret\\xe9"}'
    assert texts["a NUL"] == '{"id": "I1", "x": "Ms Secret\\x00"}'
    assert len(texts["a long line"]) == 2**21

    before = warehouse.everything(), kept
    again = warehouse.load_from(file, on_bad_record="keep")

    assert (again["calls_unchanged"], again["bad_records"]) == (2, 10)
    assert (warehouse.everything(), bad_records(warehouse)) == before


REFUSED = {
    "psycopg2": b'{"id": "bad", "name": "Ms Secret", "x": 1e400000}',
    "psycopg": b'{"id": "bad", "name": "Ms Secret", "x": 1e400000}',
    "mariadb": b'{"id": "bad", "name": "Ms Secret", "x": %s}' % (b"[" * 200 + b"]" * 200),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("place", [0, 700, 2499])
def test_what_only_the_database_refuses_is_found_among_thousands(request, tmp_path, kind, place):
    warehouse = make_warehouse(request, tmp_path, kind)
    lines = [b'{"id": "I%d", "legs": [{}]}' % n for n in range(2500)]
    lines[place] = REFUSED[kind]
    file = write(warehouse, *lines)

    with pytest.raises(BadArgument, match=rf"line {place + 1} has a value that the database rejects") as caught:
        warehouse.load_from(file)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert warehouse.calls() == {}

    receipt = warehouse.load_from(file, on_bad_record="keep")

    assert (receipt["calls_inserted"], receipt["legs"], receipt["bad_records"]) == (2499, 2499, 1)
    assert len(warehouse.legs()) == 2499
    assert [(row["line"], row["text"]) for row in bad_records(warehouse)] == [(place + 1, REFUSED[kind].decode())]


def test_what_a_bad_record_hides_is_not_removed_as_missing(warehouse, caplog):
    warehouse.load(call("I1"), call("I2", legs=[leg()]))
    window = {
        "destination": str(warehouse.file(call("I1"), '{"id": "I2"')),
        "records": 2,
        "window_start": "2026-11-01T00:00:00Z",
        "window_end": "2026-11-02T00:00:00Z",
        "complete_as_of": "2026-11-03T00:00:00Z",
    }

    receipt = warehouse.load_from(window, delete_missing=True, on_bad_record="keep")

    assert (receipt["calls_deleted"], receipt["bad_records"]) == (0, 1)
    assert sorted(warehouse.calls()) == ["I1", "I2"]
    assert "delete_missing is skipped for this file, because 1 bad records may be the missing calls" in caplog.text


def test_a_byte_order_mark_is_no_part_of_a_record(sqlite):
    assert sqlite.load_from(write(sqlite, b'\xef\xbb\xbf{"id": "I1"}'))["calls_inserted"] == 1


def test_a_row_of_parquet_is_bad_by_itself(sqlite, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    text = pa.array([b"I1", b"I2\xe9", b"I3", b"I4"], pa.binary()).cast(pa.string(), safe=False)
    table = pa.table({"id": text, "other": pa.array([None, None, "{Ms Secret", '{"x": 1}'])})
    pq.write_table(table, tmp_path / "odd.parquet")

    with pytest.raises(BadArgument, match="line 2 has a value that cannot be read") as caught:
        sqlite.load_from(str(tmp_path / "odd.parquet"))
    assert SECRET not in "".join(traceback.format_exception(caught.value))

    receipt = sqlite.load_from(str(tmp_path / "odd.parquet"), on_bad_record="keep")

    assert receipt["bad_records"] == 2
    assert list(sqlite.calls()) == ["I1", "I4"]
    assert [row["line"] for row in bad_records(sqlite)] == [2, 3]


@pytest.mark.parametrize("value", ["skip", "", None, True])
def test_another_way_to_treat_bad_records_is_refused(sqlite, value):
    with pytest.raises(BadArgument, match=r"on_bad_record is .*; it is one of fail, keep"):
        sqlite.load(call("I1"), on_bad_record=value)
