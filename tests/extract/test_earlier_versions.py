"""State that earlier versions of the provider left in a destination is taken over, or discarded with one line in the log.

Names and contents below were written by the code of commit ea2d843; only the time in a chunk's name is made recent.
"""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from upath import UPath

from airflow_provider_ringcentral.extract.call_log.extract import extract_window
from airflow_provider_ringcentral.extract.call_log.query import CallLogQuery
from airflow_provider_ringcentral.extract.changes.query import SyncQuery
from airflow_provider_ringcentral.extract.changes.sync import sync_changes
from airflow_provider_ringcentral.extract.changes.watermark import Watermark
from airflow_provider_ringcentral.extract.recordings.manifest import Manifest, RecordingStatus
from airflow_provider_ringcentral.extract.recordings.recording import Recording, read_sidecar
from airflow_provider_ringcentral.extract.recordings.store import MissingRecordings

DAY = CallLogQuery(
    "/restapi/v1.0/account/~/call-log", datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)
)
WINDOW = {
    "7be4584ce5255fb8-000001-{now}-8-440-1767354780000000-1767355200000000-n1767354781.1.ndjson": range(8),
    "7be4584ce5255fb8-000002-{now}-2-110-1767354660000000-1767354720000000-n1767354661.1.ndjson": range(8, 10),
}
SYNC = SyncQuery("/restapi/v1.0/account/~/call-log-extract-sync", "Detailed", "0123456789abcdef")
BEGIN = Watermark(datetime(2026, 11, 1, tzinfo=UTC), "a")
SYNC_CHUNK = "ba0aa3e9d8172f50-000001-{now}-1-46-1793574000000000-1793574000000000-sync.ndjson"
SYNC_STATE = (
    '{{"fingerprint":"ba0aa3e9d8172f50","part":"{chunk}","token":"b","time":"2026-11-02T00:00:00Z","ended":false,'
    '"new":1,"changed":0,"deleted":0,"bytes":46,"oldest":1793574000000000,"newest":1793574000000000,"refusals":0,'
    '"full_sync_reason":null}}'
)
RECORDING = (
    b'{"recording_id":"6001","recording_type":"Automatic","content_uri":"https://x/6001/content","call_id":"c1",'
    b'"session_id":"1","telephony_session_id":"s-1","leg":null,"direction":"Inbound","start":"2026-01-02T12:00:00Z",'
    b'"duration":60.0,"from":{"phoneNumber":"+16505550100"},"to":{},"extension_id":"101"'
)
SIDECAR = RECORDING + b',"file":"2026/01/02/a.mp3","content_type":"audio/mpeg","bytes":3,"sha256":"ab"}\n'
ENTRY = (
    b'{"recording_id":"6001","call_id":"c1","status":"stored","file":"2026/01/02/a.mp3","bytes":3,"sha256":"ab",'
    b'"reason":null}\n'
)


