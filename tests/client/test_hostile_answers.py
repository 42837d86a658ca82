"""Answers made to do harm, or broken by accident: bounded in memory and time, errors of the tree, and every 429 counted."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
import requests
import urllib3

from airflow_provider_ringcentral.client.answer import without_personal_data
from airflow_provider_ringcentral.client.errors import (
    BadRequest,
    OutcomeUnknown,
    RateLimited,
    RingCentralError,
    Unavailable,
)
from airflow_provider_ringcentral.client.http import response_body
from airflow_provider_ringcentral.client.http.download import Media, download
from airflow_provider_ringcentral.client.rate_limit.limiter import read_window
from tests.client.conftest import EXTENSION, UNKNOWN

DEEP = b"[" * 100_000 + b"]" * 100_000
BODIES = {
    "not UTF-8": b'{"errorCode": "CMN-301", "message": "\xff\xfe"}',
    "not UTF-8 in a key": b'{"\xff": 1, "errorCode": "CMN-301"}',
    "deep": b'{"errors": ' + DEEP + b"}",
    "deep message": b'{"message": ' + b"[" * 900 + b"]" * 900 + b"}",
    "no texts": b'{"errorCode": {"a": 1}, "message": ["x"], "parameterName": [1], "permissionName": {}}',
    "errors of all kinds": b'{"errors": [1, null, "x", [], {"errorCode": 5, "message": 7, "parameterName": {"a": []}}]}',
    "a million errors": json.dumps({"errors": [{"errorCode": f"X-{n}"} for n in range(10_000)]}).encode(),
    "a number without end": b'{"message": 1e999999, "errorCode": "CMN-301"}',
    "no JSON": b"\x00\x01\x02",
}
DATES = [
    "Mon, 01 Jan 99999999999999999 00:00:00 GMT",
    "Thu, 01 Jan 1 00:00:00 +2359",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Mon, 99 Foo 2026 99:99:99",
    "1e400",
    "nan",
    "9" * 5000,
    "٣٠",
    "",
]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_refusals_in_broken_words_are_errors_of_the_tree(odd, client_of, status, body):
    odd.tell(status, body, Retry_After="0.01")

    with pytest.raises(RingCentralError) as caught:
        client_of(odd, max_wait=0.001).request_json("GET", UNKNOWN)
    assert caught.value.status == status
    assert len(str(caught.value)) < 3_000
    assert all(isinstance(code, str) for code in caught.value.codes)
    assert len(caught.value.codes) <= 22


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_429_is_counted_whatever_its_body_is(odd, client_of, ledger, body):
    odd.token["owner_id"] = "7"
    odd.tell(429, body, Retry_After="40", X_Rate_Limit_Group="light")
    client = client_of(odd, max_wait=0.001)

    with pytest.raises(RateLimited):
        client.request_json("GET", EXTENSION)
    window = read_window(ledger, client.credentials.owner_key("7"), "light")
    assert window.closed_until - ledger.now() > 39
    assert (client.usage.throttled, len(window.held)) == (1, 0)


def test_a_429_is_counted_when_its_body_breaks_off(odd, client_of):
    odd.tell(429, b"x", missing=5, Retry_After="40")
    client = client_of(odd, max_wait=0.001)

    with pytest.raises(RateLimited):
        client.request_json("GET", EXTENSION)
    assert client.usage.throttled == 1


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("status", [200, 429, 503])
def test_absurd_dates(odd, client_of, date, status):
    odd.tell(status, b"{}", Retry_After=date.encode().decode("latin-1"), Date=date.encode().decode("latin-1"))
    client = client_of(odd, max_wait=0.001)

    if status == 200:
        assert client.request_json("GET", EXTENSION) == {}
    else:
        with pytest.raises(RingCentralError) as caught:
            client.request_json("GET", EXTENSION)
        assert caught.value.status == status


def test_a_retry_after_as_a_date_is_read_against_the_servers_clock(odd, client_of):
    moment = datetime(2031, 1, 1, 12, 0, 0, tzinfo=UTC)
    odd.tell(429, b"", Retry_After=format_datetime(moment.replace(second=42), True), Date=format_datetime(moment, True))

    with pytest.raises(RateLimited) as caught:
        client_of(odd, max_wait=0.001).request_json("GET", EXTENSION)
    assert caught.value.retry_after >= 42.0


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Encoding": "br"},
        {"Content_Encoding": "gzip"},
        {"Content_Encoding": "deflate"},
        {"Set_Cookie": "a=b; Expires=Thu, 99 Jan 99999999 00:00:00 GMT; Max-Age=" + "9" * 400},
        {"Transfer_Encoding": "chunked"},
    ],
    ids=str,
)
def test_headers_that_lie(odd, client_of, headers):
    odd.tell(200, b'{"a": 1}', **headers)
    odd.tell(200, b'{"a": 2}')

    assert client_of(odd, credentials={"timeout": 2.0}).request_json("GET", EXTENSION)["a"] in (1, 2)


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.InvalidHeader("Content-Length contained multiple unmatching values (5, 6)"),
        requests.exceptions.ContentDecodingError("x"),
        requests.exceptions.ChunkedEncodingError("x"),
        requests.exceptions.ConnectionError("+16505550100"),
        urllib3.exceptions.DecodeError("+16505550100"),
        ConnectionResetError(104, "+16505550100"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_the_http_library_makes_of_an_answer(odd, client_of, requests_mock, error):
    requests_mock.post(f"{odd.url}/restapi/oauth/token", json=odd.token)
    requests_mock.post(f"{odd.url}{UNKNOWN}", exc=error)

    with pytest.raises(OutcomeUnknown) as caught:
        client_of(odd).request_json("POST", UNKNOWN, json={})
    assert "6505550100" not in str(caught.value)


@pytest.mark.parametrize("location", ["http://[::1", "https://a..ringcentral.com/x", "\udcff", "//"], ids=ascii)
def test_redirects_to_nowhere(odd, client_of, location):
    odd.tell(302, b"", Location=location.encode("utf-8", "replace").decode("latin-1"))

    with pytest.raises(RingCentralError):
        client_of(odd).request_json("GET", EXTENSION)


def test_the_body_of_a_redirect_is_not_read(odd, client_of):
    bomb = gzip.compress(bytes(100 << 20), 1)
    odd.tell(302, bomb, Content_Encoding="gzip", Location=EXTENSION)
    odd.tell(200, b"{}")

    assert peak(lambda: client_of(odd).request_json("GET", EXTENSION)) < 20 << 20


@pytest.mark.parametrize("next_page", ["http://[::1", 5, {"a": 1}, ["x"], "https://a..ringcentral.com/x"], ids=str)
def test_next_pages_that_lead_nowhere(odd, client_of, next_page):
    odd.tell(200, json.dumps({"records": [], "navigation": {"nextPage": {"uri": next_page}}}).encode())

    with pytest.raises(RingCentralError):
        list(client_of(odd).pages("/restapi/v1.0/account/~/extension"))


def peak(work) -> int:
    """Bytes that Python held at most beyond what it holds now."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """300 MB of white space before a JSON value, packed."""
    packer = zlib.compressobj(9, wbits=31)
    blank = b" " * (1 << 20)
    return b"".join([*(packer.compress(blank) for _ in range(300)), packer.compress(b"{}"), packer.flush()])


@pytest.mark.parametrize("ask", ["request_json", "request"])
def test_a_packed_answer_that_grows_is_not_read_to_its_end(odd, client_of, bomb, ask, monkeypatch):
    assert len(bomb) < 400_000
    odd.tell(200, bomb, Content_Encoding="gzip")
    client = client_of(odd)

    def work() -> None:
        with pytest.raises(BadRequest, match=r"more than 64 MiB.*smaller page"):
            getattr(client, ask)("GET", EXTENSION)

    assert peak(work) < 100 << 20
    assert len(odd.calls) == 1, "asking again would not make it smaller"


def test_a_packed_refusal_that_grows(odd, client_of, bomb):
    odd.tell(400, bomb, Content_Encoding="gzip")

    def work() -> None:
        with pytest.raises(BadRequest):
            client_of(odd).request_json("GET", EXTENSION)

    assert peak(work) < 10 << 20


def test_a_packed_answer_to_a_send_that_grows_leaves_its_fate_unknown(odd, client_of, bomb):
    odd.tell(200, bomb, Content_Encoding="gzip")

    with pytest.raises(OutcomeUnknown, match="64 MiB"):
        client_of(odd).request_json("POST", UNKNOWN, json={})
    assert len(odd.calls) == 1


def test_a_token_answer_that_grows(odd, client_of, bomb, requests_mock):
    requests_mock.post(f"{odd.url}/restapi/oauth/token", content=bomb, headers={"Content-Encoding": "gzip"})

    def work() -> None:
        with pytest.raises(Unavailable):
            client_of(odd, max_wait=0.001).request_json("GET", EXTENSION)

    assert peak(work) < 10 << 20


def test_a_large_answer_is_held_once(odd, client_of):
    size = 40 << 20
    odd.tell(200, b'{"a": "' + b"x" * size + b'"}')
    client = client_of(odd)

    assert peak(lambda: client.raw_json("GET", EXTENSION)) < 1.3 * size


def test_a_large_answer_goes_to_a_file_without_being_held(odd, client_of):
    size = 100 << 20
    odd.tell(200, b"x" * size)
    client = client_of(odd)

    def work() -> None:
        kind, body = client.spool("GET", EXTENSION)
        with body:
            assert (kind, body.seek(0, 2)) == ("application/json", size)

    assert peak(work) < 5 << 20


def test_media_that_is_packed_is_unpacked_piece_by_piece(odd, client_of, bomb):
    odd.tell(200, bomb, Content_Encoding="gzip")
    pieces: list[int] = []

    assert peak(lambda: download(client_of(odd), EXTENSION, lambda piece: pieces.append(len(piece)))) < 10 << 20
    assert (sum(pieces), max(pieces)) == (300 * (1 << 20) + 2, response_body.CHUNK_BYTES)


def test_media_without_end_ends(odd, client_of):
    known = response_body.MAX_STORED_BYTES - 5
    odd.tell(206, b"123456789", Content_Range=f"bytes {known}-{known + 8}/*")

    with pytest.raises(BadRequest, match=r"more than \d+ MiB"):
        download(client_of(odd), EXTENSION, lambda _: None, Media(bytes=known))
    assert len(odd.calls) == 1


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (gzip.compress(b'{"a":') + gzip.compress(b" 1}"), "gzip"),
        (gzip.compress(b'{"a": 1}') + bytes(512), "x-gzip"),
        (zlib.compress(b'{"a": 1}'), "deflate"),
        (zlib.compress(b'{"a": 1}')[2:-4], "deflate"),
        (b'{"a": 1}', "identity"),
        (b'{"a": 1}', ""),
    ],
    ids=["members", "padding", "zlib", "raw", "identity", "none"],
)
def test_packed_answers_are_unpacked(odd, client_of, packed, encoding):
    odd.tell(200, packed, Content_Encoding=encoding)
    client = client_of(odd)

    assert client.request_json("GET", EXTENSION) == {"a": 1}
    assert client.request("GET", EXTENSION).json() == {"a": 1}


@pytest.mark.parametrize("cut", [1, 12, -1, -9])
def test_packed_answers_that_break_off_are_asked_for_again(odd, client_of, cut):
    odd.tell(200, gzip.compress(b'{"a": 1}')[:cut], Content_Encoding="gzip")
    odd.tell(200, b'{"a": 2}')

    assert client_of(odd).request_json("GET", EXTENSION) == {"a": 2}


def test_bytes_that_are_no_utf8_do_not_spoil_a_page(odd, client_of):
    odd.tell(200, b'{"records": [{"id": "1", "name": "Zo\xeb"}, {"id": "2", "name": "Zo\xc3\xab"}]}')

    assert list(client_of(odd).records("/restapi/v1.0/account/~/extension")) == [
        {"id": "1", "name": "Zo\ufffd"},
        {"id": "2", "name": "Zoë"},
    ]


@pytest.mark.parametrize(
    "text",
    ["value [" * 40_000, "a" * 250_000, "a@" * 120_000, "1" * 3 + "." * 250_000, "1 " * 120_000, "+1" * 120_000],
    ids=lambda text: text[:8],
)
def test_long_texts_are_searched_once(text):
    """What took seconds for 40 KB would take minutes for these: the test's own time limit is what it would hit."""
    assert len(without_personal_data(text)) <= 300


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Parameter [to] value [+16505550100] is invalid", "Parameter [to] … is invalid"),
        ("value [+1650555", "…"),
        ("to bob.builder@example.com or 1234567 89bob@example.com", "to … or … …"),
        ("call +1 (650) 555-0100 now", "call … now"),
        ("tel:16505550100bob@example.com", "…"),
        ("line\nbreak\x1b[31m", "line break [31m"),
    ],
)
def test_what_is_personal_is_left_out(text, shown):
    assert without_personal_data(text) == shown
