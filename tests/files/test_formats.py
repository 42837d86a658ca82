from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import random
from datetime import UTC, datetime

import pytest
from upath import UPath

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.call_log.columns import CALL_COLUMNS
from airflow_provider_ringcentral.files import parquet
from airflow_provider_ringcentral.files.atomic import Writer
from airflow_provider_ringcentral.files.columns import Column, ColumnType, column_names
from airflow_provider_ringcentral.files.formats import FORMATS, format_of

CALL = {
    "uri": "https://example.com/call-log/Abc",
    "id": "Abc",
    "sessionId": "123",
    "startTime": "2026-01-02T03:04:05.678Z",
    "duration": 61,
    "durationMs": 61234,
    "type": "Voice",
    "direction": "Inbound",
    "from": {"phoneNumber": "+16505550100", "name": '=HYPERLINK("http://x","y")', "device": {"id": "7"}},
    "to": {"extensionNumber": "101", "name": 'Zoë, "the" Boss\nof all'},
    "extension": {"id": 998877, "uri": "https://example.com/e"},
    "recording": {"id": "r1", "type": "Automatic", "uri": "u", "contentUri": "c"},
    "shortRecording": True,
    "billing": {"costIncluded": 0, "costPurchased": 1.25},
    "legs": [{"master": True, "from": {"name": "x"}}],
    "reason": None,
    "brandNew": {"a": [1]},
}
FLAT = {
    "id": "Abc",
    "sessionId": "123",
    "startTime": "2026-01-02T03:04:05.678Z",
    "duration": "61",
    "durationMs": "61234",
    "type": "Voice",
    "direction": "Inbound",
    "fromPhoneNumber": "'+16505550100",
    "fromName": '\'=HYPERLINK("http://x","y")',
    "toExtensionNumber": "101",
    "toName": 'Zoë, "the" Boss\nof all',
    "extensionId": "998877",
    "recordingId": "r1",
    "recordingType": "Automatic",
    "recordingContentUri": "c",
    "shortRecording": "true",
    "billingCostIncluded": "0.0",
    "billingCostPurchased": "1.25",
    "uri": "https://example.com/call-log/Abc",
}
OTHER = {
    "from": {"device": {"id": "7"}},
    "extension": {"uri": "https://example.com/e"},
    "recording": {"uri": "u"},
    "legs": [{"master": True, "from": {"name": "x"}}],
    "brandNew": {"a": [1]},
}


def lines(*records) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def written(name: str, chunks, columns=CALL_COLUMNS) -> bytes:
    sink = io.BytesIO()
    out = Writer(sink)
    FORMATS[name].write(chunks, out, columns)
    assert out.bytes == len(sink.getvalue())
    return sink.getvalue()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x/calls.ndjson", "ndjson"),
        ("calls.jsonl", "ndjson"),
        ("calls.ndjson.gz", "ndjson.gz"),
        ("calls.2026.CSV", "csv"),
        ("calls.parquet", "parquet"),
    ],
)
def test_the_suffix_tells_the_format(name, expected):
    assert format_of(name).name == expected


@pytest.mark.parametrize(
    ("name", "asked", "says"),
    [
        ("calls.json", None, "has none of the endings .ndjson, .jsonl"),
        ("calls", None, "has none of the endings"),
        ("calls.csv", "excel", "file_format 'excel' is not valid; use 'ndjson', 'ndjson.gz', 'csv' or 'parquet'"),
    ],
)
def test_an_unknown_format_is_refused(name, asked, says):
    with pytest.raises(BadArgument, match=says):
        format_of(name, asked)


def test_a_format_named_wins_over_the_suffix():
    assert format_of("calls.txt", "csv").name == "csv"


def test_csv():
    text = written("csv", [lines(CALL)]).decode()
    assert text.startswith("id,sessionId,telephonySessionId,partyId,startTime,duration,")
    assert text.split("\n", 1)[0].endswith(",uri,other")
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert json.loads(row.pop("other")) == OTHER
    assert {name: cell for name, cell in row.items() if cell} == FLAT


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_csv_cells_that_a_spreadsheet_would_run_are_escaped(start):
    text = written("csv", [lines({"id": f"{start}1+1", "from": {"name": f"x{start}"}})]).decode()
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["id"] == f"'{start}1+1"
    assert row["fromName"] == f"x{start}"


