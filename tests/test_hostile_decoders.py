"""Every decoder of what a server sends, against what no server should send: a value, or an error of the tree.

The same cases in every run, and no database of them: what fails here fails everywhere.
"""

from __future__ import annotations

import io
import json
from datetime import datetime
from typing import Any

import pytest
import requests
import urllib3
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from airflow_provider_ringcentral.client.answer import (
    Answer,
    clock_behind,
    date_behind,
    decoded,
    error_fields,
    rate_limit_group,
    rate_limit_info,
    replace_invalid_utf8,
)
from airflow_provider_ringcentral.client.auth.credentials import jwt_claims
from airflow_provider_ringcentral.client.auth.token_cache import TokenState, store_token
from airflow_provider_ringcentral.client.classify import Classification, Classifier, classify_login
from airflow_provider_ringcentral.client.errors import RingCentralError
from airflow_provider_ringcentral.client.http.download import download
from airflow_provider_ringcentral.client.http.multi_status import as_json_array, results_of
from airflow_provider_ringcentral.client.http.response_body import read_body, read_error_body
from airflow_provider_ringcentral.client.paging import next_query, records_of
from airflow_provider_ringcentral.client.surrogates import replace_surrogates
from airflow_provider_ringcentral.client.webhook import classify_webhook
from airflow_provider_ringcentral.extract.call_log.page import Page
from airflow_provider_ringcentral.extract.changes.sync import ChangePage
from airflow_provider_ringcentral.extract.recordings.recording import recordings_of
from airflow_provider_ringcentral.sending.channels.fax.fax import FaxMessage
from airflow_provider_ringcentral.sending.channels.pager import PagerMessage
from airflow_provider_ringcentral.sending.channels.sms import SmsMessage
from airflow_provider_ringcentral.sending.channels.team_messaging.card import TeamCard
from airflow_provider_ringcentral.sending.channels.team_messaging.post import TeamPost
from airflow_provider_ringcentral.sending.status.arrival import Arrival, arrival_summary, oldest_first
from airflow_provider_ringcentral.sending.status.message_store import records_by_ids
from airflow_provider_ringcentral.sending.status.status import WaitState, failure_of, grouped, summary_of, wait_state_of
from airflow_provider_ringcentral.triggers import listing
from airflow_provider_ringcentral.triggers.calls import EndedCallFilter, ended_calls_result
from airflow_provider_ringcentral.triggers.condition import evaluate

ONE_BY_ONE = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

NAMES = st.sampled_from(
    [
        "access_token",
        "attachments",
        "body",
        "code",
        "contentUri",
        "contentType",
        "creationTime",
        "faxPageCount",
        "size",
        "subject",
        "text",
        "deleted",
        "deliveryErrorCode",
        "direction",
        "duration",
        "error",
        "error_description",
        "errorCode",
        "errors",
        "expires_in",
        "extension",
        "extensionId",
        "from",
        "href",
        "id",
        "legs",
        "message",
        "messageStatus",
        "navigation",
        "newerRecordsExist",
        "nextPage",
        "nextPageToken",
        "owner_id",
        "paging",
        "parameterName",
        "permissionName",
        "phoneNumber",
        "recording",
        "records",
        "resourceId",
        "response",
        "result",
        "scope",
        "sessionId",
        "session_expires_in",
        "startTime",
        "status",
        "syncInfo",
        "syncTime",
        "syncToken",
        "to",
        "type",
        "uri",
        "validation",
        "vmDuration",
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.sampled_from(
        [
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59.999-23:59",
            "2026-01-01T00:00:00Z",
            "2026-13-01",
            "+16505550100",
            "Delivered",
            "https://[::1",
            10**400,
            2**63,
            1e308,
            -1,
        ]
    )
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=6),
    max_leaves=25,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=8)
KNOWN = [
    {"errors": [{"errorCode": "CMN-101", "message": "value [+1650] is invalid", "parameterName": "to"}]},
    {"records": [{"id": "A1", "startTime": "2026-01-01T00:00:00.000Z"}], "navigation": {"nextPage": {"uri": "/x"}}},
    {
        "records": [{"id": "A1", "startTime": "2026-01-01T00:00:00Z"}, {"id": "A2", "deleted": True}],
        "syncInfo": {"syncToken": "t", "syncTime": "2026-01-01T00:00:00Z", "newerRecordsExist": True},
    },
    [{"resourceId": "1", "status": 200, "body": {"id": 1}}, {"resourceId": "2", "status": 404, "body": {}}],
    {"access_token": "t", "expires_in": 3600, "session_expires_in": 60, "owner_id": "5", "scope": "SMS"},
    {"status": "error", "message": "m", "error": "e", "validation": ["v"]},
]


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """An answer that was right, cut, with bytes changed, or with something put between."""
    body = bytearray(json.dumps(draw(st.sampled_from(KNOWN))).encode())
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(body)))
        body[place : place + draw(st.integers(0, 4))] = draw(st.binary(max_size=6))
    return bytes(body)


