"""Media over a real connection: every byte once and in order, whatever breaks."""

from __future__ import annotations

import errno
import gzip

import pytest

from airflow_provider_ringcentral.client.errors import NotFound, Unavailable
from airflow_provider_ringcentral.client.http.download import download
from airflow_provider_ringcentral.sandbox.model.call_templates import Recording
from airflow_provider_ringcentral.sandbox.model.recordings import RecordingBytes
from tests.client.conftest import LOG

CONTENT = "readCallRecordingContent"
MEDIA = "/restapi/v1.0/account/~/recording/5/content"


@pytest.fixture
def recording(start, client_of):
    """A sandbox, a client of it, the URI of a recording and its bytes."""
    sandbox = start()
    client = client_of(sandbox)
    params = {"recordingType": "All", "dateFrom": "2020-01-01T00:00:00Z"}
    call = max(client.records(LOG, params), key=lambda call: call["duration"])
    recorded = call["recording"]
    about = client.request_json("GET", recorded["uri"])
    content = RecordingBytes(recorded["id"], Recording("6", call["duration"], about["contentType"]), 4000)
    return sandbox, client, recorded["contentUri"], content.cut(0, content.size)


def test_the_whole_is_fetched_at_once(recording, seen):
    sandbox, client, uri, whole = recording
    found = bytearray()
    media = download(client, uri, found.extend)

    assert found == whole
    assert (media.bytes, media.total, media.content_type) == (len(whole), len(whole), "audio/mpeg")
    assert len(seen(sandbox, CONTENT)) == 1


@pytest.mark.parametrize("kind", ["reset", "truncate"])
def test_what_broke_off_is_gone_on_with(recording, seen, kind):
    sandbox, client, uri, whole = recording
    for _ in range(6):
        sandbox.fault(kind, operation=CONTENT, **({"where": "body"} if kind == "reset" else {}))
    found = bytearray()
    media = download(client, uri, found.extend)

    assert found == whole
    assert media.bytes == len(whole)
    assert [entry["status"] for entry in seen(sandbox, CONTENT)] == [200] + [206] * 6, "more breaks than attempts"


def test_failures_before_the_first_byte_are_attempts(recording, seen):
    sandbox, client, uri, _ = recording
    sandbox.fault("reset", operation=CONTENT, every=1)

    with pytest.raises(Unavailable):
        download(client, uri, lambda _: None)
    assert len(seen(sandbox, CONTENT)) == 5


def test_a_dead_token_in_between_costs_one_login(recording):
    sandbox, client, uri, whole = recording
    sandbox.fault("reset", where="body", operation=CONTENT)
    sandbox.fault("kill_tokens", operation=CONTENT, after=1)
    found = bytearray()
    download(client, uri, found.extend)

    assert found == whole
    assert sandbox.stats()["logins"] == 2


def test_media_that_is_gone(recording):
    sandbox, client, uri, _ = recording
    sandbox.lose_recordings([uri.split("/")[-2]])

    with pytest.raises(NotFound) as caught:
        download(client, uri, lambda _: None)
    assert (caught.value.code, caught.value.parameter) == ("CMN-102", "callRecordingId")


def test_a_disk_that_is_full_is_no_failure_of_the_network(recording, seen):
    sandbox, client, uri, _ = recording
    taken = []

    def write(piece: bytes) -> None:
        taken.append(len(piece))
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        download(client, uri, write)
    assert len(taken) == len(seen(sandbox, CONTENT)) == 1


def test_a_server_that_sends_the_whole_again_is_read_past_what_is_there(odd, client_of):
    whole = bytes(range(256)) * 1000
    odd.tell(200, whole[:200_000], missing=56_000)
    odd.tell(200, whole)
    found = bytearray()
    download(client_of(odd), MEDIA, found.extend)

    assert found == whole
    (_, _, first, _), (_, _, second, _) = odd.calls
    assert (first.get("Range"), second["Range"]) == (None, "bytes=200000-"), "not a byte twice"


def test_bytes_are_asked_for_uncompressed(odd, client_of):
    odd.tell(200, gzip.compress(b"0123456789"), Content_Encoding="gzip")
    found = bytearray()
    download(client_of(odd), MEDIA, found.extend)

    assert odd.calls[0][2]["Accept-Encoding"] == "identity"
    assert found == b"0123456789", "who compresses nevertheless is understood"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"status": 206, "body": b"xyz", "Content_Range": "bytes 220000-220002/256000"}, "later byte"),
        ({"status": 206, "body": b"xyz", "Content_Range": "bytes 196608-196610/196611"}, "changed"),
    ],
)
def test_a_server_that_goes_on_elsewhere_is_not_believed(odd, client_of, answer, says):
    odd.tell(200, bytes(200_000), missing=56_000)
    odd.tell(**answer)

    with pytest.raises(Unavailable, match=says):
        download(client_of(odd), MEDIA, lambda _: None)


def test_an_empty_file_is_a_file(odd, client_of):
    odd.tell(200, b"")
    assert download(client_of(odd), MEDIA, lambda _: None).bytes == 0
    assert len(odd.calls) == 1
