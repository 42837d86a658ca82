"""The file a call-log operator leaves: its format, what filters let through, and what an empty window gives."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ringcentral.client.errors import PermissionDenied
from airflow_provider_ringcentral.client.errors.arguments import EmptyWindow
from airflow_provider_ringcentral.operators.call_log import RingCentralExtractCallLogOperator
from airflow_provider_ringcentral.sandbox import Sandbox

START = datetime(2026, 11, 1, tzinfo=UTC)
END = START + timedelta(days=1)
EMPTY = {"start": END + timedelta(days=1), "end": END + timedelta(days=2)}


@pytest.fixture
def log(monkeypatch):
    """A day of 700 calls."""
    with Sandbox(calls=700, start=START, end=END, limits=False) as sandbox:
        monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", sandbox.connection_uri)
        yield sandbox


def extract(destination: Path | str, **arguments: Any) -> dict[str, Any]:
    arguments = {"start": START, "end": END, **arguments}
    return RingCentralExtractCallLogOperator(task_id="x", destination=str(destination), **arguments).execute({})


def lines(data: bytes) -> list[str]:
    return [json.loads(line)["id"] for line in data.splitlines()]


def of_csv(path: Path) -> list[str]:
    with path.open(newline="") as file:
        return [row["id"] for row in csv.DictReader(file)]


def of_parquet(path: Path) -> list[str]:
    import pyarrow.parquet

    return pyarrow.parquet.read_table(path, columns=["id"]).column("id").to_pylist()


READERS: dict[str, Callable[[Path], list[str]]] = {
    "ndjson": lambda path: lines(path.read_bytes()),
    "ndjson.gz": lambda path: lines(gzip.decompress(path.read_bytes())),
    "csv": of_csv,
    "parquet": of_parquet,
}


@pytest.mark.parametrize("view", ["Simple", "Detailed"])
@pytest.mark.parametrize("file_format", READERS)
def test_every_format_holds_every_call(log, tmp_path, file_format, view):
    by_name, by_suffix = tmp_path / "calls", tmp_path / f"calls.{file_format}"
    receipt = extract(by_name, file_format=file_format, view=view)
    other = extract(by_suffix.as_uri(), view=view)

    assert READERS[file_format](by_name) == log.call_ids()
    assert (receipt["format"], receipt["records"]) == (file_format, 700)
    assert receipt["sha256"] == hashlib.sha256(by_name.read_bytes()).hexdigest() == other["sha256"]
    assert receipt["bytes"] == other["bytes"] == by_name.stat().st_size


def test_records_are_as_they_came(log, tmp_path):
    extract(tmp_path / "calls.ndjson", view="Detailed")
    first = json.loads((tmp_path / "calls.ndjson").read_text().splitlines()[0])

    assert first == log.call(0, view="Detailed")
    assert first["legs"]


@pytest.mark.parametrize(
    ("arguments", "passes"),
    [
        ({"direction": "Inbound"}, lambda call: call["direction"] == "Inbound"),
        ({"direction": ["Inbound", "Outbound"]}, lambda _: True),
        ({"direction": []}, lambda _: True),
        ({"call_type": "Fax"}, lambda call: call["type"] == "Fax"),
        ({"recording_type": "All"}, lambda call: "recording" in call),
        (
            {"recording_type": "OnDemand", "direction": ("Outbound",)},
            lambda call: call["direction"] == "Outbound" and call.get("recording", {}).get("type") == "OnDemand",
        ),
    ],
    # A function as an id would have its address in it, and every process of pytest-xdist another list of tests.
    ids=["inbound", "both", "none", "fax", "recorded", "recorded by hand"],
)
def test_filters_let_through_what_they_name(log, tmp_path, arguments, passes):
    everything = [log.call(call) for call in range(700)]
    extract(tmp_path / "calls.ndjson", **arguments)

    expected = [call["id"] for call in everything if passes(call)]
    assert READERS["ndjson"](tmp_path / "calls.ndjson") == expected
    assert expected


def test_the_log_of_one_extension(log, tmp_path):
    extension = log.call(0)["extension"]["id"]
    receipt = extract(tmp_path / "calls.ndjson", scope="extension", extension_id=extension)

    owners = {json.loads(line)["extension"]["id"] for line in (tmp_path / "calls.ndjson").read_text().splitlines()}
    assert owners == {extension}
    assert 0 < receipt["records"] < 700
    assert log.requests()[-1]["path"] == f"/restapi/v1.0/account/~/extension/{extension}/call-log"


def test_the_extension_of_the_connection(log, tmp_path, monkeypatch):
    extension = str(log.call(0)["extension"]["id"])
    monkeypatch.setenv("AIRFLOW_CONN_RINGCENTRAL_DEFAULT", log.connection_for(extension_id=extension))
    extract(tmp_path / "calls.ndjson", scope="extension")

    assert log.requests()[-1]["path"] == f"/restapi/v1.0/account/~/extension/{extension}/call-log"


def test_an_empty_window_is_a_file_without_rows(log, tmp_path):
    receipt = extract(tmp_path / "calls.ndjson", **EMPTY)

    assert (tmp_path / "calls.ndjson").read_bytes() == b""
    assert (receipt["records"], receipt["bytes"], receipt["first_start_time"]) == (0, 0, None)
    assert receipt["sha256"] == hashlib.sha256(b"").hexdigest()


def test_an_empty_window_may_fail(log, tmp_path):
    (tmp_path / "calls.ndjson").write_text("yesterday's\n")
    with pytest.raises(EmptyWindow, match="no call"):
        extract(tmp_path / "calls.ndjson", **EMPTY, if_empty="fail")

    assert (tmp_path / "calls.ndjson").read_text() == "yesterday's\n"


def test_a_missing_scope_leaves_nothing_behind(log, tmp_path):
    log.change_app(permissions=["ReadAccounts"])
    with pytest.raises(PermissionDenied) as caught:
        extract(tmp_path / "calls.ndjson")

    assert caught.value.permission == "ReadCallLog"
    assert list(tmp_path.iterdir()) == []


def test_a_retried_task_goes_on_after_its_parts(log, tmp_path):
    log.fault("refuse_scope", operation="readCompanyCallLog", after=1, times=2)
    with pytest.raises(PermissionDenied):
        extract(tmp_path / "calls.ndjson", view="Detailed")
    assert "calls.ndjson" not in [path.name for path in tmp_path.iterdir()]
    before = log.stats()["operations"]["readCompanyCallLog"]
    receipt = extract(tmp_path / "calls.ndjson", view="Detailed")

    assert READERS["ndjson"](tmp_path / "calls.ndjson") == log.call_ids()
    assert receipt["records"] == 700
    assert log.stats()["operations"]["readCompanyCallLog"] - before == 2, "the first page is not asked for again"
    assert [path.name for path in tmp_path.iterdir()] == ["calls.ndjson"]
