"""The pure parts of the change sync: what is asked, what an answer holds, which refusals are of the token."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from airflow_provider_ringcentral.client.errors import (
    BadRequest,
    LoginFailed,
    NotFound,
    PermissionDenied,
    RateLimited,
    RingCentralError,
    Unavailable,
)
from airflow_provider_ringcentral.client.errors.arguments import BadArgument
from airflow_provider_ringcentral.extract.changes.query import SyncQuery, token_refused
from airflow_provider_ringcentral.extract.changes.sync import ChangePage
from airflow_provider_ringcentral.extract.changes.watermark import Watermark
from airflow_provider_ringcentral.files.receipt import fingerprint_of
from airflow_provider_ringcentral.hooks.errors import PermissionRefused, RequestRefused, ResourceMissing, for_airflow

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
QUERY = SyncQuery("/restapi/v1.0/account/~/call-log-extract-sync", "Detailed", "series")


@pytest.mark.parametrize(
    "error",
    [
        *(BadRequest("x", status=400, codes=[f"CLG-10{number}"], parameter="syncToken") for number in range(1, 6)),
        *(BadRequest("x", status=400, codes=[f"CLG-10{number}"]) for number in range(1, 6)),
        RequestRefused("x", status=400, codes=["CLG-102"]),
        BadRequest("x", status=400, codes=["InvalidParameter", "CMN-101"], parameter="syncToken"),
        BadRequest("x", status=400, codes=["CMN-101"]),
        BadRequest("x", status=400, codes=["CMN-102"], parameter="syncToken"),
        BadRequest("x", status=400),
        NotFound("x", status=404, codes=["CMN-102"], parameter="syncToken"),
        ResourceMissing("x", status=404, codes=["CMN-102"], parameter="syncToken"),
        PermissionRefused("x", status=403, codes=["CMN-101"], parameter="syncToken"),
        BadRequest("x", status=410, codes=["CLG-104"]),
    ],
    ids=lambda error: f"{type(error).__name__} {error.status} {error.codes} {error.parameter}",
)
def test_refusals_of_the_token(error):
    assert token_refused(error)
    assert token_refused(for_airflow(error))


@pytest.mark.parametrize(
    "error",
    [
        BadRequest("x", status=400, codes=["CMN-101"], parameter="view"),
        BadRequest("x", status=400, codes=["CMN-101"], parameter="accountId"),
        BadRequest("x", status=400, codes=["CLG-110"], parameter="sessionId"),
        PermissionDenied("x", status=403, codes=["CMN-401"], permission="ReadCallLog"),
        PermissionDenied("x", status=403),
        NotFound("x", status=404, codes=["CMN-102"], parameter="accountId"),
        NotFound("x", status=404),
        LoginFailed("x", status=401, codes=["OAU-151"]),
        LoginFailed("x", status=400, codes=["invalid_grant"]),
        RateLimited("x", status=429, codes=["CMN-301"], retry_after=5),
        RateLimited("x", retry_after=5),
        Unavailable("x", status=500, codes=["CMN-203"]),
        Unavailable("the answer is not JSON", status=200),
        BadArgument("x", parameter="syncToken"),
        RingCentralError("x"),
    ],
    ids=lambda error: f"{type(error).__name__} {error.status} {error.codes} {error.parameter}",
)
def test_other_failures(error):
    assert not token_refused(error)


def test_a_full_sync_asks_from_just_before_its_moment():
    moment = datetime(2026, 6, 1, 14, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=2)))

    assert QUERY.full(moment) == {
        "syncType": "FSync",
        "dateFrom": "2026-06-01T12:00:00.122Z",
        "recordCount": 1000,
        "view": "Detailed",
    }


def test_the_page_after_a_token_repeats_the_view_and_no_count():
    assert QUERY.incremental("abc") == {"syncType": "ISync", "syncToken": "abc", "view": "Detailed"}


def test_the_fingerprint_tells_runs_apart():
    runs = [
        (QUERY, Watermark(NOON, "a")),
        (QUERY, Watermark(NOON, "b")),
        (QUERY, Watermark(NOON)),
        (QUERY, Watermark(NOON + timedelta(milliseconds=1), "a")),
        (SyncQuery(QUERY.path, "Simple", "series"), Watermark(NOON, "a")),
        (SyncQuery(QUERY.path, "Detailed", "other"), Watermark(NOON, "a")),
    ]
    prints = [query.fingerprint(begin) for query, begin in runs]

    assert len(set(prints)) == len(runs)
    assert QUERY.fingerprint(Watermark(NOON, "a")) == prints[0]
    assert fingerprint_of("ab", "c") != fingerprint_of("a", "bc")


@pytest.mark.parametrize(
    ("moment", "stamp"),
    [
        (NOON, "20260601T120000.000Z"),
        (NOON.replace(microsecond=45_999), "20260601T120000.045Z"),
        (NOON.astimezone(timezone(timedelta(hours=-7))), "20260601T120000.000Z"),
    ],
)
def test_names_hold_the_time_in_utc(moment, stamp):
    assert Watermark(moment).stamp == stamp


def test_a_watermark_goes_through_json():
    watermark = Watermark(NOON.replace(microsecond=5000), "opaque")
    kept = json.loads(json.dumps(watermark.as_dict("mine")))

    assert Watermark.of_dict(kept, "mine") == watermark
    assert kept == {"series": "mine", "sync_time": "2026-06-01T12:00:00.005000Z", "cursor": "opaque"}


@pytest.mark.parametrize(
    "kept",
    [
        None,
        [],
        "text",
        {},
        {"series": "another", "sync_time": "2026-06-01T12:00:00Z", "cursor": "c"},
        {"series": "mine", "cursor": "c"},
        {"series": "mine", "sync_time": None, "cursor": "c"},
        {"series": "mine", "sync_time": "yesterday", "cursor": "c"},
        {"series": "mine", "sync_time": "2026-06-01T12:00:00", "cursor": "c"},
        {"series": "mine", "sync_time": "2026-06-01T12:00:00Z"},
        {"series": "mine", "sync_time": "2026-06-01T12:00:00Z", "cursor": ""},
        {"series": "mine", "sync_time": "2026-06-01T12:00:00Z", "cursor": 7},
    ],
    ids=str,
)
def test_what_is_no_watermark_of_this_series(kept):
    assert Watermark.of_dict(kept, "mine") is None


def body(records: str, info: str = '"newerRecordsExist":false') -> bytes:
    more = f",{info}" if info else ""
    return (
        f'{{"records":[{records}],"syncInfo":{{"syncToken":"t","syncTime":"2026-06-01T12:00:00.500Z"{more}}}}}'.encode()
    )


def test_records_pass_as_they_came():
    records = '{"id":"1","startTime":"2026-06-01T11:00:00Z","x":1.10,"name":"Zoë"},{"startTime":"2026-06-01T10:00:00.000+0000","id":2}'
    page = ChangePage(body(records, '"newerRecordsExist":true'))

    assert page.lines.decode() == records.replace("},{", "}\n{") + "\n"
    assert (page.token, page.time, page.more) == ("t", NOON.replace(microsecond=500_000), True)
    assert page.times == [NOON - timedelta(hours=1), NOON - timedelta(hours=2)]
    assert (len(page), page.deleted) == (2, 0)


def test_layout_between_lines_splits_no_record():
    page = ChangePage(json.dumps(json.loads(body('{"id":"1","startTime":"2026-06-01T11:00:00Z"}')), indent=2).encode())

    assert page.lines.count(b"\n") == 1
    assert not page.more


@pytest.mark.parametrize("info", ["", '"newerRecordsExist":null'])
def test_no_word_of_newer_records_is_an_end(info):
    assert not ChangePage(body("", info)).more


def test_a_deleted_record_may_have_lost_its_start():
    page = ChangePage(body('{"id":"1","deleted":true},{"id":"2","deleted":false,"startTime":"2026-06-01T11:00:00Z"}'))

    assert (len(page), page.deleted, page.times) == (2, 1, [NOON - timedelta(hours=1)])


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"[]", "not a page"),
        (b'{"records":[]}', "not a page"),
        (b'{"records":[],"syncInfo":{"syncTime":"2026-06-01T12:00:00Z"}}', "not a page"),
        (b'{"records":[],"syncInfo":{"syncToken":"t","syncTime":"soon"}}', "syncTime"),
        (body('{"startTime":"2026-06-01T11:00:00Z"}'), "not a page"),
        (body('{"id":"1"}'), "no startTime"),
        (body('{"id":"1","startTime":"noon"}'), "startTime that is not"),
    ],
)
def test_what_is_no_page_of_changes(answer, says):
    with pytest.raises(Unavailable, match=says):
        ChangePage(answer)
