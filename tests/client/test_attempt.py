"""What is retried, how often, and what never is, over a real connection."""

from __future__ import annotations

import itertools

import pytest

from airflow_provider_ringcentral.client.errors import (
    BadRequest,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RingCentralError,
    Unavailable,
)
from tests.client.conftest import EXTENSION, LOG, UNKNOWN

STATUSES = [
    {"kind": "status", "status": status, "body": body}
    for status, body in [(408, "json"), (500, "json"), (502, "html"), (503, "json"), (503, "html"), (504, "empty")]
]
BROKEN = [{"kind": "reset"}, {"kind": "reset", "where": "body"}, {"kind": "truncate"}]
SPOILT = [
    {"kind": "truncate", "fraction": 0.0},
    {"kind": "broken_json"},
    {"kind": "broken_json", "fraction": 0.0},
    {"kind": "html"},
]


def name(fault: dict) -> str:
    return "-".join(map(str, fault.values()))


@pytest.mark.parametrize("fault", [*STATUSES, *BROKEN, *SPOILT], ids=name)
def test_reads_are_repeated(start, client_of, seen, fault):
    sandbox = start(calls=300)
    client = client_of(sandbox)
    params = {"dateFrom": "2020-01-01T00:00:00Z", "perPage": 1000}
    expected = client.raw_page(LOG, params)
    sandbox.fault(**fault, times=2, operation="readCompanyCallLog")

    assert client.raw_page(LOG, params) == expected
    assert len(seen(sandbox, "readCompanyCallLog")) == 4
    assert client.usage.requests == 5


@pytest.mark.parametrize("fault", [*STATUSES, *BROKEN], ids=name)
def test_answers_of_any_kind_arrive_whole(start, client_of, seen, fault):
    sandbox = start()
    client = client_of(sandbox)
    expected = client.request("GET", EXTENSION)
    sandbox.fault(**fault, operation="readExtension")
    answer = client.request("GET", EXTENSION)

    assert answer.content == expected.content
    assert answer.json()["id"] > 0
    assert len(seen(sandbox, "readExtension")) == 3


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_writes_that_set_a_state_are_repeated(start, client_of, method):
    sandbox = start()
    sandbox.fault("status", status=500, path=UNKNOWN)
    sandbox.fault("status", status=200, body='{"id": 5}', path=UNKNOWN)

    assert client_of(sandbox).request_json(method, UNKNOWN, json={}) == {"id": 5}
    assert [entry["status"] for entry in sandbox.requests()[-2:]] == [500, 200]


@pytest.mark.parametrize("fault", [*STATUSES, {"kind": "reset"}], ids=name)
def test_a_post_of_unknown_fate_is_sent_once(start, client_of, fault):
    sandbox = start()
    sandbox.fault(**fault, path=UNKNOWN, every=1)

    with pytest.raises(OutcomeUnknown) as caught:
        client_of(sandbox).request("POST", UNKNOWN, json={"text": "to +16505550100"})

    assert caught.value.status == fault.get("status")
    assert [entry["method"] for entry in sandbox.requests() if entry["path"] == UNKNOWN] == ["POST"]
    assert "6505550100" not in str(caught.value)


@pytest.mark.parametrize("answer", [{"missing": 5}, {"body": b'{"id": 1'}, {"body": b"<html>"}], ids=str)
def test_a_post_that_was_accepted_and_not_confirmed_is_sent_once(odd, client_of, answer):
    odd.tell(200, **answer)

    with pytest.raises(OutcomeUnknown):
        client_of(odd).request_json("POST", UNKNOWN, json={"text": "hello"})
    assert [(method, body) for method, _, _, body in odd.calls] == [("POST", b'{"text": "hello"}')]


