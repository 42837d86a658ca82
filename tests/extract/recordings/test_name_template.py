"""Names by template: what fields give, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.recordings.name_template import (
    ALLOWED,
    NameTemplate,
    check_names,
    extension_of,
)
from airflow_provider_ringcentral.extract.recordings.recording import Recording

CALL = Recording(
    recording_id="6001",
    recording_type="OnDemand",
    content_uri="https://media.ringcentral.com/x",
    call_id="Iabc",
    session_id="4711",
    telephony_session_id="s-a1z",
    leg=None,
    direction="Inbound",
    start=datetime(2026, 3, 1, 23, 59, 58, 123000, tzinfo=UTC),
    duration=61,
    from_={"phoneNumber": "+16505550100"},
    to={"extensionNumber": "101"},
    extension_id="63",
)


def but(**fields: object) -> Recording:
    return msgspec.structs.replace(CALL, **fields)


@pytest.mark.parametrize(
    ("template", "file", "sidecar"),
    [
        (
            "{start:%Y/%m/%d}/{start:%H%M%S}-{recording_id}.{ext}",
            "2026/03/01/235958-6001.mp3",
            "2026/03/01/235958-6001.json",
        ),
        ("{recording_id}", "6001", "6001.json"),
        ("{recording_id}.audio", "6001.audio", "6001.audio.json"),
        ("{start}-{call_id}.{ext}", "20260301T235958Z-Iabc.mp3", "20260301T235958Z-Iabc.json"),
        (
            "{from_number}/{to_number}/{direction}.{ext}",
            "+16505550100/101/Inbound.mp3",
            "+16505550100/101/Inbound.json",
        ),
        (
            "{session_id}_{telephony_session_id}_{extension_id}_{recording_type}",
            "4711_s-a1z_63_OnDemand",
            "4711_s-a1z_63_OnDemand.json",
        ),
        ("ü {{x}}/{recording_id}.{ext}", "ü {x}/6001.mp3", "ü {x}/6001.json"),
        ("{start:%j%%}{recording_id}", "060%6001", "060%6001.json"),
    ],
)
def test_names(template, file, sidecar):
    named = NameTemplate(template)

    assert (named.name(CALL, "mp3"), named.sidecar(CALL)) == (file, sidecar)


@pytest.mark.parametrize(
    ("party", "part"),
    [
        ({"phoneNumber": "../../etc/passwd"}, "______etc_passwd"),
        ({"phoneNumber": "/abs"}, "_abs"),
        ({"phoneNumber": ".hidden"}, "_hidden"),
        ({"phoneNumber": "a\\b\x00c\nd"}, "a_b_c_d"),
        ({"phoneNumber": "{recording_id}"}, "_recording_id_"),
        ({"phoneNumber": "9" * 500}, "9" * 64),
        ({"phoneNumber": ""}, "unknown"),
        ({"name": "Anonymous"}, "unknown"),
    ],
    ids=str,
)
def test_what_callers_send_stays_one_part_of_the_path(party, part):
    assert NameTemplate("{from_number}/{recording_id}").name(but(from_=party), "mp3") == f"{part}/6001"


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("", "not a text"),
        (None, "not a text"),
        (5, "not a text"),
        ("{caller}", r"unknown field \{caller\}; fields are .*recording_id.*start, ext"),
        ("{}", "unknown field"),
        ("{0}", "unknown field"),
        ("{start.year}", "unknown field"),
        ("{start.__class__.__mro__}", "unknown field"),
        ("{from_number[0]}", "unknown field"),
        ("{recording_id!r}", "only start"),
        ("{recording_id:>9}", "only start"),
        ("{start:{ext}}", "field inside"),
        ("{start:%c}", "%c"),
        ("{start:%-d}", "%-"),
        ("{start:%}", "formats start"),
        ("{recording_id", "cannot be read"),
        ("recording_id}", "cannot be read"),
        ("../{recording_id}", "leads out"),
        ("a/../../{recording_id}", "leads out"),
        ("./{recording_id}", "leads out"),
        ("{start:%Y/../..}/{recording_id}", "leads out"),
        ("/data/{recording_id}", "absolute"),
        ("file:///data/{recording_id}", "absolute"),
        ("a//{recording_id}", "empty component"),
        ("{recording_id}/", "empty component"),
        ("a\\{recording_id}", "backslash"),
        ("a\x00{recording_id}", "control character"),
        ("a\n{recording_id}", "control character"),
        (".recordings/{recording_id}", "dot"),
        ("a/.{recording_id}", "dot"),
        ("manifests/{recording_id}", "manifests"),
        ("x" * 250 + "{recording_id}", "200 bytes"),
    ],
    ids=repr,
)
def test_what_is_no_template_or_leads_elsewhere(template, says):
    with pytest.raises(BadArgument, match=says) as caught:
        NameTemplate(template)

    assert caught.value.parameter == "name_template"


def test_every_field_that_is_told_exists():
    NameTemplate("-".join(f"{{{field}}}" for field in ALLOWED))


@pytest.mark.parametrize(
    ("content_type", "extension"),
    [
        ("audio/mpeg", "mp3"),
        ("Audio/MPEG; charset=x", "mp3"),
        ("audio/x-wav", "wav"),
        ("audio/wav", "wav"),
        ("application/json", "bin"),
        (None, "bin"),
    ],
)
def test_the_end_of_a_name_by_content_type(content_type, extension):
    assert extension_of(content_type) == extension


def test_names_that_two_recordings_would_share():
    other = but(recording_id="6002", start=datetime(2026, 3, 1, 23, 59, 58, 999000, tzinfo=UTC))

    assert check_names([CALL, other, CALL], NameTemplate("{recording_id}")) == 2
    with pytest.raises(BadArgument, match=r"recording 6002 the same name as another .* add \{recording_id\}"):
        check_names([CALL, other], NameTemplate("{start:%H%M%S}.{ext}"))
