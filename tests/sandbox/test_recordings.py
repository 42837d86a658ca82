from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

import pytest

DAY = {"start": "2026-06-01T00:00:00Z", "end": "2026-06-02T00:00:00Z"}


@pytest.fixture(scope="module")
def caller(shared):
    return shared(calls=200, **DAY)


@pytest.fixture
def recording(caller):
    records = caller.log(dateFrom=DAY["start"], dateTo=DAY["end"], recordingType="All").json()["records"]
    return records[0]["recording"]


def test_metadata(caller, recording):
    body = caller.get(recording["uri"]).json()
    assert (body["id"], body["contentUri"], body["contentType"]) == (
        recording["id"],
        recording["contentUri"],
        "audio/mpeg",
    )
    assert body["duration"] >= 30


def test_bytes_are_always_the_same(caller, recording):
    first, second = caller.get(recording["contentUri"]), caller.get(recording["contentUri"])
    size = caller.get(recording["uri"]).json()["duration"] * 4000
    assert first.headers["Content-Type"] == "audio/mpeg"
    assert (len(first.content), int(first.headers["Content-Length"])) == (size, size)
    assert hashlib.sha256(first.content).digest() == hashlib.sha256(second.content).digest()


@pytest.mark.parametrize("wanted", ["bytes=0-9", "bytes=70000-70009", "bytes=100-", "bytes=-50", "bytes=65530-65545"])
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
