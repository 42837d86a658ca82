"""Where recordings are kept: on a disk gone on with at the very byte, in a store from the start; always whole."""

from __future__ import annotations

import fcntl
import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from upath import UPath

from airflow_provider_ringcentral.client.auth.credentials import Credentials
from airflow_provider_ringcentral.client.client import RingCentralClient
from airflow_provider_ringcentral.client.errors import Unavailable
from airflow_provider_ringcentral.client.ledger.factory import open_ledger
from airflow_provider_ringcentral.client.policy import Policy
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from airflow_provider_ringcentral.extract.recordings.archive import RecordingArchive
from airflow_provider_ringcentral.extract.recordings.name_template import DEFAULT_TEMPLATE
from airflow_provider_ringcentral.sandbox import Sandbox

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(days=1)
CONTENT = "readCallRecordingContent"


@pytest.fixture(params=["disk", "memory", "s3"])
def place(request, tmp_path):
    """A folder that nobody else uses."""
    if request.param == "disk":
        return UPath(tmp_path / "archive")
    if request.param == "memory":
        return UPath(f"memory://{uuid.uuid4().hex}")
    return UPath(f"s3://calls/{uuid.uuid4().hex}", **request.getfixturevalue("s3"))


@pytest.fixture
def sandbox():
    limits = {"Heavy": 100_000}
    with Sandbox(calls=30, start=START, end=END, limits=limits, recording_bytes_per_second=4000) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox, tmp_path):
    """One that gives up at the first failure, as a killed process does."""
    credentials = Credentials(sandbox.client_id, sandbox.client_secret, sandbox.jwt, server=sandbox.url)
    client = RingCentralClient(credentials, open_ledger(f"sqlite://{tmp_path}/ledger"), policy=Policy(attempts=1))
    yield client
    client.close()


def archive(client, place, **arguments):
    query = CallLogQuery(
        "/restapi/v1.0/account/~/call-log", START, END, view="Detailed", filters={"recordingType": "All"}
    )
    return RecordingArchive(client, query, place, DEFAULT_TEMPLATE, late_window=timedelta(), **arguments).run()


def names(place) -> list[str]:
    place.fs.invalidate_cache()
    return [name.removeprefix(place.path).lstrip("/") for name in place.fs.find(place.path)]


def check(place, sandbox) -> None:
    """Everything is there, with its hash, and nothing else but the manifest."""
    truth = {each["id"]: each["sha256"] for each in sandbox.recordings()}
    sidecars = [
        json.loads(place.fs.cat_file(f"{place.path}/{name}")) for name in names(place) if name.endswith(".json")
    ]
    found = {}
    for sidecar in sidecars:
        content = place.fs.cat_file(f"{place.path}/{sidecar['file']}")
        found[sidecar["recording_id"]] = hashlib.sha256(content).hexdigest()
    assert found == truth
    assert len(names(place)) == 2 * len(truth) + 1


def statuses(sandbox) -> list[int]:
    return [entry["status"] for entry in sandbox.requests() if entry["operation"] == CONTENT]


def test_any_store(place, client, sandbox):
    receipt = archive(client, place)
    check(place, sandbox)
    assert receipt.stored == len(sandbox.recordings())
    again = archive(client, place, verify="sha256")

    assert (again.present, again.stored) == (receipt.stored, 0)
    assert len(statuses(sandbox)) == receipt.stored
    check(place, sandbox)


@pytest.mark.parametrize("kind", ["reset", "truncate"])
def test_what_broke_off_for_good_is_gone_on_with_where_it_can_be(place, client, sandbox, kind):
    first = max(sandbox.recordings(), key=lambda each: each["size"])
    path = f"/restapi/v1.0/account/{sandbox.call(first['call_id'])['uri'].split('/')[6]}/recording/{first['id']}"
    # The second failure hits the request that asks for the rest.
    sandbox.fault(kind, operation=CONTENT, path=path, **({"where": "body"} if kind == "reset" else {"fraction": 0.5}))
    sandbox.fault("status", status=502, operation=CONTENT, path=path, times=1)
    receipt = archive(client, place, max_failures=None)
    assert (receipt.failed, receipt.stored) == (1, len(sandbox.recordings()) - 1)
    assert not any(first["id"] in name for name in names(place) if not name.startswith(".recordings/parts/"))

    sandbox.reset_stats()
    archive(client, place)
    assert statuses(sandbox) == [206 if place.fs.protocol[0] == "file" else 200]
    check(place, sandbox)


