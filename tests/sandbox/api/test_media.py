from __future__ import annotations

import hashlib
import time
from urllib.parse import urlsplit

import pytest

from airflow_provider_ringcentral.sandbox import SandboxError
from airflow_provider_ringcentral.sandbox.model.call_templates import Recording
from airflow_provider_ringcentral.sandbox.model.recordings import RecordingBytes

DAY = {"start": "2026-06-01T00:00:00Z", "end": "2026-06-02T00:00:00Z"}
WINDOW = {"dateFrom": DAY["start"], "dateTo": DAY["end"]}


@pytest.fixture(scope="module")
def caller(shared):
    return shared(calls=200, **DAY)


@pytest.fixture
def recording(caller):
    records = caller.log(dateFrom=DAY["start"], dateTo=DAY["end"], recordingType="All").json()["records"]
    return records[0]["recording"]


def test_metadata(caller, recording):
    body = caller.get(recording["uri"]).json()
    [truth] = [found for found in caller.sandbox.recordings() if found["id"] == recording["id"]]
    assert body == {
        "id": recording["id"],
        "contentUri": recording["contentUri"],
        "contentType": truth["content_type"],
        "duration": truth["duration"],
    }
    assert body["duration"] >= 30


def test_bytes_are_always_the_same(caller, recording):
    first, second = caller.get(recording["contentUri"]), caller.get(recording["contentUri"])
    about = caller.get(recording["uri"]).json()
    size = about["duration"] * 4000
    assert first.headers["Content-Type"] == about["contentType"]
    assert (len(first.content), int(first.headers["Content-Length"])) == (size, size)
    assert hashlib.sha256(first.content).digest() == hashlib.sha256(second.content).digest()


@pytest.mark.parametrize(
    "wanted", ["bytes=0-9", "bytes=70000-70009", "bytes=100-", "bytes=-50", "bytes=65530-65545", "bytes=65536-131072"]
)
def test_ranges(caller, recording, wanted):
    whole = caller.get(recording["contentUri"]).content
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    expected = whole[int(first) : int(last) + 1 if last else None] if first else whole[-int(last) :]
    part = caller.get(recording["contentUri"], Range=wanted)
    assert (part.status_code, part.content) == (206, expected)
    begin = int(first) if first else len(whole) - int(last)
    assert part.headers["Content-Range"] == f"bytes {begin}-{begin + len(expected) - 1}/{len(whole)}"


@pytest.mark.parametrize("wanted", ["bytes=99999999-", "bytes=5-2", "bytes=-", "lines=1-2", "bytes=0-1,4-5"])
def test_bad_ranges(caller, recording, wanted):
    answer = caller.get(recording["contentUri"], Range=wanted)
    assert (answer.status_code, answer.json()["errors"][0]["errorCode"]) == (416, "CMN-107")


def test_content_disposition(caller, recording):
    answer = caller.get(
        recording["contentUri"], {"contentDisposition": "Attachment", "contentDispositionFilename": "a.mp3"}
    )
    assert answer.headers["Content-Disposition"] == 'attachment; filename="a.mp3"'


@pytest.mark.parametrize("why", ["lost", "deleted", "unknown"])
def test_recordings_that_are_gone(start, recording, why):
    caller = start(calls=200, **DAY)
    uri = caller.sandbox.url + urlsplit(recording["contentUri"]).path
    if why == "lost":
        caller.sandbox.lose_recordings([recording["id"]])
    elif why == "deleted":
        caller.sandbox.delete_calls(list(range(200)))
    else:
        uri = uri.replace(recording["id"], "12345")
    answer = caller.get(uri)
    entry = answer.json()["errors"][0]
    assert (answer.status_code, entry["errorCode"], entry["parameterName"]) == (404, "CMN-102", "callRecordingId")


def test_the_scope_for_recordings(start):
    caller = start(calls=200, permissions=["ReadCallLog"])
    assert caller.get("/restapi/v1.0/account/~/recording/1/content").json()["permissionName"] == "ReadCallRecording"


def sha256(answer):
    return hashlib.sha256(answer.content).hexdigest()


def test_the_control_call_for_recordings(caller):
    truth = caller.sandbox.recordings()
    assert {found["content_type"] for found in truth} == {"audio/mpeg", "audio/wav"}
    assert {found["state"] for found in truth} == {"there"}
    for found in truth[:6]:
        answer = caller.get(f"/restapi/v1.0/account/~/recording/{found['id']}/content")
        assert (answer.headers["Content-Type"], len(answer.content)) == (found["content_type"], found["size"])
        assert sha256(answer) == found["sha256"]
    noon = "2026-06-01T12:00:00.000Z"
    halves = caller.sandbox.recordings(noon, DAY["end"]) + caller.sandbox.recordings(DAY["start"], noon)
    assert halves == truth


def test_records_and_legs_name_the_recordings_of_the_control_call(caller):
    records = caller.records(**WINDOW, recordingType="All", view="Detailed")
    rows = [(record["recording"]["id"], record["id"]) for record in records]
    legs = [
        (leg["recording"]["id"], record["id"])
        for record in records
        for leg in record["legs"]
        if leg.get("recording", record["recording"]) != record["recording"]
    ]
    assert all(record["legs"][0]["recording"] == record["recording"] for record in records)
    assert 0 < len(legs) < len(rows)
    assert sorted(rows + legs) == sorted((found["id"], found["call_id"]) for found in caller.sandbox.recordings())


