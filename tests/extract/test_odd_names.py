"""Destinations whose names look like patterns: each file is what its name says to the letter, and nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from upath import UPath

from airflow_provider_ringcentral.extract.call_log.extract import extract_window
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from airflow_provider_ringcentral.extract.changes.run import remove_older_runs
from airflow_provider_ringcentral.files.staging.checkpoint import Checkpoint

DAY = datetime(2026, 1, 2, tzinfo=UTC)
QUERY = CallLogQuery("/restapi/v1.0/account/~/call-log", DAY, DAY + timedelta(days=1))
ODD = ["day [1]", "all*", "what?", "[!a]{b}", "100%25 #1"]
MATCHED = "day 1"
"""What the first of them matches as a pattern."""


@pytest.fixture(params=["disk", "memory", "s3"])
def place(request, tmp_path) -> Iterator[UPath]:
    if request.param == "disk":
        return UPath(tmp_path)
    if request.param == "memory":
        return UPath(f"memory:///{uuid.uuid4().hex}")
    return UPath(f"s3://calls/{uuid.uuid4().hex}", **request.getfixturevalue("s3"))


def below(folder: UPath) -> set[str]:
    folder.fs.invalidate_cache()
    return {name.removeprefix(folder.path).strip("/") for name in folder.fs.find(folder.path)}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("suffix", ["ndjson", "parquet"])
def test_an_extract_of_many_pages_that_was_killed(log_of, calls_of, place, odd, suffix):
    knobs = {"per_page": 10}
    whole = place / f"whole.{suffix}"
    extract_window(log_of(calls_of(1, 60, "spread"), **knobs), QUERY, whole)
    other = place / MATCHED / f"calls.{suffix}.parts" / "of another"
    other.parent.mkdir(parents=True, exist_ok=True)
    other.write_bytes(b"mine")
    path = place / odd / f"calls.{suffix}"
    with pytest.raises(KeyboardInterrupt):
        extract_window(log_of(calls_of(1, 60, "spread"), fail_at=4, **knobs), QUERY, path)
    second = log_of(calls_of(1, 60, "spread"), **knobs)
    extract_window(second, QUERY, path)

    assert second.requests[0]["dateTo"] < "2026-01-03T00:00:00.000Z"
    assert path.fs.cat_file(path.path) == whole.read_bytes()
    assert below(place) == {whole.name, f"{MATCHED}/calls.{suffix}.parts/of another", f"{odd}/calls.{suffix}"}


def test_parts_that_are_discarded_are_ours(place):
    path = place / ODD[0] / "calls.csv"
    for folder in (ODD[0], MATCHED):
        Checkpoint(place / folder / "calls.csv", "00").append(b"{}\n", records=1, oldest=1, newest=1, cursor="end")
    assert Checkpoint(path, "ff").discarded == 1
    assert len(Checkpoint(place / MATCHED / "calls.csv", "00")) == 1
    assert not any(name.startswith(ODD[0]) for name in below(place))


def test_state_of_older_runs_that_is_removed_is_ours(place):
    for folder in (ODD[0], MATCHED):
        for name in ("s-1.json", "s-1.parts/a", "s-2.json"):
            (place / folder / name).parent.mkdir(parents=True, exist_ok=True)
            place.fs.pipe_file((place / folder / name).path, b"x")
    remove_older_runs(place / ODD[0], "s", "2")
    assert below(place) == {
        f"{ODD[0]}/s-2.json",
        *(f"{MATCHED}/{name}" for name in ("s-1.json", "s-1.parts/a", "s-2.json")),
    }