def parts(place, content: bytes, total: int, sandbox) -> Path:
    """A disk as a process left it that was killed at the newest recording."""
    folder = Path(place.path, ".recordings", "parts")
    folder.mkdir(parents=True)
    newest = sandbox.recordings()[0]["id"]
    (folder / f"{newest}.part").write_bytes(content)
    (folder / f"{newest}.total").write_text(str(total))
    return folder / f"{newest}.part"


@pytest.fixture
def disk(tmp_path):
    return UPath(tmp_path / "archive")


def whole_of(client, sandbox) -> bytes:
    newest = sandbox.recordings()[0]
    uri = sandbox.call(newest["call_id"])["recording"]["contentUri"]
    return client.request("GET", uri).content


@pytest.mark.parametrize(
    ("left", "first"),
    [
        (lambda whole: (whole[:100_000], len(whole)), [206]),
        # Only an answer tells the content type: its last byte is asked for once more.
        (lambda whole: (whole, len(whole)), [206]),
        (lambda whole: (whole[:1], len(whole)), [206]),
        (lambda whole: (b"", len(whole)), [200]),
        (lambda whole: (whole + b"x", len(whole)), [200]),
        (lambda whole: (whole[:100_000], len(whole) + 5), [206, 200]),
        (lambda whole: (whole + bytes(99), len(whole) + 100), [416, 200]),
    ],
    ids=["half", "all", "one byte", "none", "too much", "another length", "shorter now"],
)
def test_what_a_killed_process_left(client, sandbox, disk, left, first):
    parts(disk, *left(whole_of(client, sandbox)), sandbox)
    sandbox.reset_stats()
    archive(client, disk)

    assert statuses(sandbox)[: len(first)] == first
    assert len(statuses(sandbox)) == len(sandbox.recordings()) - 1 + len(first)
    check(disk, sandbox)


def test_a_part_that_another_process_writes_is_let_alone(client, sandbox, disk):
    whole = whole_of(client, sandbox)
    part = parts(disk, whole[:70_000], len(whole), sandbox)
    with part.open("rb") as raw:
        fcntl.flock(raw, fcntl.LOCK_EX)
        receipt = archive(client, disk)
        assert part.read_bytes() == whole[:70_000]

    assert receipt.stored == len(sandbox.recordings())
    part.unlink()
    part.with_suffix(".total").unlink()
    check(disk, sandbox)


def test_a_recording_that_is_not_there_leaves_no_part(client, sandbox, disk):
    sandbox.lose_recordings([each["id"] for each in sandbox.recordings()])
    receipt = archive(client, disk)

    assert receipt.gone == receipt.records == len(sandbox.recordings())
    gone = [f".recordings/gone/{name}.json" for name in sorted(each["id"] for each in sandbox.recordings())]
    assert sorted(names(disk)) == [*gone, f"manifests/{Path(receipt.destination).name}"]


def test_a_run_that_stopped_goes_on_without_the_log(place, client, sandbox):
    sandbox.fault("status", status=502, operation=CONTENT, every=1, after=2)
    with pytest.raises(Unavailable):
        archive(client, place)
    sandbox.clear_faults()
    sandbox.reset_stats()
    receipt = archive(client, place)

    assert receipt.stored == len(sandbox.recordings())
    assert len(statuses(sandbox)) == receipt.stored - 2
    assert "readCompanyCallLog" not in sandbox.stats()["operations"]
    check(place, sandbox)


def test_a_folder_that_cannot_be_written_to_fails_as_such(client, sandbox, disk):
    # Root may write anywhere, so a file stands where the recordings' folder would.
    Path(disk.path).mkdir()
    Path(disk.path, "2026").write_text("in the way")
    with pytest.raises((FileExistsError, NotADirectoryError)):
        archive(client, disk)