def test_small_recordings(start):
    caller = start(calls=200, recording_bytes_per_second=2, **DAY)
    for found in caller.sandbox.recordings()[:2]:
        assert found["size"] == found["duration"] * 2
        assert sha256(caller.get(f"/restapi/v1.0/account/~/recording/{found['id']}/content")) == found["sha256"]


def test_blocks_of_a_recording_differ():
    content = RecordingBytes("6123", Recording("6", 100, "audio/wav"), 4000)
    whole = content.cut(0, content.size)
    blocks = [whole[first : first + 65_536] for first in range(0, len(whole), 65_536)]
    assert len(set(blocks)) == len(blocks) == 7
    assert content.cut(65_000, 200_000) == whole[65_000:200_000]
    assert content.sha256() == hashlib.sha256(whole).hexdigest()
    assert content.cut(7, 7) == b""


def status(caller, recording):
    return caller.get(recording["contentUri"]).status_code


@pytest.fixture
def changing(start):
    return start(calls=200, recording_bytes_per_second=10, **DAY)


def recorded(caller, **params):
    return caller.log(**WINDOW, recordingType="All", perPage=1000, **params).json()["records"]


def test_a_recording_that_arrives_after_its_record(changing):
    first, second = recorded(changing)[:2]
    changing.sandbox.delay_recordings([first["recording"]["id"]], after_requests=1)
    before = changing.sandbox.call(first["id"], "Detailed")
    assert before["recording"] == first["recording"]
    answer = changing.get(first["recording"]["contentUri"])
    entry = answer.json()["errors"][0]
    assert (answer.status_code, entry["errorCode"], entry["parameterName"]) == (404, "CMN-102", "callRecordingId")
    assert changing.get(first["recording"]["uri"]).status_code == 404
    assert status(changing, second["recording"]) == 200
    states = [found["state"] for found in changing.sandbox.recordings() if found["id"] == first["recording"]["id"]]
    assert states == ["late"]
    changing.log()
    assert status(changing, first["recording"]) == 404
    changing.log()
    assert status(changing, first["recording"]) == 200
    assert changing.sandbox.call(first["id"], "Detailed") == before


def test_recordings_delayed_by_seconds(changing):
    recording = recorded(changing)[0]["recording"]
    changing.sandbox.delay_recordings([recording["id"]], after_seconds=3600)
    assert status(changing, recording) == 404
    changing.sandbox.delay_recordings([recording["id"]], after_seconds=0.1)
    deadline = time.monotonic() + 60
    while status(changing, recording) == 404 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert status(changing, recording) == 200


def test_a_record_names_its_recording_after_the_arrival(changing):
    sync = "/restapi/v1.0/account/~/call-log-extract-sync"
    call = next(call for call in recorded(changing, view="Detailed") if len(named(call)) == 2)
    begun = changing.get(sync, {"dateFrom": DAY["end"], "view": "Detailed", "recordCount": 1000}).json()
    changing.sandbox.delay_recordings(calls=[call["id"]], row=False)
    bare = changing.sandbox.call(call["id"], "Detailed")
    assert named(bare) == set()
    assert bare["lastModifiedTime"] == call["lastModifiedTime"]
    assert call["id"] not in [record["id"] for record in recorded(changing)]
    assert {status(changing, {"contentUri": found}) for found in named(call)} == {404}
    ask = {"syncType": "ISync", "syncToken": begun["syncInfo"]["syncToken"]}
    assert changing.get(sync, ask).json()["records"] == []

    changing.sandbox.correct_calls([call["id"]], {"result": "Voicemail"})
    changing.sandbox.arrive_recordings(calls=[call["id"]])
    [told] = changing.get(sync, ask).json()["records"]
    assert (told["id"], told["result"], named(told)) == (call["id"], "Voicemail", named(call))
    assert told["lastModifiedTime"] > call["lastModifiedTime"]
    assert call["id"] in [record["id"] for record in recorded(changing)]
    assert {status(changing, {"contentUri": found}) for found in named(call)} == {200}


def named(record):
    """Return the contentUri of every recording that a record and its legs name."""
    return {part["recording"]["contentUri"] for part in (record, *record["legs"]) if "recording" in part}


def test_late_recordings_arrive_by_control_call(changing):
    one, two, three = [record["recording"] for record in recorded(changing)[:3]]
    changing.sandbox.delay_recordings([found["id"] for found in (one, two, three)])
    changing.sandbox.lose_recordings([three["id"]])
    changing.sandbox.arrive_recordings([one["id"]])
    assert [status(changing, found) for found in (one, two, three)] == [200, 404, 404]
    changing.sandbox.arrive_recordings()
    assert [status(changing, found) for found in (one, two, three)] == [200, 200, 404]


def test_an_unknown_recording_cannot_be_late(changing):
    with pytest.raises(SandboxError, match="recording '123' does not exist"):
        changing.sandbox.delay_recordings(["123"])