LEVELS = [b"[" * depth + b"]" * depth for depth in (900, 1_100, 100_000)]
BODIES = (
    st.binary(max_size=200)
    | spoilt()
    | VALUES.map(lambda value: json.dumps(value).encode())
    | st.sampled_from(KNOWN).map(lambda value: json.dumps(value).encode())
    | st.sampled_from([*LEVELS, *(b'{"records": ' + level + b"}" for level in LEVELS), b'{"a": 1e999}', b'"\\ud83d"'])
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "Retry-After",
            "Date",
            "RCRequestId",
            "Content-Type",
            "X-Rate-Limit-Group",
            "X-Rate-Limit-Limit",
            "X-Rate-Limit-Window",
            "X-Rate-Limit-Remaining",
            "Content-Encoding",
            "Content-Length",
            "Content-Range",
        ]
    ),
    st.text(st.characters(max_codepoint=255), max_size=40)
    | st.integers().map(str)
    | st.sampled_from(["nan", "inf", "-1", "1e309", "9" * 5000, "Mon, 01 Jan 99999 00:00:00 GMT", "gzip", "deflate"])
    | st.datetimes().map(lambda moment: moment.strftime("%a, %d %b %Y %H:%M:%S -0000")),
).map(CaseInsensitiveDict)
STATUSES = st.sampled_from([200, 201, 204, 207, 304, 400, 401, 403, 404, 408, 416, 429, 500, 501, 503])


def reads(function: Any, *arguments: Any) -> Any:
    """What it returns; None when it raises an error of the tree, which can be told and sent to another process."""
    try:
        return function(*arguments)
    except RingCentralError as error:
        told(error)
        return None


def told(error: RingCentralError) -> None:
    assert len(str(error)) < 4_000
    assert str(error).isprintable()
    json.dumps(error.as_json())


@ONE_BY_ONE
@given(STATUSES, HEADERS, BODIES, st.booleans())
def test_classifications(status, headers, body, flag):
    answer = Answer(status, headers, body)
    for judgement in (
        Classifier(repeatable=flag, wants_json=True, gone_is_done=flag).classify,
        Classifier(repeatable=flag, show_personal_data=True, partial_ok=flag).classify,
        classify_login,
        classify_webhook,
    ):
        verdict = judgement(answer)
        assert isinstance(verdict, Classification)
        assert verdict.delay is None or 0 <= verdict.delay <= 3600
        if verdict.error is not None:
            told(verdict.error)


@ONE_BY_ONE
@given(HEADERS, BODIES)
def test_headers_and_error_fields(headers, body):
    assert rate_limit_group(headers) is None or len(rate_limit_group(headers)) <= 100
    assert 0 <= clock_behind(headers) <= date_behind(headers) < 100 * 366 * 86_400
    said = rate_limit_info(headers)
    assert said.limit is None or said.limit > 0
    fields = error_fields(Answer(429, headers, body))
    assert all(type(fields[name]) in (str, type(None)) for name in ("parameter", "permission", "request_id"))


@ONE_BY_ONE
@given(BODIES)
def test_bodies(body):
    clean = replace_surrogates(replace_invalid_utf8(body))
    clean.decode()
    reads(decoded, clean)
    results_of(clean)
    as_json_array("multipart/mixed; boundary=x", body)
    for kind in (Page, ChangePage):
        page = reads(kind, clean)
        if page is not None:
            assert len(page) >= 0
    reads(listing._read, clean, listing.whole_record)
    reads(evaluate, None, clean)
    reads(evaluate, "messageStatus == 'Delivered' and duration > 5", clean)


@ONE_BY_ONE
@given(st.lists(st.sampled_from([b"--x\r\n", b"\r\n\r\n", b"--x--", b'{"response": [{"href": "/1", "status": 200}]}'])))
def test_multipart(pieces):
    results_of(as_json_array("multipart/mixed; boundary=x", b"".join(pieces)))


