"""Recordings that rows and legs name, and what a failure of one means for the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_provider_ringcentral.client.errors import (
    HOST_REFUSED,
    BadRequest,
    ConfigurationError,
    FieldProblem,
    LoginFailed,
    NotFound,
    PermissionDenied,
    RateLimited,
    Unavailable,
)
from airflow_provider_ringcentral.client.errors.arguments import DestinationError
from airflow_provider_ringcentral.client.errors.remedies import remedy_for
from airflow_provider_ringcentral.extract.recordings.archive import (
    detail_of,
    failure_reason,
    is_absent,
    may_appear,
    with_both_scopes,
)
from airflow_provider_ringcentral.extract.recordings.recording import recordings_of
from airflow_provider_ringcentral.extract.recordings.store import NameTaken
from airflow_provider_ringcentral.hooks.errors import for_airflow

ROW = {
    "id": "I1",
    "sessionId": "4711",
    "telephonySessionId": "s-1",
    "startTime": "2026-03-01T10:00:00.500Z",
    "duration": 90,
    "direction": "Inbound",
    "from": {"phoneNumber": "+16505550100"},
    "to": {"phoneNumber": "+16505550101"},
    "extension": {"id": 63},
}
ONE = {"id": "61", "type": "Automatic", "contentUri": "https://media.ringcentral.com/61"}
TWO = {"id": 71, "type": "OnDemand", "contentUri": "https://media.ringcentral.com/71"}
LEG = {"startTime": "2026-03-01T10:01:00Z", "duration": 30, "to": {"extensionNumber": "105"}, "recording": TWO}


def found(row, wanted="All"):
    return [(recording.recording_id, recording.leg) for recording in recordings_of(row, wanted)]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (ROW, []),
        (ROW | {"recording": ONE}, [("61", None)]),
        (ROW | {"recording": ONE, "legs": [{"recording": ONE}, LEG]}, [("61", None), ("61", 0), ("71", 1)]),
        (ROW | {"legs": [{}, LEG]}, [("71", 1)]),
        (ROW | {"recording": None, "legs": None}, []),
        (ROW | {"recording": {"type": "Automatic"}, "legs": ["odd", {"recording": 5}]}, []),
    ],
)
def test_rows_and_legs(row, expected):
    assert found(row) == expected


@pytest.mark.parametrize(
    ("wanted", "ids"), [("All", "61 71"), (None, "61 71"), ("Automatic", "61"), ("OnDemand", "71")]
)
def test_types(wanted, ids):
    row = ROW | {"recording": ONE, "legs": [LEG]}

    assert [recording for recording, _ in found(row, wanted)] == ids.split()


def test_what_a_leg_does_not_say_is_its_rows():
    whole, leg = recordings_of(ROW | {"recording": ONE, "legs": [LEG]})

    assert (whole.call_id, whole.session_id, whole.extension_id) == ("I1", "4711", "63")
    assert whole.end == datetime(2026, 3, 1, 10, 1, 30, 500000, tzinfo=UTC)
    assert (leg.call_id, leg.direction, leg.from_, leg.to) == ("I1", "Inbound", ROW["from"], LEG["to"])
    assert leg.end == datetime(2026, 3, 1, 10, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (NotFound(status=404, codes=["AGW-404"]), "not_found"),
        (PermissionDenied(status=403, codes=["CMN-408"]), "forbidden"),
        (PermissionDenied(status=403, codes=["CMN-401"]), None),
        (LoginFailed(status=400), None),
        (ConfigurationError(problems=[FieldProblem("path", "leads astray", HOST_REFUSED)]), "host_refused"),
        (ConfigurationError(problems=[FieldProblem("jwt", "is missing", "missing")]), None),
        (DestinationError("read-only"), None),
        (BadRequest(status=400, codes=["CMN-101"]), "refused"),
        (Unavailable(status=502), "unavailable"),
        (Unavailable(status=503, retry_after=120), None),
        (RateLimited(status=429, retry_after=60), None),
        (RateLimited(status=500), None),
    ],
    ids=repr,
)
def test_which_failures_are_about_one_recording(error, word):
    assert failure_reason(error) == word
    assert failure_reason(for_airflow(error)) == word, "the hook's client raises these"


def test_a_name_that_another_recording_has_is_about_one_recording():
    assert failure_reason(NameTaken("taken")) == "name_taken"


@pytest.mark.parametrize(
    ("error", "absent"),
    [
        (NotFound(status=404, codes=["CMN-102"]), True),
        (NotFound(status=404), True),
        (NotFound(status=404, codes=["AGW-404"]), False),
        (PermissionDenied(status=403), False),
    ],
    ids=repr,
)
def test_what_says_that_there_is_no_recording(error, absent):
    assert is_absent(error) is absent


@pytest.mark.parametrize(("minutes", "late"), [(0, True), (61, True), (61.6, False), (600, False)])
def test_lateness_counts_from_the_end_of_the_call(minutes, late):
    (recording,) = recordings_of(ROW | {"recording": ONE})
    began = datetime(2026, 3, 1, 10, 0, 0, 500000, tzinfo=UTC)

    # The call took 90 s.
    assert may_appear(recording, timedelta(hours=1), began + timedelta(minutes=minutes)) is late


def test_a_reason_holds_status_and_codes_only():
    assert detail_of(BadRequest("value [+16505550100] is wrong", status=400, codes=["CMN-101"])) == "HTTP 400 CMN-101"
    assert detail_of(Unavailable("no connection")) == ""


def test_who_lacks_one_scope_is_told_of_both():
    remedy = remedy_for(["CMN-401"], status=403, parameter=None, permission="ReadCallRecording")
    error = with_both_scopes(PermissionDenied(status=403, codes=["CMN-401"], remedy=remedy))

    assert "both ReadCallLog and ReadCallRecording" in str(error)
