"""Serving the bytes of recordings on a second host."""

from __future__ import annotations

import hashlib

import pytest
import requests

from airflow_provider_ringcentral.sandbox import SandboxControl

DAY = {"start": "2026-06-01T00:00:00Z", "end": "2026-06-02T00:00:00Z"}
WINDOW = {"dateFrom": DAY["start"], "dateTo": DAY["end"]}
CONTENT = "readCallRecordingContent"


@pytest.fixture(scope="module")
def caller(shared):
    return shared(
        calls=200, media_host=True, recording_bytes_per_second=400, limits={"Heavy": 1000, "Media": 500}, **DAY
    )


@pytest.fixture
def recording(caller):
    caller.sandbox.clear_faults()
    return caller.log(**WINDOW, recordingType="All").json()["records"][0]["recording"]


def test_every_content_uri_is_on_the_media_host(caller):
    media, api = caller.sandbox.media_url, caller.sandbox.url
    assert media != api
    assert SandboxControl(api).media_url == media
    records = caller.log(**WINDOW, recordingType="All", view="Detailed", perPage=250).json()["records"]
    found = [part["recording"] for record in records for part in (record, *record["legs"]) if "recording" in part]
    found.append(caller.get(found[0]["uri"]).json())
    assert {recording["contentUri"].partition("/restapi")[0] for recording in found} == {media}
    assert {recording["uri"].partition("/restapi")[0] for recording in found[:-1]} == {api}


def test_both_hosts_serve_the_same_bytes_and_have_their_own_limits(caller, recording):
    [truth] = [found for found in caller.sandbox.recordings() if found["id"] == recording["id"]]
    uris = (recording["contentUri"], recording["contentUri"].replace(caller.sandbox.media_url, caller.sandbox.url))
    answers = [caller.get(uri) for uri in uris]
    assert {hashlib.sha256(answer.content).hexdigest() for answer in answers} == {truth["sha256"]}
    told = [(answer.headers["X-Rate-Limit-Group"], answer.headers["X-Rate-Limit-Limit"]) for answer in answers]
    assert told == [("media", "500"), ("heavy", "1000")]
    assert [entry["group"] for entry in caller.sandbox.requests(2)] == ["Media", "Heavy"]


def test_the_media_host_serves_media_only(caller):
    for path in ("/restapi/v1.0/account/~/call-log", "/restapi/oauth/token", "/restapi/v1.0", "/nothing"):
        answer = caller.get(caller.sandbox.media_url + path)
        if path != "/restapi/oauth/token":  # which has no GET on any host
            assert (answer.status_code, answer.json()["errorCode"]) == (404, "AGW-404")
    assert caller.sandbox.requests(1)[0]["operation"] is None
    form = requests.post(caller.sandbox.media_url + "/restapi/oauth/token", data={"grant_type": "x"})
    assert form.status_code == 404


def test_the_media_host_needs_a_token(caller, recording):
    assert requests.get(recording["contentUri"]).status_code == 401


def test_the_media_hosts_limit_closes_no_other_group(start):
    caller = start(calls=200, media_host=True, limits={"Media": 2}, recording_bytes_per_second=1, **DAY)
    uri = caller.log(**WINDOW, recordingType="All").json()["records"][0]["recording"]["contentUri"]
    assert [caller.get(uri).status_code for _ in range(3)] == [200, 200, 429]
    assert caller.get(uri.replace(caller.sandbox.media_url, caller.sandbox.url)).status_code == 200
    caller.sandbox.change_limits(Media=5)
    caller.sandbox.reset_limits()
    assert caller.get(uri).headers["X-Rate-Limit-Remaining"] == "4"


def test_the_media_hosts_limit_is_by_default_that_of_heavy(start):
    caller = start(calls=200, media_host=True, limits=True, recording_bytes_per_second=1, **DAY)
    uri = caller.log(**WINDOW, recordingType="All").json()["records"][0]["recording"]["contentUri"]
    assert caller.get(uri).headers["X-Rate-Limit-Limit"] == "10"


def test_ranges(caller, recording):
    whole = caller.get(recording["contentUri"]).content
    part = caller.get(recording["contentUri"], Range="bytes=100-199")
    assert (part.status_code, part.content) == (206, whole[100:200])
    beyond = caller.get(recording["contentUri"], Range=f"bytes={len(whole)}-")
    assert (beyond.status_code, beyond.headers["Content-Range"]) == (416, f"bytes */{len(whole)}")


@pytest.mark.parametrize(("kind", "rule"), [("reset", {"where": "body"}), ("truncate", {})])
@pytest.mark.parametrize("fraction", [0.25, 0.9])
def test_bodies_that_break_in_the_middle(caller, recording, kind, rule, fraction):
    whole = caller.get(recording["contentUri"]).content
    caller.sandbox.fault(kind, operation=CONTENT, fraction=fraction, **rule)
    headers = {"Authorization": f"Bearer {caller.token}"}
    with caller.http.get(recording["contentUri"], headers=headers, stream=True) as answer:
        assert int(answer.headers["Content-Length"]) == len(whole)
        got = until_it_breaks(answer)
    assert 0 < len(got) <= int(len(whole) * fraction)
    assert whole.startswith(got)
    rest = caller.get(recording["contentUri"], Range=f"bytes={len(got)}-")
    assert got + rest.content == whole


def until_it_breaks(answer):
    """Return the part of a body that arrived before its connection broke."""
    got = b""
    try:
        for chunk in answer.iter_content(64):
            got += chunk
    except requests.exceptions.ChunkedEncodingError:
        return got
    pytest.fail("the body came whole")


def test_a_pause_in_the_middle(caller, recording):
    whole = caller.get(recording["contentUri"]).content
    caller.sandbox.fault("slow", where="body", seconds=0.4, fraction=0.5)
    headers = {"Authorization": f"Bearer {caller.token}"}
    with caller.http.get(recording["contentUri"], headers=headers, stream=True) as answer:
        first = answer.raw.read(len(whole) // 2)
        assert (answer.status_code, first + answer.raw.read()) == (200, whole)
    caller.sandbox.fault("slow", where="body", seconds=5)
    with pytest.raises((requests.ReadTimeout, requests.ConnectionError), match="Read timed out"):
        caller.http.get(recording["contentUri"], headers=headers, timeout=(60, 0.2))


def test_redirects(caller, recording):
    caller.sandbox.fault("redirect", operation=CONTENT, host="https://evil.invalid")
    headers = {"Authorization": f"Bearer {caller.token}"}
    answer = caller.http.get(recording["contentUri"], headers=headers, allow_redirects=False)
    path = recording["contentUri"].removeprefix(caller.sandbox.media_url)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"https://evil.invalid{path}")


def test_links_to_a_foreign_host(caller, recording):
    caller.sandbox.fault("foreign_links", operation="readCompanyCallLog", host="https://evil.invalid")
    records = caller.log(**WINDOW, recordingType="All").json()["records"]
    assert {record["recording"]["contentUri"].partition("/restapi")[0] for record in records} == {
        "https://evil.invalid"
    }


def test_the_media_host_of_a_sandbox_in_another_process(start):
    caller = start(calls=200, media_host=True, process=True, recording_bytes_per_second=1, **DAY)
    uri = caller.log(**WINDOW, recordingType="All").json()["records"][0]["recording"]["contentUri"]
    assert uri.startswith(caller.sandbox.media_url)
    assert caller.get(uri).status_code == 200