def test_a_post_that_was_refused_in_broken_words_is_refused(odd, client_of):
    odd.tell(404, b'{"errorCode": "CMN-1', missing=20)

    with pytest.raises(NotFound):
        client_of(odd).request_json("POST", UNKNOWN, json={})
    assert len(odd.calls) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "retry_after": 0.1},
        {"status": 503, "retry_after": 0.1},
        {"status": 503, "headers": {"Retry-After": "Thu, 01 Jan 2026 00:00:00 GMT"}},
        {"status": 401, "code": "OAU-213"},
    ],
    ids=name,
)
def test_a_post_that_was_not_executed_is_repeated(start, client_of, fault):
    sandbox = start()
    sandbox.fault("status", **fault, path=UNKNOWN)
    sandbox.fault("status", status=200, body='{"id": 5}', path=UNKNOWN)

    assert client_of(sandbox).request_json("POST", UNKNOWN, json={}) == {"id": 5}
    assert [entry["status"] for entry in sandbox.requests() if entry["path"] == UNKNOWN] == [fault["status"], 200]


READING_POSTS = [
    "/analytics/calls/v1/accounts/~/aggregation/fetch",
    "/analytics/calls/v1/accounts/~/timeline/fetch",
    "/restapi/v1.0/account/~/audit-trail/search",
    "/restapi/v1.0/account/~/directory/entries/search",
    "/restapi/v2/accounts/~/sms/consents/search",
    "/restapi/v1.0/number-parser/parse",
    "/restapi/v2/number-parser/parse",
    "/team-messaging/v1/conversations",
    "/restapi/v1.0/subscription/5a1b-7/renew",
]


@pytest.mark.parametrize("answer", [{"status": 502}, {"status": 200, "missing": 5}, {"status": 200, "body": b"<html>"}])
@pytest.mark.parametrize("path", READING_POSTS)
def test_posts_that_only_read_are_repeated(odd, client_of, path, answer):
    odd.tell(**answer)
    odd.tell(200, b'{"records": []}')

    assert client_of(odd).request_json("POST", path, json={"a": 1}) == {"records": []}
    assert [body for _, _, _, body in odd.calls] == [b'{"a": 1}'] * 2


@pytest.mark.parametrize("ask", ["request", "request_json"])
def test_whoever_knows_better_says_whether_it_is_repeated(odd, client_of, ask):
    odd.tell(502)
    odd.tell(200)
    getattr(client_of(odd), ask)("POST", UNKNOWN, json={}, repeatable=True)
    assert len(odd.calls) == 2

    odd.told.insert(0, (502, {}, b"", 0))
    with pytest.raises(OutcomeUnknown):
        getattr(client_of(odd), ask)("PUT", UNKNOWN, json={}, repeatable=False)
    assert len(odd.calls) == 3


def test_a_server_that_is_gone_is_no_unknown_fate(start, client_of):
    sandbox = start()
    client = client_of(sandbox)
    client.request_json("GET", EXTENSION)
    host = sandbox.url.partition("//")[2]
    sandbox.stop()

    with pytest.raises(Unavailable, match=f"no connection to {host}: refused") as caught:
        client.request("POST", UNKNOWN, json={})
    assert caught.value.remedy.cause.startswith("The connection was refused")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 400}, BadRequest),
        ({"status": 404}, NotFound),
        ({"status": 415}, BadRequest),
        ({"status": 501}, BadRequest),
        ({"status": 500, "message": "You have exceeded your limits for this action."}, RateLimited),
    ],
    ids=str,
)
def test_what_repeating_cannot_cure_is_sent_once(start, client_of, seen, fault, kind):
    sandbox = start()
    sandbox.fault("status", **fault, operation="readExtension", every=1)

    with pytest.raises(RingCentralError) as caught:
        client_of(sandbox).request_json("GET", EXTENSION)

    assert type(caught.value) is kind
    assert caught.value.status == fault["status"]
    assert len(seen(sandbox, "readExtension")) == 1


