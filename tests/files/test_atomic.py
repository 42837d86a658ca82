"""A file is complete or absent, on a disk, in memory and in an S3 API."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from upath import UPath

from airflow_provider_ringcentral.client.errors import ConfigurationError
from airflow_provider_ringcentral.client.errors.arguments import DestinationError
from airflow_provider_ringcentral.extract.call_log.extract import extract_window
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from airflow_provider_ringcentral.extract.changes.run import SyncState, SyncStateFile, remove_older_runs
from airflow_provider_ringcentral.extract.publish import remove_checkpoint
from airflow_provider_ringcentral.files.atomic import BLOCK, check_destination, complete_file
from airflow_provider_ringcentral.files.staging.checkpoint import Checkpoint
from airflow_provider_ringcentral.sending.broadcast.folder import BroadcastFolder, Line

DAY = datetime(2026, 1, 2, tzinfo=UTC)
QUERY = CallLogQuery("/restapi/v1.0/account/~/call-log", DAY, DAY + timedelta(days=1))
BIG = (b"0123456789abcdef" * 65536) * 20
assert len(BIG) > 2 * BLOCK


@pytest.fixture(params=["disk", "memory", "s3"])
def place(request, tmp_path):
    """A folder that nobody else uses."""
    if request.param == "disk":
        return UPath(tmp_path)
    if request.param == "memory":
        return UPath(f"memory://{uuid.uuid4().hex}")
    return UPath(f"s3://calls/{uuid.uuid4().hex}", **request.getfixturevalue("s3"))


def names(folder: UPath) -> list[str]:
    folder.fs.invalidate_cache()
    try:
        return sorted(name.rsplit("/", 1)[-1] for name in folder.fs.find(folder.path))
    except FileNotFoundError:
        return []


def uploads(folder: UPath) -> int:
    fs = folder.fs
    return len(fs.list_multipart_uploads("calls")) if "s3" in fs.protocol else 0


@pytest.mark.parametrize("content", [b"", b"one\n", BIG], ids=["empty", "small", "several blocks"])
def test_a_file_appears_whole(place, content):
    path = place / "calls.ndjson"
    check_destination(path)
    with complete_file(path) as out:
        for at in range(0, len(content), 3_000_001):
            out.write(content[at : at + 3_000_001])
        assert names(place) in ([], [name for name in names(place) if name.startswith(".calls.ndjson.tmp-")])
    assert path.fs.cat_file(path.path) == content
    assert (out.bytes, out.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert names(place) == ["calls.ndjson"]
    assert uploads(place) == 0


def write_half(path: UPath, content: bytes, error: type[BaseException]) -> None:
    with complete_file(path) as out:
        out.write(content)
        raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("content", [b"half", BIG], ids=["small", "several blocks"])
@pytest.mark.parametrize("older", [None, b"older\n"])
def test_an_exception_publishes_nothing(place, error, content, older):
    path = place / "calls.ndjson"
    check_destination(path)
    if older is not None:
        path.fs.pipe_file(path.path, older)
    with pytest.raises(error):
        write_half(path, content, error)
    gc.collect()
    assert names(place) == ([] if older is None else ["calls.ndjson"])
    if older is not None:
        assert path.fs.cat_file(path.path) == older
    assert uploads(place) == 0


def test_an_older_file_is_replaced(place):
    path = place / "calls.ndjson"
    check_destination(path)
    path.fs.pipe_file(path.path, b"older and longer\n")
    with complete_file(path) as out:
        out.write(b"new\n")
    assert path.fs.cat_file(path.path) == b"new\n"


@pytest.mark.parametrize("name", ["calls.ndjson", "calls.ndjson.gz", "calls.csv", "calls.parquet"])
def test_an_extract_killed_and_gone_on_with(place, log_of, calls_of, name):
    path, whole = place / "run" / name, place / "whole" / name
    receipt = extract_window(log_of(calls_of(1, 130, "bursts"), per_page=20), QUERY, whole)
    for fatal in (2, 5):
        with pytest.raises(KeyboardInterrupt):
            extract_window(log_of(calls_of(1, 130, "bursts"), per_page=20, fail_at=fatal), QUERY, path)
        assert not any(found == name for found in names(place / "run"))
    again = extract_window(log_of(calls_of(1, 130, "bursts"), per_page=20), QUERY, path)
    assert path.fs.cat_file(path.path) == whole.fs.cat_file(whole.path)
    assert again.sha256 == receipt.sha256
    assert names(place / "run") == [name]


def test_a_folder_is_made(folder):
    check_destination(folder / "a" / "b" / "calls.csv")
    assert (folder / "a" / "b").is_dir()
    assert not any((folder / "a" / "b").iterdir())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("there", "is a folder; name a file"),
        ("file/calls.csv", "cannot be written: (NotADirectoryError|FileExistsError)"),
    ],
)
def test_a_destination_that_cannot_be_is_named(folder, name, says):
    (folder / "there").mkdir()
    (folder / "file").write_bytes(b"")
    with pytest.raises(DestinationError, match=says) as caught:
        check_destination(UPath(f"file://{folder.path}/{name}"))
    assert isinstance(caught.value, ConfigurationError)


def test_a_read_only_folder_is_named(tmp_path, log_of):
    if os.getuid() == 0:
        # Root may write anywhere but where the kernel itself forbids it.
        path = UPath("/proc/calls.csv")
    else:
        tmp_path.chmod(0o500)
        path = UPath(tmp_path) / "calls.csv"
    log = log_of([])
    with pytest.raises(DestinationError, match="cannot be written"):
        extract_window(log, QUERY, path)
    assert log.requests == []


def test_a_bucket_is_no_file(s3):
    with pytest.raises(DestinationError, match="names a folder; name a file"):
        check_destination(UPath("s3://calls", **s3))


def test_a_missing_bucket_is_named(s3):
    with pytest.raises(DestinationError, match="cannot be written: FileNotFoundError"):
        check_destination(UPath("s3://nowhere/calls.csv", **s3))
    assert not UPath("s3://nowhere", **s3).exists()


def test_what_a_killed_writer_left_is_removed(folder):
    (folder / ".calls.csv.tmp-0123abcd").write_bytes(b"half")
    (folder / ".other.csv.tmp-0123abcd").write_bytes(b"not ours")
    with complete_file(folder / "calls.csv") as out:
        out.write(b"whole")
    assert sorted(entry.name for entry in folder.iterdir()) == [".other.csv.tmp-0123abcd", "calls.csv"]


class TestObjectStoragePath:
    """Airflow's own paths, the ones that operators hand down."""

    def path(self, text: str):
        from airflow.providers.common.compat.sdk import ObjectStoragePath

        return ObjectStoragePath(text)

    def test_local(self, tmp_path, log_of, calls_of):
        path = self.path(f"file://{tmp_path}/deep/calls.ndjson")
        with pytest.raises(KeyboardInterrupt):
            extract_window(log_of(calls_of(1, 60, "spread"), per_page=10, fail_at=3), QUERY, path)
        receipt = extract_window(log_of(calls_of(1, 60, "spread"), per_page=10), QUERY, path)
        assert receipt.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert receipt.destination == str(path)
        assert names(path.parent) == ["calls.ndjson"]

    def test_s3_with_a_connection(self, s3, log_of, calls_of, monkeypatch):
        pytest.importorskip("airflow.providers.amazon", reason="apache-airflow-providers-amazon is not installed")
        extra = {"endpoint_url": s3["endpoint_url"], "region_name": "us-east-1"}
        connection = {"conn_type": "aws", "login": "k", "password": "s", "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_STORE", json.dumps(connection))
        path = self.path(f"s3://store@calls/{uuid.uuid4().hex}/calls.ndjson")
        with pytest.raises(KeyboardInterrupt):
            extract_window(log_of(calls_of(1, 60, "spread"), per_page=10, fail_at=3), QUERY, path)
        receipt = extract_window(log_of(calls_of(1, 60, "spread"), per_page=10), QUERY, path)
        assert receipt.sha256 == hashlib.sha256(path.fs.cat_file(path.path)).hexdigest()
        assert names(path.parent) == ["calls.ndjson"]

    def test_an_unknown_scheme_is_named(self):
        with pytest.raises((DestinationError, ValueError), match="nosuch"):
            check_destination(self.path("nosuch://bucket/calls.csv"))


