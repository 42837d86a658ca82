"""What responses mean: which are retried, and the forms of error bodies, as tables."""

from __future__ import annotations

import json

import pytest
from requests.structures import CaseInsensitiveDict

from airflow_provider_ringcentral.client import errors
from airflow_provider_ringcentral.client.answer import (
    Answer,
    error_fields,
    rate_limit_group,
    rate_limit_info,
    retry_after,
)
from airflow_provider_ringcentral.client.classify import Action, Classifier, classify_login

READ, SEND = Classifier(repeatable=True, wants_json=True), Classifier(repeatable=False)


def answer(status: int, body: object = None, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    return Answer(status, CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()}), raw)


def code(text: str) -> dict:
    return {"errors": [{"errorCode": text, "message": "m"}]}


@pytest.mark.parametrize(
    ("given", "action", "kind", "delay"),
    [
        (answer(200), Action.DONE, None, None),
        (answer(204, b""), Action.DONE, None, None),
        (answer(200, b"<html>"), Action.RETRY, errors.Unavailable, None),
        (answer(200, b'{"a": [1, 2'), Action.RETRY, errors.Unavailable, None),
        (answer(400, code("CMN-101")), Action.FAIL, errors.BadRequest, None),
        (answer(401, code("OAU-128")), Action.LOG_IN, errors.LoginFailed, None),
        (answer(401, code("OAU-129")), Action.LOG_IN, errors.LoginFailed, None),
        (answer(401, code("OAU-149")), Action.LOG_IN, errors.LoginFailed, None),
        (answer(401, code("OAU-213")), Action.LOG_IN, errors.LoginFailed, None),
        (answer(401, {"errorCode": "TokenInvalid"}), Action.LOG_IN, errors.LoginFailed, None),
        (answer(401), Action.LOG_IN, errors.LoginFailed, None),
        (answer(401, code("OAU-151")), Action.FAIL, errors.LoginFailed, None),
        (answer(401, code("CMN-405")), Action.FAIL, errors.LoginFailed, None),
        (answer(403, code("CMN-401")), Action.ASK_SCOPE, errors.PermissionDenied, None),
        (answer(403, code("CMN-408")), Action.FAIL, errors.PermissionDenied, None),
        (answer(404, code("CMN-102")), Action.FAIL, errors.NotFound, None),
        (answer(408), Action.RETRY, errors.Unavailable, None),
        (answer(416, code("CMN-107")), Action.FAIL, errors.BadRequest, None),
        (answer(429, code("CMN-301"), Retry_After="17"), Action.RETRY, errors.RateLimited, 17.0),
        (answer(429, code("CMN-301")), Action.RETRY, errors.RateLimited, 30.0),
        (answer(429, Retry_After="0"), Action.RETRY, errors.RateLimited, 30.0),
        (answer(500), Action.RETRY, errors.Unavailable, None),
        (answer(501, code("CMN-202")), Action.FAIL, errors.BadRequest, None),
        (answer(502, b"<html>"), Action.RETRY, errors.Unavailable, None),
        (answer(503), Action.RETRY, errors.Unavailable, None),
        (answer(503, Retry_After="4"), Action.RETRY, errors.Unavailable, 4.0),
        (answer(504, b""), Action.RETRY, errors.Unavailable, None),
        (
            answer(500, {"message": "You have exceeded your limits for this action."}),
            Action.FAIL,
            errors.RateLimited,
            None,
        ),
    ],
)
def test_reads(given, action, kind, delay):
    result = READ.classify(given)

    assert result.action is action
    assert type(result.error) is (kind or type(None))
    assert result.delay == delay


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_sends_of_unknown_fate_are_not_repeated(status):
    result = SEND.classify(answer(status, RCRequestId="r-1"))

    assert result.action is Action.FAIL
    assert isinstance(result.error, errors.OutcomeUnknown)
    assert (result.error.status, result.error.request_id) == (status, "r-1")


@pytest.mark.parametrize("given", [answer(429), answer(503, Retry_After="3"), answer(401, code("OAU-213"))])
def test_sends_that_were_not_executed_are_repeated(given):
    assert SEND.classify(given).action in (Action.RETRY, Action.LOG_IN)


@pytest.mark.parametrize(
    ("given", "action", "kind", "delay"),
    [
        (answer(200, {"access_token": "t", "expires_in": 3600}), Action.DONE, None, None),
        (answer(200, b"<html>"), Action.RETRY, errors.Unavailable, 10.0),
        (answer(400, {"error": "invalid_grant"}), Action.FAIL, errors.LoginFailed, None),
        (answer(401, {"error": "invalid_client"}), Action.FAIL, errors.LoginFailed, None),
        (answer(403, code("OAU-112")), Action.FAIL, errors.LoginFailed, None),
        (answer(408), Action.RETRY, errors.Unavailable, 10.0),
        (answer(429, Retry_After="9"), Action.RETRY, errors.RateLimited, 9.0),
        (answer(500), Action.RETRY, errors.Unavailable, 10.0),
        (answer(502), Action.FAIL, errors.Unavailable, None),
        (answer(503, Retry_After="9"), Action.RETRY, errors.Unavailable, 9.0),
        (answer(503), Action.RETRY, errors.Unavailable, 30.0),
    ],
)
def test_logins(given, action, kind, delay):
    result = classify_login(given)

    assert result.action is action
    assert type(result.error) is (kind or type(None))
    assert result.delay == delay