@ONE_BY_ONE
@given(OBJECTS | VALUES)
def test_pages(answer):
    reads(next_query, "/x", {"a": 1}, answer)
    reads(lambda: list(records_of(answer)))


@ONE_BY_ONE
@given(VALUES)
def test_parts_of_many_ids(answer):
    assert all(isinstance(record, dict) for record in records_by_ids(answer))


DRAFTS = (
    SmsMessage("+16505550100", ("+16505550101",), "hello"),
    PagerMessage((("extensionNumber", "101"),), "hello"),
    TeamPost("5", "hello"),
    TeamCard("5", {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "hello"}]}),
    FaxMessage("+16505550100", ()),
)


@ONE_BY_ONE
@given(OBJECTS)
@example({"from": [5], "to": [7, {"phoneNumber": 5}], "attachments": ["x"], "faxPageCount": "many", "subject": []})
@example({"attachments": [{"type": "SourceDocument", "size": "large"}]})
@example({"to": 5, "attachments": 7, "creationTime": "2026-01-01T00:00:00Z"})
@example({"startTime": "9999-12-31T23:59:59Z", "duration": 1e300, "result": "Missed"})
def test_records(record):
    assert wait_state_of(record, "delivered") in WaitState
    told(failure_of(record))
    brief = summary_of(record)
    assert grouped({"1": brief, "2": brief})[0][1] == ["1", "2"]
    arrival = Arrival(since=0.0, from_numbers=("+16505550100",), to_numbers=("+16505550100",))
    assert arrival.passes(record) in (True, False)
    oldest_first([arrival_summary(record), arrival_summary(record)])
    ended = EndedCallFilter(since=0.0, from_numbers=("+16505550100",), extensions=("5",))
    assert ended_calls_result(ended, [record, record]).done in (True, False)
    for message in DRAFTS:
        assert isinstance(message.content_of(record), str | None)
        assert message.matches(record, message.content, {"sizes": [5]}) in (True, False)
        assert isinstance(message.id_of(record), str)
        assert isinstance(message.created_at(record), datetime | None)
        json.dumps(message.reduced(record))
    for recording in reads(lambda: list(recordings_of(record))) or ():
        assert isinstance(recording.end, datetime)


@ONE_BY_ONE
@given(st.dictionaries(NAMES, LEAVES, max_size=8))
def test_logins(answer):
    session = TokenState()
    store_token(session, "sealed", "id", answer, 1_000.0)
    assert session.expires >= 1_000.0


@ONE_BY_ONE
@given(st.text(max_size=80) | st.binary(max_size=60).map(lambda body: f"a.{body.hex()}.b"))
def test_tokens(text):
    assert jwt_claims(text) is None or isinstance(jwt_claims(text), bytes)


def response(status: int, headers: Any, body: bytes) -> requests.Response:
    """As requests makes it."""
    made = requests.Response()
    made.status_code, made.headers = status, headers
    encoding = {"Content-Encoding": headers["Content-Encoding"]} if "Content-Encoding" in headers else {}
    made.raw = urllib3.HTTPResponse(io.BytesIO(body), encoding, status, preload_content=False)
    return made


class Media:
    """A client that has one answer for everything."""

    def __init__(self, answer: requests.Response) -> None:
        self._answer = answer

    def attempt_download(self, url: str, headers: object, read: Any) -> Any:
        return read(self._answer)


@ONE_BY_ONE
@given(st.sampled_from([200, 206]), HEADERS, BODIES)
def test_packed_and_media(status, headers, body):
    reads(read_body, response(status, headers, body))
    assert isinstance(read_error_body(response(status, headers, body)), bytes)
    found = bytearray()
    reads(download, Media(response(status, headers, body)), "/x", found.extend)
    assert len(found) <= 100_000 * 2 + 100


def test_what_is_shown_of_an_error_is_short():
    fields = error_fields(Answer(400, {}, json.dumps({"message": "x" * 10_000, "errorCode": "y" * 500}).encode()))
    assert (len(fields["message"]), len(fields["codes"][0])) == (300, 100)


@pytest.mark.parametrize("depth", [500, 900, 1_100, 100_000])
def test_depths(depth):
    body = b'{"records": [{"id": "1", "startTime": "2026-01-01T00:00:00Z", "x": ' + b"[" * depth + b"]" * depth + b"}]}"
    for kind in (Page, decoded, lambda each: listing._read(each, listing.whole_record)):
        reads(kind, body)