def test_negative_numbers_are_numbers_in_csv():
    text = written("csv", [lines({"id": "a", "duration": -1})]).decode()
    assert next(csv.DictReader(io.StringIO(text)))["duration"] == "-1"


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_values_of_another_type_stay_in_other(name):
    odd = {
        "id": {"nested": 1},
        "duration": "61",
        "durationMs": 2**63,
        "from": "anonymous",
        "to": {"name": ["a"], "phoneNumber": None},
        "shortRecording": "yes",
        "billing": {"costIncluded": "free"},
        "extension": None,
    }
    body = written(name, [lines(odd)])
    row = next(csv.DictReader(io.StringIO(body.decode()))) if name == "csv" else table(body).to_pylist()[0]
    assert not any(value for key, value in row.items() if key != "other")
    assert json.loads(row["other"]) == {**odd, "to": {"name": ["a"]}}


def table(body: bytes):
    import pyarrow.parquet as pq

    return pq.read_table(io.BytesIO(body))


def test_parquet():
    import pyarrow as pa

    rows = table(written("parquet", [lines(CALL, {"id": "b", "startTime": "later"})]))
    first, second = rows.to_pylist()
    assert rows.schema.field("startTime").type == pa.timestamp("us", tz="UTC")
    assert first["startTime"] == datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    assert (first["duration"], first["shortRecording"], first["billingCostPurchased"]) == (61, True, 1.25)
    assert (first["fromPhoneNumber"], first["extensionId"]) == ("+16505550100", "998877")
    assert json.loads(first["other"]) == OTHER
    assert second["startTime"] is None
    assert json.loads(second["other"]) == {"startTime": "later"}
    assert rows.schema.names == column_names(CALL_COLUMNS)


def test_parquet_row_groups_have_a_fixed_size():
    import pyarrow.parquet as pq

    records = [{"id": str(number), "startTime": "2026-01-02T03:04:05Z"} for number in range(2 * parquet.GROUP + 10)]
    body = written("parquet", (lines(*records[at : at + 999]) for at in range(0, len(records), 999)))
    meta = pq.ParquetFile(io.BytesIO(body)).metadata
    assert [meta.row_group(at).num_rows for at in range(meta.num_row_groups)] == [parquet.GROUP, parquet.GROUP, 10]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("chunks", [[], [b"", b""]])
def test_no_records(name, chunks):
    body = written(name, chunks)
    if name == "csv":
        assert body.decode() == ",".join(column_names(CALL_COLUMNS)) + "\n"
    elif name == "parquet":
        assert table(body).num_rows == 0
        assert table(body).schema.names == column_names(CALL_COLUMNS)
    else:
        assert (gzip.decompress(body) if name == "ndjson.gz" else body) == b""


@pytest.mark.parametrize("name", FORMATS)
def test_bytes_do_not_depend_on_how_lines_are_cut(name):
    dice = random.Random(5)
    records = [
        {
            **CALL,
            "id": f"{number:06d}{dice.random()}",
            "duration": dice.randrange(9999),
            "to": {"name": "x" * dice.randrange(90)},
        }
        for number in range(parquet.GROUP + 3000)
    ]
    every = [json.dumps(record).encode() + b"\n" for record in records]
    results = set()
    for sizes in ([1], [7, 1, 500], [1000], [len(every)]):
        chunks, at = [], 0
        for size in itertools.cycle(sizes):
            chunks.append(b"".join(every[at : at + size]))
            at += size
            if at >= len(every):
                break
        if sizes == [1]:
            chunks = [*chunks[:2000], b"".join(chunks[2000:])]
        results.add(written(name, chunks))
    assert len(results) == 1


def test_other_tables_have_their_own_columns():
    columns = [Column("number", ("extensionNumber",)), Column("created", ("info", "created"), ColumnType.TIME)]
    text = written("csv", [lines({"extensionNumber": 7, "info": {"created": "2026"}, "x": 1})], columns).decode()
    assert text == 'number,created,other\n7,2026,"{""x"":1}"\n'


def test_parquet_without_pyarrow_names_the_extra(tmp_path):
    import subprocess
    import sys

    (tmp_path / "pyarrow.py").write_text("raise ImportError('no pyarrow here')")
    code = "from airflow_provider_ringcentral.files.formats import format_of; format_of('a.parquet')"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (
        "DestinationError: The format parquet needs pyarrow: pip install 'airflow-provider-ringcentral[parquet]'"
        in done.stderr
    )


def test_csv_is_read_back_by_pyarrow():
    import pyarrow.csv as pacsv

    body = written("csv", [lines(CALL, CALL)])
    options = pacsv.ParseOptions(newlines_in_values=True)
    assert pacsv.read_csv(io.BytesIO(body), parse_options=options).num_rows == 2


def test_paths_need_not_be_local():
    assert format_of(UPath("memory://a/calls.csv").path).name == "csv"