def test_all_codes_are_kept_and_the_specific_one_comes_first():
    fields = error_fields(
        answer(
            403,
            {
                "errorCode": "InsufficientPermissions",
                "message": "In order to call this API endpoint, user needs to have [FullCompanyCallLog] permission",
                "errors": [{"errorCode": "CMN-408", "message": "x", "permissionName": "FullCompanyCallLog"}],
            },
            RCRequestId="r-2",
        )
    )
    assert fields["codes"] == ("CMN-408", "InsufficientPermissions")
    assert fields["permission"] == "FullCompanyCallLog"
    assert fields["request_id"] == "r-2"
    assert fields["remedy"].who == "admin portal"


def test_oauth_errors_are_read():
    body = {"error": "unauthorized_client", "error_description": "Unauthorized for this grant type"}
    fields = error_fields(answer(400, {**body, "errors": [{"errorCode": "OAU-251", "message": "m"}]}))

    assert fields["codes"] == ("OAU-251", "unauthorized_client")
    assert "JWT" in fields["remedy"].cure


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"errors": "x"}', b'{"errors": [1, {"errorCode": 5}]}'])
def test_strange_bodies_are_no_trouble(body):
    assert error_fields(answer(500, body))["codes"] == ()


def test_personal_data_stays_out_of_messages_unless_asked_for():
    given = answer(400, {"message": "Parameter [to] value [+16505551234] of ann@example.com or +1 650 555-1234 is bad"})

    hidden = error_fields(given)["message"]
    assert "555" not in hidden
    assert "example" not in hidden
    assert "+16505551234" in error_fields(given, show_personal_data=True)["message"]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "12"}, 12.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "Tue, 24 Nov 2026 10:00:30 GMT", "Date": "Tue, 24 Nov 2026 10:00:00 GMT"}, 30.0),
        ({"Retry-After": "Tue, 24 Nov 2026 09:00:00 GMT", "Date": "Tue, 24 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "3600"}, 3600.0),
        ({"Retry-After": "864000"}, 3600.0),
        ({"Retry-After": "1000000000"}, 3600.0),
        ({"Retry-After": "Tue, 08 Dec 2026 10:00:00 GMT", "Date": "Tue, 24 Nov 2026 10:00:00 GMT"}, 3600.0),
        ({"Retry-After": "Tue, 24 Nov 99999 10:00:00 GMT"}, None),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2359"}, 3600.0),
        ({"Retry-After": "30", "Date": "long ago"}, 30.0),
        ({}, None),
    ],
)
def test_retry_after(headers, seconds):
    assert retry_after(CaseInsensitiveDict(headers)) == seconds


@pytest.mark.parametrize("prefix", ["X-Rate-Limit-", "x-rate-limit-", "X-RateLimit-"])
def test_rate_headers_in_every_spelling(prefix):
    headers = CaseInsensitiveDict(
        {f"{prefix}Group": "Heavy", f"{prefix}Limit": "10", f"{prefix}Remaining": "0", f"{prefix}Window": "60"}
    )
    said = rate_limit_info(headers)

    assert (said.limit, said.remaining, said.seconds, rate_limit_group(headers)) == (10, 0, 60.0, "heavy")


def test_unreadable_rate_headers_say_nothing():
    said = rate_limit_info(CaseInsensitiveDict({"X-Rate-Limit-Limit": "many", "X-Rate-Limit-Window": "0"}))

    assert (said.limit, said.remaining, said.seconds) == (None, None, None)


@pytest.mark.parametrize(("text", "told"), [("soon", "'soon'"), ("864000", "864000 s"), ("12", None)])
def test_a_retry_after_that_is_not_followed_is_said(caplog, text, told):
    retry_after(CaseInsensitiveDict({"Retry-After": text}))

    assert [told in record.getMessage() for record in caplog.records] == ([True] if told else [])


@pytest.mark.parametrize(
    ("headers", "limit", "remaining", "seconds"),
    [
        (("1000000", "999990", "60"), 1_000_000, 999_990, 60.0),
        (("20", "19", "86400"), 20, 19, 3600.0),
        (("0", "0", "0"), None, 0, None),
        (("many", "-1", "1e999"), None, None, None),
    ],
)
def test_rate_headers(headers, limit, remaining, seconds):
    names = ("X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Window")
    said = rate_limit_info(CaseInsensitiveDict(zip(names, headers, strict=True)))

    assert (said.limit, said.remaining, said.seconds) == (limit, remaining, seconds)