class Stubborn(MemoryFileSystem):
    """A store that never removes anything, and says so with an error of its own."""

    def rm(self, path: Any, recursive: bool = False, maxdepth: int | None = None) -> None:
        raise RuntimeError("denied")

    rm_file = _rm = rm


@pytest.fixture
def stubborn() -> Iterator[UPath]:
    """A folder of such a store."""
    fsspec.register_implementation("memory", Stubborn, clobber=True)
    yield UPath(f"memory:///{uuid.uuid4().hex}")
    fsspec.register_implementation("memory", MemoryFileSystem, clobber=True)


def state_left(folder: UPath) -> None:
    file = SyncStateFile(folder / "a-1.json")
    file.write(SyncState(fingerprint="x"))
    file.remove()


def older_left(folder: UPath) -> None:
    (folder / "a-1.json").write_bytes(b"{}")
    remove_older_runs(folder, "a", "2")


def copy_left(folder: UPath) -> None:
    with complete_file(folder / "calls.ndjson") as out:
        out.write(b"all")
    assert (folder / "calls.ndjson").read_bytes() == b"all"


def others_left(folder: UPath) -> None:
    Checkpoint(folder / "calls.parts", "x").append(b"{}\n", records=1, oldest=0, newest=0, cursor="")
    assert not Checkpoint(folder / "calls.parts", "y")


def chunks_left(folder: UPath) -> None:
    checkpoint = Checkpoint(folder / "calls.parts", "x")
    checkpoint.append(b'{"id":"1"}\n', records=1, oldest=0, newest=0, cursor="")
    remove_checkpoint(checkpoint)


def recipients_left(folder: UPath) -> None:
    broadcast = BroadcastFolder(folder / "result.ndjson", "token", 1)
    broadcast.put_lines(1, [Line(1, "+14155550101", "hello")])
    broadcast.remove()


@pytest.mark.parametrize(
    ("leave", "what"),
    [
        (
            lambda folder: check_destination(folder / "calls.ndjson"),
            "The empty file that tested the destination",
        ),
        (state_left, "The sync state of a finished run"),
        (older_left, "The state of an earlier run"),
        (chunks_left, "The chunks of a finished extract"),
        (copy_left, "The temporary copy of a complete file"),
        (others_left, "Chunks of another run"),
        (recipients_left, "The list of recipients of a finished broadcast"),
    ],
    ids=["probe", "state", "older", "chunks", "copy", "others", "recipients"],
)
def test_a_store_that_fails_at_removing_fails_no_job(stubborn, caplog, leave, what):
    leave(stubborn)

    warnings = [record.getMessage() for record in caplog.records if "could not be removed" in record.getMessage()]
    assert warnings[-1] == f"{what} could not be removed: RuntimeError: denied"