class Pages:
    """A client that gives these answers in turn."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = list(answers)

    def raw_page(self, path: str, params: Any, /) -> bytes:
        return json.dumps(self.answers.pop(0)).encode()


def line(number: int) -> bytes:
    start = datetime(2026, 1, 2, 12, tzinfo=UTC) - timedelta(minutes=number)
    return f'{{"id":"call-{number}","startTime":"{start:%Y-%m-%dT%H:%M:%S}.000Z"}}\n'.encode()


def page(*numbers: int) -> dict[str, Any]:
    return {"records": [json.loads(line(number)) for number in numbers]}


def changes(token: str, *records: dict[str, Any]) -> dict[str, Any]:
    return {
        "records": records,
        "syncInfo": {"syncToken": token, "syncTime": "2026-11-03T00:00:00Z", "newerRecordsExist": False},
    }


@pytest.fixture(params=["disk", "memory"])
def place(request, tmp_path) -> UPath:
    return UPath(tmp_path) if request.param == "disk" else UPath(f"memory://{uuid.uuid4().hex}")


def stage(folder: UPath, chunks: dict[str, bytes]) -> list[str]:
    """Write chunks as the layout of the store has them, and return their names."""
    named = {name.format(now=int(time.time()) - 60): lines for name, lines in chunks.items()}
    if not str(folder).startswith("memory:"):
        run = folder / f"{next(iter(named)).partition('-')[0]}-1341967a"
        run.mkdir(parents=True)
        (run / "lines").write_bytes(b"".join(named.values()))
        (run / "names").write_text("".join(f"{name}\n" for name in named))
    else:
        for name, lines in named.items():
            folder.fs.pipe_file(f"{folder.path}/{name}", lines)
    return list(named)


def ids(path: UPath) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_bytes().splitlines()]


def window_chunks() -> dict[str, bytes]:
    return {name: b"".join(map(line, numbers)) for name, numbers in WINDOW.items()}


def test_the_chunks_of_a_window_are_resumed(place, caplog):
    caplog.set_level("INFO")
    stage(place / "calls.ndjson.parts", window_chunks())
    receipt = extract_window(Pages(page(9, 10)), DAY, place / "calls.ndjson")

    assert ids(place / "calls.ndjson") == [f"call-{number}" for number in range(11)]
    assert (receipt.records, receipt.requests) == (11, 1)
    assert "Resuming after 2 pages with 10 calls" in caplog.text


def test_chunks_of_another_layout_are_discarded(place, caplog):
    caplog.set_level("INFO")
    stage(place / "calls.ndjson.parts", {f"00{name[2:]}": lines for name, lines in window_chunks().items()})
    extract_window(Pages(page(0, 1)), DAY, place / "calls.ndjson")

    assert ids(place / "calls.ndjson") == ["call-0", "call-1"]
    assert [message for message in caplog.messages if message.startswith("Discarded 2 chunks")]


def test_a_sync_state_and_its_chunks_are_resumed(place, caplog):
    caplog.set_level("INFO")
    state = place / ".sync" / f"0123456789abcdef-{BEGIN.stamp}.json"
    chunk = b'{"id":"1","startTime":"2026-11-01T23:00:00Z"}\n'
    (name,) = stage(place / ".sync" / f"0123456789abcdef-{BEGIN.stamp}.parts", {SYNC_CHUNK: chunk})
    state.fs.pipe_file(state.path, SYNC_STATE.format(chunk=name).encode())
    synced = sync_changes(Pages(changes("c", {"id": "2", "startTime": "2026-11-02T12:00:00Z"})), SYNC, BEGIN, place)

    assert ids(place / str(synced.receipt.destination).rsplit("/", 1)[-1]) == ["1", "2"]
    assert (synced.receipt.records_new, synced.receipt.requests) == (2, 1)
    assert "Resuming after 1 pages with 1 calls" in caplog.text


@pytest.mark.parametrize("content", [b"{", b'{"state": 2}', b""])
def test_a_sync_state_that_cannot_be_read_is_discarded(place, caplog, content):
    caplog.set_level("INFO")
    state = place / ".sync" / f"0123456789abcdef-{BEGIN.stamp}.json"
    chunk = b'{"id":"1","startTime":"2026-11-01T23:00:00Z"}\n'
    stage(place / ".sync" / f"0123456789abcdef-{BEGIN.stamp}.parts", {SYNC_CHUNK: chunk})
    state.fs.pipe_file(state.path, content)
    synced = sync_changes(Pages(changes("c", {"id": "2", "startTime": "2026-11-02T12:00:00Z"})), SYNC, BEGIN, place)

    assert ids(place / str(synced.receipt.destination).rsplit("/", 1)[-1]) == ["2"]
    assert [message for message in caplog.messages if message.startswith("Discarded the sync state")]


def test_the_chunks_of_a_manifest_are_resumed(place):
    empty = "0f0e0d0c0b0a0908-000001-{now}-0-0-0-0-c.ndjson"
    entries = f"0f0e0d0c0b0a0908-000002-{{now}}-1-{len(ENTRY)}-0-0-c.ndjson"
    stage(place / "manifests" / "m.ndjson.parts", {empty: b"", entries: ENTRY})
    manifest = Manifest(place / "manifests" / "m.ndjson", "0f0e0d0c0b0a0908")

    assert manifest.resumed
    assert manifest.counts == {RecordingStatus.STORED: 1}
    assert manifest.bytes_downloaded == 3
    assert not manifest.listed_ids.add("6001")


def test_the_chunks_of_another_manifest_are_discarded(place, caplog):
    caplog.set_level("INFO")
    stage(place / "m.ndjson.parts", {"0f0e0d0c0b0a0908-000001-{now}-0-0-0-0-c.ndjson": b""})

    assert not Manifest(place / "m.ndjson", "ffffffffffffffff").resumed
    assert [message for message in caplog.messages if message.startswith("Discarded 1 chunks of the manifest")]


def test_sidecars_and_missing_recordings_are_read(place):
    place.fs.pipe_file(f"{place.path}/a.json", SIDECAR)
    sidecar = read_sidecar(place.fs, f"{place.path}/a.json")
    assert sidecar is not None
    assert (sidecar.recording_id, sidecar.file, sidecar.bytes, sidecar.duration) == (
        *("6001", "2026/01/02/a.mp3", 3, 60.0),
    )

    place.fs.makedirs(f"{place.path}/.recordings/pending", exist_ok=True)
    place.fs.pipe_file(f"{place.path}/.recordings/pending/6001.json", RECORDING + b"}\n")
    (missing,) = MissingRecordings(place / ".recordings" / "pending")
    assert isinstance(missing, Recording)
    assert (missing.recording_id, missing.from_) == ("6001", {"phoneNumber": "+16505550100"})


def test_sidecars_and_missing_recordings_that_cannot_be_read_are_discarded(place, caplog):
    caplog.set_level("INFO")
    place.fs.makedirs(f"{place.path}/pending", exist_ok=True)
    for name in ("a.json", "pending/6001.json"):
        place.fs.pipe_file(f"{place.path}/{name}", b'{"recording": 6001}')

    assert read_sidecar(place.fs, f"{place.path}/a.json") is None
    assert list(MissingRecordings(place / "pending")) == []
    assert ["Discarded the sidecar" in caplog.text, "lists a missing recording" in caplog.text] == [True, True]
    assert not (place / "pending" / "6001.json").exists()