def test_five_sent_attempts_are_the_end(start, client_of, seen):
    sandbox = start()
    client = client_of(sandbox)
    kinds = itertools.cycle([{"kind": "status", "status": 500}, {"kind": "reset"}, {"kind": "status", "status": 502}])
    for fault in itertools.islice(kinds, 6):
        sandbox.fault(**fault, operation="readExtension")

    with pytest.raises(Unavailable):
        client.request_json("GET", EXTENSION)
    assert [entry["status"] for entry in seen(sandbox, "readExtension")] == [500, 0, 502, 500, 0]


def test_waits_are_no_attempts(start, client_of, seen):
    sandbox = start()
    for _ in range(4):
        sandbox.fault("status", status=500, operation="readExtension")
        sandbox.fault("status", status=429, retry_after=0.05, operation="readExtension")
    client = client_of(sandbox)

    assert client.request_json("GET", EXTENSION)["id"]
    assert [entry["status"] for entry in seen(sandbox, "readExtension")] == [500, 429] * 4 + [200]


def test_503_with_retry_after_is_waited_for(start, client_of, seen):
    sandbox = start()
    sandbox.fault("status", status=503, retry_after=0.3, operation="readExtension")

    client_of(sandbox).request_json("GET", EXTENSION)

    refused, granted = seen(sandbox, "readExtension")
    assert granted["time"] - refused["time"] >= 0.3


def test_an_answer_that_is_too_late_is_a_failure_of_the_network(start, client_of, seen):
    sandbox = start()
    client = client_of(sandbox, credentials={"timeout": 1})
    client.request_json("GET", EXTENSION)
    sandbox.fault("slow", seconds=2, operation="readExtension")

    assert client.request_json("GET", EXTENSION)["id"]
    assert len(seen(sandbox, "readExtension")) >= 2


def test_a_delete_that_was_lost_and_finds_nothing_has_done_its_work(start, client_of):
    sandbox = start()
    sandbox.fault("status", status=502, path=UNKNOWN)
    sandbox.fault("status", status=404, path=UNKNOWN)

    assert client_of(sandbox).request("DELETE", UNKNOWN).status_code == 404
    assert [entry["status"] for entry in sandbox.requests() if entry["path"] == UNKNOWN] == [502, 404]


@pytest.mark.parametrize(
    "body",
    [b"", b'{"errorCode": "CMN-102", "message": "Resource not found", "parameterName": "subscriptionId"}'],
)
def test_a_delete_that_finds_nothing_at_first_is_done(odd, client_of, body):
    odd.tell(404, body)
    client = client_of(odd)

    assert client.request_json("DELETE", UNKNOWN) is None
    assert client.request("DELETE", UNKNOWN).status_code == 404
    assert len(odd.calls) == 2


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"errors": [{"errorCode": "CMN-120", "message": "Invalid URI"}]}', "application/json"),
        (b'{"errors": [{"errorCode": "AGW-404", "message": "Resource not found"}]}', "application/json"),
        (b"<html>Not Found</html>", "text/html"),
    ],
    ids=["no such path", "no such route", "somebody else"],
)
def test_a_delete_that_leads_nowhere_is_not_done(odd, client_of, body, kind):
    odd.tell(404, body, Content_Type=kind)

    with pytest.raises(NotFound):
        client_of(odd).request("DELETE", UNKNOWN)


def test_reading_what_is_gone_stays_an_error(odd, client_of):
    odd.tell(404, b'{"errors": [{"errorCode": "CMN-102", "message": "m"}]}')

    with pytest.raises(NotFound):
        client_of(odd).request_json("GET", UNKNOWN)


def test_deleting_a_message_is_not_repeated(start, client_of):
    sandbox = start()
    message = "/restapi/v1.0/account/~/extension/~/message-store/5"
    sandbox.fault("status", status=502, path=message)

    with pytest.raises(OutcomeUnknown):
        client_of(sandbox).request("DELETE", message)
    assert [entry["status"] for entry in sandbox.requests() if entry["path"] == message] == [502]
