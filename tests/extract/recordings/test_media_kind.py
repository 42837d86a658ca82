"""Which answers are the media that was asked for."""

from __future__ import annotations

import pickle

import pytest

from airflow_provider_ringcentral.client.errors.arguments import NotMedia
from airflow_provider_ringcentral.extract.recordings.media_kind import ANY_MEDIA, RECORDING, kind_of

ACCOUNT = "/restapi/v1.0/account/~"


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        (f"https://media.ringcentral.com{ACCOUNT}/recording/5021/content", RECORDING),
        (f"{ACCOUNT}/recording/5021/content?contentDisposition=Inline", RECORDING),
        (f"{ACCOUNT}/recording/5021", ANY_MEDIA),
        (f"{ACCOUNT}/extension/~/message-store/1/content/2", ANY_MEDIA),
        (f"{ACCOUNT}/ivr-prompts/1/content", ANY_MEDIA),
    ],
)
def test_a_link_tells_what_must_come(uri, kind):
    assert kind_of(uri) is kind


@pytest.mark.parametrize(
    ("content_type", "recording", "any_media"),
    [
        ("audio/mpeg", True, True),
        ("audio/wav", True, True),
        ("Audio/X-Wav; rate=8000", True, True),
        ("video/mp4", False, True),
        ("application/pdf", False, True),
        ("application/octet-stream", False, True),
        ("text/plain; charset=utf-8", False, True),
        ("text/html; charset=utf-8", False, False),
        ("application/json", False, False),
        ("audio", False, False),
        ("", False, False),
        (None, False, False),
    ],
)
def test_content_types(content_type, recording, any_media):
    assert (RECORDING.accepts(content_type), ANY_MEDIA.accepts(content_type)) == (recording, any_media)


def test_nothing_is_no_media_either():
    RECORDING.check("audio/mpeg", 1)
    with pytest.raises(NotMedia, match=r"not a recording \(empty\)") as caught:
        RECORDING.check("audio/mpeg", 0)
    assert pickle.loads(pickle.dumps(caught.value)).found == "empty"
