"""Records that JSON can hold and Python's types cannot, in formats with columns: nothing is lost, nothing fails raw."""

from __future__ import annotations

import csv
import io
import json

import pytest
from upath import UPath

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.call_log.columns import CALL_COLUMNS
from airflow_provider_ringcentral.files.atomic import complete_file
from airflow_provider_ringcentral.files.formats import FORMATS

ODD = {
    "an exponent": (b'"x": 1e999', '{"x":1e999}'),
    "a cost": (b'"billing": {"costIncluded": -1e999}', '{"billing":{"costIncluded":-1e999}}'),
    "five thousand digits": (b'"duration": ' + b"9" * 5000, f'{{"duration":{"9" * 5000}}}'),
    "a text that is not UTF-8": (b'"x": "caf\xe9"', '{"x":"caf\ufffd"}'),
}


def rows(path, name, lines):
    with complete_file(UPath(path)) as out:
        FORMATS[name].write(iter([b"".join(lines)]), out, CALL_COLUMNS)
    if name == "csv":
        return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    import pyarrow.parquet as pq

    return pq.read_table(path).to_pylist()


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_they_stay_as_they_are_written(tmp_path, name):
    lines = [b'{"id": "I%d", "result": "Missed", %s}\n' % (n, odd) for n, (odd, _) in enumerate(ODD.values())]

    found = rows(tmp_path / "odd", name, [b'{"id": "before"}\n', *lines, b'{"id": "after"}\n'])

    assert [row["id"] for row in found] == ["before", "I0", "I1", "I2", "I3", "after"]
    assert [row["other"] for row in found[1:-1]] == [other for _, other in ODD.values()]
    assert {row["result"] for row in found[1:-1]} == {"Missed"}


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_too_many_levels_are_told(tmp_path, name):
    deep = b'{"id": "I1", "x": %s}\n' % (b"[" * 100_000 + b"]" * 100_000)

    with pytest.raises(BadArgument, match="nested too deeply for the columns of CSV and Parquet") as caught:
        rows(tmp_path / "deep", name, [deep])

    assert caught.value.parameter == "file_format"
    assert not (tmp_path / "deep").exists()


def test_a_time_that_no_calendar_has_stays_as_text(tmp_path):
    early = "0001-01-01T00:00:00+05:00"

    (row,) = rows(tmp_path / "early", "parquet", [json.dumps({"id": "I1", "startTime": early}).encode() + b"\n"])

    assert (row["startTime"], row["other"]) == (None, f'{{"startTime":"{early}"}}')
